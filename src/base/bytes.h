// Byte order, hexadecimal and base64. Everything here works on std::string and std::string_view as containers of bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill {

template <class Integer>
constexpr Integer byte_swap(Integer value) {
  if constexpr (sizeof(value) == 2)
    return static_cast<Integer>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  else if constexpr (sizeof(value) == 4)
    return static_cast<Integer>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  else
    return static_cast<Integer>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}

template <class Integer>
inline Integer load_be(const char* from) {
  Integer value;
  std::memcpy(&value, from, sizeof(value));
  if constexpr (std::endian::native == std::endian::little && sizeof(value) > 1) value = byte_swap(value);
  return value;
}

template <class Integer>
inline void store_be(char* to, Integer value) {
  if constexpr (std::endian::native == std::endian::little && sizeof(value) > 1) value = byte_swap(value);
  std::memcpy(to, &value, sizeof(value));
}

template <class Integer>
inline void append_be(std::string& out, Integer value) {
  char buffer[sizeof(value)];
  store_be(buffer, value);
  out.append(buffer, sizeof(value));
}

// LEB128: seven bits a byte, low group first.
void append_varint(std::string& out, std::uint64_t value);
// Takes a varint off the front of `in`; nothing when `in` ends inside it or it does not fit 64 bits.
std::optional<std::uint64_t> take_varint(std::string_view& in);

// A varint length, then the bytes.
void append_sized(std::string& out, std::string_view bytes);
std::optional<std::string_view> take_sized(std::string_view& in);

std::string to_hex(std::string_view bytes);  // lower case
std::optional<std::string> from_hex(std::string_view text);

std::string to_base64(std::string_view bytes);  // standard alphabet, padded
void append_base64(std::string& out, std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);      // strict: padded, canonical
std::string to_base64_url(std::string_view bytes);                  // URL alphabet, no padding
std::optional<std::string> from_base64_url(std::string_view text);  // URL alphabet, padding optional

// RFC 3986: every byte but A-Z a-z 0-9 - _ . ~ becomes %XX (upper case); `keep_slash` leaves '/'.
std::string percent_encode(std::string_view text, bool keep_slash = false);
// Decodes %XX; `plus_is_space` as HTML forms do. A broken escape stays as it is.
std::string percent_decode(std::string_view text, bool plus_is_space = false);

// The smallest key greater than every key with this prefix; empty when there is none.
std::string prefix_end(std::string_view prefix);

}  // namespace tidemill
