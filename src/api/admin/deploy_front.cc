#include "api/admin/deploy_front.h"

#include <fmt/format.h>

#include <charconv>

#include "api/admin/answer.h"

namespace tidemill::admin {
namespace {

using deploy::Errc;
using deploy::Error;

constexpr std::size_t kBodyBytesMax = deploy::kAssetPartBytes + (1 << 20);

int status_of(Errc code) {
  switch (code) {
    case Errc::kValidation:
    case Errc::kInsufficientCapabilities: return 400;
    case Errc::kAlreadyExists:
    case Errc::kInvalidChangeSetStatus: return 409;
    case Errc::kChangeSetNotFound: return 404;
    case Errc::kLimitExceeded: return 429;
    case Errc::kInternal: return 500;
  }
  std::unreachable();
}

void refuse(http::Responder respond, const Error& error) {
  answer(std::move(respond), status_of(error.code), message(error.message));
}

std::string in_scope(std::string name, const Scope& scope) {
  const auto replace = [&name](std::string_view what, std::string_view with) {
    for (std::size_t at; (at = name.find(what)) != std::string::npos;) name.replace(at, what.size(), with);
  };
  replace("${AWS::AccountId}", scope.account);
  replace("${AWS::Region}", scope.region);
  replace("${AWS::Partition}", "aws");
  return name;
}

std::vector<std::string> texts(const json::Value& body, std::string_view name, const Scope& scope) {
  std::vector<std::string> out;
  const auto* list = body.find(name);
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& one : list->as_array()) {
    if (one.is_string()) out.push_back(in_scope(one.as_string(), scope));
  }
  return out;
}

json::Value describe(const deploy::Event& event) {
  json::Object out;
  out["time"] = iso8601_ms(event.time);
  out["logicalId"] = event.logical_id;
  out["physicalId"] = event.physical_id;
  out["type"] = event.type;
  out["status"] = event.status;
  out["reason"] = event.reason;
  return out;
}

json::Value describe(const deploy::Stack& stack) {
  json::Object out;
  out["stack"] = stack.name;
  out["id"] = stack.id;
  out["status"] = to_string(stack.status);
  out["reason"] = stack.reason;
  out["failed"] = deploy::is_failure(stack.status);
  json::Array outputs;
  for (const auto& output : stack.outputs) {
    json::Object one;
    one["key"] = output.key;
    one["value"] = output.value;
    one["description"] = output.description;
    one["exportName"] = output.export_name;
    outputs.emplace_back(std::move(one));
  }
  out["outputs"] = std::move(outputs);
  return out;
}

json::Value describe(const deploy::ChangeSet& set, const std::string& stack) {
  json::Object out;
  out["stack"] = stack;
  out["changeSet"] = set.name;
  out["creates"] = set.creates;
  out["noChanges"] = set.status == deploy::ChangeSetStatus::kFailed;
  json::Array changes;
  for (const auto& change : set.changes) changes.push_back(deploy::describe(change));
  out["changes"] = std::move(changes);
  return out;
}

}  // namespace

// One client that follows an operation. The operation goes on when it leaves.
struct DeployFront::Watching {
  std::unique_ptr<http::Responder::Stream> stream;
  std::shared_ptr<void> subscription;
  void line(std::string_view name, json::Value value) {
    if (stream == nullptr || !stream->is_open()) return;
    json::Object out;
    out[name] = std::move(value);
    stream->write(json::Value(std::move(out)).text() + "\n");
  }
};

void DeployFront::mount(api::Edge& edge) {
  edge.add_path(
      std::string(kPrefix),
      [this](const http::Request& request, runtime::Executor&, http::Responder respond) {
        handle(request, std::move(respond));
      },
      kBodyBytesMax);
}

void DeployFront::handle(const http::Request& request, http::Responder respond) {
  const auto admitted = admit(request, identity_, "tidemill:Deploy");
  if (!admitted) return answer(std::move(respond), 403, message(admitted.error()));
  const Scope& scope = *admitted;
  const auto call = request.path().substr(kPrefix.size());
  if (request.method == "PUT" && call == "/asset") return asset(scope, request, std::move(respond));
  if (request.method == "GET" && call == "/stacks") return stacks(scope, std::move(respond));
  if (request.method != "POST") return answer(std::move(respond), 405, message("The method is not allowed here"));
  const auto body = json::Value::parse(request.body, {.max_depth = 64});
  if (!body || !body->is_object()) return answer(std::move(respond), 400, message("The body must be a JSON object"));
  if (call == "/missing") return missing(scope, *body, std::move(respond));
  if (call == "/plan") return plan(scope, *body, std::move(respond));
  if (call == "/execute") return execute(scope, *body, std::move(respond));
  if (call == "/discard") return discard(scope, *body, std::move(respond));
  if (call == "/destroy") return destroy(scope, *body, std::move(respond));
  answer(std::move(respond), 404, message(fmt::format("There is no call {}", request.path())));
}

void DeployFront::missing(const Scope& scope, const json::Value& body, http::Responder respond) {
  json::Array names;
  for (const auto& name : texts(body, "names", scope)) {
    if (!engine_.assets().contains(name)) names.emplace_back(name);
  }
  json::Object out;
  out["missing"] = std::move(names);
  answer(std::move(respond), 200, json::Value(std::move(out)));
}

void DeployFront::asset(const Scope& scope, const http::Request& request, http::Responder respond) {
  std::string name;
  std::uint64_t part = 0, bytes = 0;
  bool fine = true;
  for (const auto& [key, value] : http::parse_query(request.query())) {
    if (key == "name") {
      name = in_scope(value, scope);
    } else if (key == "part" || key == "bytes") {
      auto& number = key == "part" ? part : bytes;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      fine = fine && error == std::errc{} && end == value.data() + value.size();
    }
  }
  if (!fine) return answer(std::move(respond), 400, message("part and bytes must be numbers"));
  if (const auto put = engine_.assets().put_part(name, part, request.body, bytes); !put)
    return refuse(std::move(respond), put.error());
  answer(std::move(respond), 200, json::Value(json::Object()));
}

void DeployFront::plan(const Scope& scope, const json::Value& body, http::Responder respond) {
  const auto name = body.string_or("stack");
  const auto existing = engine_.stack(scope, name);
  if (existing && (*existing)->exists()) {
    // What never came to life is deleted before it is made again.
    const auto status = (*existing)->status;
    if (status == deploy::StackStatus::kRollbackComplete || status == deploy::StackStatus::kRollbackFailed ||
        status == deploy::StackStatus::kCreateFailed || status == deploy::StackStatus::kDeleteFailed) {
      json::Object out;
      out["needsDelete"] = to_string(status);
      return answer(std::move(respond), 200, json::Value(std::move(out)));
    }
  }
  deploy::ChangeSetRequest request{.name = "tidemill-deploy", .kind = deploy::ChangeSetKind::kEither};
  request.stack.scope = scope;
  request.stack.stack_name = name;
  request.stack.template_text = body.string_or("template");
  request.stack.capabilities = {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"};
  request.stack.assets = texts(body, "assets", scope);
  if (body.bool_or("keepOnFailure", false)) request.stack.on_failure = deploy::OnFailure::kDoNothing;
  const bool update =
      existing && (*existing)->exists() && (*existing)->status != deploy::StackStatus::kReviewInProgress;
  if (const auto* parameters = body.find("parameters"); parameters != nullptr && parameters->is_object()) {
    for (const auto& [key, value] : parameters->as_object())
      request.stack.parameters.push_back({.key = key, .value = value.is_string() ? value.as_string() : value.text()});
  }
  if (update) {  // parameters that are not given stay as they are, where the new template still has them
    const auto source = deploy::Template::read(request.stack.template_text);
    for (const auto& [key, value] : (*existing)->definition.parameters) {
      const bool given = std::any_of(request.stack.parameters.begin(), request.stack.parameters.end(),
                                     [&key = key](const auto& one) { return one.key == key; });
      if (!given && source && source->parameters.contains(key))
        request.stack.parameters.push_back({.key = key, .use_previous = true});
    }
  }
  if (const auto* tags = body.find("tags"); tags != nullptr && tags->is_object()) {
    for (const auto& [key, value] : tags->as_object())
      request.stack.tags.push_back({key, value.is_string() ? value.as_string() : value.text()});
  }
  // A plan that nobody carried out makes way for this one.
  const std::string plan = request.name;  // the request itself moves on in the same call
  engine_.delete_change_set(scope, existing && (*existing)->exists() ? name : "", plan,
                            Reply<bool, Error>([this, request = std::move(request), name,
                                                respond = std::move(respond)](deploy::Result<bool> cleared) mutable {
                              if (!cleared) return refuse(std::move(respond), cleared.error());
                              engine_.create_change_set(
                                  std::move(request),
                                  Reply<deploy::ChangeSet, Error>([name, respond = std::move(respond)](
                                                                      deploy::Result<deploy::ChangeSet> set) mutable {
                                    if (!set) return refuse(std::move(respond), set.error());
                                    answer(std::move(respond), 200, describe(*set, name));
                                  }));
                            }));
}

std::shared_ptr<DeployFront::Watching> DeployFront::watch(const deploy::Stack& stack, http::Responder respond) {
  auto watching = std::make_shared<Watching>();
  http::Response head;
  head.headers.add("Content-Type", "application/x-ndjson");
  watching->stream = std::move(respond).stream(std::move(head));
  watching->subscription = engine_.watch(stack, [weak = std::weak_ptr<Watching>(watching)](const deploy::Event& event) {
    if (const auto alive = weak.lock()) alive->line("event", describe(event));
  });
  return watching;
}

void DeployFront::finish_when_done(const deploy::Stack& stack, std::shared_ptr<Watching> watching) {
  engine_.when_finished(stack, [this, scope = stack.scope, id = stack.id, watching = std::move(watching)] {
    watching->subscription.reset();
    const auto ended = engine_.stack(scope, id);
    if (ended) watching->line("result", describe(**ended));
    if (watching->stream->is_open()) watching->stream->finish();
  });
}

void DeployFront::execute(const Scope& scope, const json::Value& body, http::Responder respond) {
  const auto set = engine_.change_set(scope, body.string_or("stack"), body.string_or("changeSet"));
  if (!set) return refuse(std::move(respond), set.error());
  if ((*set)->execution != deploy::ExecutionStatus::kAvailable) {
    return refuse(std::move(respond),
                  {Errc::kInvalidChangeSetStatus,
                   fmt::format("ChangeSet [{}] cannot be executed: {}", (*set)->name, (*set)->reason)});
  }
  const auto stack = engine_.stack(scope, (*set)->stack_id);
  if (!stack) return refuse(std::move(respond), stack.error());
  auto watching = watch(**stack, std::move(respond));
  const auto name = (*set)->name, id = (*set)->stack_id;
  engine_.execute_change_set(scope, id, name, "",
                             Reply<bool, Error>([this, scope, id, watching](deploy::Result<bool> begun) {
                               const auto now = engine_.stack(scope, id);
                               if (begun && now) return finish_when_done(**now, watching);
                               watching->line("error", message(begun ? now.error().message : begun.error().message));
                               if (watching->stream->is_open()) watching->stream->finish();
                             }));
}

void DeployFront::discard(const Scope& scope, const json::Value& body, http::Responder respond) {
  const auto name = body.string_or("stack");
  engine_.delete_change_set(
      scope, name, body.string_or("changeSet"),
      Reply<bool, Error>([this, scope, name, respond = std::move(respond)](deploy::Result<bool> result) mutable {
        if (!result) return refuse(std::move(respond), result.error());
        const auto stack = engine_.stack(scope, name);
        // A stack that was only ever planned goes with its plan.
        if (!stack || (*stack)->status != deploy::StackStatus::kReviewInProgress)
          return answer(std::move(respond), 200, json::Value(json::Object()));
        engine_.delete_stack({.scope = scope, .stack_name = name},
                             Reply<bool, Error>([respond = std::move(respond)](deploy::Result<bool> deleted) mutable {
                               if (!deleted) return refuse(std::move(respond), deleted.error());
                               answer(std::move(respond), 200, json::Value(json::Object()));
                             }));
      }));
}

void DeployFront::destroy(const Scope& scope, const json::Value& body, http::Responder respond) {
  const auto stack = engine_.stack(scope, body.string_or("stack"));
  if (!stack || !(*stack)->exists())
    return answer(std::move(respond), 404,
                  message(fmt::format("Stack with id {} does not exist", body.string_or("stack"))));
  if (deploy::is_in_progress((*stack)->status)) {
    return answer(std::move(respond), 409,
                  message(fmt::format("Stack:{} is in {} state and can not be deleted.", (*stack)->id,
                                      to_string((*stack)->status))));
  }
  auto watching = watch(**stack, std::move(respond));
  engine_.delete_stack({.scope = scope, .stack_name = (*stack)->id},
                       Reply<bool, Error>([this, scope, id = (*stack)->id, watching](deploy::Result<bool> begun) {
                         const auto now = engine_.stack(scope, id);
                         if (begun && now) return finish_when_done(**now, watching);
                         watching->line("error", message(begun ? now.error().message : begun.error().message));
                         if (watching->stream->is_open()) watching->stream->finish();
                       }));
}

void DeployFront::stacks(const Scope& scope, http::Responder respond) {
  json::Array list;
  for (const auto* stack : engine_.stacks(scope)) {
    if (stack->exists()) list.push_back(describe(*stack));
  }
  json::Object out;
  out["stacks"] = std::move(list);
  answer(std::move(respond), 200, json::Value(std::move(out)));
}

}  // namespace tidemill::admin
