#include "expr/partiql_token.h"

#include <algorithm>
#include <array>

namespace tidemill::expr::partiql {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool is_word_part(char c) { return is_word_start(c) || is_digit(c); }

// From the opening quote; the closing one is doubled inside. False when the text ends before it closes.
bool take_quoted(std::string_view text, std::size_t& at, std::string& out) {
  const char quote = text[at++];
  while (at < text.size()) {
    if (text[at] != quote) {
      out += text[at++];
    } else if (at + 1 < text.size() && text[at + 1] == quote) {
      out += quote;
      at += 2;
    } else {
      ++at;
      return true;
    }
  }
  return false;
}

void take_number(std::string_view text, std::size_t& at) {
  const auto digits = [&] {
    while (at < text.size() && is_digit(text[at])) ++at;
  };
  digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    digits();
  }
  if (at >= text.size() || (text[at] != 'e' && text[at] != 'E')) return;
  std::size_t behind = at + 1;
  if (behind < text.size() && (text[behind] == '+' || text[behind] == '-')) ++behind;
  if (behind >= text.size() || !is_digit(text[behind])) return;
  at = behind;
  digits();
}

constexpr auto kSymbols =
    std::to_array<std::string_view>({"<<", ">>", "<>", "!=", "<=", ">=", "<", ">", "=", "(", ")", "[",
                                     "]",  "{",  "}",  ",",  ":",  ".",  "?", "+", "-", "*", ";"});

}  // namespace

std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (true) {
    while (at < text.size() && is_blank(text[at])) ++at;
    Token token{.kind = TokenKind::kEnd, .text = {}, .offset = at};
    if (at == text.size()) {
      tokens.push_back(std::move(token));
      return tokens;
    }
    const char c = text[at];
    if (is_word_start(c)) {
      while (at < text.size() && is_word_part(text[at])) ++at;
      token.kind = TokenKind::kWord;
      token.text = text.substr(token.offset, at - token.offset);
    } else if (is_digit(c) || (c == '.' && at + 1 < text.size() && is_digit(text[at + 1]) &&
                               (tokens.empty() || tokens.back().kind != TokenKind::kWord))) {
      take_number(text, at);
      token.kind = TokenKind::kNumber;
      token.text = text.substr(token.offset, at - token.offset);
    } else if (c == '\'' || c == '"') {
      token.kind = c == '"' ? TokenKind::kQuoted : TokenKind::kString;
      if (!take_quoted(text, at, token.text)) token.kind = TokenKind::kBroken;
    } else {
      const auto rest = text.substr(at);
      const auto symbol = std::ranges::find_if(kSymbols, [rest](std::string_view s) { return rest.starts_with(s); });
      token.kind = symbol == kSymbols.end() ? TokenKind::kBroken : TokenKind::kSymbol;
      token.text = symbol == kSymbols.end() ? std::string(1, c) : std::string(*symbol);
      at += token.text.size();
    }
    tokens.push_back(std::move(token));
  }
}

}  // namespace tidemill::expr::partiql
