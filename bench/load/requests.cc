#include "load/requests.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/digest.h"
#include "base/time_text.h"
#include "common/clock.h"

namespace tidemill::bench {
namespace {

struct Operation {
  std::string_view name;
  std::string_view target;  // of X-Amz-Target; empty: an invocation
  std::string_view body;
  int repeat = 0;  // the part between '[' and ']' marks is written so often
};

// In the bodies: $table, $data, and the fields of fixed width $key $part $row $num $now $uuid. «...» is repeated.
constexpr std::string_view kItem = R"({"pk": {"S": "$key"}, "c": {"N": "$num"}, "data": {"S": "$data"}})";
constexpr Operation kOperations[] = {
    {"put", "DynamoDB_20120810.PutItem", R"({"TableName": "$table", "Item": $item})"},
    {"get", "DynamoDB_20120810.GetItem",
     R"({"TableName": "$table", "Key": {"pk": {"S": "$key"}}, "ConsistentRead": true})"},
    {"update", "DynamoDB_20120810.UpdateItem",
     R"({"TableName": "$table", "Key": {"pk": {"S": "$key"}}, "UpdateExpression": "SET c = c + :1", )"
     R"("ExpressionAttributeValues": {":1": {"N": "1"}}})"},
    {"put-row", "DynamoDB_20120810.PutItem",
     R"({"TableName": "$table", "Item": {"pk": {"S": "$part"}, "sk": {"S": "$row"}, "data": {"S": "$data"}}})"},
    {"query", "DynamoDB_20120810.Query",
     R"({"TableName": "$table", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "$part"}}})"},
    {"scan", "DynamoDB_20120810.Scan", R"({"TableName": "$table"})"},
    {"batch-write-25", "DynamoDB_20120810.BatchWriteItem",
     R"({"RequestItems": {"$table": [«{"PutRequest": {"Item": $item}}»]}})", 25},
    {"transact-write-2", "DynamoDB_20120810.TransactWriteItems",
     R"({"TransactItems": [«{"Put": {"TableName": "$table", "Item": $item}}»], "ClientRequestToken": "$uuid"})", 2},
    {"put-stamped", "DynamoDB_20120810.PutItem",
     R"({"TableName": "$table", "Item": {"pk": {"S": "$key"}, "t": {"N": "$now"}, "data": {"S": "$data"}}})"},
    {"invoke", "", "$payload"},
    {"invoke-event", "", "$payload"},
};

constexpr std::size_t kSignedAhead = 4096;

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

// JSON as JavaScript writes it: without blanks between its tokens.
std::string compact(const std::string& json) {
  std::string out;
  bool quoted = false;
  for (const char c : json) {
    if (c == '"') quoted = !quoted;
    if (c != ' ' || quoted) out += c;
  }
  return out;
}

std::string expanded(const Operation& operation, const RequestOptions& options) {
  std::string body(operation.body);
  constexpr std::string_view kOpen = "«", kClose = "»";
  if (const auto open = body.find(kOpen); open != std::string::npos) {
    const auto close = body.find(kClose);
    const auto inner = body.substr(open + kOpen.size(), close - open - kOpen.size());
    std::string repeated;
    for (int i = 0; i < operation.repeat; ++i) repeated += (i > 0 ? ", " : "") + inner;
    body = body.substr(0, open) + repeated + body.substr(close + kClose.size());
  }
  replace_all(body, "$item", kItem);
  if (options.sdk == "js") body = compact(body);
  // The key, the number and the names take 24 bytes of the item.
  replace_all(body, "$data", std::string(std::max<std::uint64_t>(options.item_bytes, 25) - 24, 'x'));
  replace_all(body, "$table", options.table);
  replace_all(body, "$payload", options.payload);
  return body;
}

void write_digits(char* to, int width, std::uint64_t value) {
  for (int i = width - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

WallTime wall_now() { return WallTime(std::chrono::microseconds(wall_us())); }

}  // namespace

std::string operation_names() {
  std::string names;
  for (const auto& operation : kOperations) names += (names.empty() ? "" : ", ") + std::string(operation.name);
  return names;
}

Requests::Requests(const RequestOptions& options, Keys keys) : options_(options), keys_(std::move(keys)) {
  const auto* found = std::ranges::find(kOperations, options.operation, &Operation::name);
  if (found == std::end(kOperations)) die("operations are " + operation_names() + ", not " + options.operation);
  target_ = found->target;
  service_ = target_.empty() ? "lambda" : "dynamodb";
  path_ = target_.empty() ? "/2015-03-31/functions/" + options.table + "/invocations" : "/";
  if (options.operation == "invoke-event") extra_headers_ = "X-Amz-Invocation-Type: Event\r\n";

  struct Named {
    std::string_view name;
    Field field;
    std::string_view sample;
  };
  static constexpr std::array<Named, 6> kFields = {{{"$key", Field::kKey, "k00000000"},
                                                    {"$part", Field::kPart, "p00000000"},
                                                    {"$row", Field::kRow, "r0"},
                                                    {"$num", Field::kNumber, "100000"},
                                                    {"$now", Field::kNow, "1000000000000000"},
                                                    {"$uuid", Field::kUuid, "00000000-0000-4000-8000-000000000000"}}};
  auto body = expanded(*found, options);
  std::uint64_t nth = 0;
  for (auto at = body.find('$'); at != std::string::npos; at = body.find('$', at)) {
    const auto* named = std::ranges::find_if(
        kFields, [&](const Named& each) { return body.compare(at, each.name.size(), each.name) == 0; });
    if (named == kFields.end()) {
      ++at;
      continue;
    }
    body.replace(at, named->name.size(), named->sample);
    patches_.push_back({at, named->field, named->field == Field::kKey ? nth++ : 0});
  }
  keys_each_ = std::max<std::uint64_t>(nth, 1);
  if (options_.credentials) {
    bytes_ = body;
    prepare_signed();
    return;
  }
  bytes_ = whole(body);
  for (auto& each : patches_) each.at += bytes_.size() - body.size();
}

std::string Requests::whole(const std::string& body) const {
  const auto date = basic_iso8601(wall_now());
  const auto scope =
      "AKIDTIDEMILLTESTS0/" + date.substr(0, 8) + "/" + options_.region + "/" + service_ + "/aws4_request";
  const std::string zeros(64, '0');
  const auto target = target_.empty() ? std::string() : "X-Amz-Target: " + target_ + "\r\n";
  std::string head = "POST " + path_ + " HTTP/1.1\r\n";
  if (options_.sdk == "js") {
    head +=
        "content-type: application/x-amz-json-1.0\r\n" + target +
        "x-amz-user-agent: aws-sdk-js/3.931.0\r\n"
        "user-agent: aws-sdk-js/3.931.0 ua/2.1 os/linux#6.1.0 lang/js md/nodejs#22.20.0 api/" +
        service_ +
        "#3.931.0 m/E,e\r\n"
        "host: " +
        options_.host +
        "\r\n"
        "amz-sdk-invocation-id: 3b9f7d4e-6a0c-4c8e-9f51-0d2f6a7b8c9d\r\namz-sdk-request: attempt=1; max=3\r\n"
        "x-amz-date: " +
        date + "\r\nx-amz-content-sha256: " + sha256_hex(body) +
        "\r\nauthorization: AWS4-HMAC-SHA256 Credential=" + scope +
        ", SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;"
        "x-amz-date;x-amz-target;x-amz-user-agent, Signature=" +
        zeros + "\r\nConnection: keep-alive\r\n";
  } else {
    head += "Host: " + options_.host + "\r\nAccept-Encoding: identity\r\n" + target +
            "Content-Type: application/x-amz-json-1.0\r\n"
            "User-Agent: Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11.2 "
            "md/pyimpl#CPython m/Z,b,e cfg/retry-mode#standard Botocore/1.43.11\r\n"
            "X-Amz-Date: " +
            date + "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" + scope +
            ", SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=" + zeros +
            "\r\n"
            "amz-sdk-invocation-id: 3b9f7d4e-6a0c-4c8e-9f51-0d2f6a7b8c9d\r\namz-sdk-request: attempt=1\r\n";
  }
  return head + extra_headers_ + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string Requests::signed_request(const std::string& body) const {
  http::Request request{.method = "POST", .target = path_, .body = body};
  request.headers.add("Host", options_.host);
  request.headers.add("Accept-Encoding", "identity");
  request.headers.add("X-Amz-Target", target_);
  request.headers.add("Content-Type", "application/x-amz-json-1.0");
  request.headers.add("User-Agent",
                      "Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11.2 "
                      "md/pyimpl#CPython m/Z,b,e cfg/retry-mode#standard Botocore/1.43.11");
  auth::sign(request, *options_.credentials, {.service = service_, .region = options_.region, .now = wall_now()});
  std::string out = "POST " + path_ + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) out.append(name).append(": ").append(value).append("\r\n");
  return out +
         "amz-sdk-invocation-id: 3b9f7d4e-6a0c-4c8e-9f51-0d2f6a7b8c9d\r\namz-sdk-request: "
         "attempt=1\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A signature costs the sender more than the server's work on many a request, so they are made before the run; a run is
// far shorter than the quarter of an hour for which they hold.
void Requests::prepare_signed() {
  ready_.reserve(kSignedAhead);
  for (std::size_t i = 0; i < kSignedAhead; ++i) {
    patch(wall_us());
    ready_.push_back(signed_request(bytes_));
  }
}

std::string_view Requests::next(std::int64_t due_us) {
  if (!ready_.empty()) return ready_[turn_++ % ready_.size()];
  patch(due_us);
  return bytes_;
}

void Requests::patch(std::int64_t due_us) {
  if (patches_.empty()) return;
  const auto key = keys_.next(keys_each_);
  ++number_;
  for (const auto& each : patches_) {
    char* to = bytes_.data() + each.at;
    switch (each.field) {
      case Field::kKey: write_digits(to + 1, 8, key + each.nth); break;
      case Field::kPart: write_digits(to + 1, 8, key / 10); break;
      case Field::kRow: write_digits(to + 1, 1, key); break;
      case Field::kNumber: write_digits(to + 1, 5, number_); break;
      case Field::kNow: write_digits(to, 16, static_cast<std::uint64_t>(due_us)); break;
      case Field::kUuid: write_digits(to + 24, 12, number_); break;
    }
  }
}

}  // namespace tidemill::bench
