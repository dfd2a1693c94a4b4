#include "api/dynamodb/kinesis.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kConfiguration = "EnableKinesisStreamingConfiguration";
constexpr Field kFields[] = {
    {"TableName", &kTableName, true}, {"StreamArn", &kStreamArn, true}, {kConfiguration, &kStreamingConfiguration}};
constexpr Shape kInput{.type = Type::kStructure, .name = "EnableKinesisStreamingDestinationInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  auto request = read_streaming(call, kConfiguration);
  auto& loop = *call.loop;
  auto& tables = services.tables;
  auto render = [table = request.table, echoed = request.precision](const tables::StreamingDestination& destination) {
    return streaming_body(table, destination, kConfiguration, echoed);
  };
  tables.on_home<tables::StreamingDestination>(
      loop, replying<tables::StreamingDestination>(std::move(call), std::move(render)),
      [&tables, request = std::move(request)](tables::Reply<tables::StreamingDestination> reply) {
        tables.destinations().enable(request.scope, request.table, request.stream_arn, request.precision,
                                     std::move(reply));
      });
}

}  // namespace

extern const Operation kEnableKinesisStreamingDestination{
    .info = {.name = "EnableKinesisStreamingDestination",
             .iam_action = "dynamodb:EnableKinesisStreamingDestination",
             .access = awsjson::Access::kControl,
             .input = &kInput,
             .resources = table_resource},
    .run = run};

}  // namespace tidemill::dynamodb
