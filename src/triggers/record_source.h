// What a mapping reads from. An EventSource is a whole table stream or topic; a RecordSource is one ordered part of it:
// a shard, a partition. Implemented on the streams and topics engines by adapters above; the simulation has its own.
// Everything happens on the home loop; a Reply may come before the call returns.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply.h"
#include "base/scope.h"

namespace tidemill::triggers {

// The number of a record within its part (sequence number, offset). As a position it means "the next record to read".
using Position = std::uint64_t;

enum class SourceErrc : unsigned char {
  kNotFound,     // the stream, shard, topic or partition is not (or no longer) there
  kTrimmed,      // the position is older than what is kept: read from oldest()
  kUnavailable,  // try again
  kInternal,
};
struct [[nodiscard]] SourceError {
  SourceErrc code = SourceErrc::kInternal;
  std::string message;
  static SourceError internal(std::string_view text) { return {SourceErrc::kInternal, std::string(text)}; }
};

struct SourceRecord {
  Position position = 0;
  std::string id;               // of a stream: the sequence number; of a topic: the offset; in decimal digits
  std::string json;             // the record as it stands in the event
  std::string filter_json;      // what filters look at, when that is not `json`; made only when ReadLimits asks for it
  std::int64_t arrival_ms = 0;  // Unix time
  std::string lane_key;         // records of one key stay in order when a part is read in parallel; streams only
  std::optional<std::string> key;  // of a topic's record, as bytes: for failure topics
};

struct ReadLimits {
  std::size_t records_max = 10'000;
  std::size_t bytes_max = 6 * 1024 * 1024;  // of json, about; at least one record when there is one
  bool filter_view = false;
};

struct ReadBatch {
  std::vector<SourceRecord> records;
  Position next = 0;   // where to read on
  bool ended = false;  // nothing will ever come at or after `next`: a closed shard
  // There is nothing at `next` yet, and what comes there is told to those who watch. False when it is not known.
  bool drained = false;
};

// No callback comes after it is destroyed.
class Watch {
 public:
  virtual ~Watch() = default;
};

class RecordSource {
 public:
  virtual ~RecordSource() = default;
  // What is there from `from` on, possibly nothing. Error kTrimmed when `from` is no longer kept.
  virtual void read(Position from, ReadLimits limits, Reply<ReadBatch, SourceError> reply) = 0;
  // `advanced` is called after there may be something new to read or the part ended. It carries nothing: read again.
  virtual std::unique_ptr<Watch> watch(std::function<void()> advanced) = 0;
  virtual Position oldest() const = 0;
};

struct Part {
  std::string id;      // shard id, or the partition's number
  std::string parent;  // the shard that must be finished first; empty when none
  bool operator==(const Part&) const = default;
};

struct Start {
  enum class At : unsigned char { kTrimHorizon, kLatest, kTimestamp };
  At at = At::kTrimHorizon;
  std::int64_t timestamp_ms = 0;
  bool operator==(const Start&) const = default;
};

class EventSource {
 public:
  virtual ~EventSource() = default;
  virtual void parts(Reply<std::vector<Part>, SourceError> reply) = 0;
  // `changed` is called after parts have appeared or ended, or the source has gone.
  virtual std::unique_ptr<Watch> watch(std::function<void()> changed) = 0;
  virtual std::unique_ptr<RecordSource> open(const Part& part) = 0;
  virtual void position(const Part& part, const Start& start, Reply<Position, SourceError> reply) = 0;

  // Positions that the source itself keeps for this mapping, where others can see them (a consumer group), by part.
  virtual void committed(Reply<std::map<std::string, Position>, SourceError> reply) {
    std::move(reply)(std::map<std::string, Position>{});
  }
  virtual void commit(const std::string& part, Position position, Reply<void, SourceError> reply) {
    (void)part, (void)position;
    std::move(reply)({});
  }
  // Of a topic's cluster, as events show it.
  virtual std::string bootstrap_servers() const { return {}; }
  // How long a record is kept: older ones are not retried. Nothing: forever.
  virtual std::optional<std::int64_t> retention_ms() const { return std::nullopt; }
};

struct StreamSpec {
  Scope scope;
  std::string arn;
};
struct TopicSpec {
  Scope scope;
  std::string bootstrap_servers;  // comma-joined; empty for a cluster given by its ARN
  std::string cluster_arn;        // empty for a self-managed cluster
  std::string topic;
  std::string group;
};

class Sources {
 public:
  virtual ~Sources() = default;
  // kNotFound when there is no such stream.
  virtual std::expected<std::unique_ptr<EventSource>, SourceError> open_stream(const StreamSpec& spec) = 0;
  // A topic may be created later than the mapping: `parts` of the source then says kNotFound.
  virtual std::expected<std::unique_ptr<EventSource>, SourceError> open_topic(const TopicSpec& spec) = 0;
  // True when these servers are (or include) the embedded broker: it needs no access configuration.
  virtual bool is_embedded(const std::vector<std::string>& bootstrap_servers) const = 0;
  // True for the ARN of the embedded cluster.
  virtual bool is_embedded_cluster(std::string_view arn) const = 0;
};

}  // namespace tidemill::triggers
