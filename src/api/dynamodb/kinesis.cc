#include "api/dynamodb/kinesis.h"

namespace tidemill::dynamodb {

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

}  // namespace tidemill::dynamodb
