#include "api/lambda/front.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "api/lambda/errors.h"
#include "api/lambda/operation.h"
#include "api/lambda/render.h"
#include "auth/policy.h"
#include "base/bytes.h"

namespace tidemill::lambda {
namespace {

constexpr std::size_t kRequestMax = 70'167'211;
constexpr std::size_t kBodyMax =
    kRequestMax + (4 << 20);  // somewhat more arrives, so that the answer can say what the limit is

// "/a/b" gives "a" and leaves "/b".
std::string_view take_part(std::string_view& path) {
  path.remove_prefix(1);
  const auto part = path.substr(0, path.find('/'));
  path.remove_prefix(part.size());
  return part;
}

bool is_label(std::string_view part) { return part.starts_with('{'); }

// The labels when the path fits the template.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> labels;
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = take_part(pattern);
    const auto part = take_part(path);
    if (is_label(wanted)) {
      auto label = percent_decode(part);
      if (label.empty()) return std::nullopt;
      labels.push_back(std::move(label));
    } else if (wanted != part) {
      return std::nullopt;
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return labels;
}

struct Found {
  const Operation* operation;
  std::vector<std::string> labels;
};

std::optional<Found> find_operation(const http::Request& request) {
  auto asked = request.path();
  if (asked.ends_with('/')) asked.remove_suffix(1);  // a trailing slash is fine
  const auto query = request.query();
  for (const auto* operation : operations()) {
    if (operation->method != request.method) continue;
    auto path = operation->path;
    // Some operations share a path and differ by a query parameter.
    if (const auto question = path.find('?'); question != std::string_view::npos) {
      if (query.find(path.substr(question + 1)) == std::string_view::npos) continue;
      path = path.substr(0, question);
    }
    if (auto labels = match(path, asked)) return Found{operation, *std::move(labels)};
  }
  return std::nullopt;
}

// "bucket/key" of a request that takes its code from there: its caller reads that object.
std::optional<std::string> code_object(std::string_view operation, const Body& body) {
  std::optional<Body> code;
  if (operation == "UpdateFunctionCode") {
    code = body;
  } else if (operation == "CreateFunction") {
    if (auto given = body.object("Code"); given && *given) code = **std::move(given);
  }
  if (!code) return std::nullopt;
  const auto bucket = code->text("S3Bucket"), key = code->text("S3Key");
  if (!bucket || !*bucket || !key || !*key) return std::nullopt;
  return **bucket + "/" + **key;
}

}  // namespace

void LambdaFront::mount(api::Edge& edge) {
  edge.add({.service = "lambda",
            .front = [this](http::Request request, runtime::Executor&,
                            http::Responder respond) { handle(std::move(request), std::move(respond)); },
            .body_bytes_max = kBodyMax});
  edge.add_path(std::string(functions::Functions::kDownloadPrefix),
                [this](http::Request request, runtime::Executor&, http::Responder respond) {
                  download(std::move(request), std::move(respond));
                });
}

void LambdaFront::download(http::Request request, http::Responder respond) {
  if (request.method != "GET" && request.method != "HEAD")
    return std::move(respond)(unknown_operation(request.method, request.path()));
  functions_.download(request.target, Reply<std::string, functions::Error>(
                                          [respond = std::move(respond)](functions::Result<std::string> zip) mutable {
                                            if (!zip) return std::move(respond)(to_response(zip.error()));
                                            http::Response response{.body = *std::move(zip)};
                                            response.headers.add("Content-Type", "application/zip");
                                            std::move(respond)(std::move(response));
                                          }));
}

void LambdaFront::handle(http::Request request, http::Responder respond) {
  const auto refuse = [&](http::Response response) {
    response.headers.add("x-amzn-RequestId", request_ids_.uuid());
    std::move(respond)(std::move(response));
  };
  const auto caller = identity_.authenticate(request, "lambda");
  if (!caller) return refuse(to_response(caller.error()));
  auto found = find_operation(request);
  if (!found) return refuse(unknown_operation(request.method, request.path()));
  const auto& operation = *found->operation;
  const bool names_function = operation.path.find("{FunctionName}") != std::string_view::npos ||
                              operation.path.find("{Resource}") != std::string_view::npos;

  if (request.body.size() > kRequestMax)
    return refuse(to_response(functions::Error{
        functions::Errc::kRequestTooLarge,
        fmt::format("Request must be smaller than {} bytes for the {} operation", kRequestMax, operation.name),
        {}}));
  Call call;
  call.scope = caller->scope;
  call.labels = std::move(found->labels);
  call.query = http::parse_query(request.query());
  call.request = std::move(request);
  if (!operation.raw_body) {
    auto body = Body::parse(call.request.body);
    if (!body) return refuse(to_response(body.error()));
    call.body = *std::move(body);
  }

  std::string resource = "*";
  std::optional<auth::Policy> policy;
  std::string named = names_function ? call.labels.at(0) : "";
  if (operation.name == "CreateFunction")
    if (const auto name = call.body.text("FunctionName"); name && *name) named = **name;
  if (!named.empty() && identity_.enforced()) {
    const auto reference = functions::parse_function_name(call.scope, named, call.query_or("Qualifier"));
    if (reference) {
      resource = functions::function_arn(call.scope, reference->name, reference->qualifier);
      if (const auto function = functions_.get(call.scope, reference->name); function && !function->policy.empty())
        if (auto parsed = auth::Policy::parse_resource(render_policy(*function))) policy = *std::move(parsed);
    }
  }
  const auto decision =
      identity_.authorize(caller->principal, operation.iam_action, resource, {}, policy ? &*policy : nullptr);
  if (!decision) return refuse(to_response(auth::Error{auth::Errc::kAccessDenied, decision.reason}));
  if (auto source = code_object(operation.name, call.body);
      source && identity_.enforced() &&
      !identity_.authorize(caller->principal, "s3:GetObject", "arn:aws:s3:::" + *source))
    return refuse(to_response(auth::Error{
        auth::Errc::kAccessDenied,
        fmt::format("Your access has been denied by S3, please make sure your request credentials have permission to "
                    "GetObject for {}. S3 Error Code: AccessDenied. S3 Error Message: Access Denied",
                    *source)}));

  operation.run(functions_, std::move(call),
                AnswerReply([respond = std::move(respond),
                             fallback = request_ids_.uuid()](functions::Result<Answer> answer) mutable {
                  if (!answer) {
                    auto response = to_response(answer.error());
                    response.headers.add("x-amzn-RequestId", fallback);
                    return std::move(respond)(std::move(response));
                  }
                  http::Response response{
                      .status = answer->status, .headers = std::move(answer->headers), .body = std::move(answer->body)};
                  if (answer->status != 204 && !response.headers.find("Content-Type"))
                    response.headers.add("Content-Type", "application/json");
                  response.headers.add("x-amzn-RequestId", answer->request_id.empty() ? fallback : answer->request_id);
                  std::move(respond)(std::move(response));
                }));
}

}  // namespace tidemill::lambda
