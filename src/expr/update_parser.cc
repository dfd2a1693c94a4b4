#include "expr/messages.h"
#include "expr/parser.h"
#include "expr/parser_base.h"

namespace tidemill::expr {
namespace {

constexpr std::string_view kSections[] = {"SET", "REMOVE", "ADD", "DELETE"};  // in the order of ActionKind

std::optional<ActionKind> section_of(std::string_view word) {
  for (std::size_t i = 0; i < std::size(kSections); ++i) {
    if (is_word(word, kSections[i])) return static_cast<ActionKind>(i);
  }
  return std::nullopt;
}

bool is_keyword(std::string_view word) { return section_of(word).has_value(); }

class UpdateParser : ParserBase {
 public:
  explicit UpdateParser(std::string_view text) : ParserBase(text, kNestingMax) {}

  static Result<Shared<ParsedUpdate>> run(std::string_view text) {
    TM_CHECK(check_text(text));
    return UpdateParser(text).parse();
  }

 private:
  // Far more than any sensible text nests; the bound keeps the stack.
  static constexpr int kNestingMax = 256;
  struct Part {
    std::uint32_t node = 0;
    bool in_parentheses = false;
  };

  Result<Shared<ParsedUpdate>> parse() {
    bool seen[std::size(kSections)] = {};
    do {
      const auto kind = at(TokenKind::kName) ? section_of(peek().text) : std::nullopt;
      if (!kind) return syntax_error();
      take();
      const auto index = static_cast<std::size_t>(*kind);
      if (std::exchange(seen[index], true)) note(Problem::kSection, messages::repeated_section(kSections[index]));
      do {
        TM_CHECK(action(*kind));
      } while (take_if(TokenKind::kComma));
    } while (!at(TokenKind::kEnd));
    TM_CHECK(noted({Problem::kParentheses, Problem::kReservedWord, Problem::kUnknownFunction,
                    Problem::kForbiddenFunction, Problem::kMisusedFunction, Problem::kSection, Problem::kPath}));
    return std::move(result_);
  }

  Status action(ActionKind kind) {
    TM_TRY(auto target, path(is_keyword));
    result_->tree.paths.push_back(std::move(target));
    ParsedAction action{.kind = kind, .path = static_cast<std::uint32_t>(result_->tree.paths.size() - 1)};
    switch (kind) {
      case ActionKind::kRemove: break;
      case ActionKind::kSet: {
        TM_CHECK(expect(TokenKind::kEqual));
        TM_TRY(const auto part, sum());
        action.value = part.node;
        break;
      }
      case ActionKind::kAdd:
      case ActionKind::kDelete:
        if (!at(TokenKind::kValueRef)) return syntax_error();
        action.value = build_.value(take().text);
        break;
    }
    result_->actions.push_back(action);
    return {};
  }

  // At most one + or -.
  Result<Part> sum() {
    TM_TRY(auto left, term());
    if (!at(TokenKind::kPlus) && !at(TokenKind::kMinus)) return left;
    const Op op = take().kind == TokenKind::kPlus ? Op::kPlus : Op::kMinus;
    TM_TRY(const auto right, term());
    ++result_->operators;
    return Part{.node = build_.add(op, {left.node, right.node})};
  }

  Result<Part> term() {
    if (!at(TokenKind::kOpen)) return plain_operand();
    TM_CHECK(enter());
    TM_TRY(auto inner, sum());
    return leave(inner);
  }

  // An argument of a function: no arithmetic.
  Result<Part> operand() {
    if (!at(TokenKind::kOpen)) return plain_operand();
    TM_CHECK(enter());
    TM_TRY(auto inner, operand());
    return leave(inner);
  }

  Result<Part> plain_operand() {
    if (at(TokenKind::kValueRef)) return Part{.node = build_.value(take().text)};
    if (at(TokenKind::kName) && !is_keyword(peek().text) && peek(1).kind == TokenKind::kOpen) return call();
    TM_TRY(auto found, path(is_keyword));
    return Part{.node = build_.path(std::move(found))};
  }

  Result<Part> call() {
    const auto name = take().text;
    TM_CHECK(enter());
    std::vector<std::uint32_t> operands;
    do {
      TM_TRY(const auto part, operand());
      operands.push_back(part.node);
    } while (take_if(TokenKind::kComma));
    TM_CHECK(leave());
    const Op op = function_of(name);
    if (op == Op::kNever)
      note(Problem::kUnknownFunction, messages::unknown_function(name));
    else if (op != Op::kIfNotExists && op != Op::kListAppend)
      note(Problem::kForbiddenFunction, messages::not_in_update(name));
    // The service takes if_not_exists inside another function, but never list_append.
    for (const auto node : operands) {
      if (result_->tree.nodes[node].op == Op::kListAppend) {
        note(Problem::kMisusedFunction, messages::misused_function(to_string(Op::kListAppend)));
      }
    }
    return Part{.node = build_.add(op, operands)};
  }

  std::shared_ptr<ParsedUpdate> result_ = std::make_shared<ParsedUpdate>();
  TreeBuilder build_{result_->tree};
};

class ProjectionParser : ParserBase {
 public:
  explicit ProjectionParser(std::string_view text) : ParserBase(text, 0) {}

  static Result<Shared<ParsedProjection>> run(std::string_view text) {
    TM_CHECK(check_text(text));
    return ProjectionParser(text).parse();
  }

 private:
  Result<Shared<ParsedProjection>> parse() {
    auto result = std::make_shared<ParsedProjection>();
    do {
      TM_TRY(auto found, path([](std::string_view) { return false; }));
      result->paths.push_back(std::move(found));
    } while (take_if(TokenKind::kComma));
    if (!at(TokenKind::kEnd)) return syntax_error();
    TM_CHECK(noted({Problem::kReservedWord, Problem::kPath}));
    return result;
  }
};

}  // namespace

Result<Shared<ParsedUpdate>> parse_update(std::string_view text) { return UpdateParser::run(text); }
Result<Shared<ParsedProjection>> parse_projection(std::string_view text) { return ProjectionParser::run(text); }

}  // namespace tidemill::expr
