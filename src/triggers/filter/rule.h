// One rule of a pattern's leaf, against one scalar of the record.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_range.h"
#include "base/json.h"

namespace tidemill::triggers {

class FilterRule {
 public:
  // Nothing when `node` is no rule.
  static std::optional<FilterRule> parse(const json::Node& node);
  // {"prefix": ...} and the like: whether that name is an operator's.
  static bool is_operator(std::string_view name);

  // `value` is a scalar: no array, no object.
  bool matches_scalar(const json::Node& value) const;
  bool matches_absence() const { return kind_ == Kind::kAbsent; }  // {"exists": false}

 private:
  enum class Kind : unsigned char {
    kNull,
    kBool,
    kNumber,
    kString,
    kPrefix,
    kSuffix,
    kEqualsIgnoreCase,
    kPrefixIgnoreCase,
    kSuffixIgnoreCase,
    kWildcard,
    kNumeric,
    kCidr,
    kPresent,
    kAbsent,
    kAnythingBut,  // none of inner_
  };
  static std::optional<FilterRule> parse_operator(std::string_view name, const json::Node& value);
  static std::optional<FilterRule> parse_numeric(const json::Node& value);
  static std::optional<FilterRule> parse_anything_but(const json::Node& value);

  Kind kind_ = Kind::kNull;
  bool flag_ = false;
  std::string text_;
  double number_ = 0;
  std::optional<double> low_, high_;
  bool low_included_ = false, high_included_ = false;
  std::optional<IpRange> range_;
  std::vector<FilterRule> inner_;
};

// `pattern` with '*' for any run; "\*" and "\\" stand for themselves. A malformed pattern matches nothing. Linear in
// the product of the lengths at worst.
bool filter_wildcard_match(std::string_view pattern, std::string_view text);

}  // namespace tidemill::triggers
