#include "expr/token.h"

#include <algorithm>

namespace tidemill::expr {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_part(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

template <class Predicate>
std::size_t run_length(std::string_view text, Predicate predicate) {
  std::size_t n = 0;
  while (n < text.size() && predicate(text[n])) ++n;
  return n;
}

TokenKind punctuation(char c) {
  switch (c) {
    case '(': return TokenKind::kOpen;
    case ')': return TokenKind::kClose;
    case '[': return TokenKind::kOpenIndex;
    case ']': return TokenKind::kCloseIndex;
    case ',': return TokenKind::kComma;
    case '.': return TokenKind::kDot;
    case '+': return TokenKind::kPlus;
    case '-': return TokenKind::kMinus;
    case '=': return TokenKind::kEqual;
    case '<': return TokenKind::kLess;
    case '>': return TokenKind::kGreater;
    default: return TokenKind::kUnknown;
  }
}

Token next_token(std::string_view text) {
  const char c = text.front();
  if (is_letter(c)) return {TokenKind::kName, text.substr(0, run_length(text, is_name_part))};
  if (is_digit(c)) return {TokenKind::kDigits, text.substr(0, run_length(text, is_digit))};
  if (c == '#' || c == ':') {
    const auto length = run_length(text.substr(1), is_name_part);
    const auto kind = c == '#' ? TokenKind::kNameRef : TokenKind::kValueRef;
    return {length == 0 ? TokenKind::kUnknown : kind, text.substr(0, 1 + length)};
  }
  const auto two = text.substr(0, 2);
  if (two == "<>") return {TokenKind::kNotEqual, two};
  if (two == "<=") return {TokenKind::kLessEqual, two};
  if (two == ">=") return {TokenKind::kGreaterEqual, two};
  // A character outside ASCII is one token, whole.
  const auto extra =
      static_cast<unsigned char>(c) < 0x80
          ? 0
          : run_length(text.substr(1), [](char x) { return (static_cast<unsigned char>(x) & 0xc0) == 0x80; });
  return {punctuation(c), text.substr(0, 1 + extra)};
}

}  // namespace

std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> tokens;
  tokens.reserve(text.size() / 4 + 2);
  while (true) {
    text.remove_prefix(run_length(text, is_blank));
    if (text.empty()) break;
    tokens.push_back(next_token(text));
    text.remove_prefix(tokens.back().text.size());
  }
  tokens.push_back({TokenKind::kEnd, text});
  return tokens;
}

bool is_word(std::string_view text, std::string_view upper) {
  return std::ranges::equal(text, upper, [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
}

}  // namespace tidemill::expr
