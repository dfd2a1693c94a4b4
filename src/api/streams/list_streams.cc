#include "api/streams/api.h"
#include "api/streams/shapes.h"

namespace tidemill::api_streams {
namespace {

constexpr Field kFields[] = {
    {"TableName", &kTableName}, {"Limit", &kPageLimit}, {"ExclusiveStartStreamArn", &kStreamArn}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ListStreamsInput", .fields = kFields};

awsjson::Answer run(streams::Streams& streams, const awsjson::Call& call) {
  const auto& body = call.body();
  const auto limit = awsjson::read_integer(body, "Limit").value_or(kPageMax);
  if (limit > kPageMax) {
    return std::unexpected(awsjson::validation_error(
        "One or more parameter values were invalid: Limit cannot be greater than the maximum allowed size: 100"));
  }
  const auto table = awsjson::read_optional_string(body, "TableName");
  const auto start = awsjson::read_optional_string(body, "ExclusiveStartStreamArn");
  if (start) {
    const auto parsed = tables::parse_table_arn(*start);
    if (!parsed || !parsed->rest.starts_with("/stream/")) {
      return std::unexpected(awsjson::validation_error("Invalid StreamArn: " + std::string(*start)));
    }
  }
  if (auto admitted = streams.limits().list(); !admitted) return std::unexpected(to_wire(admitted.error()));
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("Streams").begin_array();
  std::int64_t shown = 0;
  std::string last;
  bool more = false;
  for (const auto& stream : streams.list(call.scope())) {
    if (table && stream.table != *table) continue;
    // The stream that the page starts behind may be gone by now: the order goes on behind its name.
    if (start && stream.arn <= *start) continue;
    if (shown == limit) {
      more = true;
      break;
    }
    writer.begin_object();
    writer.member("StreamArn", stream.arn).member("TableName", stream.table).member("StreamLabel", stream.label);
    writer.end_object();
    last = stream.arn;
    ++shown;
  }
  writer.end_array();
  if (more) writer.member("LastEvaluatedStreamArn", last);
  writer.end_object();
  return out;
}

}  // namespace

extern const Operation kListStreams{.info = {.name = "ListStreams",
                                             .iam_action = "dynamodb:ListStreams",
                                             .access = awsjson::Access::kRead,
                                             .input = &kInput,
                                             .resources = no_resource,
                                             .any_loop = true},
                                    .run = run};

}  // namespace tidemill::api_streams
