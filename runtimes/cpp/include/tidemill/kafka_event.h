// Records of topics, as an event source mapping delivers them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tidemill/function.h"

namespace tidemill::function {

struct KafkaRecord {
  std::string topic;
  int partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string timestamp_type;             // CREATE_TIME, LOG_APPEND_TIME
  std::optional<std::string> key, value;  // bytes
  std::vector<std::pair<std::string, std::string>> headers;
};

struct KafkaEvent {
  std::string source;                // aws:kafka, SelfManagedKafka
  std::string source_arn;            // of a cluster
  std::vector<KafkaRecord> records;  // partition by partition, each in order
  static Outcome<KafkaEvent> parse(const Json& json);
};

}  // namespace tidemill::function
