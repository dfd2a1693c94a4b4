#include "triggers/event_format.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidemill::triggers {
namespace {

// The list of failed records, or what its absence means.
//   null, {}, "", [], no member, an empty or null list    all records are done
//   text that is no JSON, a list that is none             all failed
template <class IndexOf>
ItemFailures parse_failures(std::string_view payload, IndexOf index_of) {
  constexpr ItemFailures kAll{.kind = ItemFailures::Kind::kAll};
  if (payload.empty()) return {};
  const auto document = json::Document::parse(payload);
  if (!document) return kAll;
  const json::Node* list = document->root().find_present("batchItemFailures");
  if (!list) return {};
  if (!list->is_array()) return kAll;
  std::optional<std::size_t> lowest;
  for (const json::Node& failure : list->elements()) {
    const json::Node* id = failure.find_present("itemIdentifier");
    const std::optional<std::size_t> index = id ? index_of(*id) : std::nullopt;
    if (!index) return kAll;
    lowest = std::min(lowest.value_or(*index), *index);
  }
  if (!lowest) return {};
  return {.kind = ItemFailures::Kind::kFrom, .index = *lowest};
}

// requestContext, responseContext, version, timestamp.
void write_facts(json::Writer& writer, const FailureFacts& facts, std::string_view function_arn, bool null_response) {
  writer.key("requestContext").begin_object();
  writer.member("requestId", facts.request_id);
  writer.member("functionArn", function_arn);
  writer.member("condition", facts.condition);
  writer.member("approximateInvokeCount", facts.invoke_count);
  writer.end_object();
  if (facts.response) {
    writer.key("responseContext").begin_object();
    writer.member("statusCode", 200);
    writer.member("executedVersion", facts.response->executed_version);
    writer.key("functionError");
    if (facts.response->function_error)
      writer.string(*facts.response->function_error);
    else
      writer.null();
    writer.end_object();
  } else if (null_response) {
    writer.key("responseContext").null();
  }
  writer.member("version", "1.0");
  writer.member("timestamp", iso8601_ms(facts.now));
}

class StreamFormat final : public EventFormat {
 public:
  StreamFormat(const Mapping& mapping, const Part& part)
      : function_arn_(mapping.function_arn), stream_arn_(mapping.source_arn), shard_(part.id) {}

  std::string event(const Records& records, const WindowView* window) const override {
    std::string out;
    std::size_t bytes = envelope_bytes() + (window ? window->state.size() : 0);
    for (const SourceRecord* record : records) bytes += record->json.size() + 1;
    out.reserve(bytes);
    json::Writer writer(out);
    writer.begin_object().key("Records").begin_array();
    for (const SourceRecord* record : records) writer.raw(record->json);
    writer.end_array();
    if (window) {
      writer.key("window").begin_object();
      writer.member("start", iso8601_s(from_epoch_ms(window->start_ms)));
      writer.member("end", iso8601_s(from_epoch_ms(window->end_ms)));
      writer.end_object();
      writer.key("state").raw(window->state);
      writer.member("shardId", shard_);
      writer.member("eventSourceARN", stream_arn_);
      writer.member("isFinalInvokeForWindow", window->is_final);
      writer.member("isWindowTerminatedEarly", window->terminated_early);
    }
    writer.end_object();
    return out;
  }

  std::size_t envelope_bytes() const override { return 320 + stream_arn_.size() + shard_.size(); }

  ItemFailures failures(std::string_view payload, const Records& records) const override {
    return parse_failures(payload, [&records](const json::Node& id) -> std::optional<std::size_t> {
      if (!id.is_string()) return std::nullopt;
      const auto at =
          std::ranges::find(records, id.as_string(), [](const SourceRecord* r) { return std::string_view(r->id); });
      if (at == records.end()) return std::nullopt;
      return static_cast<std::size_t>(at - records.begin());
    });
  }

  std::vector<FailureText> failure_texts(const FailureFacts& facts, const Records& records) const override {
    FailureText text;
    text.key = shard_;  // in a topic the failures of one shard stay in order
    json::Writer writer(text.body);
    writer.begin_object();
    write_facts(writer, facts, function_arn_, /*null_response=*/false);
    writer.key("DDBStreamBatchInfo").begin_object();
    writer.member("shardId", shard_);
    writer.member("startSequenceNumber", records.front()->id);
    writer.member("endSequenceNumber", records.back()->id);
    writer.member("approximateArrivalOfFirstRecord", iso8601_s(from_epoch_ms(records.front()->arrival_ms)));
    writer.member("approximateArrivalOfLastRecord", iso8601_s(from_epoch_ms(records.back()->arrival_ms)));
    writer.member("batchSize", static_cast<std::int64_t>(records.size()));
    writer.member("streamArn", stream_arn_);
    writer.end_object().end_object();
    std::vector<FailureText> out;
    out.push_back(std::move(text));
    return out;
  }

 private:
  const std::string function_arn_, stream_arn_, shard_;
};

class TopicFormat final : public EventFormat {
 public:
  TopicFormat(const Mapping& mapping, const Part& part, std::string servers)
      : function_arn_(mapping.function_arn),
        cluster_arn_(mapping.kind == SourceKind::kCluster ? mapping.source_arn : ""),
        servers_(std::move(servers)),
        place_(mapping.topic + "-" + part.id),
        to_topic_(mapping.settings.on_failure.starts_with("kafka://")) {}

  std::string event(const Records& records, const WindowView*) const override {
    std::string out;
    std::size_t bytes = envelope_bytes();
    for (const SourceRecord* record : records) bytes += record->json.size() + 1;
    out.reserve(bytes);
    json::Writer writer(out);
    writer.begin_object();
    writer.member("eventSource", cluster_arn_.empty() ? "SelfManagedKafka" : "aws:kafka");
    if (!cluster_arn_.empty()) writer.member("eventSourceArn", cluster_arn_);
    writer.member("bootstrapServers", servers_);
    writer.key("records").begin_object().key(place_).begin_array();
    for (const SourceRecord* record : records) writer.raw(record->json);
    writer.end_array().end_object().end_object();
    return out;
  }

  std::size_t envelope_bytes() const override { return 128 + cluster_arn_.size() + servers_.size() + place_.size(); }

  ItemFailures failures(std::string_view payload, const Records& records) const override {
    return parse_failures(payload, [&](const json::Node& id) -> std::optional<std::size_t> {
      const json::Node* partition = id.find_present("partition");
      const json::Node* offset = id.find_present("offset");
      if (!partition || !partition->is_string() || partition->as_string() != place_) return std::nullopt;
      if (!offset || offset->kind() != json::Kind::kInteger || offset->as_integer() < 0) return std::nullopt;
      const auto at = std::ranges::find(records, static_cast<Position>(offset->as_integer()), &SourceRecord::position);
      if (at == records.end()) return std::nullopt;
      return static_cast<std::size_t>(at - records.begin());
    });
  }

  std::vector<FailureText> failure_texts(const FailureFacts& facts, const Records& records) const override {
    std::vector<FailureText> out;
    if (to_topic_) {
      // One message for each record, keyed as the record was, with the record itself inside.
      FailureFacts one = facts;
      if (one.condition == "RetryAttemptsExhausted") one.condition = "RetriesExhausted";
      for (const SourceRecord* record : records) {
        FailureText text{.body = {}, .key = record->key};
        const Records alone{record};
        json::Writer writer(text.body);
        writer.begin_object();
        write_facts(writer, one, function_arn_, /*null_response=*/true);
        write_batch_info(writer, alone, /*single=*/true);
        writer.key("payload").raw(event(alone, nullptr));
        writer.end_object();
        out.push_back(std::move(text));
      }
      return out;
    }
    FailureText text;
    json::Writer writer(text.body);
    writer.begin_object();
    write_facts(writer, facts, function_arn_, /*null_response=*/true);
    write_batch_info(writer, records, /*single=*/false);
    writer.end_object();
    out.push_back(std::move(text));
    return out;
  }

 private:
  void write_batch_info(json::Writer& writer, const Records& records, bool single) const {
    std::size_t payload = 0;
    for (const SourceRecord* record : records) payload += record->json.size();
    writer.key("KafkaBatchInfo").begin_object();
    writer.member("batchSize", static_cast<std::int64_t>(records.size()));
    if (!cluster_arn_.empty()) writer.member("eventSourceArn", cluster_arn_);
    writer.member("bootstrapServers", servers_);
    writer.member("payloadSize", static_cast<std::int64_t>(payload));
    if (single) {
      writer.key("recordInfo").begin_object();
      writer.member("offset", records.front()->id);
      writer.member("timestamp", iso8601_ms(from_epoch_ms(records.front()->arrival_ms)));
      writer.end_object();
    } else {
      writer.key("recordsInfo").begin_object().key(place_).begin_object();
      writer.member("firstRecordOffset", records.front()->id);
      writer.member("lastRecordOffset", records.back()->id);
      writer.member("firstRecordTimestamp", iso8601_ms(from_epoch_ms(records.front()->arrival_ms)));
      writer.member("lastRecordTimestamp", iso8601_ms(from_epoch_ms(records.back()->arrival_ms)));
      writer.end_object().end_object();
    }
    writer.end_object();
  }

  const std::string function_arn_, cluster_arn_, servers_, place_;
  const bool to_topic_;
};

}  // namespace

std::unique_ptr<EventFormat> make_stream_format(const Mapping& mapping, const Part& part) {
  return std::make_unique<StreamFormat>(mapping, part);
}

std::unique_ptr<EventFormat> make_topic_format(const Mapping& mapping, const Part& part,
                                               std::string bootstrap_servers) {
  return std::make_unique<TopicFormat>(mapping, part, std::move(bootstrap_servers));
}

}  // namespace tidemill::triggers
