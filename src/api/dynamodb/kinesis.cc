#include "api/dynamodb/kinesis.h"

namespace tidemill::dynamodb {
namespace {

StreamingRequest read_streaming(const awsjson::Call& call, std::string_view configuration) {
  const auto& body = call.body();
  auto ref = table_ref(awsjson::read_string(body, "TableName"), call.scope());
  StreamingRequest out{.scope = std::move(ref.scope),
                       .table = std::move(ref.name),
                       .stream_arn = std::string(awsjson::read_string(body, "StreamArn"))};
  if (const auto* given = body.find_present(configuration)) {
    const auto precision = awsjson::read_optional_string(*given, "ApproximateCreationDateTimePrecision");
    if (precision) {
      out.precision = *precision == "MICROSECOND" ? tables::Precision::kMicrosecond : tables::Precision::kMillisecond;
    }
  }
  return out;
}

std::string streaming_body(const std::string& table, const tables::StreamingDestination& destination,
                           std::string_view configuration, const std::optional<tables::Precision>& echoed) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("TableName", table).member("StreamArn", destination.stream_arn);
  writer.member("DestinationStatus", tables::to_string(destination.status));
  writer.key(configuration).begin_object();
  if (echoed) writer.member("ApproximateCreationDateTimePrecision", tables::to_string(*echoed));
  writer.end_object().end_object();
  return out;
}

}  // namespace

void run_streaming(Services& services, awsjson::Call call, std::string_view configuration,
                   void (*work)(tables::Destinations& destinations, const StreamingRequest& request,
                                tables::Reply<tables::StreamingDestination> reply)) {
  auto request = read_streaming(call, configuration);
  auto& loop = call.loop();
  auto& tables = services.tables;
  auto render = [table = request.table, configuration,
                 echoed = request.precision](const tables::StreamingDestination& destination) {
    return streaming_body(table, destination, configuration, echoed);
  };
  tables.on_home<tables::StreamingDestination>(
      loop, replying<tables::StreamingDestination>(std::move(call), std::move(render)),
      [&tables, work, request = std::move(request)](tables::Reply<tables::StreamingDestination> reply) {
        work(tables.destinations(), request, std::move(reply));
      });
}

}  // namespace tidemill::dynamodb
