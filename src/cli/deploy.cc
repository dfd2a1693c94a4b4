#include "cli/deploy.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/bytes.h"
#include "cli/assembly.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kPartBytes = 8U << 20;

json::Object object(std::initializer_list<std::pair<std::string_view, json::Value>> members) {
  json::Object out;
  for (const auto& [name, value] : members) out[name] = value;
  return out;
}

const json::Array& array_of(const json::Value& from, std::string_view name) {
  static const json::Array kEmpty;
  const auto* found = from.find(name);
  return found != nullptr && found->is_array() ? found->as_array() : kEmpty;
}

Status upload_missing(Session& session, runtime::Files& files, const StackToDeploy& stack, const Terminal& terminal) {
  // Each name is asked for by itself, so that the answer tells which is meant: the server fills in account and region.
  for (const auto& asset : stack.assets) {
    TM_TRY(const auto answer,
           session.call("POST", "/_admin/deploy/missing", object({{"names", json::Array{asset.name}}})));
    if (array_of(answer, "missing").empty()) continue;
    TM_TRY(const auto bytes, read_asset(files, asset));
    const std::size_t parts = std::max<std::size_t>(1, (bytes.size() + kPartBytes - 1) / kPartBytes);
    for (std::size_t part = 0; part < parts; ++part) {
      const auto target =
          fmt::format("/_admin/deploy/asset?name={}&part={}&bytes={}", percent_encode(asset.name), part, bytes.size());
      TM_TRY(const auto put, session.upload(target, bytes.substr(part * kPartBytes, kPartBytes)));
      static_cast<void>(put);
    }
    terminal.print(fmt::format("  uploaded {} ({:.1f} KB)", asset.path.substr(asset.path.rfind('/') + 1),
                               static_cast<double>(bytes.size()) / 1024));
  }
  return {};
}

// True when the plan takes something away: then silence is no consent.
bool print_plan(const json::Value& plan, const Terminal& terminal) {
  bool takes_away = false;
  for (const auto& change : array_of(plan, "changes")) {
    const auto action = change.string_or("Action");
    const auto replacement = change.string_or("Replacement");
    std::string sign = "~", note;
    if (action == "Add") {
      sign = "+";
    } else if (action == "Remove") {
      const bool kept = change.string_or("PolicyAction") == "Retain";
      sign = "-";
      note = kept ? "kept outside the stack" : "";
      takes_away = takes_away || !kept;
    } else {
      std::string names;
      for (const auto& detail : array_of(change, "Details")) {
        const auto* target = detail.find("Target");
        if (target != nullptr) names += (names.empty() ? "" : ", ") + target->string_or("Name");
      }
      note = names;
      if (replacement == "True") note = "REPLACED: " + names;
      if (replacement == "Conditional") note = "may be replaced: " + names;
      takes_away = takes_away || replacement == "True";
    }
    terminal.print(fmt::format("  {} {:<36} {}{}", sign, change.string_or("ResourceType"),
                               change.string_or("LogicalResourceId"), note.empty() ? "" : "  (" + note + ")"));
  }
  return takes_away;
}

void print_event(const json::Value& event, const Terminal& terminal) {
  const auto reason = event.string_or("reason"), status = event.string_or("status"), time = event.string_or("time");
  // What a resource begins is over in milliseconds here: its end is the news. The stack's own phases are all shown.
  if (status.ends_with("_IN_PROGRESS") && event.string_or("type") != "AWS::CloudFormation::Stack") return;
  const auto clock = time.size() >= 19 ? time.substr(11, 8) : time;
  terminal.print(fmt::format("  {} {:<36} {:<36} {}{}", clock, status, event.string_or("type"),
                             event.string_or("logicalId"),
                             reason.empty() || reason == "User Initiated" ? "" : "  " + reason));
}

// Follows an operation to its end; the result that the server told.
Result<json::Value> follow(Session& session, const std::string& target, const json::Value& body,
                           const Terminal& terminal) {
  json::Value result;
  std::string error;
  TM_CHECK(session.follow(target, body, [&](const json::Value& line) {
    if (const auto* event = line.find("event")) print_event(*event, terminal);
    if (const auto* ended = line.find("result")) result = *ended;
    if (const auto* wrong = line.find("error")) error = wrong->string_or("message");
  }));
  if (!error.empty()) return fail(Errc::kConflict, error);
  if (result.is_null())
    return fail(Errc::kIo, "the connection ended before the operation did; it goes on in the server");
  return result;
}

void print_outputs(const json::Value& result, const std::string& stack, const std::string& endpoint,
                   const Terminal& terminal) {
  const auto& outputs = array_of(result, "outputs");
  if (outputs.empty()) return;
  terminal.print("Outputs:");
  for (const auto& output : outputs) {
    const auto value = output.string_or("value");
    terminal.print(fmt::format("  {}.{} = {}", stack, output.string_or("key"), value));
    if (const auto local = local_url(endpoint, value); !local.empty())
      terminal.print(fmt::format("  {:>{}}   {}", "here:", stack.size() + output.string_or("key").size() + 1, local));
  }
}

// Asks where there is somebody to ask; else it is as `unasked` says.
bool is_agreed(const DeployOptions& options, const Terminal& terminal, const std::string& question, bool unasked) {
  return options.yes || (terminal.ask ? terminal.ask(question) : unasked);
}

Status deploy_one(Session& session, runtime::Files& files, const StackToDeploy& stack, const DeployOptions& options,
                  const Terminal& terminal, bool& failed) {
  const auto began = session.clock().now();
  terminal.print(stack.name);
  TM_CHECK(upload_missing(session, files, stack, terminal));
  json::Object parameters;
  for (const auto& [key, value] : options.parameters) parameters[key] = value;
  json::Array assets;
  for (const auto& asset : stack.assets) assets.emplace_back(asset.name);
  const json::Value request = object({{"stack", stack.name},
                                      {"template", stack.template_text},
                                      {"parameters", std::move(parameters)},
                                      {"assets", std::move(assets)},
                                      {"keepOnFailure", options.keep_on_failure}});
  TM_TRY(auto plan, session.call("POST", "/_admin/deploy/plan", request));
  if (const auto status = plan.string_or("needsDelete"); !status.empty()) {
    terminal.print(fmt::format("  {} is {}: what is left of it is deleted first", stack.name, status));
    constexpr std::string_view kEmpty = "ROLLBACK_COMPLETE";
    if (status != kEmpty &&
        !is_agreed(options, terminal, fmt::format("Delete what {} holds, data included?", stack.name), false))
      return fail(Errc::kConflict,
                  terminal.ask ? "not deployed" : "what the stack holds, data included, would be deleted: say --yes");
    TM_TRY(const auto gone, follow(session, "/_admin/deploy/destroy", object({{"stack", stack.name}}), terminal));
    if (gone.bool_or("failed", false))
      return fail(Errc::kConflict, fmt::format("{}: {}", gone.string_or("status"), gone.string_or("reason")));
    TM_TRY(plan, session.call("POST", "/_admin/deploy/plan", request));
  }
  const json::Value set = object({{"stack", stack.name}, {"changeSet", plan.string_or("changeSet")}});
  if (plan.bool_or("noChanges", false)) {
    TM_TRY(const auto discarded, session.call("POST", "/_admin/deploy/discard", set));
    static_cast<void>(discarded);
    terminal.print(fmt::format("{}: no changes", stack.name));
    TM_TRY(const auto known, session.call("GET", "/_admin/deploy/stacks", {}));
    for (const auto& one : array_of(known, "stacks")) {
      if (one.string_or("stack") == stack.name) print_outputs(one, stack.name, session.endpoint(), terminal);
    }
    return {};
  }
  const bool takes_away = print_plan(plan, terminal);
  if (!is_agreed(options, terminal, fmt::format("Deploy {}?", stack.name), !takes_away)) {
    TM_TRY(const auto discarded, session.call("POST", "/_admin/deploy/discard", set));
    static_cast<void>(discarded);
    return fail(Errc::kConflict, terminal.ask ? "not deployed" : "the plan removes or replaces resources: say --yes");
  }
  TM_TRY(const auto result, follow(session, "/_admin/deploy/execute", set, terminal));
  const auto seconds = std::chrono::duration<double>(session.clock().now() - began).count();
  failed = result.bool_or("failed", false);
  const auto reason = result.string_or("reason");
  terminal.print(fmt::format("{}: {} in {:.2f} s{}", stack.name, result.string_or("status"), seconds,
                             reason.empty() ? "" : "  " + reason));
  if (!failed) print_outputs(result, stack.name, session.endpoint(), terminal);
  return {};
}

}  // namespace

std::string local_url(const std::string& endpoint, std::string_view value) {
  constexpr std::string_view kScheme = "https://", kMiddle = ".execute-api.";
  if (!value.starts_with(kScheme)) return "";
  const auto rest = value.substr(kScheme.size());
  const auto middle = rest.find(kMiddle);
  const auto slash = rest.find('/');
  if (middle == rest.npos || slash == rest.npos || middle > slash) return "";
  return fmt::format("{}/_api/{}{}", endpoint, rest.substr(0, middle), rest.substr(slash));
}

int deploy(Session& session, runtime::Files& files, const DeployOptions& options, const Terminal& terminal) {
  auto stacks = read_stacks(files, options.path);
  if (!stacks) {
    terminal.complain(stacks.error().message);
    return 2;
  }
  if (!options.stack_name.empty()) {
    if (stacks->size() > 1) {
      std::erase_if(*stacks, [&](const auto& stack) { return stack.name != options.stack_name; });
      if (stacks->empty()) {
        terminal.complain(fmt::format("{} holds no stack {}", options.path, options.stack_name));
        return 2;
      }
    } else {
      (*stacks)[0].name = options.stack_name;
    }
  }
  for (const auto& stack : *stacks) {
    bool failed = false;
    if (auto done = deploy_one(session, files, stack, options, terminal, failed); !done) {
      terminal.complain(fmt::format("{}: {}", stack.name, done.error().message));
      return 1;
    }
    if (failed) return 1;
  }
  return 0;
}

int destroy(Session& session, const std::string& stack, bool yes, const Terminal& terminal) {
  if (!yes && !terminal.ask) {
    terminal.complain(fmt::format("destroying {} needs --yes", stack));
    return 1;
  }
  if (!yes && !terminal.ask(fmt::format("Delete {} and what it made?", stack))) return 1;
  const auto result = follow(session, "/_admin/deploy/destroy", object({{"stack", stack}}), terminal);
  if (!result) {
    terminal.complain(fmt::format("{}: {}", stack, result.error().message));
    return 1;
  }
  terminal.print(fmt::format("{}: {}{}", stack, result->string_or("status"),
                             result->string_or("reason").empty() ? "" : "  " + result->string_or("reason")));
  return result->string_or("status") == "DELETE_COMPLETE" ? 0 : 1;
}

}  // namespace tidemill::cli
