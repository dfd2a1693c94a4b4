#include "topics/topic_config.h"

#include <charconv>

#include "base/assert.h"

namespace tidemill::topics {
namespace {

constexpr std::string_view kMaxLong = "9223372036854775807";

constexpr ConfigSpec kSpecs[] = {
    {"cleanup.policy", ConfigType::kList, "delete", "delete,compact"},
    {"compression.type", ConfigType::kString, "producer", "producer"},
    {"delete.retention.ms", ConfigType::kLong, "86400000", {}, 0},
    {"file.delete.delay.ms", ConfigType::kLong, "60000", {}, 0},
    {"flush.messages", ConfigType::kLong, kMaxLong, {}, 1},
    {"flush.ms", ConfigType::kLong, kMaxLong, {}, 0},
    {"index.interval.bytes", ConfigType::kInt, "4096", {}, 0},
    {"max.compaction.lag.ms", ConfigType::kLong, kMaxLong, {}, 1},
    {"max.message.bytes", ConfigType::kInt, "1048588", {}, 0},
    {"message.timestamp.after.max.ms", ConfigType::kLong, kMaxLong, {}, 0},
    {"message.timestamp.before.max.ms", ConfigType::kLong, kMaxLong, {}, 0},
    {"message.timestamp.type", ConfigType::kString, "CreateTime", "CreateTime,LogAppendTime"},
    {"min.cleanable.dirty.ratio", ConfigType::kDouble, "0.5"},
    {"min.compaction.lag.ms", ConfigType::kLong, "0", {}, 0},
    {"min.insync.replicas", ConfigType::kInt, "1", {}, 1},
    {"preallocate", ConfigType::kBoolean, "false"},
    {"retention.bytes", ConfigType::kLong, "-1", {}, -1},
    {"retention.ms", ConfigType::kLong, "604800000", {}, -1},
    {"segment.bytes", ConfigType::kInt, "1073741824", {}, 14},
    {"segment.index.bytes", ConfigType::kInt, "10485760", {}, 4},
    {"segment.jitter.ms", ConfigType::kLong, "0", {}, 0},
    {"segment.ms", ConfigType::kLong, "604800000", {}, 1},
    {"unclean.leader.election.enable", ConfigType::kBoolean, "false"},
};

template <class T>
bool parses(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_in_list(std::string_view item, std::string_view list) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (list.substr(0, comma) == item) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::unexpected<Error> bad_value(std::string_view value, const ConfigSpec& spec, std::string_view why) {
  return fail(Errc::kInvalidConfig, "Invalid value " + std::string(value) + " for configuration " +
                                        std::string(spec.name) + ": " + std::string(why));
}

Status check(const ConfigSpec& spec, std::string_view value) {
  switch (spec.type) {
    case ConfigType::kBoolean:
      if (value != "true" && value != "false")
        return bad_value(value, spec, "Expected value to be either true or false");
      return {};
    case ConfigType::kInt: {
      std::int32_t number = 0;
      if (!parses(value, number)) return bad_value(value, spec, "Not a number of type INT");
      if (number < spec.min) return bad_value(value, spec, "Value must be at least " + std::to_string(spec.min));
      return {};
    }
    case ConfigType::kLong: {
      std::int64_t number = 0;
      if (!parses(value, number)) return bad_value(value, spec, "Not a number of type LONG");
      if (number < spec.min) return bad_value(value, spec, "Value must be at least " + std::to_string(spec.min));
      return {};
    }
    case ConfigType::kDouble: {
      double number = 0;
      if (!parses(value, number)) return bad_value(value, spec, "Not a number of type DOUBLE");
      if (number < 0 || number > 1) return bad_value(value, spec, "Value must be in [0,...,1]");
      return {};
    }
    case ConfigType::kString:
      if (!spec.allowed.empty() && !is_in_list(value, spec.allowed))
        return bad_value(value, spec, "String must be one of: " + std::string(spec.allowed));
      return {};
    case ConfigType::kList: {
      auto rest = value;
      for (;;) {
        const auto comma = rest.find(',');
        if (!is_in_list(rest.substr(0, comma), spec.allowed))
          return bad_value(value, spec, "String must be one of: " + std::string(spec.allowed));
        if (comma == std::string_view::npos) return {};
        rest.remove_prefix(comma + 1);
      }
    }
  }
  return {};
}

}  // namespace

std::span<const ConfigSpec> topic_config_specs() { return kSpecs; }

const ConfigSpec* find_topic_config(std::string_view name) {
  for (const auto& spec : kSpecs)
    if (spec.name == name) return &spec;
  return nullptr;
}

Result<TopicConfig> TopicConfig::from(std::map<std::string, std::string, std::less<>> overrides) {
  for (const auto& [name, value] : overrides) {
    const auto* spec = find_topic_config(name);
    if (!spec) return fail(Errc::kInvalidConfig, "Unknown topic config name: " + name);
    TM_CHECK(check(*spec, value));
  }
  TopicConfig out;
  out.overrides = std::move(overrides);
  const auto number = [&out](std::string_view name) {
    std::int64_t value = 0;
    parses(out.value(name), value);
    return value;
  };
  out.retention_ms = number("retention.ms");
  out.retention_bytes = number("retention.bytes");
  out.max_message_bytes = number("max.message.bytes");
  out.compacts = is_in_list("compact", out.value("cleanup.policy"));
  out.deletes = is_in_list("delete", out.value("cleanup.policy"));
  out.timestamp_type = out.value("message.timestamp.type") == "LogAppendTime" ? TimestampType::kLogAppendTime
                                                                              : TimestampType::kCreateTime;
  return out;
}

std::string_view TopicConfig::value(std::string_view name) const {
  if (const auto found = overrides.find(name); found != overrides.end()) return found->second;
  const auto* spec = find_topic_config(name);
  TM_ASSERT(spec);
  return spec->default_value;
}

}  // namespace tidemill::topics
