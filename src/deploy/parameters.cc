#include "deploy/parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <regex>

#include "base/utf8.h"

namespace tidemill::deploy {
namespace {

constexpr std::size_t kValueBytesMax = 4096;

bool is_stored(std::string_view type) { return type.starts_with("AWS::SSM::Parameter::Value<"); }

bool is_list(std::string_view type) {
  return type == "CommaDelimitedList" || type.starts_with("List<") ||
         type.starts_with("AWS::SSM::Parameter::Value<List<") ||
         type == "AWS::SSM::Parameter::Value<CommaDelimitedList>";
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (;;) {
    const auto comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.emplace_back(part);
    if (comma == text.npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::unexpected<Error> refuse(const std::string& name, const ParameterDeclaration& declared, std::string why) {
  if (!declared.constraint_description.empty())
    return invalid(fmt::format("Parameter '{}' must be {}", name, declared.constraint_description));
  return invalid(std::move(why));
}

// The polynomial matcher of libstdc++ does not backtrack, so no pattern can make it slow; it refuses back-references.
Status check_pattern(const std::string& name, const ParameterDeclaration& declared, const std::string& value) {
  if (declared.allowed_pattern.empty()) return {};
  if (declared.allowed_pattern.size() > 1024 || value.size() > 1024)
    return refuse(name, declared,
                  fmt::format("Parameter {} is too long to match pattern {}", name, declared.allowed_pattern));
  try {
    if (std::regex_match(
            value, std::regex(declared.allowed_pattern, std::regex::ECMAScript | std::regex_constants::__polynomial)))
      return {};
  } catch (const std::regex_error&) {
    return invalid(
        fmt::format("Template format error: the AllowedPattern of parameter {} is not a regular expression", name));
  }
  return refuse(name, declared,
                fmt::format("Parameter {} failed to satisfy constraint: {}", name,
                            "must match pattern " + declared.allowed_pattern));
}

Status check_value(const std::string& name, const ParameterDeclaration& declared, const std::string& value) {
  if (value.size() > kValueBytesMax)
    return invalid(fmt::format("Parameter {} is longer than {} bytes", name, kValueBytesMax));
  const auto parts = is_list(declared.type) ? split_list(value) : std::vector<std::string>{value};
  const bool numeric = declared.type == "Number" || declared.type == "List<Number>";
  for (const auto& part : parts) {
    if (numeric) {
      const auto parsed = number(part);
      if (!parsed)
        return refuse(
            name, declared,
            fmt::format("Parameter validation failed: parameter value {} for parameter name {} must be a number.", part,
                        name));
      if ((declared.min_value && *parsed < *declared.min_value) ||
          (declared.max_value && *parsed > *declared.max_value)) {
        return refuse(name, declared,
                      fmt::format("Parameter '{}' must be a number within its MinValue and MaxValue", name));
      }
    }
    if (!declared.allowed_values.empty() && std::find(declared.allowed_values.begin(), declared.allowed_values.end(),
                                                      part) == declared.allowed_values.end()) {
      return refuse(name, declared, fmt::format("Parameter '{}' must be one of AllowedValues", name));
    }
    TM_CHECK(check_pattern(name, declared, part));
  }
  if (declared.type == "String") {
    const auto characters = static_cast<std::int64_t>(utf8_characters(value));
    if (declared.min_length && characters < *declared.min_length)
      return refuse(name, declared,
                    fmt::format("Parameter '{}' must contain at least {} characters", name, *declared.min_length));
    if (declared.max_length && characters > *declared.max_length)
      return refuse(name, declared,
                    fmt::format("Parameter '{}' must contain at most {} characters", name, *declared.max_length));
  }
  return {};
}

}  // namespace

Result<ParameterValues> bind_parameters(const Template& source, const std::vector<GivenParameter>& given,
                                        const ParameterValues& previous, const StoredParameters& stored) {
  std::vector<std::string> unknown, missing;
  for (const auto& one : given) {
    if (!source.parameters.contains(one.key)) unknown.push_back(one.key);
  }
  if (!unknown.empty())
    return invalid(fmt::format("Parameters: [{}] do not exist in the template", fmt::join(unknown, ", ")));

  ParameterValues values;
  for (const auto& [name, declared] : source.parameters) {
    std::optional<std::string> value;
    for (const auto& one : given) {
      if (one.key != name) continue;
      if (value) return invalid(fmt::format("Parameter {} is given twice", name));
      if (one.use_previous) {
        const auto before = previous.find(name);
        if (before == previous.end())
          return invalid(
              fmt::format("Invalid input for parameter key {}. Cannot specify usePreviousValue as true for a parameter "
                          "key not in the previous template",
                          name));
        value = before->second.value;
      } else {
        value = one.value;
      }
    }
    if (!value && declared.default_value) value = scalar_text(*declared.default_value);
    if (!value) {
      missing.push_back(name);
      continue;
    }
    TM_CHECK(check_value(name, declared, *value));
    ParameterValue bound{.value = *std::move(value)};
    if (is_stored(declared.type)) {
      bound.resolved = stored ? stored(bound.value) : std::nullopt;
      if (!bound.resolved) {
        return invalid(
            fmt::format("Unable to fetch parameters [{}] from parameter store for this account.", bound.value));
      }
    }
    values.emplace(name, std::move(bound));
  }
  if (!missing.empty()) return invalid(fmt::format("Parameters: [{}] must have values", fmt::join(missing, ", ")));
  return values;
}

Named<json::Value> parameter_values_for_ref(const Template& source, const ParameterValues& values) {
  Named<json::Value> out;
  for (const auto& [name, bound] : values) {
    const auto& text = bound.resolved ? *bound.resolved : bound.value;
    const auto declared = source.parameters.find(name);
    if (declared != source.parameters.end() && is_list(declared->second.type)) {
      json::Array parts;
      for (auto& part : split_list(text)) parts.emplace_back(std::move(part));
      out.emplace(name, std::move(parts));
    } else {
      out.emplace(name, text);
    }
  }
  return out;
}

}  // namespace tidemill::deploy
