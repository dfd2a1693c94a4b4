#include "item/number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "item/key_codec.h"
#include "item/messages.h"

namespace tidemill::item {
namespace {

std::string parsed(std::string_view text) {
  const auto number = Number::parse(text);
  return number ? number->text() : "error: " + number.error().message;
}

struct Spelling {
  std::string_view text, want;
};

TEST(Number, TYP_11_PrintsCanonically) {
  static constexpr Spelling kCases[] = {
      {"+1", "1"},
      {"01", "1"},
      {"1.0", "1"},
      {"1E3", "1000"},
      {"1e-3", "0.001"},
      {"-0", "0"},
      {"-0.0e5", "0"},
      {".5", "0.5"},
      {"5.", "5"},
      {"-.5", "-0.5"},
      {"0e126", "0"},
      {"0.0e126", "0"},
      {"0e9999999999999999999999", "0"},
      {"123.456", "123.456"},
      {"1.50", "1.5"},
      {"00100.00100", "100.001"},
      {"1e+2", "100"},
      {"-12e-1", "-1.2"},
      {"0.000", "0"},
      {"10", "10"},
      {"-1000", "-1000"},
      {"12e1", "120"},
      {"1.23e1", "12.3"},
  };
  for (const auto& c : kCases) EXPECT_EQ(parsed(c.text), c.want) << c.text;
}

TEST(Number, TYP_12_LargeNumbersPrintPlainly) { EXPECT_EQ(parsed("1e125"), "1" + std::string(125, '0')); }

TEST(Number, TYP_13_RangeErrors) {
  EXPECT_EQ(Number::parse("1e126").error().message, messages::kOverflow);
  EXPECT_EQ(Number::parse("-1e126").error().message, messages::kOverflow);
  EXPECT_EQ(Number::parse("1e-131").error().message, messages::kUnderflow);
  EXPECT_EQ(Number::parse("1e999999999999999999999").error().message, messages::kOverflow);
  EXPECT_EQ(Number::parse("1e-999999999999999999999").error().message, messages::kUnderflow);
  EXPECT_TRUE(Number::parse("1e-130"));
  EXPECT_TRUE(Number::parse(std::string(38, '9') + "e88"));
  EXPECT_FALSE(Number::parse(std::string(38, '9') + "e89"));
}

TEST(Number, TYP_14_TheActualMagnitudeCounts) {
  EXPECT_EQ(parsed("0.1e126"), parsed("1e125"));
  EXPECT_EQ(parsed("10e-131"), parsed("1e-130"));
  EXPECT_EQ(parsed(std::string(5000, '0') + "1" + std::string(200, '0') + "e-200"), "1");
  EXPECT_EQ(parsed("0." + std::string(1000, '0') + "1e1001"), "1");
}

TEST(Number, TYP_15_38DigitsAndNotOneMore) {
  const std::string digits = "12345678901234567890123456789012345678";
  EXPECT_EQ(parsed(digits), digits);
  EXPECT_EQ(parsed("0." + digits), "0." + digits);
  EXPECT_EQ(Number::parse(digits + "9").error().message, messages::kTooPrecise);
  EXPECT_EQ(Number::parse("1" + std::string(37, '0') + ".1").error().message, messages::kTooPrecise);
  EXPECT_EQ(parsed(std::string(38, '9')), std::string(38, '9'));
}

TEST(Number, TYP_16_TrailingZerosAreNoDigits) {
  EXPECT_EQ(parsed("1" + std::string(60, '0')), "1" + std::string(60, '0'));
  EXPECT_EQ(parsed("1." + std::string(60, '0')), "1");
}

TEST(Number, TYP_17_WhatIsNoNumberIsNamed) {
  for (const std::string_view text : {"NaN", "Infinity", "-Infinity", " 1", "1 ", "1_000", "0x10", ".", "-", "+", "e5",
                                      "1e", "1e+", "1.2.3", "--1", "1-", "1e5.5", "b", "1,5"}) {
    ASSERT_FALSE(Number::parse(text)) << text;
    EXPECT_EQ(Number::parse(text).error().message, std::string(messages::kNotNumeric) + ": " + std::string(text));
  }
  EXPECT_EQ(Number::parse("").error().message, messages::kNotNumeric);
}

TEST(Number, TYP_18_AddsExactly) {
  const auto add = [](std::string_view a, std::string_view b) {
    const auto sum = Number::add(*Number::parse(a), *Number::parse(b));
    return sum ? sum->text() : "error: " + sum.error().message;
  };
  EXPECT_EQ(add("0.1", "0.2"), "0.3");
  EXPECT_EQ(add("12345678901234567890123456789012345678", "1"), "12345678901234567890123456789012345679");
  EXPECT_EQ(add(std::string(38, '9'), "1"), "1" + std::string(38, '0'));
  EXPECT_EQ(add("1" + std::string(38, '0'), "-1"), std::string(38, '9'));
  EXPECT_EQ(add("5", "-5"), "0");
  EXPECT_EQ(add("-5", "2"), "-3");
  EXPECT_EQ(add("1e-130", "0"), add("0", "1e-130"));
  EXPECT_EQ(add("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
            "error: " + std::string(messages::kOverflow));
}

TEST(Number, TYP_19_TYP_20_LossOfPrecisionAndRangeAreOverflow) {
  const auto add = [](std::string_view a, std::string_view b) {
    return Number::add(*Number::parse(a), *Number::parse(b)).error().message;
  };
  EXPECT_EQ(add("1e50", "1"), messages::kOverflow);
  EXPECT_EQ(add("1e125", "-1e-130"), messages::kOverflow);
  EXPECT_EQ(add("9e125", "9e125"), messages::kOverflow);
  EXPECT_EQ(add("4e38", "-1"), messages::kOverflow);
  EXPECT_EQ(add("3e38", "-1"), messages::kOverflow);
}

struct SizeCase {
  std::string_view text;
  std::size_t size;
};

TEST(Number, SIZ_03_Sizes) {
  static constexpr SizeCase kCases[] = {
      {"0", 1},
      {"1", 2},
      {"9", 2},
      {"10", 2},
      {"99", 2},
      {"100", 2},
      {"101", 3},
      {"123", 3},
      {"1000", 2},
      {"1.1", 3},
      {"0.1", 2},
      {"0.01", 2},
      {"0.012", 3},
      {"-1", 3},
      {"100.5", 4},
      {"1234", 3},
      {"1000000.5", 6},
      {"12345", 4},
      {"-99", 3},
      {"1e125", 2},
      {"1e-130", 2},
      {"1e2", 2},
      {"0.123", 3},
      {"12.34", 3},
      {"12345678901234567890123456789012345678", 20},
      {"-12345678901234567890123456789012345678", 21},
  };
  for (const auto& c : kCases) EXPECT_EQ(Number::parse(c.text)->size(), c.size) << c.text;
}

TEST(Number, FloorsToIntegers) {
  EXPECT_EQ(Number::parse("1.5")->floor_integer(), 1);
  EXPECT_EQ(Number::parse("-1.5")->floor_integer(), -2);
  EXPECT_EQ(Number::parse("-2")->floor_integer(), -2);
  EXPECT_EQ(Number::parse("1e3")->floor_integer(), 1000);
  EXPECT_EQ(Number::parse("1e-130")->floor_integer(), 0);
  EXPECT_EQ(Number::parse("-1e-130")->floor_integer(), -1);
  EXPECT_EQ(Number::parse("9223372036854775807")->floor_integer(), INT64_MAX);
  EXPECT_EQ(Number::parse("-9223372036854775808")->floor_integer(), INT64_MIN);
  EXPECT_EQ(Number::parse("9223372036854775808")->floor_integer(), std::nullopt);
  EXPECT_EQ(Number(INT64_MIN).text(), "-9223372036854775808");
}

// The slow reference: a fixed-point number, one decimal digit a cell, the point in the middle.
struct Fixed {
  static constexpr int kWhole = 200, kFraction = 200, kCells = kWhole + kFraction;
  bool negative = false;
  std::array<int, kCells> cells{};  // most significant first

  static Fixed of(const std::string& digits, int exponent, bool negative) {
    Fixed f;
    f.negative = negative;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      const int at = kWhole - 1 - exponent - static_cast<int>(digits.size() - 1 - i);
      f.cells[static_cast<std::size_t>(at)] = digits[i] - '0';
    }
    return f;
  }
  bool zero() const {
    return std::ranges::all_of(cells, [](int c) { return c == 0; });
  }
  int first() const {
    return static_cast<int>(std::ranges::find_if(cells, [](int c) { return c != 0; }) - cells.begin());
  }
  int last() const {
    int i = kCells - 1;
    while (i >= 0 && cells[static_cast<std::size_t>(i)] == 0) --i;
    return i;
  }
  std::string text() const {
    if (zero()) return "0";
    std::string out = negative ? "-" : "";
    for (int i = std::min(first(), kWhole - 1); i <= std::max(last(), kWhole - 1); ++i) {
      if (i == kWhole) out += '.';
      out += static_cast<char>('0' + cells[static_cast<std::size_t>(i)]);
    }
    return out;
  }
  std::size_t size() const {
    if (zero()) return 1;
    // Cells 2k and 2k+1 are one base-100 digit, because kWhole is even.
    return static_cast<std::size_t>(1 + last() / 2 - first() / 2 + 1 + (negative ? 1 : 0));
  }
  bool storable() const {
    if (zero()) return true;
    return last() - first() < 38 && kWhole - 1 - first() <= 125 && kWhole - 1 - first() >= -130;
  }
  static int compare_magnitude(const Fixed& a, const Fixed& b) {
    return a.cells < b.cells ? -1 : a.cells > b.cells ? 1 : 0;
  }
  static Fixed add(const Fixed& a, const Fixed& b) {
    Fixed r;
    if (a.negative == b.negative) {
      r.negative = a.negative;
      int carry = 0;
      for (std::size_t i = kCells; i-- > 0;) {
        const int sum = a.cells[i] + b.cells[i] + carry;
        r.cells[i] = sum % 10;
        carry = sum / 10;
      }
      return r;
    }
    const bool a_larger = compare_magnitude(a, b) >= 0;
    const auto& larger = a_larger ? a : b;
    const auto& smaller = a_larger ? b : a;
    r.negative = larger.negative;
    int borrow = 0;
    for (std::size_t i = kCells; i-- > 0;) {
      int difference = larger.cells[i] - smaller.cells[i] - borrow;
      borrow = difference < 0 ? 1 : 0;
      r.cells[i] = difference + 10 * borrow;
    }
    if (r.zero()) r.negative = false;
    return r;
  }
};

struct Sample {
  Fixed reference;
  Number number;
};

class Samples {
 public:
  Sample next() {
    while (true) {
      const int digits = static_cast<int>(pick(1, 5) == 1 ? 38 : pick(1, 38));
      std::string text;
      const auto style = pick(0, 3);
      for (int i = 0; i < digits; ++i)
        text += static_cast<char>('0' + (style == 0 ? 9 : style == 1 ? pick(0, 1) : pick(0, 9)));
      const int exponent = static_cast<int>(pick(0, 3) == 0 ? pick(-160, 120) : pick(-20, 20));
      const bool negative = pick(0, 1) == 1;
      const auto reference = Fixed::of(text, exponent, negative);
      const auto number = Number::parse((negative ? "-" : "") + text + "e" + std::to_string(exponent));
      EXPECT_EQ(number.has_value(), reference.storable()) << text << "e" << exponent;
      if (number) return {reference, *number};
    }
  }
  std::int64_t pick(std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random_);
  }

 private:
  std::mt19937_64 random_{20240607};
};

TEST(Number, AgreesWithTheSlowReference) {
  Samples samples;
  for (int i = 0; i < 20000; ++i) {
    const auto a = samples.next();
    const auto b = samples.next();
    ASSERT_EQ(a.number.text(), a.reference.text());
    ASSERT_EQ(*Number::parse(a.number.text()), a.number);
    ASSERT_EQ(a.number.size(), a.reference.size()) << a.number.text();

    const auto sum = Fixed::add(a.reference, b.reference);
    const auto got = Number::add(a.number, b.number);
    ASSERT_EQ(got.has_value(), sum.storable()) << a.number.text() << " + " << b.number.text();
    if (got) {
      ASSERT_EQ(got->text(), sum.text());
      ASSERT_EQ(*Number::subtract(*got, b.number), a.number);
    }

    const auto difference = Fixed::add(a.reference, [&] {
      auto negated = b.reference;
      negated.negative = !negated.negative;
      return negated;
    }());
    const auto want = difference.zero()     ? std::strong_ordering::equal
                      : difference.negative ? std::strong_ordering::less
                                            : std::strong_ordering::greater;
    ASSERT_EQ(a.number <=> b.number, want) << a.number.text() << " <=> " << b.number.text();

    const auto key_a = encode_key(a.number);
    const auto key_b = encode_key(b.number);
    ASSERT_EQ(key_a.compare(key_b) <=> 0, want) << a.number.text() << " and " << b.number.text();
    std::string_view in = key_a;
    ASSERT_EQ(take_key(in), AttributeValue(a.number));
    ASSERT_TRUE(in.empty());
  }
}

}  // namespace
}  // namespace tidemill::item
