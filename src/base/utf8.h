// UTF-8: validation and the two lengths that services count in.
#pragma once

#include <cstddef>
#include <string_view>

namespace tidemill {

bool is_valid_utf8(std::string_view text);
std::size_t utf8_characters(std::string_view text);  // code points; `text` is valid UTF-8
std::size_t utf16_units(std::string_view text);      // an astral character counts 2; `text` is valid UTF-8

}  // namespace tidemill
