#include "tidemill/table.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "base/time_text.h"
#include "http_connection.h"
#include "signature.h"

namespace tidemill::function {

struct Client::Connection {
  HttpConnection http;
  std::string host;
  int port = 0;
};

Client::Settings Client::from_environment() {
  return {.endpoint = variable("AWS_ENDPOINT_URL_DYNAMODB", variable("AWS_ENDPOINT_URL")),
          .region = variable("AWS_REGION", "us-east-1"),
          .access_key_id = variable("AWS_ACCESS_KEY_ID"),
          .secret_access_key = variable("AWS_SECRET_ACCESS_KEY"),
          .session_token = variable("AWS_SESSION_TOKEN")};
}

Client::Client(Settings settings) : settings_(std::move(settings)), connection_(std::make_unique<Connection>()) {}
Client::~Client() = default;

Outcome<Json> Client::call(std::string_view operation, const Json& request) {
  constexpr std::string_view kScheme = "http://";
  auto& connection = *connection_;
  if (connection.host.empty()) {
    std::string_view rest = settings_.endpoint;
    if (!rest.starts_with(kScheme))
      return fail("ConnectionError", "AWS_ENDPOINT_URL is not an http:// address: " + settings_.endpoint);
    rest.remove_prefix(kScheme.size());
    rest = rest.substr(0, rest.find('/'));
    if (!split_address(rest, connection.host, connection.port))
      return fail("ConnectionError", "AWS_ENDPOINT_URL names no port: " + settings_.endpoint);
  }
  const auto body = request.text();
  const auto host = connection.host + ":" + std::to_string(connection.port);
  const auto head = signed_head({.host = host,
                                 .target = "DynamoDB_20120810." + std::string(operation),
                                 .body = body,
                                 .service = "dynamodb",
                                 .region = settings_.region,
                                 .access_key_id = settings_.access_key_id,
                                 .secret_access_key = settings_.secret_access_key,
                                 .session_token = settings_.session_token,
                                 .now = std::chrono::system_clock::now()});
  for (int attempt = 0;; ++attempt) {
    const bool fresh = !connection.http.is_open();
    if (fresh)
      if (auto opened = connection.http.open(connection.host, connection.port); !opened)
        return std::unexpected(opened.error());
    auto sent = connection.http.send(head + body);
    auto answer = sent ? connection.http.receive() : Outcome<HttpAnswer>(std::unexpected(sent.error()));
    if (!answer) {
      // The server may have closed an idle connection; a new one that breaks is an error.
      if (fresh || attempt > 0) return std::unexpected(answer.error());
      continue;
    }
    auto parsed = Json::parse(answer->body.empty() ? "{}" : answer->body);
    if (!parsed) return fail("SerializationError", parsed.error().message);
    if (answer->status / 100 == 2) return *std::move(parsed);
    auto type = parsed->string_or("__type", "UnknownError");
    if (const auto hash = type.rfind('#'); hash != std::string::npos) type = type.substr(hash + 1);
    return fail(std::move(type), parsed->string_or("message", parsed->string_or("Message")));
  }
}

Outcome<void> Table::put(const Item& item, std::string_view condition) {
  json::Object request;
  request["TableName"] = name_;
  request["Item"] = item.json();
  if (!condition.empty()) request["ConditionExpression"] = condition;
  const auto answer = client_.call("PutItem", std::move(request));
  if (!answer) return std::unexpected(answer.error());
  return {};
}

Outcome<std::optional<Item>> Table::get(const Item& key, bool consistent) {
  json::Object request;
  request["TableName"] = name_;
  request["Key"] = key.json();
  request["ConsistentRead"] = consistent;
  auto answer = client_.call("GetItem", std::move(request));
  if (!answer) return std::unexpected(answer.error());
  const auto* item = answer->find("Item");
  if (item == nullptr) return std::nullopt;
  return Item(*item);
}

Outcome<Item> Table::update(const Item& key, std::string_view expression, const Item& values,
                            std::string_view condition) {
  json::Object request;
  request["TableName"] = name_;
  request["Key"] = key.json();
  request["UpdateExpression"] = expression;
  if (!values.empty()) request["ExpressionAttributeValues"] = values.json();
  if (!condition.empty()) request["ConditionExpression"] = condition;
  request["ReturnValues"] = "ALL_NEW";
  auto answer = client_.call("UpdateItem", std::move(request));
  if (!answer) return std::unexpected(answer.error());
  const auto* attributes = answer->find("Attributes");
  return attributes == nullptr ? Item() : Item(*attributes);
}

Outcome<void> Table::remove(const Item& key) {
  json::Object request;
  request["TableName"] = name_;
  request["Key"] = key.json();
  const auto answer = client_.call("DeleteItem", std::move(request));
  if (!answer) return std::unexpected(answer.error());
  return {};
}

Outcome<std::vector<Item>> Table::query(std::string_view key_condition, const Item& values, std::string_view index) {
  std::vector<Item> items;
  json::Object request;
  request["TableName"] = name_;
  request["KeyConditionExpression"] = key_condition;
  request["ExpressionAttributeValues"] = values.json();
  if (!index.empty()) request["IndexName"] = index;
  for (;;) {
    auto answer = client_.call("Query", request);
    if (!answer) return std::unexpected(answer.error());
    if (const auto* page = answer->find("Items"); page != nullptr && page->is_array())
      for (const auto& item : page->as_array()) items.emplace_back(item);
    const auto* last = answer->find("LastEvaluatedKey");
    if (last == nullptr || last->is_null()) return items;
    request["ExclusiveStartKey"] = *last;
  }
}

}  // namespace tidemill::function
