#include "api/s3/front.h"

#include <algorithm>
#include <charconv>

#include "auth/canonical.h"
#include "base/bytes.h"

namespace tidemill::s3 {
namespace {

constexpr std::size_t kDocumentBytesMax = 4 << 20;  // of bodies that are XML
constexpr std::uint64_t kObjectBytesMax = 5ULL << 30;

const std::string* find_parameter(const std::vector<http::Parameter>& query, std::string_view name) {
  const auto at = std::ranges::find(query, name, &http::Parameter::name);
  return at == query.end() ? nullptr : &at->value;
}

const Operation* find_operation(const http::Request& head, const Address& address,
                                const std::vector<http::Parameter>& query) {
  const auto level = address.bucket.empty() ? Level::kService : address.key.empty() ? Level::kBucket : Level::kObject;
  const bool has_feature =
      std::ranges::any_of(query, [](const http::Parameter& parameter) { return is_feature(parameter.name); });
  for (const auto& operation : operations()) {
    if (operation.method != head.method || operation.level != level) continue;
    if (operation.parameter.empty() ? has_feature : find_parameter(query, operation.parameter) == nullptr) continue;
    if (!operation.header.empty() && !head.headers.find(operation.header)) continue;
    return &operation;
  }
  return nullptr;
}

std::unexpected<Failure> no_operation(const http::Request& head, const std::vector<http::Parameter>& query) {
  for (const auto& parameter : query)
    if (is_feature(parameter.name)) return not_implemented(parameter.name);
  return std::unexpected(Failure{405,
                                 "MethodNotAllowed",
                                 "The specified method is not allowed against this resource.",
                                 {{"Method", head.method}}});
}

}  // namespace

// A large body, and what became of its head.
class S3Front::Sink final : public http::BodySink {
 public:
  void take(std::string_view bytes) override {
    if (incoming) incoming->take(bytes);
  }
  bool full() const override { return incoming && incoming->full(); }
  void on_room(std::function<void()> room) override {
    if (incoming) incoming->on_room(std::move(room));
  }
  bool refused() const override { return !incoming || incoming->broken(); }

  Result<Prepared> prepared;
  std::shared_ptr<Incoming> incoming;
};

void S3Front::mount(api::Edge& edge) {
  const api::Front front = [this](http::Request request, runtime::Executor&, http::Responder respond) {
    handle(std::move(request), std::move(respond));
  };
  const api::OpenBody open = [this](const http::Request& head) { return open_body(head); };
  edge.add({.service = "s3", .front = front, .body_bytes_max = kDocumentBytesMax, .open_body = open});
  edge.add_host(".s3.", front, kDocumentBytesMax, open);
}

Result<S3Front::Prepared> S3Front::prepare(const http::Request& head) const {
  Prepared out{.address = address_of(head), .query = auth::decode_query(head.query())};
  auto login = services_.identity.authenticate_head(head, out.address.host_bucket);
  if (!login) return std::unexpected(to_failure(login.error()));
  out.login = *std::move(login);
  if (services_.identity.enforced() && out.login.payload.empty())
    return refuse(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
  out.operation = find_operation(head, out.address, out.query);
  if (out.operation == nullptr) return no_operation(head, out.query);
  if (const auto* version = find_parameter(out.query, "versionId"); version != nullptr && *version != "null")
    return invalid_argument("Invalid version id specified", "versionId", *version);
  if (!out.operation->action.empty())
    TM_CHECK(authorize(services_, out.login.caller, out.operation->action, out.address.bucket, out.address.key));
  if (out.operation->level != Level::kService && out.operation->name != "CreateBucket") {
    const auto bucket = services_.objects.need_bucket(out.address.bucket);
    if (!bucket) {
      auto failure = to_failure(bucket.error());
      failure.details.emplace_back("BucketName", out.address.bucket);
      return std::unexpected(std::move(failure));
    }
    if ((*bucket)->scope.account != out.login.caller.principal.account)
      return refuse(403, "AccessDenied", "Access Denied");
  }
  return out;
}

Result<std::shared_ptr<Incoming>> S3Front::open_incoming(const http::Request& head, const Prepared& prepared) const {
  if (const auto length = head.headers.find("content-length")) {
    std::uint64_t bytes = 0;
    std::from_chars(length->data(), length->data() + length->size(), bytes);
    // Chunks add their own lines.
    if (bytes > kObjectBytesMax + (prepared.login.payload.starts_with("STREAMING-") ? kObjectBytesMax / 32 : 0))
      return refuse(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
  }
  if (auto admitted = services_.objects.admit(); !admitted) return refuse(admitted.error());
  Incoming::Options options{.head = head, .login = prepared.login};
  if (const auto* upload = find_parameter(prepared.query, "uploadId")) {
    const auto record =
        services_.objects.find_upload({.bucket = prepared.address.bucket, .key = prepared.address.key, .id = *upload});
    if (!record) return refuse(record.error());
    options.keep = record->algorithm.value_or(objects::Algorithm::kCrc64nvme);
    options.keep_own = true;
  }
  return Incoming::open(services_.objects, options);
}

std::shared_ptr<http::BodySink> S3Front::open_body(const http::Request& head) const {
  const auto* operation = find_operation(head, address_of(head), auth::decode_query(head.query()));
  if (operation == nullptr || !operation->takes_body) return nullptr;
  auto sink = std::make_shared<Sink>();
  sink->prepared = prepare(head);
  if (!sink->prepared) return sink;
  auto incoming = open_incoming(head, *sink->prepared);
  if (incoming)
    sink->incoming = *std::move(incoming);
  else
    sink->prepared = std::unexpected(std::move(incoming).error());
  return sink;
}

void S3Front::handle(http::Request request, http::Responder respond) {
  const auto sink = std::dynamic_pointer_cast<Sink>(std::exchange(request.sink, nullptr));
  auto prepared = sink ? std::move(sink->prepared) : prepare(request);
  auto call =
      std::make_shared<Call>(Call{.request = std::move(request),
                                  .names = {.request_id = std::string(ids_.long_id().text().substr(0, 16)),
                                            .host_id = to_base64(std::string(ids_.long_id().text()) +
                                                                 std::string(ids_.long_id().text().substr(0, 5)))},
                                  .respond = std::move(respond)});
  if (!prepared) return call->answer(std::unexpected(std::move(prepared).error()));
  const auto* operation = prepared->operation;
  if (sink) {
    call->incoming = sink->incoming;
  } else if (operation->takes_body) {
    auto incoming = open_incoming(call->request, *prepared);
    if (!incoming) return call->answer(std::unexpected(std::move(incoming).error()));
    call->incoming = *std::move(incoming);
    call->incoming->take(std::exchange(call->request.body, {}));
  } else if (auto checked = check_body(call->request, prepared->login); !checked) {
    return call->answer(std::unexpected(std::move(checked).error()));
  }
  call->address = std::move(prepared->address);
  call->query = std::move(prepared->query);
  call->login = std::move(prepared->login);
  if (operation->fixed.status != 0) return answer_fixed(services_, std::move(call), operation->fixed);
  operation->run(services_, std::move(call));
}

std::optional<std::string> Call::parameter(std::string_view name) const {
  const auto* value = find_parameter(query, name);
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

void Call::complete(http::Response& response) const {
  response.headers.add("x-amz-request-id", names.request_id);
  response.headers.add("x-amz-id-2", names.host_id);
}

void Call::answer(Answer answer) {
  auto response = answer ? *std::move(answer) : error_response(answer.error(), names, request.method == "HEAD");
  complete(response);
  std::move(respond)(std::move(response));
}

}  // namespace tidemill::s3
