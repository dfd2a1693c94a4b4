#include "api/dynamodb/kinesis.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kConfiguration = "UpdateKinesisStreamingConfiguration";
constexpr Field kFields[] = {
    {"TableName", &kTableName, true}, {"StreamArn", &kStreamArn, true}, {kConfiguration, &kStreamingConfiguration}};
constexpr Shape kInput{.type = Type::kStructure, .name = "UpdateKinesisStreamingDestinationInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  run_streaming(services, std::move(call), kConfiguration,
                [](tables::Destinations& destinations, const StreamingRequest& request,
                   tables::Reply<tables::StreamingDestination> reply) {
                  destinations.update(request.scope, request.table, request.stream_arn, request.precision,
                                      std::move(reply));
                });
}

}  // namespace

extern const Operation kUpdateKinesisStreamingDestination{
    .info = {.name = "UpdateKinesisStreamingDestination",
             .iam_action = "dynamodb:UpdateKinesisStreamingDestination",
             .access = awsjson::Access::kControl,
             .input = &kInput,
             .resources = table_resource},
    .run = run};

}  // namespace tidemill::dynamodb
