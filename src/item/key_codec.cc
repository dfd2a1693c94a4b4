#include "item/key_codec.h"

#include <algorithm>

#include "base/assert.h"

namespace tidemill::item {
namespace {

// The first byte of an element. The three for numbers double as the sign, so that numbers of either sign sort rightly.
constexpr char kNegative = 0x10;
constexpr char kZero = 0x11;
constexpr char kPositive = 0x12;
constexpr char kString = 0x20;
constexpr char kBinary = 0x30;

// A zero byte inside is followed by 0xff; the end is a zero byte followed by 0x01. So an element is never a prefix of
// another, and the shorter of two strings with one beginning sorts first.
constexpr char kEscaped = '\xff';
constexpr char kEnd = 0x01;

void append_escaped(std::string& out, std::string_view bytes) {
  std::size_t plain = 0;
  for (std::size_t zero = bytes.find('\0'); zero != bytes.npos; zero = bytes.find('\0', plain)) {
    out.append(bytes, plain, zero + 1 - plain);
    out += kEscaped;
    plain = zero + 1;
  }
  out.append(bytes, plain, bytes.size() - plain);
}

// Exponent of the first digit, offset to 0..255; then the digits in pairs from the first one, each pair plus one; then
// zero. All bytes are inverted for negative numbers.
void append_number(std::string& out, const Number& number) {
  if (number.is_zero()) {
    out += kZero;
    return;
  }
  out += number.is_negative() ? kNegative : kPositive;
  const auto flip = static_cast<unsigned char>(number.is_negative() ? 0xff : 0);
  const int digits = number.digits();
  const auto put = [&out, flip](int byte) { out += static_cast<char>(static_cast<unsigned char>(byte) ^ flip); };
  put(number.leading_exponent() - Number::kMinLeadingExponent);
  unsigned char pairs[(Number::kMaxDigits + 1) / 2];
  Number::Coefficient rest = number.coefficient();
  if (digits % 2 != 0) rest *= 10;  // an odd count gets a zero at the end; 38 is even, so this fits
  const int count = (digits + 1) / 2;
  for (int i = count; i-- > 0; rest /= 100) pairs[i] = static_cast<unsigned char>(rest % 100);
  for (int i = 0; i < count; ++i) put(pairs[i] + 1);
  put(0);
}

std::unexpected<Error> corrupt() { return fail(Errc::kCorruption, "stored key does not decode"); }

Result<AttributeValue> take_number(std::string_view& in, bool negative) {
  const auto flip = static_cast<unsigned char>(negative ? 0xff : 0);
  const auto take = [&in, flip]() -> int {
    if (in.empty()) return -1;
    const auto byte = static_cast<unsigned char>(static_cast<unsigned char>(in.front()) ^ flip);
    in.remove_prefix(1);
    return byte;
  };
  const int exponent = take();
  if (exponent < 0) return corrupt();
  Number::Coefficient coefficient = 0;
  int pairs = 0;
  int last = 0;
  for (int byte = take(); byte != 0; byte = take()) {
    if (byte < 0 || byte > 100 || ++pairs > Number::kMaxDigits / 2) return corrupt();
    coefficient = coefficient * 100 + static_cast<Number::Coefficient>(byte - 1);
    last = byte;
  }
  if (last <= 1) return corrupt();  // no pair, or superfluous zeros: not what append_key writes
  const auto number = Number::from_parts(negative, coefficient, exponent + Number::kMinLeadingExponent - 2 * pairs + 1);
  if (!number || number->is_zero() || number->leading_exponent() != exponent + Number::kMinLeadingExponent)
    return corrupt();
  return AttributeValue(*number);
}

Result<std::string> take_escaped(std::string_view& in) {
  std::string bytes;
  while (true) {
    const auto zero = in.find('\0');
    if (zero == in.npos || zero + 1 >= in.size()) return corrupt();
    bytes.append(in, 0, zero);
    const char mark = in[zero + 1];
    in.remove_prefix(zero + 2);
    if (mark == kEnd) return bytes;
    if (mark != kEscaped) return corrupt();
    bytes += '\0';
  }
}

}  // namespace

void append_key(std::string& out, const AttributeValue& value) {
  TM_ASSERT(is_key_type(value.type()));
  if (const auto* number = value.get_if<Number>()) return append_number(out, *number);
  append_key_prefix(out, value);
  out += '\0';
  out += kEnd;
}

std::string encode_key(const AttributeValue& value) {
  std::string out;
  append_key(out, value);
  return out;
}

void append_key_prefix(std::string& out, const AttributeValue& value) {
  TM_ASSERT(value.is(Type::kString) || value.is(Type::kBinary));
  out += value.is(Type::kString) ? kString : kBinary;
  append_escaped(out, value.is(Type::kString) ? value.string() : value.binary());
}

Result<AttributeValue> take_key(std::string_view& in) {
  if (in.empty()) return corrupt();
  const char tag = in.front();
  in.remove_prefix(1);
  switch (tag) {
    case kNegative: return take_number(in, true);
    case kZero: return AttributeValue(Number());
    case kPositive: return take_number(in, false);
    case kString:
    case kBinary: {
      auto bytes = take_escaped(in);
      if (!bytes) return std::unexpected(std::move(bytes).error());
      if (tag == kString) return AttributeValue(*std::move(bytes));
      return AttributeValue(Binary{*std::move(bytes)});
    }
    default: return corrupt();
  }
}

}  // namespace tidemill::item
