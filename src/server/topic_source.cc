#include "server/topic_source.h"

#include <charconv>

#include "base/json.h"
#include "base/utf8.h"

namespace tidemill::server {
namespace {

using topics::Errc;
using triggers::SourceErrc;
using triggers::SourceError;

SourceError to_source_error(const topics::Error& error) {
  switch (error.code) {
    case Errc::kUnknownTopicOrPartition: return {SourceErrc::kNotFound, error.message};
    case Errc::kOffsetOutOfRange: return {SourceErrc::kTrimmed, error.message};
    default: return {SourceErrc::kUnavailable, error.message};
  }
}

std::int32_t partition_of(const std::string& part) {
  std::int32_t number = 0;
  std::from_chars(part.data(), part.data() + part.size(), number);
  return number;
}

std::string_view timestamp_type(const topics::Record& record) {
  return record.timestamp_type == topics::TimestampType::kLogAppendTime ? "LOG_APPEND_TIME" : "CREATE_TIME";
}

void append_headers(json::Writer& out, const topics::Record& record) {
  out.key("headers").begin_array();
  for (const auto& header : record.headers) {
    out.begin_object().key(header.key);
    if (!header.value) {
      out.null();
    } else {
      // Signed bytes, as the service's JVM writes them.
      out.begin_array();
      for (const char byte : *header.value) out.integer(static_cast<signed char>(byte));
      out.end_array();
    }
    out.end_object();
  }
  out.end_array();
}

std::string event_json(const std::string& topic, std::int32_t partition, const topics::Record& record) {
  std::string text;
  json::Writer out(text);
  out.begin_object()
      .member("topic", topic)
      .member("partition", static_cast<std::int64_t>(partition))
      .member("offset", record.offset)
      .member("timestamp", record.timestamp_ms)
      .member("timestampType", timestamp_type(record));
  if (record.key) out.key("key").base64(*record.key);
  if (record.value) out.key("value").base64(*record.value);
  append_headers(out, record);
  out.end_object();
  return text;
}

// What filters look at: key and value decoded, as JSON where they are JSON and as text where they are text.
std::string filter_json(const std::string& topic, std::int32_t partition, const topics::Record& record) {
  std::string text;
  json::Writer out(text);
  out.begin_object()
      .member("topic", topic)
      .member("partition", static_cast<std::int64_t>(partition))
      .member("offset", record.offset)
      .member("timestamp", record.timestamp_ms)
      .member("timestampType", timestamp_type(record));
  for (const auto& [name, bytes] :
       {std::pair<std::string_view, const std::optional<std::string>&>{"key", record.key},
        std::pair<std::string_view, const std::optional<std::string>&>{"value", record.value}}) {
    if (!bytes) continue;
    out.key(name);
    if (json::validate(*bytes))
      out.raw(*bytes);
    else if (is_valid_utf8(*bytes))
      out.string(*bytes);
    else
      out.base64(*bytes);
  }
  append_headers(out, record);
  out.end_object();
  return text;
}

struct TopicWatch final : triggers::Watch {
  std::unique_ptr<topics::Watch> inner;
};

class PartitionSource final : public triggers::RecordSource {
 public:
  PartitionSource(topics::Cluster& cluster, std::string topic, std::int32_t partition)
      : cluster_(cluster), topic_(std::move(topic)), partition_(partition) {}

  void read(triggers::Position from, triggers::ReadLimits limits,
            Reply<triggers::ReadBatch, SourceError> reply) override {
    cluster_.read({.topic = topic_,
                   .partition = partition_,
                   .offset = static_cast<std::int64_t>(from),
                   .max_records = limits.records_max,
                   .max_bytes = limits.bytes_max},
                  Reply<topics::ReadResult, topics::Error>(
                      [this, alive = std::weak_ptr(alive_), limits,
                       reply = std::move(reply)](topics::Result<topics::ReadResult> result) mutable {
                        if (alive.expired())
                          return std::move(reply)(std::unexpected(SourceError::internal("the reader is gone")));
                        if (!result) return failed(result.error(), std::move(reply));
                        std::move(reply)(convert(*result, limits));
                      }));
  }

  std::unique_ptr<triggers::Watch> watch(std::function<void()> advanced) override {
    auto watch = std::make_unique<TopicWatch>();
    if (auto inner = cluster_.watch(topic_, partition_, std::move(advanced))) watch->inner = *std::move(inner);
    return watch;
  }

  triggers::Position oldest() const override { return oldest_; }

 private:
  // Before it says "trimmed", it finds out where the log starts now.
  void failed(const topics::Error& error, Reply<triggers::ReadBatch, SourceError> reply) {
    if (error.code != Errc::kOffsetOutOfRange) return std::move(reply)(std::unexpected(to_source_error(error)));
    cluster_.find_offset(
        {.topic = topic_, .partition = partition_, .at = topics::OffsetQuery::At::kEarliest},
        Reply<std::int64_t, topics::Error>([this, alive = std::weak_ptr(alive_), error,
                                            reply = std::move(reply)](topics::Result<std::int64_t> start) mutable {
          if (alive.expired()) return std::move(reply)(std::unexpected(SourceError::internal("the reader is gone")));
          if (!start) return std::move(reply)(std::unexpected(to_source_error(start.error())));
          oldest_ = static_cast<triggers::Position>(*start);
          std::move(reply)(std::unexpected(to_source_error(error)));
        }));
  }

  triggers::ReadBatch convert(const topics::ReadResult& result, const triggers::ReadLimits& limits) {
    oldest_ = static_cast<triggers::Position>(result.log_start);
    triggers::ReadBatch out;
    out.next = static_cast<triggers::Position>(result.next_offset);
    out.records.reserve(result.records.size());
    for (const auto& record : result.records) {
      out.records.push_back({.position = static_cast<triggers::Position>(record.offset),
                             .id = std::to_string(record.offset),
                             .json = event_json(topic_, partition_, record),
                             .filter_json = limits.filter_view ? filter_json(topic_, partition_, record) : "",
                             .arrival_ms = record.timestamp_ms,
                             .key = record.key});
    }
    return out;
  }

  topics::Cluster& cluster_;
  const std::string topic_;
  const std::int32_t partition_;
  triggers::Position oldest_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace

void TopicSource::parts(Reply<std::vector<triggers::Part>, SourceError> reply) {
  cluster_.describe_topic(spec_.topic,
                          Reply<topics::TopicSummary, topics::Error>(
                              [reply = std::move(reply)](topics::Result<topics::TopicSummary> topic) mutable {
                                if (!topic) return std::move(reply)(std::unexpected(to_source_error(topic.error())));
                                std::vector<triggers::Part> parts;
                                parts.reserve(static_cast<std::size_t>(topic->partitions));
                                for (std::int32_t i = 0; i < topic->partitions; ++i)
                                  parts.push_back({.id = std::to_string(i)});
                                std::move(reply)(std::move(parts));
                              }));
}

std::unique_ptr<triggers::Watch> TopicSource::watch(std::function<void()> changed) {
  auto watch = std::make_unique<TopicWatch>();
  watch->inner = cluster_.watch_topics(std::move(changed));
  return watch;
}

std::unique_ptr<triggers::RecordSource> TopicSource::open(const triggers::Part& part) {
  return std::make_unique<PartitionSource>(cluster_, spec_.topic, partition_of(part.id));
}

void TopicSource::position(const triggers::Part& part, const triggers::Start& start,
                           Reply<triggers::Position, SourceError> reply) {
  topics::OffsetQuery query{.topic = spec_.topic, .partition = partition_of(part.id)};
  switch (start.at) {
    case triggers::Start::At::kTrimHorizon: query.at = topics::OffsetQuery::At::kEarliest; break;
    case triggers::Start::At::kLatest: query.at = topics::OffsetQuery::At::kLatest; break;
    case triggers::Start::At::kTimestamp:
      query.at = topics::OffsetQuery::At::kTimestamp;
      query.timestamp_ms = start.timestamp_ms;
      break;
  }
  cluster_.find_offset(
      std::move(query),
      Reply<std::int64_t, topics::Error>([reply = std::move(reply)](topics::Result<std::int64_t> offset) mutable {
        if (!offset) return std::move(reply)(std::unexpected(to_source_error(offset.error())));
        std::move(reply)(static_cast<triggers::Position>(*offset));
      }));
}

void TopicSource::committed(Reply<std::map<std::string, triggers::Position>, SourceError> reply) {
  cluster_.committed_offsets(
      spec_.group, spec_.topic,
      Reply<std::map<std::int32_t, std::int64_t>, topics::Error>(
          [reply = std::move(reply)](topics::Result<std::map<std::int32_t, std::int64_t>> offsets) mutable {
            if (!offsets) return std::move(reply)(std::unexpected(to_source_error(offsets.error())));
            std::map<std::string, triggers::Position> out;
            for (const auto& [partition, offset] : *offsets)
              out[std::to_string(partition)] = static_cast<triggers::Position>(offset);
            std::move(reply)(std::move(out));
          }));
}

void TopicSource::commit(const std::string& part, triggers::Position position, Reply<void, SourceError> reply) {
  cluster_.commit_offsets(
      spec_.group,
      {{.topic = spec_.topic, .partition = partition_of(part), .offset = static_cast<std::int64_t>(position)}},
      Reply<void, topics::Error>([reply = std::move(reply)](topics::Result<void> done) mutable {
        if (!done) return std::move(reply)(std::unexpected(to_source_error(done.error())));
        std::move(reply)({});
      }));
}

std::string TopicSource::bootstrap_servers() const {
  return spec_.bootstrap_servers.empty() ? cluster_.bootstrap_servers() : spec_.bootstrap_servers;
}

}  // namespace tidemill::server
