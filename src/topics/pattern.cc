#include "topics/pattern.h"

#include <memory>

namespace tidemill::topics {

// Parses by precedence into a small tree, then compiles the tree from its end: each node is told which state follows
// it.
class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : rest_(text) {}

  std::optional<Pattern> parse() {
    const auto root = alternatives(0);
    if (!ok_ || !rest_.empty()) return std::nullopt;
    Pattern out;
    out.states_.push_back({});
    out.start_ = compile(*root, 0, out);
    return ok_ ? std::optional(std::move(out)) : std::nullopt;
  }

 private:
  using Bytes = Pattern::Bytes;
  static constexpr int kDepthMax = 50, kRepeatMax = 249;
  struct Node {
    enum class Kind : unsigned char { kEmpty, kBytes, kBegin, kEnd, kSequence, kEither, kRepeat } kind = Kind::kEmpty;
    Bytes bytes;
    std::vector<std::unique_ptr<Node>> parts;
    int min = 0, max = -1;  // of kRepeat; -1: no limit
  };
  using Ptr = std::unique_ptr<Node>;

  Ptr fail() {
    ok_ = false;
    rest_ = {};
    return std::make_unique<Node>();
  }

  Ptr alternatives(int depth) {
    if (depth > kDepthMax) return fail();
    auto out = std::make_unique<Node>();
    out->kind = Node::Kind::kEither;
    out->parts.push_back(sequence(depth));
    while (ok_ && rest_.starts_with('|')) {
      rest_.remove_prefix(1);
      out->parts.push_back(sequence(depth));
    }
    return out;
  }

  Ptr sequence(int depth) {
    auto out = std::make_unique<Node>();
    out->kind = Node::Kind::kSequence;
    while (ok_ && !rest_.empty() && rest_.front() != '|' && rest_.front() != ')') out->parts.push_back(repeated(depth));
    return out;
  }

  Ptr repeated(int depth) {
    auto out = atom(depth);
    while (ok_ && !rest_.empty()) {
      int min = 0, max = -1;
      if (rest_.front() == '*') {
        rest_.remove_prefix(1);
      } else if (rest_.front() == '+') {
        min = 1;
        rest_.remove_prefix(1);
      } else if (rest_.front() == '?') {
        max = 1;
        rest_.remove_prefix(1);
      } else if (rest_.front() == '{') {
        rest_.remove_prefix(1);
        if (!bounds(min, max)) return fail();
      } else {
        break;
      }
      if (rest_.starts_with('?')) rest_.remove_prefix(1);  // laziness does not change what matches as a whole
      auto repeat = std::make_unique<Node>();
      repeat->kind = Node::Kind::kRepeat;
      repeat->min = min;
      repeat->max = max;
      repeat->parts.push_back(std::move(out));
      out = std::move(repeat);
    }
    return out;
  }

  bool bounds(int& min, int& max) {
    const auto number = [this](int& to) {
      if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return false;
      to = 0;
      while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && to <= kRepeatMax) {
        to = to * 10 + (rest_.front() - '0');
        rest_.remove_prefix(1);
      }
      return to <= kRepeatMax;
    };
    if (!number(min)) return false;
    max = min;
    if (rest_.starts_with(',')) {
      rest_.remove_prefix(1);
      max = -1;
      if (!rest_.starts_with('}') && (!number(max) || max < min)) return false;
    }
    if (!rest_.starts_with('}')) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Ptr atom(int depth) {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    auto out = std::make_unique<Node>();
    out->kind = Node::Kind::kBytes;
    switch (c) {
      case '(': {
        if (rest_.starts_with("?:"))
          rest_.remove_prefix(2);
        else if (rest_.starts_with('?'))
          return fail();
        auto inner = alternatives(depth + 1);
        if (!rest_.starts_with(')')) return fail();
        rest_.remove_prefix(1);
        return inner;
      }
      case '.': out->bytes.set(); return out;
      case '[': return set();
      case '\\':
        if (!escape(out->bytes)) return fail();
        return out;
      case '^': out->kind = Node::Kind::kBegin; return out;
      case '$': out->kind = Node::Kind::kEnd; return out;
      case '*':
      case '+':
      case '?':
      case '{': return fail();
      default: out->bytes.set(static_cast<unsigned char>(c)); return out;
    }
  }

  // After a backslash.
  bool escape(Bytes& to) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    Bytes named;
    const auto range = [&named](std::size_t from, std::size_t until) {
      for (auto b = from; b <= until; ++b) named.set(b);
    };
    switch (c) {
      case 'd':
      case 'D': range('0', '9'); break;
      case 'w':
      case 'W':
        range('0', '9');
        range('a', 'z');
        range('A', 'Z');
        named.set('_');
        break;
      case 's':
      case 'S':
        for (const char blank : {' ', '\t', '\n', '\r', '\f', '\v'}) named.set(static_cast<std::size_t>(blank));
        break;
      default:
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return false;
        named.set(static_cast<unsigned char>(c));
    }
    to |= c == 'D' || c == 'W' || c == 'S' ? ~named : named;
    return true;
  }

  Ptr set() {
    auto out = std::make_unique<Node>();
    out->kind = Node::Kind::kBytes;
    const bool negated = rest_.starts_with('^');
    if (negated) rest_.remove_prefix(1);
    for (bool first = true;; first = false) {
      if (rest_.empty()) return fail();
      const auto c = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (c == ']' && !first) break;
      if (c == '\\') {
        if (!escape(out->bytes)) return fail();
        continue;
      }
      auto until = c;
      if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
        until = static_cast<unsigned char>(rest_[1]);
        rest_.remove_prefix(2);
        if (until < c || until == '\\') return fail();
      }
      for (unsigned b = c; b <= until; ++b) out->bytes.set(b);
    }
    if (negated) out->bytes.flip();
    return out;
  }

  std::int32_t add(Pattern::State state, Pattern& to) {
    if (to.states_.size() >= Pattern::kStatesMax) {
      ok_ = false;
      return 0;
    }
    to.states_.push_back(state);
    return static_cast<std::int32_t>(to.states_.size() - 1);
  }

  // The first state of `node`, when `next` follows it.
  std::int32_t compile(const Node& node, std::int32_t next, Pattern& to) {
    using Kind = Pattern::State::Kind;
    if (!ok_) return 0;
    switch (node.kind) {
      case Node::Kind::kEmpty: return next;
      case Node::Kind::kBytes: return add({Kind::kBytes, node.bytes, next, -1}, to);
      case Node::Kind::kBegin: return add({Kind::kBegin, {}, next, -1}, to);
      case Node::Kind::kEnd: return add({Kind::kEnd, {}, next, -1}, to);
      case Node::Kind::kSequence:
        for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) next = compile(**part, next, to);
        return next;
      case Node::Kind::kEither: {
        auto first = compile(*node.parts.back(), next, to);
        for (auto part = node.parts.rbegin() + 1; part != node.parts.rend(); ++part)
          first = add({Kind::kSplit, {}, compile(**part, next, to), first}, to);
        return first;
      }
      case Node::Kind::kRepeat: {
        if (node.max == -1) {
          const auto loop = add({Kind::kSplit, {}, -1, next}, to);
          const auto body = compile(*node.parts[0], loop, to);
          if (ok_) to.states_[static_cast<std::size_t>(loop)].out = body;
          next = loop;
        } else {
          const auto end = next;
          for (int i = node.min; i < node.max && ok_; ++i)
            next = add({Kind::kSplit, {}, compile(*node.parts[0], next, to), end}, to);
        }
        for (int i = 0; i < node.min && ok_; ++i) next = compile(*node.parts[0], next, to);
        return next;
      }
    }
    return next;
  }

  std::string_view rest_;
  bool ok_ = true;
};

std::optional<Pattern> Pattern::parse(std::string_view expression) { return PatternParser(expression).parse(); }

void Pattern::follow(std::int32_t first, Place place, std::vector<bool>& seen, std::vector<std::int32_t>& to) const {
  std::vector<std::int32_t> waiting{first};
  while (!waiting.empty()) {
    const auto at = waiting.back();
    waiting.pop_back();
    if (seen[static_cast<std::size_t>(at)]) continue;
    seen[static_cast<std::size_t>(at)] = true;
    const auto& state = states_[static_cast<std::size_t>(at)];
    if (state.kind == State::Kind::kSplit) {
      waiting.push_back(state.other);
      waiting.push_back(state.out);
    } else if (state.kind == State::Kind::kBegin || state.kind == State::Kind::kEnd) {
      if (state.kind == State::Kind::kBegin ? place.begin : place.end) waiting.push_back(state.out);
    } else {
      to.push_back(at);
    }
  }
}

bool Pattern::matches(std::string_view name) const {
  std::vector<std::int32_t> now, next;
  std::vector<bool> seen(states_.size());
  follow(start_, {true, name.empty()}, seen, now);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    next.clear();
    seen.assign(states_.size(), false);
    for (const auto at : now) {
      const auto& state = states_[static_cast<std::size_t>(at)];
      if (state.kind == State::Kind::kBytes && state.bytes[static_cast<unsigned char>(c)])
        follow(state.out, {false, i + 1 == name.size()}, seen, next);
    }
    now.swap(next);
  }
  for (const auto at : now)
    if (states_[static_cast<std::size_t>(at)].kind == State::Kind::kAccept) return true;
  return false;
}

}  // namespace tidemill::topics
