// UTF-8: validation and the two lengths that services count in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidemill {

bool is_valid_utf8(std::string_view text);
// Each byte that is no part of a character becomes U+FFFD.
std::string to_valid_utf8(std::string_view text);
// The first bytes of `text`, at most `size`, that do not end inside a character.
std::string_view utf8_prefix(std::string_view text, std::size_t size);
std::size_t utf8_characters(std::string_view text);  // code points; `text` is valid UTF-8
std::size_t utf16_units(std::string_view text);      // an astral character counts 2; `text` is valid UTF-8

}  // namespace tidemill
