// Topic configurations: the names that Kafka knows, their defaults, and the values that the broker acts on.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "topics/errors.h"
#include "topics/record.h"

namespace tidemill::topics {

enum class ConfigType : unsigned char {
  kBoolean = 1,
  kString = 2,
  kInt = 3,
  kLong = 5,
  kDouble = 6,
  kList = 7
};  // the protocol's numbers

struct ConfigSpec {
  std::string_view name;
  ConfigType type;
  std::string_view default_value;
  std::string_view allowed = {};  // comma-joined; empty: any of the type
  std::int64_t min = INT64_MIN;   // of numbers
};

std::span<const ConfigSpec> topic_config_specs();
const ConfigSpec* find_topic_config(std::string_view name);

struct TopicConfig {
  std::map<std::string, std::string, std::less<>> overrides;  // as set by the user

  std::int64_t retention_ms = 0;     // -1: for ever
  std::int64_t retention_bytes = 0;  // per partition; -1: no limit
  std::int64_t max_message_bytes = 0;
  bool compacts = false;
  bool deletes = true;
  TimestampType timestamp_type = TimestampType::kCreateTime;

  // kInvalidConfig with Kafka's words for an unknown name or a value that does not fit.
  static Result<TopicConfig> from(std::map<std::string, std::string, std::less<>> overrides);
  std::string_view value(std::string_view name) const;  // the override or the default; the name is known
};

}  // namespace tidemill::topics
