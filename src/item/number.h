// A DynamoDB number: an exact decimal of up to 38 significant digits, zero or 1e-130 <= |x| < 1e126.
// Kept by value, so 1, 1.0 and 1e0 are one Number; print gives the canonical text (no exponent, no superfluous zeros).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "item/error.h"

namespace tidemill::item {

class Number {
 public:
  using Coefficient = unsigned __int128;
  static constexpr int kMaxDigits = 38;
  static constexpr int kMaxLeadingExponent = 125;
  static constexpr int kMinLeadingExponent = -130;

  Number() = default;  // zero
  explicit Number(std::int64_t value);

  // Errors are those of the service: not numeric, overflow, underflow, more than 38 digits.
  static Result<Number> parse(std::string_view text);

  // From its parts: sign * coefficient * 10^exponent; the same range errors.
  static Result<Number> from_parts(bool negative, Coefficient coefficient, std::int64_t exponent);

  bool is_zero() const { return high_ == 0 && low_ == 0; }
  bool is_negative() const { return negative_; }
  Coefficient coefficient() const { return Coefficient{high_} << 64 | low_; }  // no trailing zeros
  int exponent() const { return exponent_; }                                   // 0 for zero
  int digits() const;                                                          // of the coefficient; 0 for zero
  int leading_exponent() const { return exponent_ + digits() - 1; }            // of the first digit; not for zero

  std::string text() const;
  void append_text(std::string& out) const;
  // The same where there is room for kTextBytesMax; gives its end.
  char* write_text(char* to) const;
  // A sign, "0.", as many zeros as the least number has, and all digits.
  static constexpr std::size_t kTextBytesMax = 1 + 2 + 129 + kMaxDigits;

  // Exact; a result that needs more than 38 digits, or that is out of range, is the service's overflow error.
  static Result<Number> add(const Number& a, const Number& b);
  static Result<Number> subtract(const Number& a, const Number& b);
  Number negated() const;

  // What the number counts towards the size of an item, in bytes.
  std::size_t size() const;

  // The integer, rounded down; nothing when it does not fit.
  std::optional<std::int64_t> floor_integer() const;

  bool operator==(const Number&) const = default;
  std::strong_ordering operator<=>(const Number& other) const;

 private:
  // The coefficient in halves: an __int128 member would align, and so enlarge, every attribute value.
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
  std::int16_t exponent_ = 0;
  bool negative_ = false;
};

}  // namespace tidemill::item
