// Tokens of PartiQL. As in token.h, what no token begins with becomes a token of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::expr::partiql {

enum class TokenKind : unsigned char { kEnd, kWord, kQuoted, kString, kNumber, kSymbol, kBroken };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;        // quotes removed, doubled quotes single
  std::size_t offset = 0;  // of its first byte in the statement
};

std::vector<Token> tokenize(std::string_view text);

}  // namespace tidemill::expr::partiql
