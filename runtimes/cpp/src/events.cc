#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "tidemill/dynamodb_event.h"
#include "tidemill/http_event.h"
#include "tidemill/kafka_event.h"

namespace tidemill::function {
namespace {

using Texts = std::map<std::string, std::string>;

Texts texts(const Json* object, bool lower_case_names = false) {
  Texts map;
  if (object == nullptr || !object->is_object()) return map;
  for (const auto& [name, value] : object->as_object()) {
    if (!value.is_string()) continue;
    std::string key = name;
    if (lower_case_names)
      std::ranges::transform(key, key.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    map[key] = value.as_string();
  }
  return map;
}

std::optional<std::string> decoded(const Json& record, std::string_view name) {
  const auto* value = record.find(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return from_base64(value->as_string());
}

// A record's headers are lists of one-member objects whose values are lists of bytes.
std::vector<std::pair<std::string, std::string>> headers_of(const Json& record) {
  std::vector<std::pair<std::string, std::string>> headers;
  const auto* list = record.find("headers");
  if (list == nullptr || !list->is_array()) return headers;
  for (const auto& entry : list->as_array()) {
    if (!entry.is_object()) continue;
    for (const auto& [name, bytes] : entry.as_object()) {
      std::string value;
      if (bytes.is_array())
        for (const auto& byte : bytes.as_array())
          if (byte.is_number()) value += static_cast<char>(byte.as_integer());
      headers.emplace_back(name, std::move(value));
    }
  }
  return headers;
}

Item item_of(const Json* image) { return image == nullptr ? Item() : Item(*image); }

}  // namespace

Outcome<DynamoDbEvent> DynamoDbEvent::parse(const Json& json) {
  const auto* records = json.find("Records");
  if (records == nullptr || !records->is_array()) return fail("Runtime.UnmarshalError", "the event has no Records");
  DynamoDbEvent event;
  for (const auto& record : records->as_array()) {
    const auto* change = record.find("dynamodb");
    if (change == nullptr) return fail("Runtime.UnmarshalError", "a record is not one of a table's stream");
    DynamoDbRecord out;
    out.event_id = record.string_or("eventID");
    const auto name = record.string_or("eventName");
    out.kind = name == "INSERT"   ? DynamoDbRecord::Kind::kInsert
               : name == "REMOVE" ? DynamoDbRecord::Kind::kRemove
                                  : DynamoDbRecord::Kind::kModify;
    out.sequence_number = change->string_or("SequenceNumber");
    out.source_arn = record.string_or("eventSourceARN");
    if (const auto* created = change->find("ApproximateCreationDateTime"); created != nullptr && created->is_number())
      out.created_s = created->as_real();
    out.keys = item_of(change->find("Keys"));
    out.new_image = item_of(change->find("NewImage"));
    out.old_image = item_of(change->find("OldImage"));
    if (const auto* identity = record.find("userIdentity"))
      out.by_expiry = identity->string_or("principalId") == "dynamodb.amazonaws.com";
    event.records.push_back(std::move(out));
  }
  return event;
}

Json batch_item_failures(const std::vector<std::string>& sequence_numbers) {
  json::Array failures;
  for (const auto& number : sequence_numbers) {
    json::Object failure;
    failure["itemIdentifier"] = number;
    failures.push_back(std::move(failure));
  }
  json::Object response;
  response["batchItemFailures"] = std::move(failures);
  return response;
}

Outcome<KafkaEvent> KafkaEvent::parse(const Json& json) {
  const auto* partitions = json.find("records");
  if (partitions == nullptr || !partitions->is_object())
    return fail("Runtime.UnmarshalError", "the event has no records");
  KafkaEvent event{
      .source = json.string_or("eventSource"), .source_arn = json.string_or("eventSourceArn"), .records = {}};
  for (const auto& [partition, records] : partitions->as_object()) {
    if (!records.is_array()) continue;
    for (const auto& record : records.as_array())
      event.records.push_back({.topic = record.string_or("topic"),
                               .partition = static_cast<int>(record.integer_or("partition", 0)),
                               .offset = record.integer_or("offset", 0),
                               .timestamp_ms = record.integer_or("timestamp", 0),
                               .timestamp_type = record.string_or("timestampType"),
                               .key = decoded(record, "key"),
                               .value = decoded(record, "value"),
                               .headers = headers_of(record)});
  }
  return event;
}

Outcome<HttpEvent> HttpEvent::parse(const Json& json) {
  if (!json.is_object()) return fail("Runtime.UnmarshalError", "the event is not a request");
  HttpEvent event;
  event.method = json.string_or("httpMethod");
  event.path = json.string_or("path");
  event.route = json.string_or("resource");
  if (json.string_or("version") == "2.0") {
    event.path = json.string_or("rawPath");
    event.route = json.string_or("routeKey");
    if (const auto* context = json.find("requestContext"))
      if (const auto* http = context->find("http")) event.method = http->string_or("method");
  }
  event.headers = texts(json.find("headers"), true);
  event.query = texts(json.find("queryStringParameters"));
  event.path_parameters = texts(json.find("pathParameters"));
  event.stage_variables = texts(json.find("stageVariables"));
  event.body = json.string_or("body");
  if (json.bool_or("isBase64Encoded", false)) {
    auto bytes = from_base64(event.body);
    if (!bytes) return fail("Runtime.UnmarshalError", "the body is not base64");
    event.body = *std::move(bytes);
  }
  event.raw = json;
  return event;
}

std::string HttpEvent::header(std::string_view name) const {
  const auto found = headers.find(std::string(name));
  return found == headers.end() ? "" : found->second;
}

HttpResponse::operator Json() const {
  json::Object o;
  o["statusCode"] = status;
  json::Object names;
  for (const auto& [name, value] : headers) names[name] = value;
  o["headers"] = std::move(names);
  o["body"] = binary ? to_base64(body) : body;
  o["isBase64Encoded"] = binary;
  return o;
}

}  // namespace tidemill::function
