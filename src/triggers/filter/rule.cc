#include "triggers/filter/rule.h"

#include <algorithm>
#include <array>

namespace tidemill::triggers {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// A wildcard pattern as (character, is a star) pairs; nothing when it is malformed.
std::optional<std::vector<std::pair<char, bool>>> wildcard_parts(std::string_view pattern) {
  std::vector<std::pair<char, bool>> parts;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\') {
      if (++i == pattern.size() || (pattern[i] != '*' && pattern[i] != '\\')) return std::nullopt;
      parts.emplace_back(pattern[i], false);
    } else if (c == '*') {
      if (!parts.empty() && parts.back().second) return std::nullopt;
      parts.emplace_back('*', true);
    } else {
      parts.emplace_back(c, false);
    }
  }
  return parts;
}

constexpr std::array<std::string_view, 8> kOperators = {"prefix", "suffix", "equals-ignore-case", "wildcard", "numeric",
                                                        "exists", "cidr",   "anything-but"};

}  // namespace

bool filter_wildcard_match(std::string_view pattern, std::string_view text) {
  const auto parts = wildcard_parts(pattern);
  if (!parts) return false;
  std::size_t p = 0, t = 0, star = parts->size(), resume = 0;
  while (t < text.size()) {
    if (p < parts->size() && (*parts)[p].second) {
      star = p++;
      resume = t;
    } else if (p < parts->size() && (*parts)[p].first == text[t]) {
      ++p;
      ++t;
    } else if (star < parts->size()) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < parts->size() && (*parts)[p].second) ++p;
  return p == parts->size();
}

bool FilterRule::is_operator(std::string_view name) { return std::ranges::find(kOperators, name) != kOperators.end(); }

std::optional<FilterRule> FilterRule::parse(const json::Node& node) {
  FilterRule rule;
  if (node.is_null()) {
    rule.kind_ = Kind::kNull;
  } else if (node.is_bool()) {
    rule.kind_ = Kind::kBool;
    rule.flag_ = node.as_bool();
  } else if (node.is_number()) {
    rule.kind_ = Kind::kNumber;
    rule.number_ = node.as_real();
  } else if (node.is_string()) {
    rule.kind_ = Kind::kString;
    rule.text_ = node.as_string();
  } else if (node.is_object() && node.members().size() == 1) {
    return parse_operator(node.members()[0].name, node.members()[0].value);
  } else {
    return std::nullopt;
  }
  return rule;
}

std::optional<FilterRule> FilterRule::parse_operator(std::string_view name, const json::Node& value) {
  FilterRule rule;
  if (name == "anything-but") return parse_anything_but(value);
  if (name == "numeric") return parse_numeric(value);
  if (name == "exists") {
    if (!value.is_bool()) return std::nullopt;
    rule.kind_ = value.as_bool() ? Kind::kPresent : Kind::kAbsent;
    return rule;
  }
  if (name == "prefix" || name == "suffix") {
    const bool prefix = name == "prefix";
    if (value.is_string()) {
      rule.kind_ = prefix ? Kind::kPrefix : Kind::kSuffix;
      rule.text_ = value.as_string();
      return rule;
    }
    const auto* folded = value.find("equals-ignore-case");
    if (!folded || value.members().size() != 1 || !folded->is_string()) return std::nullopt;
    rule.kind_ = prefix ? Kind::kPrefixIgnoreCase : Kind::kSuffixIgnoreCase;
    rule.text_ = lower(folded->as_string());
    return rule;
  }
  if (!value.is_string()) return std::nullopt;
  if (name == "equals-ignore-case") {
    rule.kind_ = Kind::kEqualsIgnoreCase;
    rule.text_ = lower(value.as_string());
    return rule;
  }
  if (name == "wildcard") {
    if (!wildcard_parts(value.as_string())) return std::nullopt;
    rule.kind_ = Kind::kWildcard;
    rule.text_ = value.as_string();
    return rule;
  }
  if (name == "cidr") {
    rule.kind_ = Kind::kCidr;
    rule.range_ = parse_ip_range(value.as_string());
    if (!rule.range_ || value.as_string().find('/') == std::string_view::npos) return std::nullopt;
    return rule;
  }
  return std::nullopt;
}

std::optional<FilterRule> FilterRule::parse_numeric(const json::Node& value) {
  if (!value.is_array()) return std::nullopt;
  const auto parts = value.elements();
  if (parts.size() != 2 && parts.size() != 4) return std::nullopt;
  FilterRule rule;
  rule.kind_ = Kind::kNumeric;
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    if (!parts[i].is_string() || !parts[i + 1].is_number()) return std::nullopt;
    const std::string_view op = parts[i].as_string();
    const double bound = parts[i + 1].as_real();
    if (op == "=" && parts.size() == 2) {
      rule.low_ = rule.high_ = bound;
      rule.low_included_ = rule.high_included_ = true;
    } else if (op == ">" || op == ">=") {
      if (i == 2) return std::nullopt;  // the lower bound comes first
      rule.low_ = bound;
      rule.low_included_ = op == ">=";
    } else if (op == "<" || op == "<=") {
      if (parts.size() == 4 && i == 0) return std::nullopt;
      rule.high_ = bound;
      rule.high_included_ = op == "<=";
    } else {
      return std::nullopt;
    }
  }
  if (parts.size() == 4 && *rule.low_ >= *rule.high_) return std::nullopt;
  return rule;
}

std::optional<FilterRule> FilterRule::parse_anything_but(const json::Node& value) {
  FilterRule rule;
  rule.kind_ = Kind::kAnythingBut;
  const auto add = [&rule](std::optional<FilterRule> inner) {
    if (!inner) return false;
    rule.inner_.push_back(*std::move(inner));
    return true;
  };
  if (value.is_object()) {
    if (value.members().size() != 1) return std::nullopt;
    const auto& [name, operand] = value.members()[0];
    if (name != "prefix" && name != "suffix" && name != "equals-ignore-case" && name != "wildcard") return std::nullopt;
    if (!operand.is_array()) {
      if (!operand.is_string() || !add(parse_operator(name, operand))) return std::nullopt;
      return rule;
    }
    for (const json::Node& one : operand.elements())
      if (!one.is_string() || !add(parse_operator(name, one))) return std::nullopt;
  } else if (value.is_array()) {
    for (const json::Node& one : value.elements()) {
      if (!one.is_string() && !one.is_number()) return std::nullopt;
      if (one.is_string() != value.elements()[0].is_string()) return std::nullopt;  // all strings, or all numbers
      if (!add(parse(one))) return std::nullopt;
    }
  } else if (!(value.is_string() || value.is_number()) || !add(parse(value))) {
    return std::nullopt;
  }
  if (rule.inner_.empty()) return std::nullopt;
  return rule;
}

bool FilterRule::matches_scalar(const json::Node& value) const {
  const bool string = value.is_string();
  switch (kind_) {
    case Kind::kNull: return value.is_null();
    case Kind::kBool: return value.is_bool() && value.as_bool() == flag_;
    case Kind::kNumber: return value.is_number() && value.as_real() == number_;
    case Kind::kString: return string && value.as_string() == text_;
    case Kind::kPrefix: return string && value.as_string().starts_with(text_);
    case Kind::kSuffix: return string && value.as_string().ends_with(text_);
    case Kind::kEqualsIgnoreCase: return string && lower(value.as_string()) == text_;
    case Kind::kPrefixIgnoreCase: return string && lower(value.as_string()).starts_with(text_);
    case Kind::kSuffixIgnoreCase: return string && lower(value.as_string()).ends_with(text_);
    case Kind::kWildcard: return string && filter_wildcard_match(text_, value.as_string());
    case Kind::kNumeric: {
      if (!value.is_number()) return false;
      const double v = value.as_real();
      if (low_ && (low_included_ ? v < *low_ : v <= *low_)) return false;
      return !(high_ && (high_included_ ? v > *high_ : v >= *high_));
    }
    case Kind::kCidr: {
      if (!string) return false;
      const auto address = parse_ip_range(value.as_string());
      return address && contains(*range_, *address);
    }
    case Kind::kPresent: return true;
    case Kind::kAbsent: return false;
    case Kind::kAnythingBut:
      return std::ranges::none_of(inner_, [&value](const FilterRule& inner) { return inner.matches_scalar(value); });
  }
  return false;
}

}  // namespace tidemill::triggers
