#include "queues/attributes.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"

#include <fmt/format.h>

namespace tidemill::queues {
namespace {

struct Numeric {
  std::string_view name;
  std::int64_t fallback, low, high;
};
constexpr Numeric kNumeric[] = {
    {"VisibilityTimeout", 30, 0, 43200},
    {"MaximumMessageSize", 1048576, 1024, 1048576},
    {"MessageRetentionPeriod", 345600, 60, 1209600},
    {"DelaySeconds", 0, 0, 900},
    {"ReceiveMessageWaitTimeSeconds", 0, 0, 20},
    {"KmsDataKeyReusePeriodSeconds", 300, 60, 86400},
};
// Kept and shown; they change nothing here.
constexpr std::string_view kText[] = {"Policy", "RedriveAllowPolicy", "KmsMasterKeyId", "SqsManagedSseEnabled"};

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::unexpected<Error> bad_value(std::string_view name, std::string_view value, std::string_view why = "") {
  return fail(Errc::kInvalidAttributeValue,
              why.empty() ? fmt::format("Invalid value for the parameter {}.", name)
                          : fmt::format("Value {} for parameter {} is invalid. Reason: {}", value, name, why));
}

}  // namespace

bool is_queue_name(std::string_view name) {
  return !name.empty() && name.size() <= 80 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Status check_attributes(const QueueName& name, const Attributes& attributes) {
  if (name.name.ends_with(".fifo") || attributes.contains("FifoQueue") ||
      attributes.contains("ContentBasedDeduplication"))
    return fail(Errc::kUnsupported,
                "FIFO queues are not supported. Create a standard queue: a name without the suffix .fifo and no "
                "FifoQueue attribute.");
  for (const auto& [attribute, value] : attributes) {
    if (const auto* numeric = std::ranges::find(kNumeric, attribute, &Numeric::name); numeric != std::end(kNumeric)) {
      const auto number = integer(value);
      if (!number || *number < numeric->low || *number > numeric->high) return bad_value(attribute, value);
    } else if (attribute == "RedrivePolicy") {
      if (!value.empty() && !redrive_of(attributes))
        return bad_value(attribute, value,
                         "The policy must name a deadLetterTargetArn and a maxReceiveCount of 1 to 1000.");
    } else if (std::ranges::find(kText, attribute) == std::end(kText)) {
      return fail(Errc::kInvalidAttributeName, fmt::format("Unknown Attribute {}.", attribute));
    }
  }
  return {};
}

std::int64_t attribute_integer(const Attributes& attributes, std::string_view name) {
  const auto* numeric = std::ranges::find(kNumeric, name, &Numeric::name);
  const auto at = attributes.find(std::string(name));
  if (at != attributes.end())
    if (const auto number = integer(at->second)) return *number;
  return numeric == std::end(kNumeric) ? 0 : numeric->fallback;
}

Attributes with_defaults(const Attributes& attributes) {
  Attributes out;
  for (const Numeric& numeric : kNumeric)
    if (numeric.name != "KmsDataKeyReusePeriodSeconds" || attributes.contains("KmsMasterKeyId"))
      out[std::string(numeric.name)] = std::to_string(numeric.fallback);
  out["SqsManagedSseEnabled"] = "true";
  for (const auto& [name, value] : attributes) out[name] = value;
  return out;
}

std::optional<Redrive> redrive_of(const Attributes& attributes) {
  const auto at = attributes.find("RedrivePolicy");
  if (at == attributes.end() || at->second.empty()) return std::nullopt;
  const auto policy = json::Value::parse(at->second);
  if (!policy || !policy->is_object()) return std::nullopt;
  const auto target = queue_of_arn(policy->string_or("deadLetterTargetArn"));
  const auto* receives = policy->find("maxReceiveCount");
  if (!target || !receives) return std::nullopt;
  const auto count = receives->is_integer()  ? std::optional(receives->as_integer())
                     : receives->is_string() ? integer(receives->as_string())
                                             : std::nullopt;
  if (!count || *count < 1 || *count > 1000) return std::nullopt;
  return Redrive{.target = *target, .receives_max = *count};
}

}  // namespace tidemill::queues
