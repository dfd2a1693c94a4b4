#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "expr/messages.h"
#include "expr/partiql.h"
#include "expr/partiql_token.h"
#include "expr/token.h"
#include "item/messages.h"

namespace tidemill::expr::partiql {
namespace {

using item::AttributeValue;

constexpr int kMaxNesting = 100;

// Clauses that SQL has and this language does not.
constexpr std::string_view kUnsupportedClauses[] = {"LIMIT", "GROUP", "HAVING", "OFFSET", "UNION", "JOIN", "DISTINCT"};

std::unexpected<Error> from_item(const item::Error& error) { return invalid(error.message); }

// A statement has no parameters that could be named, as "Invalid UpdateExpression: " does.
std::unexpected<Error> without_parameter(Error error) {
  if (const auto end = error.message.find(": "); error.message.starts_with("Invalid ") && end != std::string::npos)
    error.message.erase(0, end + 2);
  return std::unexpected(std::move(error));
}

class Parser {
 public:
  Parser(std::string_view text, const std::vector<AttributeValue>& parameters)
      : text_(text), parameters_(parameters), tokens_(tokenize(text)) {}

  Result<Statement> run() {
    TM_CHECK(check_parameter_count());
    if (take_word("SELECT")) {
      TM_CHECK(select());
    } else if (take_word("INSERT")) {
      TM_CHECK(insert());
    } else if (take_word("UPDATE")) {
      TM_CHECK(update());
    } else if (take_word("DELETE")) {
      TM_CHECK(remove());
    } else if (take_word("EXISTS")) {
      TM_CHECK(exists());
    } else {
      return invalid("Statement wasn't well formed, can't be processed: Expected data manipulation");
    }
    take_symbol(";");
    if (peek().kind != TokenKind::kEnd) return unexpected_clause();
    return std::move(statement_);
  }

 private:
  // --- Tokens.

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const Token& take() { return peek().kind == TokenKind::kEnd ? peek() : tokens_[at_++]; }
  bool at_word(std::string_view upper, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::kWord && is_word(peek(ahead).text, upper);
  }
  bool at_symbol(std::string_view symbol, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::kSymbol && peek(ahead).text == symbol;
  }
  bool take_word(std::string_view upper) {
    if (!at_word(upper)) return false;
    ++at_;
    return true;
  }
  bool take_symbol(std::string_view symbol) {
    if (!at_symbol(symbol)) return false;
    ++at_;
    return true;
  }
  Status expect_word(std::string_view upper) {
    if (!take_word(upper)) return unexpected_clause();
    return {};
  }
  Status expect_symbol(std::string_view symbol) {
    if (!take_symbol(symbol)) return malformed();
    return {};
  }

  std::unexpected<Error> malformed() const {
    return invalid(fmt::format("Statement wasn't well formed, can't be processed: {}", text_));
  }

  std::unexpected<Error> unexpected_clause() const {
    if (at_word("GROUP")) return invalid("Unsupported clause: GROUP BY");
    for (const auto clause : kUnsupportedClauses) {
      // The place is that of what the clause says.
      if (at_word(clause)) return invalid(fmt::format("Unsupported clause: {} at {}", clause, place(peek(1))));
    }
    if (at_word("AS")) return invalid("Aliasing is not supported");
    return malformed();
  }

  // "line:column:length" of a token.
  std::string place(const Token& token) const {
    const auto before = text_.substr(0, token.offset);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto column = before.size() - (before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1) + 1;
    const bool quoted = token.kind == TokenKind::kString || token.kind == TokenKind::kQuoted;
    return fmt::format("{}:{}:{}", line, column, std::max<std::size_t>(1, token.text.size()) + (quoted ? 2 : 0));
  }

  Status check_parameter_count() const {
    const auto marks =
        std::ranges::count_if(tokens_, [](const Token& t) { return t.kind == TokenKind::kSymbol && t.text == "?"; });
    if (static_cast<std::size_t>(marks) == parameters_.size()) return {};
    return invalid("Number of parameters in request and statement don't match.");
  }

  Status enter() {
    if (++nesting_ > kMaxNesting) return malformed();
    return {};
  }

  // --- Names and paths.

  Result<std::string> name() {
    if (peek().kind != TokenKind::kWord && peek().kind != TokenKind::kQuoted) return malformed();
    return take().text;
  }

  Result<std::string> component() {
    TM_TRY(auto text, name());
    if (text.empty()) return invalid("Path component cannot be an empty string");
    return text;
  }

  Status table() {
    TM_TRY(statement_.table, component());
    if (take_symbol(".")) {
      TM_TRY(auto index, component());
      statement_.index = std::move(index);
    }
    if (at_symbol(".")) return invalid("A path may contain at most 2 components in the FROM clause");
    if (at_word("AS")) return unexpected_clause();
    return {};
  }

  Result<PathText> path() {
    PathText path;
    TM_TRY(auto head, name());
    path.elements.push_back({.text = std::move(head)});
    while (true) {
      if (take_symbol(".")) {
        TM_TRY(auto next, name());
        path.elements.push_back({.text = std::move(next)});
      } else if (at_symbol("[") && peek(1).kind == TokenKind::kNumber) {
        take();
        TM_TRY(const auto index, list_index());
        path.elements.push_back({.kind = PathText::Element::Kind::kIndex, .text = {}, .index = index});
        TM_CHECK(expect_symbol("]"));
      } else if (at_symbol("[") && peek(1).kind == TokenKind::kString) {  // a['b'] is a.b
        take();
        path.elements.push_back({.text = take().text});
        TM_CHECK(expect_symbol("]"));
      } else {
        return path;
      }
    }
  }

  Result<std::uint32_t> list_index() {
    const auto& digits = take().text;
    std::int32_t index = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc{} || end != digits.data() + digits.size()) return malformed();
    return static_cast<std::uint32_t>(index);
  }

  // --- Values.

  bool at_literal() const {
    const auto& token = peek();
    if (token.kind == TokenKind::kString || token.kind == TokenKind::kNumber) return true;
    if (token.kind == TokenKind::kWord) return at_word("TRUE") || at_word("FALSE") || at_word("NULL");
    return at_symbol("?") || at_symbol("-") || at_symbol("+") || at_symbol("[") || at_symbol("{") || at_symbol("<<");
  }

  Result<AttributeValue> literal() {
    TM_CHECK(enter());
    auto value = plain_literal();
    --nesting_;
    return value;
  }

  Result<AttributeValue> plain_literal() {
    if (take_symbol("?")) return parameters_[next_parameter_++];
    if (peek().kind == TokenKind::kString) return AttributeValue(take().text);
    if (peek().kind == TokenKind::kNumber || at_symbol("-") || at_symbol("+")) return number();
    if (take_word("TRUE")) return AttributeValue(true);
    if (take_word("FALSE")) return AttributeValue(false);
    if (take_word("NULL")) return AttributeValue(item::Null{});
    if (take_symbol("[")) {
      item::List list;
      TM_CHECK(elements("]", [&](AttributeValue value) { list.push_back(std::move(value)); }));
      return AttributeValue(std::move(list));
    }
    if (at_symbol("<<")) {
      const auto& bag = take();
      if (at_symbol(">>")) return invalid("Empty bags are not supported at " + place(bag));
      std::vector<AttributeValue> values;
      TM_CHECK(elements(">>", [&](AttributeValue value) { values.push_back(std::move(value)); }));
      return set_of(values);
    }
    if (take_symbol("{")) {
      TM_TRY(auto map, members());
      return AttributeValue(std::move(map));
    }
    return malformed();
  }

  Result<AttributeValue> number() {
    std::string text;
    if (at_symbol("-") || at_symbol("+")) text = take().text;
    if (peek().kind != TokenKind::kNumber) return malformed();
    text += take().text;
    const auto parsed = item::Number::parse(text);
    if (!parsed) return from_item(parsed.error());
    return AttributeValue(*parsed);
  }

  template <class Add>
  Status elements(std::string_view end, Add add) {
    if (take_symbol(end)) return {};
    do {
      TM_TRY(auto value, literal());
      add(std::move(value));
    } while (take_symbol(","));
    return expect_symbol(end);
  }

  Result<item::Map> members() {
    item::Map map;
    if (take_symbol("}")) return map;
    do {
      if (peek().kind != TokenKind::kString && peek().kind != TokenKind::kQuoted) return malformed();
      const auto& token = take();
      const auto& key = token.text;
      if (key.empty()) return invalid(item::messages::kEmptyName);
      if (map.contains(key)) {
        return invalid(fmt::format("Duplicate keys in tuple. Key: {} under root at {}", key, place(token)));
      }
      TM_CHECK(expect_symbol(":"));
      TM_TRY(auto value, literal());
      map.set(key, std::move(value));
    } while (take_symbol(","));
    TM_CHECK(expect_symbol("}"));
    return map;
  }

  Result<AttributeValue> set_of(const std::vector<AttributeValue>& values) {
    const auto collect = [&]<class T>(std::vector<T> elements) -> Result<AttributeValue> {
      for (const auto& value : values) {
        const auto* element = value.template get_if<T>();
        if (element == nullptr) return malformed();
        elements.push_back(*element);
      }
      auto set = item::Set<T>::from(std::move(elements));
      if (set.size() != values.size()) return invalid(item::messages::kDuplicateNumbers);
      return AttributeValue(std::move(set));
    };
    if (values.front().is(item::Type::kString)) return collect(std::vector<std::string>());
    if (values.front().is(item::Type::kNumber)) return collect(std::vector<item::Number>());
    return collect(std::vector<item::Binary>());
  }

  // --- Trees: literals take slots of their own, named by their number.

  std::uint32_t add_value(TreeBuilder& build, AttributeValue value) {
    const auto slot = fmt::format(":{}", values_++);
    substitutions_.define_value(slot, std::move(value));
    return build.value(slot);
  }

  // --- Conditions.

  struct Part {
    std::uint32_t node = 0;
    std::uint32_t first = 0;
    bool is_condition = false;
    bool is_call = false;  // a boolean function that is not yet counted among the conditions
  };

  Status where() {
    auto parsed = std::make_shared<ParsedCondition>();
    condition_ = parsed.get();
    TM_TRY(auto root, disjunction());
    TM_CHECK(settle(root));
    parsed->root = root.node;
    auto bound = Condition::bind(std::move(parsed), Parameter::kFilter, substitutions_);
    if (!bound) return without_parameter(std::move(bound).error());
    statement_.where = *std::move(bound);
    return {};
  }

  TreeBuilder build() { return TreeBuilder(condition_->tree); }

  Status settle(Part& part) {
    if (part.is_call)
      condition_->conditions.push_back({part.first, part.node});
    else if (!part.is_condition)
      return malformed();
    part.is_call = false;
    part.is_condition = true;
    return {};
  }

  Result<Part> disjunction() {
    TM_TRY(auto left, conjunction());
    while (at_word("OR")) {
      take();
      TM_TRY(auto right, conjunction());
      TM_CHECK(join(Op::kOr, left, right));
    }
    return left;
  }

  Result<Part> conjunction() {
    TM_TRY(auto left, negation());
    while (at_word("AND")) {
      take();
      TM_TRY(auto right, negation());
      TM_CHECK(join(Op::kAnd, left, right));
    }
    return left;
  }

  Status join(Op op, Part& left, Part& right) {
    TM_CHECK(settle(left));
    TM_CHECK(settle(right));
    ++condition_->operators;
    left = {.node = build().add(op, {left.node, right.node}), .first = left.first, .is_condition = true};
    return {};
  }

  Result<Part> negation() {
    if (!take_word("NOT")) return comparison();
    TM_CHECK(enter());
    TM_TRY(auto part, negation());
    --nesting_;
    TM_CHECK(settle(part));
    return negated(part);
  }

  Part negated(const Part& part) {
    ++condition_->operators;
    return {.node = build().add(Op::kNot, {part.node}), .first = part.first, .is_condition = true};
  }

  static std::optional<Op> comparator(const Token& token) {
    if (token.kind != TokenKind::kSymbol) return std::nullopt;
    if (token.text == "=") return Op::kEqual;
    if (token.text == "<>" || token.text == "!=") return Op::kNotEqual;
    if (token.text == "<") return Op::kLess;
    if (token.text == "<=") return Op::kLessEqual;
    if (token.text == ">") return Op::kGreater;
    if (token.text == ">=") return Op::kGreaterEqual;
    return std::nullopt;
  }

  Part condition(Op op, const Part& left, const std::vector<std::uint32_t>& operands) {
    ++condition_->operators;
    const auto node = build().add(op, operands);
    condition_->conditions.push_back({left.first, node});
    return {.node = node, .first = left.first, .is_condition = true};
  }

  Result<Part> comparison() {
    TM_TRY(auto left, primary());
    if (const auto op = comparator(peek())) {
      if (left.is_condition) return malformed();
      take();
      TM_TRY(const auto right, operand());
      return condition(*op, left, {left.node, right.node});
    }
    if (take_word("BETWEEN")) {
      TM_TRY(const auto from, operand());
      TM_CHECK(expect_word("AND"));
      TM_TRY(const auto to, operand());
      return condition(Op::kBetween, left, {left.node, from.node, to.node});
    }
    if (take_word("IN")) return membership(left);
    if (take_word("IS")) return existence(left);
    return left;
  }

  Result<Part> membership(const Part& left) {
    std::string_view end = ")";
    if (take_symbol("["))
      end = "]";
    else
      TM_CHECK(expect_symbol("("));
    std::vector<std::uint32_t> operands{left.node};
    do {
      TM_TRY(const auto part, operand());
      operands.push_back(part.node);
    } while (take_symbol(","));
    TM_CHECK(expect_symbol(end));
    return condition(Op::kIn, left, operands);
  }

  // IS [NOT] MISSING, IS [NOT] NULL.
  Result<Part> existence(const Part& left) {
    if (condition_->tree.nodes[left.node].op != Op::kPath) return malformed();
    const bool inverse = take_word("NOT");
    if (take_word("MISSING")) return condition(inverse ? Op::kExists : Op::kNotExists, left, {left.node});
    if (!take_word("NULL")) return malformed();
    auto builder = build();
    const auto name = add_value(builder, AttributeValue("NULL"));
    const auto part = condition(Op::kTypeIs, left, {left.node, name});
    return inverse ? negated(part) : part;
  }

  Result<Part> primary() {
    // A parenthesis in front may hold a condition or an operand.
    if (!at_symbol("(")) return operand();
    take();
    TM_CHECK(enter());
    TM_TRY(auto inner, disjunction());
    --nesting_;
    TM_CHECK(expect_symbol(")"));
    return inner;
  }

  Result<Part> operand() {
    auto builder = build();
    const auto first = builder.next();
    if (at_literal()) {
      TM_TRY(auto value, literal());
      return Part{.node = add_value(builder, std::move(value)), .first = first};
    }
    if (peek().kind == TokenKind::kWord && at_symbol("(", 1)) return call();
    TM_TRY(auto found, path());
    return Part{.node = builder.path(std::move(found)), .first = first};
  }

  Result<Part> call() {
    const auto first = build().next();
    std::string lower = take().text;
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const Op op = function_of(lower);
    const bool known = op == Op::kTypeIs || op == Op::kBeginsWith || op == Op::kContains || op == Op::kSize ||
                       op == Op::kExists || op == Op::kNotExists;
    if (!known) return malformed();
    take();
    TM_CHECK(enter());
    std::vector<std::uint32_t> operands;
    do {
      TM_TRY(const auto part, operand());
      operands.push_back(part.node);
    } while (take_symbol(","));
    --nesting_;
    TM_CHECK(expect_symbol(")"));
    return Part{.node = build().add(op, operands), .first = first, .is_call = op != Op::kSize};
  }

  // --- Statements.

  Status select() {
    statement_.kind = Kind::kSelect;
    if (at_word("DISTINCT")) return invalid("Unsupported token in expression: DISTINCT");
    if (!take_symbol("*")) {
      Substitutions none;
      do {
        TM_TRY(auto column, path());
        TM_TRY(auto resolved, none.resolve(column));
        TM_CHECK(check_column(resolved));
        statement_.columns.push_back(std::move(resolved));
        if (at_word("AS")) return unexpected_clause();
      } while (take_symbol(","));
    }
    TM_CHECK(expect_word("FROM"));
    TM_CHECK(table());
    if (at_symbol(",")) return invalid("Only select from a single table or index is supported.");
    const bool has_where = take_word("WHERE");
    if (has_where) TM_CHECK(where());
    if (!take_word("ORDER")) return {};
    TM_CHECK(expect_word("BY"));
    if (!has_where) return invalid("Must have WHERE clause in the statement when using ORDER BY clause.");
    do {
      TM_TRY(auto attribute, name());
      const bool descending = take_word("DESC");
      if (!descending) take_word("ASC");
      statement_.order.push_back({std::move(attribute), descending});
    } while (take_symbol(","));
    return {};
  }

  Status check_column(const Path& column) const {
    for (const auto& other : statement_.columns) {
      if (other == column) return invalid("Duplicate identifiers in select clause: " + column_name(column));
      const auto found = relation(other, column);
      if (found != Relation::kApart) return std::unexpected(unrelated_error(found, column, other));
    }
    return {};
  }

  Status insert() {
    statement_.kind = Kind::kInsert;
    TM_CHECK(expect_word("INTO"));
    TM_CHECK(table());
    if (statement_.index) return invalid("FROM clause may only contain a single table name");
    TM_CHECK(expect_word("VALUE"));
    TM_TRY(auto value, literal());
    if (!value.is(item::Type::kMap)) return malformed();
    if (item::depth(value) - 1 > item::kMaxDepth) return invalid(item::messages::kTooDeep);
    statement_.item = std::move(value.map());
    if (at_word("RETURNING")) return invalid("RETURNING is not supported in INSERT");
    return {};
  }

  Status update() {
    statement_.kind = Kind::kUpdate;
    TM_CHECK(table());
    auto parsed = std::make_shared<ParsedUpdate>();
    while (true) {
      if (take_word("SET")) {
        do {
          TM_CHECK(assignment(*parsed));
        } while (take_symbol(","));
      } else if (take_word("REMOVE")) {
        TM_TRY(auto found, path());
        parsed->tree.paths.push_back(std::move(found));
        parsed->actions.push_back({.kind = ActionKind::kRemove, .path = last_path(*parsed)});
      } else {
        break;
      }
    }
    if (parsed->actions.empty()) return malformed();
    auto bound = Update::bind(std::move(parsed), substitutions_);
    if (!bound) return without_parameter(std::move(bound).error());
    statement_.update = *std::move(bound);
    // Without a clause no key is named: that is told when the table is known.
    if (take_word("WHERE")) TM_CHECK(where());
    return returning();
  }

  static std::uint32_t last_path(const ParsedUpdate& parsed) {
    return static_cast<std::uint32_t>(parsed.tree.paths.size() - 1);
  }

  Status assignment(ParsedUpdate& parsed) {
    TM_TRY(auto found, path());
    parsed.tree.paths.push_back(std::move(found));
    ParsedAction action{.path = last_path(parsed)};
    TM_CHECK(expect_symbol("="));
    TreeBuilder builder(parsed.tree);
    if ((at_word("SET_ADD") || at_word("SET_DELETE")) && at_symbol("(", 1)) {
      action.kind = at_word("SET_ADD") ? ActionKind::kAdd : ActionKind::kDelete;
      take();
      take();
      TM_TRY(const auto of, path());
      const auto same = [](const PathText::Element& a, const PathText::Element& b) {
        return a.kind == b.kind && a.text == b.text && a.index == b.index;
      };
      if (!std::ranges::equal(of.elements, parsed.tree.paths[action.path].elements, same)) return malformed();
      TM_CHECK(expect_symbol(","));
      TM_TRY(auto value, literal());
      action.value = add_value(builder, std::move(value));
      TM_CHECK(expect_symbol(")"));
    } else {
      TM_TRY(action.value, sum(builder, parsed));
    }
    parsed.actions.push_back(action);
    return {};
  }

  Result<std::uint32_t> sum(TreeBuilder& builder, ParsedUpdate& parsed) {
    TM_TRY(const auto left, term(builder, parsed));
    if (!at_symbol("+") && !at_symbol("-")) return left;
    const Op op = take().text == "+" ? Op::kPlus : Op::kMinus;
    TM_TRY(const auto right, term(builder, parsed));
    ++parsed.operators;
    return builder.add(op, {left, right});
  }

  Result<std::uint32_t> term(TreeBuilder& builder, ParsedUpdate& parsed) {
    if (at_literal()) {
      TM_TRY(auto value, literal());
      return add_value(builder, std::move(value));
    }
    const bool append = at_word("LIST_APPEND");
    if ((append || at_word("IF_NOT_EXISTS")) && at_symbol("(", 1)) {
      take();
      take();
      TM_CHECK(enter());
      TM_TRY(const auto first, term(builder, parsed));
      TM_CHECK(expect_symbol(","));
      TM_TRY(const auto second, term(builder, parsed));
      --nesting_;
      TM_CHECK(expect_symbol(")"));
      return builder.add(append ? Op::kListAppend : Op::kIfNotExists, {first, second});
    }
    TM_TRY(auto found, path());
    return builder.path(std::move(found));
  }

  Status remove() {
    statement_.kind = Kind::kDelete;
    TM_CHECK(expect_word("FROM"));
    TM_CHECK(table());
    if (take_word("WHERE")) TM_CHECK(where());
    TM_CHECK(returning());
    if (statement_.returning == Returning::kNothing || statement_.returning == Returning::kAllOld) return {};
    const auto kind = statement_.returning;
    return invalid(fmt::format(
        "Invalid returning clause: RETURNING {} {} *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
        kind == Returning::kAllNew ? "ALL" : "MODIFIED", kind == Returning::kModifiedOld ? "OLD" : "NEW"));
  }

  Status returning() {
    if (!take_word("RETURNING")) return {};
    const bool all = take_word("ALL");
    if (!all && !take_word("MODIFIED")) return malformed();
    const bool old = take_word("OLD");
    if (!old && !take_word("NEW")) return malformed();
    TM_CHECK(expect_symbol("*"));
    statement_.returning = all ? (old ? Returning::kAllOld : Returning::kAllNew)
                               : (old ? Returning::kModifiedOld : Returning::kModifiedNew);
    return {};
  }

  Status exists() {
    TM_CHECK(expect_symbol("("));
    TM_CHECK(expect_word("SELECT"));
    TM_CHECK(select());
    statement_.kind = Kind::kExists;
    return expect_symbol(")");
  }

  std::string_view text_;
  const std::vector<AttributeValue>& parameters_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t next_parameter_ = 0;
  int nesting_ = 0;
  std::size_t values_ = 0;
  Substitutions substitutions_;
  ParsedCondition* condition_ = nullptr;
  Statement statement_;
};

}  // namespace

Result<Statement> parse(std::string_view text, const std::vector<AttributeValue>& parameters) {
  return Parser(text, parameters).run();
}

std::optional<Subject> subject(std::string_view text) {
  const auto tokens = tokenize(text);
  const auto word = [&](std::size_t i, std::string_view upper) {
    return i < tokens.size() && tokens[i].kind == TokenKind::kWord && is_word(tokens[i].text, upper);
  };
  const auto symbol = [&](std::size_t i, std::string_view text_of) {
    return i < tokens.size() && tokens[i].kind == TokenKind::kSymbol && tokens[i].text == text_of;
  };
  Subject found;
  std::size_t at = 0;
  if (word(0, "UPDATE")) {
    found.kind = Kind::kUpdate;
    at = 1;
  } else if (word(0, "INSERT") && word(1, "INTO")) {
    found.kind = Kind::kInsert;
    at = 2;
  } else {
    if (word(0, "DELETE"))
      found.kind = Kind::kDelete;
    else if (word(0, "EXISTS"))
      found.kind = Kind::kExists;
    else if (!word(0, "SELECT"))
      return std::nullopt;
    while (at < tokens.size() && !word(at, "FROM")) ++at;
    ++at;
  }
  const auto is_name = [&](std::size_t i) {
    return i < tokens.size() && (tokens[i].kind == TokenKind::kWord || tokens[i].kind == TokenKind::kQuoted);
  };
  if (!is_name(at)) return std::nullopt;
  found.table = tokens[at].text;
  if (symbol(at + 1, ".") && is_name(at + 2)) found.index = tokens[at + 2].text;
  return found;
}

}  // namespace tidemill::expr::partiql
