// Splits an expression into tokens. Never fails: what no token begins with becomes a token of its own, which no grammar
// takes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tidemill::expr {

enum class TokenKind : unsigned char {
  kEnd,
  kName,      // a clear word, which may be a keyword: keywords depend on the grammar
  kNameRef,   // #name
  kValueRef,  // :value
  kDigits,
  kOpen,        // (
  kClose,       // )
  kOpenIndex,   // [
  kCloseIndex,  // ]
  kComma,
  kDot,
  kPlus,
  kMinus,
  kEqual,
  kNotEqual,  // <>
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kUnknown,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  // into the expression
};

// Ends with one kEnd token.
std::vector<Token> tokenize(std::string_view text);

// ASCII, ignoring case; `upper` is upper case.
bool is_word(std::string_view text, std::string_view upper);

// The 573 words that may not stand as clear attribute names, in any case.
bool is_reserved_word(std::string_view name);

}  // namespace tidemill::expr
