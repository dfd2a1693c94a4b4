// What the three grammars share: the token cursor, paths, function calls, and the order among errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/ast.h"
#include "expr/error.h"
#include "expr/parser.h"
#include "expr/token.h"

namespace tidemill::expr {

// A syntax error ends parsing. The others are noted, and the first of the most important kind is reported at the end.
enum class Problem : unsigned char {
  kParentheses,
  kUnknownFunction,
  kForbiddenFunction,
  kMisusedFunction,
  kSection,
  kReservedWord,
  kPath,
  kCount,
};

class ParserBase {
 protected:
  // Parentheses nest at most `nesting_max` deep: the bound keeps the stack.
  ParserBase(std::string_view text, int nesting_max) : tokens_(tokenize(text)), nesting_max_(nesting_max) {}

  // Size and emptiness, which come before any parsing.
  static Status check_text(std::string_view text);

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool at(TokenKind kind) const { return peek().kind == kind; }
  Token take() { return at(TokenKind::kEnd) ? tokens_[at_] : tokens_[at_++]; }
  bool take_if(TokenKind kind);

  // At the current token.
  std::unexpected<Error> syntax_error() const;
  Status expect(TokenKind kind);

  // Parentheses: the opening one is at the cursor.
  Status enter();
  Status leave();
  // Of a part that stood in parentheses: two pairs around one part are an error.
  template <class Part>
  Result<Part> leave(Part inner) {
    TM_CHECK(leave());
    if (inner.in_parentheses) note_redundant_parentheses();
    inner.in_parentheses = true;
    return inner;
  }

  // `is_keyword` says which words the grammar keeps for itself.
  using IsKeyword = bool (*)(std::string_view);
  Result<PathText> path(IsKeyword is_keyword);

  void note(Problem problem, std::string message);
  // What was noted, in the order in which the grammar reports it.
  Status noted(std::initializer_list<Problem> order) const;

 private:
  void note_redundant_parentheses();
  Result<PathText::Element> path_name(IsKeyword is_keyword);
  Result<PathText::Element> path_index();

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  const int nesting_max_;
  int nesting_ = 0;
  std::optional<std::string> problems_[static_cast<std::size_t>(Problem::kCount)];
};

}  // namespace tidemill::expr
