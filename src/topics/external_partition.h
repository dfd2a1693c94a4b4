// A read-only topic whose records live elsewhere: a table's stream shows itself as the topic `table.<name>`. The owner
// of the records implements these; the composition root registers them with Broker::add_external_topic.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "topics/cluster.h"
#include "topics/errors.h"
#include "topics/record.h"

namespace tidemill::topics {

class ExternalPartition {
 public:
  virtual ~ExternalPartition() = default;
  // Records from `offset` on, all below reached(), at least one when there is one; offsets are dense and timestamps
  // never decrease.
  virtual Result<std::vector<Record>> read(std::int64_t offset, std::size_t max_bytes) = 0;
  virtual std::int64_t reached() const = 0;    // first offset that is not durable yet
  virtual std::int64_t log_start() const = 0;  // oldest retained
  // Called on the home loop after reached() has grown.
  virtual std::unique_ptr<Watch> watch(std::function<void()> advanced) = 0;
};

struct ExternalTopic {
  std::string name;
  std::string id;  // 16 bytes; a new one whenever the source begins anew
  std::vector<std::shared_ptr<ExternalPartition>> partitions;
};

}  // namespace tidemill::topics
