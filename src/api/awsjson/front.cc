#include "api/awsjson/front.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "http/coding.h"
#include "http/head_memory.h"

namespace tidemill::awsjson {
namespace {

constexpr std::string_view kCoral = "com.amazon.coral.service#";
constexpr std::string_view kJson10 = "application/x-amz-json-1.0";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kNotFoundBody = "<UnknownOperationException/>\n";
constexpr std::size_t kDepthMax = 512;

std::string_view media_type(std::string_view header) {
  header = header.substr(0, header.find(';'));
  while (!header.empty() && header.front() == ' ') header.remove_prefix(1);
  while (!header.empty() && header.back() == ' ') header.remove_suffix(1);
  return header;
}

WireError coral_error(std::string_view name) {
  return {.status = 400, .type = std::string(kCoral) + std::string(name), .with_message = false};
}

std::string_view caller_member(auth::Errc code) { return code == auth::Errc::kAccessDenied ? "Message" : "message"; }

}  // namespace

WireError serialization_error(const TypeMismatch& mismatch) {
  return {.status = 400,
          .type = std::string(kCoral) + "SerializationException",
          .message = mismatch.message,
          .with_message = !mismatch.message.empty(),
          .capital = true};
}

WireError validation_error(std::string message) {
  return {.status = 400, .type = "com.amazon.coral.validate#ValidationException", .message = std::move(message)};
}

WireError internal_error(std::string message) {
  return {.status = 500, .type = "com.amazonaws.dynamodb.v20120810#InternalServerError", .message = std::move(message)};
}

std::string body_of(const WireError& error) {
  std::string out = "{\"__type\":\"" + error.type + "\"";
  out += error.members;
  if (error.with_message) {
    out += error.capital ? ",\"Message\":\"" : ",\"message\":\"";
    json::append_escaped(out, error.message);
    out += '"';
  }
  out += '}';
  return out;
}

// One request on its way out.
struct Front::Reply {
  http::Responder respond;
  std::string id;
  std::string_view content_type = kJson10;
  http::Coding coding = http::Coding::kIdentity;
  bool cors = false;

  void common(http::Response& response) const {
    response.headers.add("x-amzn-RequestId", id);
    if (cors) response.headers.add("Access-Control-Allow-Origin", "*");
  }
  void send(int status, std::string body) && {
    http::Response response;
    response.status = status;
    response.headers.reserve(5, 256);
    if (coding != http::Coding::kIdentity && body.size() > kCompressAbove) {
      body = http::encode_body(coding, body);
      response.headers.add("Content-Encoding", coding == http::Coding::kGzip ? "gzip" : "deflate");
    }
    response.headers.add("Content-Type", content_type);
    response.headers.add("x-amz-crc32", std::to_string(crc32(body)));
    common(response);
    response.body = std::move(body);
    std::move(respond)(std::move(response));
  }
  void send_plain(int status, std::string_view body, bool with_crc, bool close = false) && {
    http::Response response;
    response.status = status;
    if (with_crc) response.headers.add("x-amz-crc32", std::to_string(crc32(body)));
    common(response);
    response.body = body;
    response.close = close;
    std::move(respond)(std::move(response));
  }
};

// What follows from the head of a POST that names one of our operations and whose body is sent as it is.
struct Front::Plan {
  const Known* known = nullptr;
  std::string_view content_type;
  http::Coding coding = http::Coding::kIdentity;
};

namespace {

// Takes an answer, or the news that there is none, back to the loop of the connection. That loop outlives the front,
// but the home loop may hold calls for longer, which nobody waits for any more.
class AnswerOn {
 public:
  using Give = std::move_only_function<void(Answer)>;
  AnswerOn(runtime::Executor& loop, Give give, std::weak_ptr<bool> alive)
      : loop_(&loop), give_(std::move(give)), alive_(std::move(alive)) {}
  AnswerOn(AnswerOn&& other) noexcept
      : loop_(other.loop_), give_(std::exchange(other.give_, nullptr)), alive_(std::move(other.alive_)) {}
  ~AnswerOn() {
    if (give_ && !alive_.expired()) loop_->post([give = std::move(give_)] {});
  }
  void operator()(Answer answer) {
    if (alive_.expired()) return;
    loop_->post(
        [give = std::exchange(give_, nullptr), answer = std::move(answer)]() mutable { give(std::move(answer)); });
  }

 private:
  runtime::Executor* loop_;
  Give give_;
  std::weak_ptr<bool> alive_;
};

void run_at_home(Service& service, Call call, runtime::Executor& home, std::weak_ptr<bool> alive) {
  call.answer = AnswerOn(*std::exchange(call.loop, &home), std::move(call.answer), std::move(alive));
  home.post([&service, call = std::move(call)]() mutable { service.run(std::move(call)); });
}

}  // namespace

Front::Front(Dependencies dependencies, std::vector<Service*> services)
    : deps_(std::move(dependencies)), services_(std::move(services)) {
  for (auto* service : services_) {
    for (const auto* operation : service->operations()) {
      auto& latency = deps_.metrics.histogram("tidemill_table_request_seconds",
                                              "From the parsed request to its answer, by operation.",
                                              fmt::format("operation=\"{}\"", operation->name));
      by_target_.emplace(fmt::format("{}.{}", service->target_prefix(), operation->name),
                         Known{operation, service, &latency});
    }
  }
}

void Front::answer_error(Reply reply, const WireError& error) { std::move(reply).send(error.status, body_of(error)); }

void Front::handle(const http::Request& request, runtime::Executor& loop, http::Responder respond) {
  static thread_local http::HeadConclusions<Plan> plans;
  Reply reply{.respond = std::move(respond), .id = deps_.ids.long_id()};
  if (request.body.size() > kBodyMax) return std::move(reply).send_plain(413, "", false);
  if (const auto* plan = plans.find(request.head_id)) {
    reply.content_type = plan->content_type;
    reply.coding = plan->coding;
    return run(request, request.body, plan->known, loop, std::move(reply));
  }

  const auto origin = request.headers.find("Origin");
  reply.cors = origin.has_value();
  if (request.method == "OPTIONS" && origin) {
    http::Response response;
    response.headers.add("Access-Control-Max-Age", "172800");
    if (const auto headers = request.headers.find("Access-Control-Request-Headers")) {
      response.headers.add("Access-Control-Allow-Headers", *headers);
    }
    if (const auto method = request.headers.find("Access-Control-Request-Method")) {
      response.headers.add("Access-Control-Allow-Methods", *method);
    }
    reply.common(response);
    return std::move(reply.respond)(std::move(response));
  }
  if (request.method == "GET") {
    return std::move(reply).send_plain(200, "healthy: dynamodb." + deps_.region + ".amazonaws.com ", true);
  }
  const auto type = media_type(request.headers.get("Content-Type"));
  if (request.method != "POST" || (type != kJson10 && type != kJson)) {
    return std::move(reply).send_plain(404, kNotFoundBody, true);
  }
  reply.content_type = type == kJson10 ? kJson10 : kJson;
  if (const auto accept = request.headers.find("Accept-Encoding")) reply.coding = http::choose_coding(*accept);

  const auto found = by_target_.find(request.headers.get("X-Amz-Target"));
  const Known* known = found == by_target_.end() ? nullptr : &found->second;
  // The signature covers the bytes as sent, so the request keeps them.
  if (const auto encoding = request.headers.find("Content-Encoding")) {
    auto plain = http::decode_body(*encoding, request.body, kBodyMax);
    if (!plain && plain.error().code == Errc::kResourceExhausted) return std::move(reply).send_plain(413, "", false);
    if (!plain) return answer_error(std::move(reply), internal_error(plain.error().message));
    return run(request, *plain, known, loop, std::move(reply));
  }
  if (known != nullptr && !origin)
    plans.put(request.head_id, {.known = known, .content_type = reply.content_type, .coding = reply.coding});
  run(request, request.body, known, loop, std::move(reply));
}

void Front::run(const http::Request& request, std::string_view body, const Known* known, runtime::Executor& loop,
                Reply reply) {
  std::shared_ptr<json::Document> document;
  if (!body.empty()) {
    auto parsed = json::Document::parse(body, {.max_depth = kDepthMax});
    if (!parsed || !parsed->root().is_object())
      return answer_error(std::move(reply), coral_error("SerializationException"));
    document = std::make_shared<json::Document>(*std::move(parsed));
  }

  if (known == nullptr) return answer_error(std::move(reply), coral_error("UnknownOperationException"));
  const auto [operation, service, latency] = *known;

  auto caller = deps_.gate.authenticate(request);
  if (!caller) {
    return answer_error(std::move(reply),
                        {.status = 400,
                         .type = std::string(kCoral) + std::string(auth::json_code(caller.error().code)),
                         .message = caller.error().message,
                         .capital = caller_member(caller.error().code) == "Message"});
  }
  if (!document) return answer_error(std::move(reply), coral_error("SerializationException"));
  if (auto mismatch = check_types(*operation->input, document->root())) {
    return answer_error(std::move(reply), serialization_error(*mismatch));
  }
  if (operation->check_first != nullptr) {
    if (auto wrong = operation->check_first(document->root())) {
      return answer_error(std::move(reply), validation_error(*std::move(wrong)));
    }
  }
  if (auto violated = check_constraints(*operation->input, document->root())) {
    return answer_error(std::move(reply), validation_error(*std::move(violated)));
  }
  // The administrator may do everything.
  if (deps_.gate.enforced() && (*caller)->principal.kind != auth::PrincipalKind::kAdministrator) {
    std::vector<Need> needs;
    if (operation->needs != nullptr) {
      needs = operation->needs(document->root(), (*caller)->scope);
    } else {
      for (auto& resource : operation->resources(document->root(), (*caller)->scope))
        needs.push_back({operation->iam_action, std::move(resource)});
    }
    for (const auto& need : needs) {
      const auto decision = deps_.gate.authorize((*caller)->principal, need.iam_action, need.resource);
      if (decision) continue;
      return answer_error(std::move(reply), {.status = 400,
                                             .type = std::string(kCoral) + "AccessDeniedException",
                                             .message = decision.reason,
                                             .capital = true});
    }
  }

  Call call;
  call.operation = operation;
  call.document = std::move(document);
  call.caller = *std::move(caller);
  call.host = request.headers.get("Host");
  call.loop = &loop;
  call.answer = [reply = std::move(reply), latency = latency, &clock = deps_.clock,
                 started = deps_.clock.now()](Answer answer) mutable {
    latency->observe_ns((clock.now() - started).count());
    if (!answer) return std::move(reply).send(answer.error().status, body_of(answer.error()));
    std::move(reply).send(200, *std::move(answer));
  };
  if (!operation->any_loop && deps_.home != nullptr && deps_.home != &loop)
    return run_at_home(*service, std::move(call), *deps_.home, alive_);
  service->run(std::move(call));
}

}  // namespace tidemill::awsjson
