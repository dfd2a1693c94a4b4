#include "functions/log_filter.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "base/json.h"

namespace tidemill::functions {

struct LogFilter::Node {
  enum class Kind { kTerms, kAnd, kOr, kCompare } kind = Kind::kTerms;
  // kTerms
  std::vector<std::string> all, any, none;
  // kAnd, kOr
  std::vector<std::shared_ptr<const Node>> children;
  // kCompare
  enum class Operator {
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kIsTrue,
    kIsFalse,
    kIsNull,
    kExists,
    kNotExists
  };
  std::vector<std::string> path;  // "[3]" selects an element, "[*]" any
  Operator op = Operator::kEqual;
  std::string text;
  std::optional<double> number;  // the right side is a number
};

namespace {

using Node = LogFilter::Node;
using NodePointer = std::shared_ptr<const Node>;
constexpr std::size_t kPatternMax = 1024;
constexpr int kDepthMax = 16;

std::unexpected<tidemill::Error> invalid() {
  return tidemill::fail(tidemill::Errc::kInvalidArgument, "Invalid filter pattern");
}

std::unexpected<tidemill::Error> not_offered(std::string_view what) {
  return tidemill::fail(tidemill::Errc::kInvalidArgument,
                        "Invalid filter pattern: " + std::string(what) + " are not offered by this server");
}

// %...% as a word of its own, outside of quotes.
bool has_regular_expression(std::string_view pattern) {
  bool quoted = false, begins = true;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (!quoted && begins && c == '%' && pattern.find('%', i + 1) != pattern.npos) return true;
    begins = std::isspace(static_cast<unsigned char>(c)) != 0 || c == '=' || c == '?' || c == '-';
  }
  return false;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  void skip() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front()))) rest_.remove_prefix(1);
  }
  bool at_end() {
    skip();
    return rest_.empty();
  }
  bool take(std::string_view token) {
    skip();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  char peek() {
    skip();
    return rest_.empty() ? '\0' : rest_.front();
  }
  // A quoted text (its quotes already seen in peek), with \" and \\ escapes.
  std::optional<std::string> quoted() {
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return text;
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      text += c;
    }
    return std::nullopt;
  }
  std::string word(std::string_view stop) {
    std::string text;
    while (!rest_.empty() && !std::isspace(static_cast<unsigned char>(rest_.front())) &&
           !stop.contains(rest_.front())) {
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    return text;
  }

 private:
  std::string_view rest_;
};

tidemill::Result<NodePointer> parse_terms(std::string_view pattern) {
  Reader in(pattern);
  auto node = std::make_shared<Node>();
  while (!in.at_end()) {
    auto* list = &node->all;
    if (in.take("?"))
      list = &node->any;
    else if (in.take("-"))
      list = &node->none;
    std::optional<std::string> text;
    if (in.peek() == '"')
      text = in.quoted();
    else
      text = in.word("\"");
    if (!text || text->empty()) return invalid();
    list->push_back(*std::move(text));
  }
  return node;
}

// ---- { ... }
// ------------------------------------------------------------------------------------------------------------

tidemill::Result<NodePointer> parse_or(Reader& in, int depth);

std::optional<std::vector<std::string>> parse_path(Reader& in) {
  if (!in.take("$")) return std::nullopt;
  std::vector<std::string> path;
  for (;;) {
    if (in.take(".")) {
      auto name = in.word(".[]=!<>()&|\"");
      if (name.empty()) return std::nullopt;
      path.push_back(std::move(name));
    } else if (in.take("[")) {
      if (in.peek() == '"') {
        auto name = in.quoted();
        if (!name) return std::nullopt;
        path.push_back(*std::move(name));
      } else {
        path.push_back("[" + in.word("]") + "]");
      }
      if (!in.take("]")) return std::nullopt;
    } else {
      return path;
    }
  }
}

tidemill::Result<NodePointer> parse_compare(Reader& in, int depth) {
  if (in.take("(")) {
    TM_TRY(auto inner, parse_or(in, depth + 1));
    if (!in.take(")")) return invalid();
    return inner;
  }
  auto path = parse_path(in);
  if (!path) return invalid();
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::kCompare;
  node->path = *std::move(path);
  using Operator = Node::Operator;
  if (in.take("IS")) {
    if (in.take("TRUE"))
      node->op = Operator::kIsTrue;
    else if (in.take("FALSE"))
      node->op = Operator::kIsFalse;
    else if (in.take("NULL"))
      node->op = Operator::kIsNull;
    else
      return invalid();
    return node;
  }
  if (in.take("NOT")) {
    if (!in.take("EXISTS")) return invalid();
    node->op = Operator::kNotExists;
    return node;
  }
  if (in.take("EXISTS")) {
    node->op = Operator::kExists;
    return node;
  }
  if (in.take("!="))
    node->op = Operator::kNotEqual;
  else if (in.take("<="))
    node->op = Operator::kLessEqual;
  else if (in.take(">="))
    node->op = Operator::kGreaterEqual;
  else if (in.take("<"))
    node->op = Operator::kLess;
  else if (in.take(">"))
    node->op = Operator::kGreater;
  else if (in.take("="))
    node->op = Operator::kEqual;
  else
    return invalid();
  if (in.peek() == '"') {
    auto text = in.quoted();
    if (!text) return invalid();
    node->text = *std::move(text);
    return node;
  }
  node->text = in.word("()&|}");
  if (node->text.empty()) return invalid();
  double number = 0;
  const auto* end = node->text.data() + node->text.size();
  if (const auto read = std::from_chars(node->text.data(), end, number); read.ec == std::errc() && read.ptr == end)
    node->number = number;
  return node;
}

tidemill::Result<NodePointer> parse_chain(Reader& in, int depth, Node::Kind kind, std::string_view token,
                                          tidemill::Result<NodePointer> (*inner)(Reader&, int)) {
  if (depth > kDepthMax) return invalid();
  TM_TRY(auto first, inner(in, depth));
  if (!in.take(token)) return first;
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->children.push_back(std::move(first));
  do {
    TM_TRY(auto next, inner(in, depth));
    node->children.push_back(std::move(next));
  } while (in.take(token));
  return node;
}

tidemill::Result<NodePointer> parse_and(Reader& in, int depth) {
  return parse_chain(in, depth, Node::Kind::kAnd, "&&", parse_compare);
}
tidemill::Result<NodePointer> parse_or(Reader& in, int depth) {
  return parse_chain(in, depth, Node::Kind::kOr, "||", parse_and);
}

// `*` stands for any characters.
bool matches_text(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool holds(const Node& node, const json::Node* value) {
  using Operator = Node::Operator;
  if (node.op == Operator::kNotExists) return value == nullptr;
  if (value == nullptr) return false;
  const auto equal = [&] {
    if (value->is_string()) return matches_text(node.text, value->as_string());
    if (value->is_number()) return node.number && value->as_real() == *node.number;
    if (value->is_bool()) return node.text == (value->as_bool() ? "true" : "false");
    return value->is_null() && node.text == "null";
  };
  const bool numbers = value->is_number() && node.number;
  switch (node.op) {
    case Operator::kEqual: return equal();
    case Operator::kNotEqual: return !equal();
    case Operator::kLess: return numbers && value->as_real() < *node.number;
    case Operator::kLessEqual: return numbers && value->as_real() <= *node.number;
    case Operator::kGreater: return numbers && value->as_real() > *node.number;
    case Operator::kGreaterEqual: return numbers && value->as_real() >= *node.number;
    case Operator::kIsTrue: return value->is_bool() && value->as_bool();
    case Operator::kIsFalse: return value->is_bool() && !value->as_bool();
    case Operator::kIsNull: return value->is_null();
    case Operator::kExists: return true;
    case Operator::kNotExists: return false;
  }
  std::unreachable();
}

bool compare_at(const Node& node, const json::Node* value, std::size_t step) {
  if (value == nullptr || step == node.path.size()) return holds(node, value);
  const auto& part = node.path[step];
  if (part.size() < 3 || part.front() != '[') return compare_at(node, value->find(part), step + 1);
  if (!value->is_array()) return holds(node, nullptr);
  const auto elements = value->elements();
  if (part == "[*]")
    return std::ranges::any_of(elements,
                               [&](const json::Node& element) { return compare_at(node, &element, step + 1); });
  std::size_t index = 0;
  std::from_chars(part.data() + 1, part.data() + part.size() - 1, index);
  return compare_at(node, index < elements.size() ? &elements[index] : nullptr, step + 1);
}

bool evaluate(const Node& node, std::string_view message, const json::Node* root) {
  const auto contains = [&](const std::string& term) { return message.contains(term); };
  switch (node.kind) {
    case Node::Kind::kTerms:
      return std::ranges::all_of(node.all, contains) && std::ranges::none_of(node.none, contains) &&
             (node.any.empty() || std::ranges::any_of(node.any, contains));
    case Node::Kind::kAnd:
      return std::ranges::all_of(node.children, [&](const auto& child) { return evaluate(*child, message, root); });
    case Node::Kind::kOr:
      return std::ranges::any_of(node.children, [&](const auto& child) { return evaluate(*child, message, root); });
    case Node::Kind::kCompare: return root != nullptr && compare_at(node, root, 0);
  }
  std::unreachable();
}

}  // namespace

tidemill::Result<LogFilter> LogFilter::parse(std::string_view pattern) {
  if (pattern.size() > kPatternMax) return invalid();
  Reader in(pattern);
  LogFilter filter;
  if (in.at_end()) return filter;
  if (in.peek() == '[') return not_offered("columns ([a, b, ...])");
  if (has_regular_expression(pattern)) return not_offered("regular expressions (%...%)");
  if (!in.take("{")) {
    TM_TRY(filter.root_, parse_terms(pattern));
    return filter;
  }
  TM_TRY(filter.root_, parse_or(in, 0));
  if (!in.take("}") || !in.at_end()) return invalid();
  return filter;
}

bool LogFilter::matches(std::string_view message) const {
  if (root_ == nullptr) return true;
  if (root_->kind == Node::Kind::kTerms) return evaluate(*root_, message, nullptr);
  const auto document = json::Document::parse(message, {.max_depth = 64});
  return document && evaluate(*root_, message, &document->root());
}

}  // namespace tidemill::functions
