#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http_connection.h"
#include "signature.h"
#include "tidemill/dynamodb_event.h"
#include "tidemill/http_event.h"
#include "tidemill/kafka_event.h"
#include "tidemill/table.h"

namespace tidemill::function {
namespace {

using testing::HasSubstr;

Json parse(std::string_view text) { return *Json::parse(text); }

TEST(DynamoDbEvents, HaveTypedItems) {
  const auto event =
      DynamoDbEvent::parse(parse(R"({"Records":[{"eventID":"e","eventName":"MODIFY","eventSourceARN":"arn","dynamodb":{
    "ApproximateCreationDateTime":1.0,"Keys":{"id":{"S":"k"}},"NewImage":{"id":{"S":"k"},"n":{"N":"42"},"b":{"BOOL":true}},"SequenceNumber":"7"}},
    {"eventName":"REMOVE","userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},"dynamodb":{"Keys":{"id":{"S":"k"}},"SequenceNumber":"8"}}]})"));
  ASSERT_TRUE(event);
  ASSERT_EQ(event->records.size(), 2u);
  const auto& record = event->records[0];
  EXPECT_EQ(record.kind, DynamoDbRecord::Kind::kModify);
  EXPECT_EQ(record.keys.text("id"), "k");
  EXPECT_EQ(record.new_image.integer("n"), 42);
  EXPECT_EQ(record.new_image.flag("b"), true);
  EXPECT_EQ(record.new_image.text("n"), std::nullopt);
  EXPECT_TRUE(record.old_image.empty());
  EXPECT_TRUE(event->records[1].by_expiry);
  EXPECT_EQ(batch_item_failures({"7"}).text(), R"({"batchItemFailures":[{"itemIdentifier":"7"}]})");
  EXPECT_FALSE(DynamoDbEvent::parse(parse("{}")));
}

TEST(KafkaEvents, AreDecoded) {
  const auto event = KafkaEvent::parse(parse(
      R"({"eventSource":"aws:kafka","eventSourceArn":"arn","records":{"t-0":[{"topic":"t","partition":0,"offset":15,
    "timestamp":1,"timestampType":"CREATE_TIME","key":"aw==","value":"dmFsdWU=","headers":[{"h":[104,105]}]},{"topic":"t","partition":0,"offset":16}]}})"));
  ASSERT_TRUE(event);
  ASSERT_EQ(event->records.size(), 2u);
  EXPECT_EQ(event->records[0].key, "k");
  EXPECT_EQ(event->records[0].value, "value");
  EXPECT_EQ(event->records[0].offset, 15);
  EXPECT_EQ(event->records[0].headers.at(0).second, "hi");
  EXPECT_EQ(event->records[1].value, std::nullopt);
}

TEST(HttpEvents, OfBothPayloadsReadAlike) {
  const auto one = HttpEvent::parse(parse(
      R"({"httpMethod":"GET","path":"/a/1","resource":"/a/{id}","headers":{"X-H":"v"},"pathParameters":{"id":"1"},"queryStringParameters":null,"body":"YQ==","isBase64Encoded":true})"));
  ASSERT_TRUE(one);
  EXPECT_EQ(one->method, "GET");
  EXPECT_EQ(one->header("x-h"), "v");
  EXPECT_EQ(one->path_parameters.at("id"), "1");
  EXPECT_EQ(one->body, "a");
  const auto two = HttpEvent::parse(parse(
      R"({"version":"2.0","routeKey":"GET /a/{id}","rawPath":"/a/1","requestContext":{"http":{"method":"GET"}}})"));
  ASSERT_TRUE(two);
  EXPECT_EQ(two->method, "GET");
  EXPECT_EQ(two->path, "/a/1");
  EXPECT_EQ(Json(HttpResponse{.status = 201, .headers = {{"A", "b"}}, .body = "x"}).text(),
            R"({"statusCode":201,"headers":{"A":"b"},"body":"x","isBase64Encoded":false})");
}

// Whether the value is right is shown against the server (tests/functions); here, that it depends on what is signed.
TEST(Signature, CoversEveryHeaderThatItNames) {
  SignedRequest request{.host = "127.0.0.1:4566",
                        .target = "DynamoDB_20120810.ListTables",
                        .body = "{}",
                        .service = "dynamodb",
                        .region = "us-east-1",
                        .access_key_id = "AKIDEXAMPLE",
                        .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                        .session_token = "",
                        .now = {}};
  const auto head = signed_head(request);
  EXPECT_THAT(head, HasSubstr("Credential=AKIDEXAMPLE/19700101/us-east-1/dynamodb/aws4_request, "
                              "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="));
  EXPECT_THAT(head, HasSubstr("X-Amz-Date: 19700101T000000Z\r\n"));
  request.session_token = "t";
  const auto with_token = signed_head(request);
  EXPECT_THAT(with_token, HasSubstr("x-amz-security-token;x-amz-target"));
  EXPECT_NE(with_token.substr(with_token.find("Signature=")), head.substr(head.find("Signature=")));
}

// A server that answers each connection's requests with scripted texts, on a thread of its own.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::deque<std::string> answers) : answers_(std::move(answers)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 4);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  int port = 0;
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (!answers_.empty()) {
      const int client = accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      std::string bytes;
      char buffer[4096];
      while (!answers_.empty()) {
        // What has come with the request before is looked at first: a client sends an answer and its next poll in one
        // write.
        const auto end = bytes.find("\r\n\r\n");
        if (end == std::string::npos) {
          const auto got = read(client, buffer, sizeof(buffer));
          if (got <= 0) break;
          bytes.append(buffer, static_cast<std::size_t>(got));
          continue;
        }
        const auto at = bytes.find("Content-Length: ");
        const auto length = at == std::string::npos || at > end ? 0 : std::stoul(bytes.substr(at + 16));
        while (bytes.size() < end + 4 + length) {
          const auto got = read(client, buffer, sizeof(buffer));
          if (got <= 0) return void(close(client));
          bytes.append(buffer, static_cast<std::size_t>(got));
        }
        {
          const std::lock_guard lock(mutex_);
          requests_.push_back(bytes.substr(0, end + 4 + length));
        }
        bytes.erase(0, end + 4 + length);
        const auto answer = answers_.front();
        answers_.pop_front();
        if (answer == "close") break;
        [[maybe_unused]] const auto written = write(client, answer.data(), answer.size());
      }
      close(client);
    }
  }
  int listener_;
  std::deque<std::string> answers_;
  std::mutex mutex_;
  std::vector<std::string> requests_;  // guarded by mutex_
  std::thread thread_;
};

std::string http_answer(int status, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

TEST(Tables, AreCalledAndErrorsAreValues) {
  ScriptedServer server(
      {http_answer(200, R"({"Item":{"id":{"S":"k"},"n":{"N":"1"}}})"), http_answer(200, "{}"),
       http_answer(
           400,
           R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"})")});
  Client client({.endpoint = "http://127.0.0.1:" + std::to_string(server.port),
                 .region = "us-east-1",
                 .access_key_id = "a",
                 .secret_access_key = "b",
                 .session_token = "t"});
  Table table(client, "orders");
  const auto found = table.get(Item().set("id", "k"));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->integer("n"), 1);
  EXPECT_FALSE(table.get(Item().set("id", "z")).value().has_value());
  const auto refused = table.put(Item().set("id", "k"), "attribute_not_exists(id)");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type, "ConditionalCheckFailedException");
  EXPECT_EQ(refused.error().message, "The conditional request failed");
  EXPECT_THAT(server.requests().at(0), HasSubstr("X-Amz-Target: DynamoDB_20120810.GetItem\r\n"));
  EXPECT_THAT(server.requests().at(2), HasSubstr(R"x("ConditionExpression":"attribute_not_exists(id)")x"));
}

TEST(Tables, AClosedConnectionIsOpenedAnewOnce) {
  ScriptedServer server({http_answer(200, "{}"), "close", http_answer(200, "{}")});
  Client client({.endpoint = "http://127.0.0.1:" + std::to_string(server.port),
                 .region = "r",
                 .access_key_id = "a",
                 .secret_access_key = "b",
                 .session_token = ""});
  EXPECT_TRUE(client.call("ListTables", json::Object()));
  EXPECT_TRUE(client.call("ListTables", json::Object()));
}

TEST(Serving, AnswersAndFailuresGoBackWithTheNextPoll) {
  const std::string head =
      "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id1\r\nLambda-Runtime-Deadline-Ms: "
      "4000000000000\r\nContent-Length: ";
  ScriptedServer server(
      {head + "7\r\n\r\n{\"a\":1}", http_answer(202, "{}"), head + "2\r\n\r\n{}", http_answer(202, "{}"), "close"});
  setenv("AWS_LAMBDA_RUNTIME_API", ("127.0.0.1:" + std::to_string(server.port)).c_str(), 1);
  const int status = serve<Json>([](const Json& event, const Context& context) -> Outcome<Json> {
    EXPECT_EQ(context.request_id, "id1");
    EXPECT_GT(context.remaining().count(), 0);
    if (event.find("a") == nullptr) return fail("NoA", "the event has no a");
    return Json(event.integer_or("a", 0) + 1);
  });
  EXPECT_EQ(status, 1);
  const auto requests = server.requests();
  ASSERT_GE(requests.size(), 4u);
  EXPECT_THAT(requests[0], testing::StartsWith("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"));
  EXPECT_THAT(requests[1], testing::StartsWith("POST /2018-06-01/runtime/invocation/id1/response HTTP/1.1\r\n"));
  EXPECT_THAT(requests[1], testing::EndsWith("\r\n\r\n2"));
  EXPECT_THAT(requests[3], testing::EndsWith(R"({"errorType":"NoA","errorMessage":"the event has no a"})"));
}

}  // namespace
}  // namespace tidemill::function
