#include "api/dynamodb/kinesis.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeKinesisStreamingDestinationInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  const auto table = services.tables.usable(ref.scope, ref.name);
  if (!table) {
    return refuse(std::move(call), {.code = tables::Errc::kResourceNotFound,
                                    .message = "Requested resource not found: Table: " + ref.name + " not found"});
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("TableName", ref.name).key("KinesisDataStreamDestinations").begin_array();
  for (const auto& one : table->definition.features.destinations) {
    writer.begin_object().member("StreamArn", one.stream_arn);
    writer.member("DestinationStatus", tables::to_string(one.status));
    if (!one.problem.empty()) writer.member("DestinationStatusDescription", one.problem);
    if (one.precision) writer.member("ApproximateCreationDateTimePrecision", tables::to_string(*one.precision));
    writer.end_object();
  }
  writer.end_array().end_object();
  std::move(call).answer(std::move(out));
}

}  // namespace

extern const Operation kDescribeKinesisStreamingDestination{
    .info = {.name = "DescribeKinesisStreamingDestination",
             .iam_action = "dynamodb:DescribeKinesisStreamingDestination",
             .access = awsjson::Access::kRead,
             .input = &kInput,
             .resources = table_resource},
    .run = run};

}  // namespace tidemill::dynamodb
