#include "base/utf8.h"

#include <algorithm>

namespace tidemill {

namespace {

// The size of the character that `text`, which is not empty, begins with; 0: it begins with none.
std::size_t character_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  std::size_t more = 0;
  unsigned code = 0;
  if ((lead & 0xe0) == 0xc0)
    more = 1, code = lead & 0x1f;
  else if ((lead & 0xf0) == 0xe0)
    more = 2, code = lead & 0x0f;
  else if ((lead & 0xf8) == 0xf0)
    more = 3, code = lead & 0x07;
  else
    return 0;
  if (more >= text.size()) return 0;
  for (std::size_t k = 1; k <= more; ++k) {
    const auto next = static_cast<unsigned char>(text[k]);
    if ((next & 0xc0) != 0x80) return 0;
    code = code << 6 | (next & 0x3f);
  }
  static constexpr unsigned kSmallest[] = {0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
  return more + 1;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const auto size = character_size(text);
    valid += size == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return valid;
}

std::string_view utf8_prefix(std::string_view text, std::size_t size) {
  if (size >= text.size()) return text;
  constexpr std::size_t kLongest = 4;
  for (std::size_t back = 0; back < kLongest && back < size; ++back)
    if ((static_cast<unsigned char>(text[size - back]) & 0xc0) != 0x80) return text.substr(0, size - back);
  return text.substr(0, size);  // no text: any place is as good
}

std::size_t utf8_characters(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return n;
}

std::size_t utf16_units(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) n += byte >= 0xf0 ? 2 : 1;
  }
  return n;
}

}  // namespace tidemill
