#include "api/streams/api.h"
#include "api/streams/shapes.h"

namespace tidemill::api_streams {
namespace {

constexpr std::string_view kFilterTypes[] = {"CHILD_SHARDS"};
constexpr Shape kFilterType{.type = Type::kString, .values = kFilterTypes};
constexpr Field kFilterFields[] = {{"Type", &kFilterType}, {"ShardId", &kShardId}};
constexpr Shape kFilter{.type = Type::kStructure, .name = "ShardFilter", .fields = kFilterFields};
constexpr Field kFields[] = {{"StreamArn", &kStreamArn, true},
                             {"Limit", &kPageLimit},
                             {"ExclusiveStartShardId", &kShardId},
                             {"ShardFilter", &kFilter}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeStreamInput", .fields = kFields};

void append_key_schema(json::Writer& writer, const tables::KeySchema& keys) {
  writer.key("KeySchema").begin_array();
  for (const auto& key : keys.hash)
    writer.begin_object().member("AttributeName", key.name).member("KeyType", "HASH").end_object();
  for (const auto& key : keys.range)
    writer.begin_object().member("AttributeName", key.name).member("KeyType", "RANGE").end_object();
  writer.end_array();
}

void append_shard(json::Writer& writer, const streams::ShardInfo& shard) {
  writer.begin_object().member("ShardId", shard.id);
  writer.key("SequenceNumberRange").begin_object();
  writer.member("StartingSequenceNumber", streams::sequence_number(shard.first));
  if (shard.end) {
    writer.member("EndingSequenceNumber",
                  streams::sequence_number(*shard.end > shard.first ? *shard.end - 1 : shard.first));
  }
  writer.end_object();
  if (!shard.parent.empty()) writer.member("ParentShardId", shard.parent);
  writer.end_object();
}

awsjson::Answer run(streams::Streams& streams, const awsjson::Call& call) {
  const auto& body = call.body();
  const auto limit = awsjson::read_integer(body, "Limit").value_or(kPageMax);
  if (limit > kPageMax) {
    return std::unexpected(awsjson::validation_error(
        "One or more parameter values were invalid: Limit cannot be greater than the maximum allowed size: 100"));
  }
  std::optional<std::string_view> children_of;
  if (const auto* filter = body.find_present("ShardFilter")) {
    const auto type = awsjson::read_optional_string(*filter, "Type");
    children_of = awsjson::read_optional_string(*filter, "ShardId");
    if (!type || !children_of) {
      return std::unexpected(awsjson::validation_error(
          "One or more parameter values were invalid: shardFilter.type and shardFilter.shardId must both be given"));
    }
    if (!children_of->starts_with("shardId-")) {
      return std::unexpected(awsjson::validation_error(
          "One or more parameter values were invalid: Invalid shardFilter.shardId: " + std::string(*children_of)));
    }
  }
  if (auto admitted = streams.limits().describe(); !admitted) return std::unexpected(to_wire(admitted.error()));
  const auto described = streams.describe(awsjson::read_string(body, "StreamArn"));
  if (!described) return std::unexpected(to_wire(described.error()));
  const auto& stream = *described;
  const auto start = awsjson::read_optional_string(body, "ExclusiveStartShardId");

  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("StreamDescription").begin_object();
  writer.member("StreamArn", stream.arn).member("StreamLabel", stream.label);
  writer.member("StreamStatus", stream.enabled ? "ENABLED" : "DISABLED");
  writer.member("StreamViewType", tables::to_string(stream.view));
  writer.key("CreationRequestDateTime").real(static_cast<double>(stream.created_ms) / 1000.0);
  writer.member("TableName", stream.table);
  append_key_schema(writer, stream.keys);
  writer.key("Shards").begin_array();
  std::int64_t shown = 0;
  std::string last;
  bool more = false;
  for (const auto& shard : stream.shards) {
    if (start && shard.id <= *start) continue;
    if (children_of && shard.parent != *children_of) continue;
    if (shown == limit) {
      more = true;
      break;
    }
    append_shard(writer, shard);
    last = shard.id;
    ++shown;
  }
  writer.end_array();
  if (more) writer.member("LastEvaluatedShardId", last);
  writer.end_object().end_object();
  return out;
}

}  // namespace

extern const Operation kDescribeStream{.info = {.name = "DescribeStream",
                                                .iam_action = "dynamodb:DescribeStream",
                                                .access = awsjson::Access::kRead,
                                                .input = &kInput,
                                                .resources = stream_resource,
                                                .any_loop = true},
                                       .run = run};

}  // namespace tidemill::api_streams
