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
  explicit ParserBase(std::string_view text) : tokens_(tokenize(text)) {}

  // Size and emptiness, which come before any parsing.
  static Status check_text(std::string_view text);

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool at(TokenKind kind) const { return peek().kind == kind; }
  Token take() { return at(TokenKind::kEnd) ? tokens_[at_] : tokens_[at_++]; }
  bool take_if(TokenKind kind);

  // At the current token.
  std::unexpected<Error> syntax_error() const;
  Status expect(TokenKind kind);

  // `is_keyword` says which words the grammar keeps for itself.
  using IsKeyword = bool (*)(std::string_view);
  Result<PathText> path(IsKeyword is_keyword);

  void note(Problem problem, std::string message);
  // What was noted, in the order in which the grammar reports it.
  Status noted(std::initializer_list<Problem> order) const;

 private:
  Result<PathText::Element> path_name(IsKeyword is_keyword);
  Result<PathText::Element> path_index();

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::optional<std::string> problems_[static_cast<std::size_t>(Problem::kCount)];
};

}  // namespace tidemill::expr
