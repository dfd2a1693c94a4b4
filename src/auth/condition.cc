#include "auth/condition.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "auth/canonical.h"
#include "base/ip_range.h"
#include "base/time_text.h"

namespace tidemill::auth {
namespace {

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<WallTime> date(std::string_view text) {
  if (auto time = parse_iso8601(text)) return time;
  if (text.size() == 10)
    if (auto time = parse_iso8601(std::string(text) + "T00:00:00Z")) return time;
  if (const auto seconds = number(text)) return from_epoch_ms(static_cast<std::int64_t>(*seconds * 1000));
  return std::nullopt;
}

bool is_truth(std::string_view text) { return text == "true" || text == "false"; }

}  // namespace

std::optional<Condition> Condition::make(std::string_view name, std::string_view key, std::vector<std::string> values) {
  struct Operator {
    std::string_view name;
    Comparison comparison;
    bool negated;
  };
  static constexpr Operator kOperators[] = {
      {"StringEquals", Comparison::kStringEquals, false},
      {"StringNotEquals", Comparison::kStringEquals, true},
      {"StringEqualsIgnoreCase", Comparison::kStringEqualsIgnoreCase, false},
      {"StringNotEqualsIgnoreCase", Comparison::kStringEqualsIgnoreCase, true},
      {"StringLike", Comparison::kStringLike, false},
      {"StringNotLike", Comparison::kStringLike, true},
      {"ArnEquals", Comparison::kArnLike, false},  // IAM treats ArnEquals and ArnLike alike
      {"ArnNotEquals", Comparison::kArnLike, true},
      {"ArnLike", Comparison::kArnLike, false},
      {"ArnNotLike", Comparison::kArnLike, true},
      {"Bool", Comparison::kBool, false},
      {"NumericEquals", Comparison::kNumericEquals, false},
      {"NumericNotEquals", Comparison::kNumericEquals, true},
      {"NumericLessThan", Comparison::kNumericLess, false},
      {"NumericLessThanEquals", Comparison::kNumericLessOrEqual, false},
      {"NumericGreaterThan", Comparison::kNumericGreater, false},
      {"NumericGreaterThanEquals", Comparison::kNumericGreaterOrEqual, false},
      {"DateEquals", Comparison::kDateEquals, false},
      {"DateNotEquals", Comparison::kDateEquals, true},
      {"DateLessThan", Comparison::kDateLess, false},
      {"DateLessThanEquals", Comparison::kDateLessOrEqual, false},
      {"DateGreaterThan", Comparison::kDateGreater, false},
      {"DateGreaterThanEquals", Comparison::kDateGreaterOrEqual, false},
      {"IpAddress", Comparison::kIpAddress, false},
      {"NotIpAddress", Comparison::kIpAddress, true},
      {"Null", Comparison::kNull, false},
  };
  Condition condition;
  if (name.starts_with("ForAnyValue:")) condition.quantifier_ = Quantifier::kAny;
  if (name.starts_with("ForAllValues:")) condition.quantifier_ = Quantifier::kAll;
  if (condition.quantifier_ != Quantifier::kNone) name = name.substr(name.find(':') + 1);
  if (name.ends_with("IfExists")) {
    condition.if_exists_ = true;
    name.remove_suffix(std::string_view("IfExists").size());
  }
  const auto found = std::ranges::find(kOperators, name, &Operator::name);
  if (found == std::end(kOperators)) return std::nullopt;
  if (found->comparison == Comparison::kNull && condition.if_exists_) return std::nullopt;
  condition.comparison_ = found->comparison;
  condition.negated_ = found->negated;
  condition.key_ = lower_case(key);
  condition.values_ = std::move(values);
  for (const std::string& value : condition.values_) {
    if (value.find("${") != std::string::npos) continue;
    const bool fits = [&] {
      switch (condition.comparison_) {
        case Comparison::kNull:
        case Comparison::kBool: return is_truth(lower_case(value));
        case Comparison::kNumericEquals:
        case Comparison::kNumericLess:
        case Comparison::kNumericLessOrEqual:
        case Comparison::kNumericGreater:
        case Comparison::kNumericGreaterOrEqual: return number(value).has_value();
        case Comparison::kDateEquals:
        case Comparison::kDateLess:
        case Comparison::kDateLessOrEqual:
        case Comparison::kDateGreater:
        case Comparison::kDateGreaterOrEqual: return date(value).has_value();
        case Comparison::kIpAddress: return parse_ip_range(value).has_value();
        case Comparison::kStringEquals:
        case Comparison::kStringEqualsIgnoreCase:
        case Comparison::kStringLike:
        case Comparison::kArnLike: return true;
      }
      return false;
    }();
    if (!fits) return std::nullopt;
  }
  return condition;
}

bool Condition::matches(const std::string& actual, const std::string& wanted) const {
  const auto numeric = [&](auto compare) {
    const auto a = number(actual), b = number(wanted);
    return a && b && compare(*a, *b);
  };
  const auto dated = [&](auto compare) {
    const auto a = date(actual), b = date(wanted);
    return a && b && compare(*a, *b);
  };
  switch (comparison_) {
    case Comparison::kStringEquals: return actual == wanted;
    case Comparison::kStringEqualsIgnoreCase: return lower_case(actual) == lower_case(wanted);
    case Comparison::kStringLike:
    case Comparison::kArnLike: return wildcard_match(wanted, actual);
    case Comparison::kBool: return lower_case(actual) == lower_case(wanted);
    case Comparison::kNumericEquals: return numeric(std::equal_to<>());
    case Comparison::kNumericLess: return numeric(std::less<>());
    case Comparison::kNumericLessOrEqual: return numeric(std::less_equal<>());
    case Comparison::kNumericGreater: return numeric(std::greater<>());
    case Comparison::kNumericGreaterOrEqual: return numeric(std::greater_equal<>());
    case Comparison::kDateEquals: return dated(std::equal_to<>());
    case Comparison::kDateLess: return dated(std::less<>());
    case Comparison::kDateLessOrEqual: return dated(std::less_equal<>());
    case Comparison::kDateGreater: return dated(std::greater<>());
    case Comparison::kDateGreaterOrEqual: return dated(std::greater_equal<>());
    case Comparison::kIpAddress: {
      const auto range = parse_ip_range(wanted), address = parse_ip_range(actual);
      return range && address && contains(*range, *address);
    }
    case Comparison::kNull: return false;
  }
  return false;
}

bool Condition::matches_any(const std::string& actual, const RequestContext& context) const {
  return std::ranges::any_of(values_, [&](const std::string& wanted) {
    const auto text = with_variables(wanted, &context);
    return text && matches(actual, *text);
  });
}

bool Condition::holds(const RequestContext& context) const {
  const auto* actual = context.find(key_);
  const bool present = actual != nullptr && !actual->empty();
  if (comparison_ == Comparison::kNull)
    return std::ranges::any_of(values_,
                               [present](const std::string& v) { return (lower_case(v) == "true") != present; });
  if (!present) return if_exists_ || negated_ || quantifier_ == Quantifier::kAll;
  const auto one = [&](const std::string& value) { return matches_any(value, context) != negated_; };
  // A key with several values and no quantifier is compared as "any", and a negated operator as "none".
  if (quantifier_ == Quantifier::kAll || (quantifier_ == Quantifier::kNone && negated_))
    return std::ranges::all_of(*actual, one);
  return std::ranges::any_of(*actual, one);
}

std::optional<std::string> with_variables(std::string_view text, const RequestContext* context) {
  std::string out;
  while (true) {
    const auto start = text.find("${");
    if (start == std::string_view::npos) return out.append(text);
    const auto end = text.find('}', start);
    if (end == std::string_view::npos) return out.append(text);
    out.append(text.substr(0, start));
    std::string_view name = text.substr(start + 2, end - start - 2);
    text = text.substr(end + 1);
    if (name == "*" || name == "?" || name == "$") {
      out.append(name);
      continue;
    }
    std::string_view fallback;
    bool has_fallback = false;
    if (const auto comma = name.find(','); comma != std::string_view::npos) {
      std::string_view rest = trimmed(name.substr(comma + 1));
      if (rest.size() >= 2 && rest.front() == '\'' && rest.back() == '\'') {
        fallback = rest.substr(1, rest.size() - 2);
        has_fallback = true;
      }
      name = trimmed(name.substr(0, comma));
    }
    const auto* values = context ? context->find(lower_case(name)) : nullptr;
    if (values && values->size() == 1)
      out.append(values->front());
    else if (has_fallback)
      out.append(fallback);
    else
      return std::nullopt;
  }
}

}  // namespace tidemill::auth
