#include "api/dynamodb/kinesis.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kConfiguration = "EnableKinesisStreamingConfiguration";
constexpr Field kFields[] = {
    {"TableName", &kTableName, true}, {"StreamArn", &kStreamArn, true}, {kConfiguration, &kStreamingConfiguration}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DisableKinesisStreamingDestinationInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  run_streaming(services, std::move(call), kConfiguration,
                [](tables::Destinations& destinations, const StreamingRequest& request,
                   tables::Reply<tables::StreamingDestination> reply) {
                  destinations.disable(request.scope, request.table, request.stream_arn, std::move(reply));
                });
}

}  // namespace

extern const Operation kDisableKinesisStreamingDestination{
    .info = {.name = "DisableKinesisStreamingDestination",
             .iam_action = "dynamodb:DisableKinesisStreamingDestination",
             .access = awsjson::Access::kControl,
             .input = &kInput,
             .resources = table_resource},
    .run = run};

}  // namespace tidemill::dynamodb
