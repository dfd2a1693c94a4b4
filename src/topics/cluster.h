// The Kafka cluster as the rest of the program uses it: event source mappings, failure destinations, the console, the
// command line. The embedded broker is one implementation (embedded_cluster.h), a real cluster reached through its
// bootstrap servers another.
//
// All calls and callbacks happen on the home loop. A Reply may come before the call returns.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/reply.h"
#include "topics/errors.h"
#include "topics/record.h"

namespace tidemill::topics {

struct NewTopic {
  std::string name;
  std::optional<std::int32_t> partitions;                         // none: the broker's default
  std::vector<std::pair<std::string, std::string>> configs = {};  // retention.ms and so on
};

struct TopicSummary {
  std::string name;
  std::int32_t partitions = 0;
  bool operator==(const TopicSummary&) const = default;
};

struct ProduceRequest {
  std::string topic;
  // None: by the murmur2 hash of the first record's key, as Kafka's own clients place it; without a key, round robin.
  std::optional<std::int32_t> partition;
  std::vector<NewRecord> records;  // at least one; one batch, written whole or not at all
};

struct Produced {
  std::int32_t partition = 0;
  std::int64_t base_offset = 0;
};

struct ReadRequest {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::size_t max_records = 10'000;
  std::size_t max_bytes =
      6 * 1024 * 1024;  // of keys, values and headers; at least one record is returned when there is one
};

struct ReadResult {
  std::vector<Record> records;      // committed ones only; control records and aborted transactions are skipped
  std::int64_t next_offset = 0;     // where to read on; above the last record when what follows it was skipped
  std::int64_t high_watermark = 0;  // first offset that is not durable yet
  std::int64_t log_start = 0;
};

// Where a reader starts.
struct OffsetQuery {
  enum class At : unsigned char { kEarliest, kLatest, kTimestamp };
  std::string topic;
  std::int32_t partition = 0;
  At at = At::kLatest;
  std::int64_t timestamp_ms = 0;  // first record whose time is not before this; the end when there is none
};

struct OffsetToCommit {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;  // the next one to read
  std::string metadata = {};
};

// Unsubscribes when destroyed; no callback comes after.
class Watch {
 public:
  virtual ~Watch() = default;
};

class Cluster {
 public:
  virtual ~Cluster() = default;

  // host:port, comma-joined, as clients are told.
  virtual std::string bootstrap_servers() const = 0;
  // An existing topic: kTopicAlreadyExists.
  virtual void create_topic(NewTopic topic, Reply<TopicSummary, Error> reply) = 0;
  virtual void describe_topic(std::string name, Reply<TopicSummary, Error> reply) = 0;
  virtual void list_topics(Reply<std::vector<TopicSummary>, Error> reply) = 0;

  // Answers when the records are durable. A topic that does not exist is created where the cluster allows that.
  virtual void produce(ProduceRequest request, Reply<Produced, Error> reply) = 0;
  // Answers at once with what is there, possibly nothing. Below the log start or above the end: kOffsetOutOfRange.
  virtual void read(ReadRequest request, Reply<ReadResult, Error> reply) = 0;
  // `advanced` is called after records at or above some offset became readable, also for offsets that were there
  // already; it says nothing about which: read from your own position. An unknown topic or partition:
  // kUnknownTopicOrPartition.
  virtual Result<std::unique_ptr<Watch>> watch(const std::string& topic, std::int32_t partition,
                                               std::function<void()> advanced) = 0;
  // `changed` is called after topics or partitions have come or gone; nothing when the cluster cannot tell.
  virtual std::unique_ptr<Watch> watch_topics(std::function<void()> changed) {
    (void)changed;
    return nullptr;
  }
  virtual void find_offset(OffsetQuery query, Reply<std::int64_t, Error> reply) = 0;

  // Offsets of a consumer group without members (an event source mapping is one), visible to every Kafka tool. Durable
  // when answered.
  virtual void commit_offsets(std::string group, std::vector<OffsetToCommit> offsets, Reply<void, Error> reply) = 0;
  // Partition -> committed offset, for the partitions of that topic which have one.
  virtual void committed_offsets(std::string group, std::string topic,
                                 Reply<std::map<std::int32_t, std::int64_t>, Error> reply) = 0;
};

}  // namespace tidemill::topics
