#include "cli/session.h"

#include <fmt/format.h>

#include <future>
#include <memory>

#include "auth/sigv4.h"

namespace tidemill::cli {
namespace {

Result<json::Value> read(const http::Response& response) {
  auto body = json::Value::parse(response.body);
  if (response.status >= 200 && response.status < 300) {
    if (!body) return fail(Errc::kIo, "the server's answer is not JSON");
    return *std::move(body);
  }
  const auto text = body ? body->string_or("message") : "";
  return fail(Errc::kInvalidArgument, text.empty() ? fmt::format("the server answered {}", response.status) : text);
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const std::string& endpoint) {
  std::string_view rest = endpoint;
  constexpr std::string_view kScheme = "http://";
  if (rest.starts_with("https://"))
    return fail(Errc::kInvalidArgument, fmt::format("{}: only http:// endpoints are supported", endpoint));
  if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
  while (rest.ends_with('/')) rest.remove_suffix(1);
  auto address = runtime::parse_address(rest);
  if (!address) return fail(Errc::kInvalidArgument, fmt::format("{}: {}", endpoint, address.error().message));
  return std::unique_ptr<Session>(new Session(std::string(kScheme) + std::string(rest), *address));
}

Session::Session(std::string endpoint, runtime::Address address)
    : endpoint_(std::move(endpoint)),
      address_(std::move(address)),
      network_(runtime::make_network(loop_)),
      client_(loop_, *network_),
      thread_([this] { loop_.run(); }) {}

Session::~Session() {
  loop_.stop();
  thread_.join();
}

Result<http::Response> Session::send(http::Request request, http::ClientOptions options) {
  request.headers.set("Host", address_.text());
  const auth::Credentials credentials{runtime::environment_variable("AWS_ACCESS_KEY_ID"),
                                      runtime::environment_variable("AWS_SECRET_ACCESS_KEY"),
                                      runtime::environment_variable("AWS_SESSION_TOKEN")};
  if (!credentials.access_key.empty() && !credentials.secret_key.empty()) {
    const auto region =
        runtime::environment_variable("AWS_REGION", runtime::environment_variable("AWS_DEFAULT_REGION", "us-east-1"));
    auth::sign(request, credentials, {.service = "tidemill", .region = region, .now = loop_.clock().wall()});
  }
  auto promise = std::make_shared<std::promise<Result<http::Response>>>();
  auto answer = promise->get_future();
  loop_.post([this, promise, request = std::move(request), options = std::move(options)]() mutable {
    client_.send(address_, std::move(request), Reply<http::Response>([promise](Result<http::Response> response) {
                   promise->set_value(std::move(response));
                 }),
                 std::move(options));
  });
  auto response = answer.get();
  if (!response && response.error().code == Errc::kUnavailable) {
    return fail(Errc::kUnavailable, fmt::format("no server answers at {} (start one with: tidemill dev): {}", endpoint_,
                                                response.error().message));
  }
  return response;
}

Result<json::Value> Session::call(const std::string& method, const std::string& target, const json::Value& body) {
  http::Request request{.method = method, .target = target};
  if (method != "GET") {
    request.headers.add("Content-Type", "application/json");
    request.body = body.text();
  }
  TM_TRY(const auto response, send(std::move(request), {}));
  return read(response);
}

Result<json::Value> Session::upload(const std::string& target, std::string bytes) {
  http::Request request{.method = "PUT", .target = target};
  request.headers.add("Content-Type", "application/octet-stream");
  request.body = std::move(bytes);
  TM_TRY(const auto response, send(std::move(request), {}));
  return read(response);
}

Status Session::follow(const std::string& target, const json::Value& body,
                       std::function<void(const json::Value&)> line) {
  http::Request request{.method = "POST", .target = target, .body = body.text()};
  request.headers.add("Content-Type", "application/json");
  http::ClientOptions options{.timeout = runtime::Duration(0)};
  auto pending = std::make_shared<std::string>();
  options.on_body = [pending, line = std::move(line)](std::string_view bytes) {
    *pending += bytes;
    for (std::size_t end; (end = pending->find('\n')) != std::string::npos;) {
      const auto text = pending->substr(0, end);
      pending->erase(0, end + 1);
      if (const auto value = json::Value::parse(text)) line(*value);
    }
  };
  TM_TRY(auto response, send(std::move(request), std::move(options)));
  if (response.status >= 200 && response.status < 300) return {};
  response.body = *pending;  // an error is one line of JSON without its end
  const auto error = read(response);
  return std::unexpected(error.error());
}

}  // namespace tidemill::cli
