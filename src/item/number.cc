#include "item/number.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/assert.h"
#include "item/messages.h"

namespace tidemill::item {
namespace {

using Coefficient = Number::Coefficient;

// 10^0 .. 10^38; 10^38 is the largest power of ten in 128 bits.
constexpr auto kPowers = [] {
  std::array<Coefficient, Number::kMaxDigits + 1> powers{};
  Coefficient power = 1;
  for (auto& p : powers) {
    p = power;
    power *= 10;
  }
  return powers;
}();

int count_digits(Coefficient c) {
  int n = 0;
  if (const auto narrow = static_cast<std::uint64_t>(c); narrow == c) {
    n = static_cast<int>(std::bit_width(narrow)) * 1233 >> 12;  // log10(2), rounded down: right, or one too few
    return n + (narrow >= static_cast<std::uint64_t>(kPowers[static_cast<std::size_t>(n)]) ? 1 : 0);
  }
  while (n <= Number::kMaxDigits && c >= kPowers[static_cast<std::size_t>(n)]) ++n;
  return n;
}

std::unexpected<Error> not_numeric(std::string_view text) {
  std::string message(messages::kNotNumeric);
  if (!text.empty()) message.append(": ").append(text);
  return invalid(message);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Number::Number(std::int64_t value) {
  const auto magnitude = value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  *this = *from_parts(value < 0, magnitude, 0);
}

Result<Number> Number::from_parts(bool negative, Coefficient coefficient, std::int64_t exponent) {
  Number number;
  if (coefficient == 0) return number;
  if (auto narrow = static_cast<std::uint64_t>(coefficient); narrow == coefficient) {
    for (; narrow % 10 == 0; narrow /= 10) ++exponent;  // a division of 128 bits costs ten of these
    coefficient = narrow;
  } else {
    for (; coefficient % 10 == 0; coefficient /= 10) ++exponent;
  }
  const int digits = count_digits(coefficient);
  const std::int64_t leading = exponent + digits - 1;
  if (leading > kMaxLeadingExponent) return invalid(messages::kOverflow);
  if (leading < kMinLeadingExponent) return invalid(messages::kUnderflow);
  if (digits > kMaxDigits) return invalid(messages::kTooPrecise);
  number.high_ = static_cast<std::uint64_t>(coefficient >> 64);
  number.low_ = static_cast<std::uint64_t>(coefficient);
  number.exponent_ = static_cast<std::int16_t>(exponent);
  number.negative_ = negative;
  return number;
}

Result<Number> Number::parse(std::string_view text) {
  std::size_t i = 0;
  bool negative = false;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';

  Coefficient coefficient = 0;
  int digits = 0;             // of the coefficient, saturated one above the limit
  std::int64_t zeros = 0;     // behind the last digit that is not zero
  std::int64_t dropped = 0;   // digits past the limit
  std::int64_t fraction = 0;  // digits behind the point
  bool any = false;
  bool point = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      if (point) return not_numeric(text);
      point = true;
      continue;
    }
    if (!is_digit(c)) break;
    any = true;
    if (point) ++fraction;
    if (c == '0') {
      if (digits > 0) ++zeros;
      continue;
    }
    if (dropped > 0 || digits + zeros + 1 > kMaxDigits) {
      dropped += zeros + 1;
    } else {
      coefficient = coefficient * kPowers[static_cast<std::size_t>(zeros + 1)] + static_cast<Coefficient>(c - '0');
      digits += static_cast<int>(zeros) + 1;
    }
    zeros = 0;
  }
  if (!any) return not_numeric(text);

  std::int64_t exponent = 0;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool down = false;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) down = text[i++] == '-';
    if (i == text.size()) return not_numeric(text);
    for (; i < text.size() && is_digit(text[i]); ++i) {
      // Beyond any length of text that a request may have, so that clamping cannot change the outcome.
      if (exponent < 1'000'000'000'000) exponent = exponent * 10 + (text[i] - '0');
    }
    if (down) exponent = -exponent;
  }
  if (i != text.size()) return not_numeric(text);
  if (coefficient == 0) return Number();

  exponent += zeros + dropped - fraction;
  const std::int64_t leading = exponent + digits - 1;
  if (leading > kMaxLeadingExponent) return invalid(messages::kOverflow);
  if (leading < kMinLeadingExponent) return invalid(messages::kUnderflow);
  if (dropped > 0) return invalid(messages::kTooPrecise);
  return from_parts(negative, coefficient, exponent);
}

int Number::digits() const { return count_digits(coefficient()); }

void Number::append_text(std::string& out) const {
  char text[kTextBytesMax];
  out.append(text, write_text(text));
}

char* Number::write_text(char* to) const {
  if (is_zero()) {
    *to++ = '0';
    return to;
  }
  if (negative_) *to++ = '-';
  char buffer[kMaxDigits];
  char* const end = buffer + kMaxDigits;
  char* begin = end;
  Coefficient rest = coefficient();
  while (rest > std::numeric_limits<std::uint64_t>::max()) {
    *--begin = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  for (auto low = static_cast<std::uint64_t>(rest); low != 0; low /= 10) *--begin = static_cast<char>('0' + low % 10);
  const auto count = static_cast<int>(end - begin);
  if (exponent_ >= 0) return std::fill_n(std::copy(begin, end, to), exponent_, '0');
  if (const int whole = count + exponent_; whole > 0) {
    to = std::copy_n(begin, whole, to);
    *to++ = '.';
    begin += whole;
  } else {
    *to++ = '0';
    *to++ = '.';
    to = std::fill_n(to, -whole, '0');
  }
  return std::copy(begin, end, to);
}

std::string Number::text() const {
  std::string out;
  append_text(out);
  return out;
}

Number Number::negated() const {
  Number result = *this;
  result.negative_ = !is_zero() && !negative_;
  return result;
}

Result<Number> Number::add(const Number& a, const Number& b) {
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  const Number& upper = a.exponent_ >= b.exponent_ ? a : b;
  const Number& lower = a.exponent_ >= b.exponent_ ? b : a;
  const int shift = upper.exponent_ - lower.exponent_;
  // The lower coefficient ends in a digit that is not zero, and with a shift so does the result: it then has at least
  // `shift` digits more than the upper coefficient, less one for a borrow. What does not fit 128 bits (3.4e38) cannot
  // come back below 10^38 by subtracting less than 10^38.
  Coefficient shifted = 0;
  if (shift > kMaxDigits ||
      __builtin_mul_overflow(upper.coefficient(), kPowers[static_cast<std::size_t>(shift)], &shifted)) {
    return invalid(messages::kOverflow);
  }
  const Coefficient other = lower.coefficient();
  Coefficient sum = 0;
  bool negative = upper.negative_;
  if (upper.negative_ == lower.negative_) {
    if (__builtin_add_overflow(shifted, other, &sum)) return invalid(messages::kOverflow);
  } else if (shifted >= other) {
    sum = shifted - other;
  } else {
    sum = other - shifted;
    negative = lower.negative_;
  }
  auto result = from_parts(negative, sum, lower.exponent_);
  // Losing precision is an overflow too.
  if (!result && result.error().message == messages::kTooPrecise) return invalid(messages::kOverflow);
  return result;
}

Result<Number> Number::subtract(const Number& a, const Number& b) { return add(a, b.negated()); }

std::size_t Number::size() const {
  if (is_zero()) return 1;
  const int count = digits(), leading = exponent_ + count - 1;
  const auto n = static_cast<std::size_t>(count);
  const bool both_even = n % 2 == 0 && leading % 2 == 0;
  return 1 + (n + 1) / 2 + (both_even ? 1 : 0) + (negative_ ? 1 : 0);
}

std::optional<std::int64_t> Number::floor_integer() const {
  if (is_zero()) return 0;
  if (leading_exponent() > 18) return std::nullopt;
  Coefficient magnitude = coefficient();
  bool inexact = false;
  if (exponent_ >= 0) {
    magnitude *= kPowers[static_cast<std::size_t>(exponent_)];
  } else if (-exponent_ > kMaxDigits) {
    magnitude = 0;
    inexact = true;
  } else {
    const Coefficient divisor = kPowers[static_cast<std::size_t>(-exponent_)];
    inexact = magnitude % divisor != 0;
    magnitude /= divisor;
  }
  if (negative_ && inexact) magnitude += 1;
  constexpr auto kMax = static_cast<Coefficient>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > kMax + (negative_ ? 1 : 0)) return std::nullopt;
  const auto value = static_cast<std::uint64_t>(magnitude);
  return static_cast<std::int64_t>(negative_ ? ~value + 1 : value);
}

std::strong_ordering Number::operator<=>(const Number& other) const {
  const auto sign = [](const Number& n) { return n.is_zero() ? 0 : n.negative_ ? -1 : 1; };
  if (sign(*this) != sign(other)) return sign(*this) <=> sign(other);
  if (is_zero()) return std::strong_ordering::equal;
  const auto magnitude = [](const Number& a, const Number& b) -> std::strong_ordering {
    if (a.exponent_ == b.exponent_) return a.coefficient() <=> b.coefficient();
    const int a_digits = a.digits();
    const int b_digits = b.digits();
    const int a_leading = a.exponent_ + a_digits;
    const int b_leading = b.exponent_ + b_digits;
    if (a_leading != b_leading) return a_leading <=> b_leading;
    return a.coefficient() * kPowers[static_cast<std::size_t>(kMaxDigits - a_digits)] <=>
           b.coefficient() * kPowers[static_cast<std::size_t>(kMaxDigits - b_digits)];
  };
  return negative_ ? magnitude(other, *this) : magnitude(*this, other);
}

}  // namespace tidemill::item
