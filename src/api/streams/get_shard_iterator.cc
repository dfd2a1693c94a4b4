#include "api/streams/api.h"
#include "api/streams/shapes.h"

namespace tidemill::api_streams {
namespace {

constexpr std::string_view kTypes[] = {"AFTER_SEQUENCE_NUMBER", "LATEST", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"};
constexpr Shape kIteratorType{.type = Type::kString, .values = kTypes};
constexpr Shape kSequenceNumber{.type = Type::kString, .min = 21, .max = 40};
constexpr Field kFields[] = {{"StreamArn", &kStreamArn, true},
                             {"ShardId", &kShardId, true},
                             {"ShardIteratorType", &kIteratorType, true},
                             {"SequenceNumber", &kSequenceNumber}};
constexpr Shape kInput{.type = Type::kStructure, .name = "GetShardIteratorInput", .fields = kFields};

awsjson::Answer run(streams::Streams& streams, const awsjson::Call& call) {
  const auto& body = call.body();
  const auto type = awsjson::read_string(body, "ShardIteratorType");
  streams::IteratorRequest request{.stream_arn = std::string(awsjson::read_string(body, "StreamArn")),
                                   .shard_id = std::string(awsjson::read_string(body, "ShardId"))};
  request.type = type == "TRIM_HORIZON"         ? streams::IteratorType::kTrimHorizon
                 : type == "LATEST"             ? streams::IteratorType::kLatest
                 : type == "AT_SEQUENCE_NUMBER" ? streams::IteratorType::kAtSequenceNumber
                                                : streams::IteratorType::kAfterSequenceNumber;
  if (const auto number = awsjson::read_optional_string(body, "SequenceNumber")) request.sequence_number = *number;
  auto iterator = streams.make_iterator(request);
  if (!iterator) return std::unexpected(to_wire(iterator.error()));
  std::string out;
  json::Writer(out).begin_object().member("ShardIterator", *iterator).end_object();
  return out;
}

}  // namespace

extern const Operation kGetShardIterator{.info = {.name = "GetShardIterator",
                                                  .iam_action = "dynamodb:GetShardIterator",
                                                  .access = awsjson::Access::kRead,
                                                  .input = &kInput,
                                                  .resources = stream_resource,
                                                  .any_loop = true},
                                         .run = run};

}  // namespace tidemill::api_streams
