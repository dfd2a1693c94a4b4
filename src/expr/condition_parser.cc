#include "expr/messages.h"
#include "expr/parser.h"
#include "expr/parser_base.h"

namespace tidemill::expr {
namespace {

bool is_keyword(std::string_view word) {
  return is_word(word, "AND") || is_word(word, "OR") || is_word(word, "NOT") || is_word(word, "BETWEEN") ||
         is_word(word, "IN");
}

class ConditionParser : ParserBase {
 public:
  explicit ConditionParser(std::string_view text) : ParserBase(text, kNestingMax) {}

  static Result<Shared<ParsedCondition>> run(std::string_view text) {
    TM_CHECK(check_text(text));
    return ConditionParser(text).parse();
  }

 private:
  // Every legal level of nesting holds an operator of its own, of which there are at most 300; so what is nested deeper
  // than this is wrong in any case.
  static constexpr int kNestingMax = 1024;
  // An operand cannot stand for a condition; a function call can be either.
  enum class Shape : unsigned char { kOperand, kFunction, kCondition };
  struct Part {
    std::uint32_t node = 0;
    std::uint32_t first = 0;  // of the nodes below
    Shape shape = Shape::kOperand;
    bool in_parentheses = false;
  };

  Result<Shared<ParsedCondition>> parse() {
    TM_TRY(auto root, disjunction());
    if (!at(TokenKind::kEnd)) return syntax_error();
    TM_CHECK(require_condition(root));
    TM_CHECK(noted({Problem::kParentheses, Problem::kUnknownFunction, Problem::kForbiddenFunction,
                    Problem::kMisusedFunction, Problem::kReservedWord, Problem::kPath}));
    result_->root = root.node;
    return std::move(result_);
  }

  bool at_word(std::string_view upper) const { return at(TokenKind::kName) && is_word(peek().text, upper); }

  // Called with the cursor behind the part, so that an operand that stands alone is an error at the token that follows.
  Status require_condition(Part& part) {
    if (part.shape == Shape::kOperand) return syntax_error();
    if (part.shape == Shape::kFunction) {
      const Op op = result_->tree.nodes[part.node].op;
      if (op == Op::kSize) note(Problem::kMisusedFunction, messages::misused_function("size"));
      result_->conditions.push_back({part.first, part.node});
      part.shape = Shape::kCondition;
    }
    return {};
  }

  Result<Part> disjunction() {
    TM_TRY(auto left, conjunction());
    while (at_word("OR")) {
      TM_CHECK(require_condition(left));
      take();
      TM_TRY(auto right, conjunction());
      TM_CHECK(require_condition(right));
      left = join(Op::kOr, left, right);
    }
    return left;
  }

  Result<Part> conjunction() {
    TM_TRY(auto left, negation());
    while (at_word("AND")) {
      TM_CHECK(require_condition(left));
      take();
      TM_TRY(auto right, negation());
      TM_CHECK(require_condition(right));
      left = join(Op::kAnd, left, right);
    }
    return left;
  }

  Part join(Op op, const Part& left, const Part& right) {
    ++result_->operators;
    return {.node = build_.add(op, {left.node, right.node}), .first = left.first, .shape = Shape::kCondition};
  }

  Result<Part> negation() {
    std::size_t count = 0;
    for (; at_word("NOT"); ++count) take();
    TM_TRY(auto part, comparison());
    if (count > 0) TM_CHECK(require_condition(part));
    for (; count > 0; --count) {
      ++result_->operators;
      part = {.node = build_.add(Op::kNot, {part.node}), .first = part.first, .shape = Shape::kCondition};
    }
    return part;
  }

  static std::optional<Op> comparator(TokenKind kind) {
    switch (kind) {
      case TokenKind::kEqual: return Op::kEqual;
      case TokenKind::kNotEqual: return Op::kNotEqual;
      case TokenKind::kLess: return Op::kLess;
      case TokenKind::kLessEqual: return Op::kLessEqual;
      case TokenKind::kGreater: return Op::kGreater;
      case TokenKind::kGreaterEqual: return Op::kGreaterEqual;
      default: return std::nullopt;
    }
  }

  Result<Part> comparison() {
    TM_TRY(auto left, primary());
    const auto op = comparator(peek().kind);
    if (!op && !at_word("BETWEEN") && !at_word("IN")) return left;
    if (left.shape == Shape::kCondition) return syntax_error();
    std::vector<std::uint32_t> operands{left.node};
    const auto operand_follows = [&]() -> Status {
      TM_TRY(const auto part, operand());
      operands.push_back(part.node);
      return {};
    };
    Op condition = Op::kBetween;
    if (op) {
      take();
      condition = *op;
      TM_CHECK(operand_follows());
    } else if (at_word("BETWEEN")) {
      take();
      TM_CHECK(operand_follows());
      if (!at_word("AND")) return syntax_error();
      take();
      TM_CHECK(operand_follows());
    } else {
      take();
      condition = Op::kIn;
      TM_CHECK(expect(TokenKind::kOpen));
      do {
        TM_CHECK(operand_follows());
      } while (take_if(TokenKind::kComma));
      TM_CHECK(expect(TokenKind::kClose));
    }
    ++result_->operators;
    check_operands(operands);
    const auto node = build_.add(condition, operands);
    result_->conditions.push_back({left.first, node});
    return Part{.node = node, .first = left.first, .shape = Shape::kCondition};
  }

  // Only size() has a value that an operator or function can take.
  void check_operands(const std::vector<std::uint32_t>& operands) {
    for (const auto operand : operands) {
      const Op op = result_->tree.nodes[operand].op;
      if (is_function(op) && op != Op::kSize)
        note(Problem::kMisusedFunction, messages::misused_function(to_string(op)));
    }
  }

  // A parenthesis may hold a condition or an operand; which it is shows only inside.
  Result<Part> primary() {
    if (!at(TokenKind::kOpen)) return plain_operand();
    TM_CHECK(enter());
    TM_TRY(auto inner, disjunction());
    return leave(inner);
  }

  Result<Part> operand() {
    if (!at(TokenKind::kOpen)) return plain_operand();
    TM_CHECK(enter());
    TM_TRY(auto inner, operand());
    return leave(inner);
  }

  Result<Part> plain_operand() {
    const auto first = build_.next();
    if (at(TokenKind::kValueRef)) return Part{.node = build_.value(take().text), .first = first};
    if (at(TokenKind::kName) && !is_keyword(peek().text) && peek(1).kind == TokenKind::kOpen) return call();
    TM_TRY(auto found, path(is_keyword));
    return Part{.node = build_.path(std::move(found)), .first = first};
  }

  Result<Part> call() {
    const auto first = build_.next();
    const auto name = take().text;
    TM_CHECK(enter());
    std::vector<std::uint32_t> operands;
    do {
      TM_TRY(const auto part, operand());
      operands.push_back(part.node);
    } while (take_if(TokenKind::kComma));
    TM_CHECK(leave());
    check_operands(operands);
    const Op op = function_of(name);
    if (op == Op::kNever) note(Problem::kUnknownFunction, messages::unknown_function(name));
    if (op == Op::kIfNotExists || op == Op::kListAppend) {
      note(Problem::kForbiddenFunction, messages::not_in_condition(name));
    }
    return Part{.node = build_.add(op, operands), .first = first, .shape = Shape::kFunction};
  }

  std::shared_ptr<ParsedCondition> result_ = std::make_shared<ParsedCondition>();
  TreeBuilder build_{result_->tree};
};

}  // namespace

Result<Shared<ParsedCondition>> parse_condition(std::string_view text) { return ConditionParser::run(text); }

}  // namespace tidemill::expr
