#include "api/awsjson/front.h"

#include <fmt/format.h>

#include <charconv>

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

// One request, from its head to its answer.
class Front::Pending final : public Origin {
 public:
  Pending(http::Responder&& respond, api::RequestIds& ids) : respond_(std::move(respond)), ids_(ids) {}
  ~Pending() override {
    // The connection hears on its own loop that there is no answer.
    if (back_ != nullptr && !alive_.expired()) back_->post([respond = std::move(respond_)] {});
  }

  std::string_view content_type = kJson10;
  http::Coding coding = http::Coding::kIdentity;
  bool cors = false;

  void send(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.headers.reserve(5, 256);
    if (coding != http::Coding::kIdentity && body.size() > kCompressAbove) {
      body = http::encode_body(coding, body);
      response.headers.add("Content-Encoding", coding == http::Coding::kGzip ? "gzip" : "deflate");
    }
    response.headers.add("Content-Type", content_type);
    add_crc(response, body);
    add_common(response);
    response.body = std::move(body);
    std::move(respond_)(std::move(response));
  }
  void send_plain(int status, std::string_view body, bool with_crc) {
    http::Response response;
    response.status = status;
    if (with_crc) add_crc(response, body);
    add_common(response);
    response.body = body;
    std::move(respond_)(std::move(response));
  }
  void send(const WireError& error) { send(error.status, body_of(error)); }
  // A head and no more.
  void send(http::Response&& response) {
    add_common(response);
    std::move(respond_)(std::move(response));
  }

  // From here on the time that it takes is measured.
  void begin(const Known& known, const runtime::Clock& clock) {
    operation = known.operation;
    latency_ = known.latency;
    clock_ = &clock;
    started_ = clock.now();
  }
  // It runs on the home loop; the answer goes back to the loop of the connection. That loop outlives the front, but the
  // home loop may hold calls for longer, which nobody waits for any more.
  void send_home(runtime::Executor& home, std::weak_ptr<bool> alive) {
    back_ = std::exchange(loop, &home);
    alive_ = std::move(alive);
  }
  void answer(std::unique_ptr<Origin> self, Answer answer) override {
    if (back_ == nullptr) return finish(std::move(answer));
    if (alive_.expired()) return;
    std::exchange(back_, nullptr)->post([this, self = std::move(self), answer = std::move(answer)]() mutable {
      finish(std::move(answer));
    });
  }

 private:
  void finish(Answer answer) {
    latency_->observe_ns((clock_->now() - started_).count());
    if (!answer) return send(answer.error());
    send(200, *std::move(answer));
  }
  static void add_crc(http::Response& response, std::string_view body) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof(digits), crc32(body)).ptr;
    response.headers.add("x-amz-crc32", {digits, static_cast<std::size_t>(end - digits)});
  }
  void add_common(http::Response& response) {
    response.headers.add("x-amzn-RequestId", ids_.long_id().text());
    if (cors) response.headers.add("Access-Control-Allow-Origin", "*");
  }

  http::Responder respond_;
  api::RequestIds& ids_;
  observe::Histogram* latency_ = nullptr;
  const runtime::Clock* clock_ = nullptr;
  runtime::Instant started_{};
  runtime::Executor* back_ = nullptr;
  std::weak_ptr<bool> alive_;
};

// What follows from the head of a POST that names one of our operations and whose body is sent as it is.
struct Front::Plan {
  const Known* known = nullptr;
  std::string_view content_type;
  http::Coding coding = http::Coding::kIdentity;
};

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

void Front::handle(const http::Request& request, runtime::Executor& loop, http::Responder&& respond) {
  static thread_local http::HeadConclusions<Plan> plans;
  auto pending = std::make_unique<Pending>(std::move(respond), deps_.ids);
  pending->loop = &loop;
  if (request.body.size() > kBodyMax) return pending->send_plain(413, "", false);
  if (const auto* plan = plans.find(request.head_id)) {
    pending->content_type = plan->content_type;
    pending->coding = plan->coding;
    return run(request, request.body, plan->known, std::move(pending));
  }

  const auto origin = request.headers.find("Origin");
  pending->cors = origin.has_value();
  if (request.method == "OPTIONS" && origin) {
    http::Response response;
    response.headers.add("Access-Control-Max-Age", "172800");
    if (const auto headers = request.headers.find("Access-Control-Request-Headers")) {
      response.headers.add("Access-Control-Allow-Headers", *headers);
    }
    if (const auto method = request.headers.find("Access-Control-Request-Method")) {
      response.headers.add("Access-Control-Allow-Methods", *method);
    }
    return pending->send(std::move(response));
  }
  // Who looks after DynamoDB's health signs nothing: the rest is asking for a service that is not here.
  if (request.method == "GET" && (request.target == "/" || request.target == "/ping") &&
      !request.headers.find("Authorization")) {
    return pending->send_plain(200, "healthy: dynamodb." + deps_.region + ".amazonaws.com ", true);
  }
  const auto type = media_type(request.headers.get("Content-Type"));
  if (request.method != "POST" || (type != kJson10 && type != kJson)) {
    return pending->send_plain(404, kNotFoundBody, true);
  }
  pending->content_type = type == kJson10 ? kJson10 : kJson;
  if (const auto accept = request.headers.find("Accept-Encoding")) pending->coding = http::choose_coding(*accept);

  const auto found = by_target_.find(request.headers.get("X-Amz-Target"));
  const Known* known = found == by_target_.end() ? nullptr : &found->second;
  // The signature covers the bytes as sent, so the request keeps them.
  if (const auto encoding = request.headers.find("Content-Encoding")) {
    auto plain = http::decode_body(*encoding, request.body, kBodyMax);
    if (!plain && plain.error().code == Errc::kResourceExhausted) return pending->send_plain(413, "", false);
    if (!plain) return pending->send(internal_error(plain.error().message));
    return run(request, *plain, known, std::move(pending));
  }
  if (known != nullptr && !origin)
    plans.put(request.head_id, {.known = known, .content_type = pending->content_type, .coding = pending->coding});
  run(request, request.body, known, std::move(pending));
}

void Front::run(const http::Request& request, std::string_view body, const Known* known,
                std::unique_ptr<Pending> pending) {
  if (!body.empty()) {
    auto parsed = json::Document::parse(body, {.max_depth = kDepthMax});
    if (!parsed || !parsed->root().is_object()) return pending->send(coral_error("SerializationException"));
    pending->document = *std::move(parsed);
  }

  if (known == nullptr) return pending->send(coral_error("UnknownOperationException"));
  const auto& operation = *known->operation;

  auto caller = deps_.gate.authenticate(request);
  if (!caller) {
    return pending->send({.status = 400,
                          .type = std::string(kCoral) + std::string(auth::json_code(caller.error().code)),
                          .message = caller.error().message,
                          .capital = caller_member(caller.error().code) == "Message"});
  }
  if (body.empty()) return pending->send(coral_error("SerializationException"));
  const auto& root = pending->document.root();
  const bool sound = is_sound(*operation.input, root);
  if (!sound) {
    if (auto mismatch = check_types(*operation.input, root)) return pending->send(serialization_error(*mismatch));
  }
  if (operation.check_first != nullptr) {
    if (auto wrong = operation.check_first(root)) return pending->send(validation_error(*std::move(wrong)));
  }
  if (!sound) {
    if (auto violated = check_constraints(*operation.input, root))
      return pending->send(validation_error(*std::move(violated)));
  }
  // The administrator may do everything.
  if (deps_.gate.enforced() && (*caller)->principal.kind != auth::PrincipalKind::kAdministrator) {
    std::vector<Need> needs;
    if (operation.needs != nullptr) {
      needs = operation.needs(root, (*caller)->scope);
    } else {
      for (auto& resource : operation.resources(root, (*caller)->scope))
        needs.push_back({operation.iam_action, std::move(resource)});
    }
    for (const auto& need : needs) {
      const auto decision = deps_.gate.authorize((*caller)->principal, need.iam_action, need.resource);
      if (decision) continue;
      return pending->send({.status = 400,
                            .type = std::string(kCoral) + "AccessDeniedException",
                            .message = decision.reason,
                            .capital = true});
    }
  }

  pending->caller = *std::move(caller);
  pending->host = request.headers.get("Host");
  pending->begin(*known, deps_.clock);
  if (operation.any_loop || deps_.home == nullptr || deps_.home == pending->loop)
    return known->service->run(Call(std::move(pending)));
  pending->send_home(*deps_.home, alive_);
  deps_.home->post(
      [service = known->service, call = Call(std::move(pending))]() mutable { service->run(std::move(call)); });
}

}  // namespace tidemill::awsjson
