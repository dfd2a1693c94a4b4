// Functions: resource policies, tags, concurrency, settings of asynchronous invocations.
#include <fmt/format.h>

#include <algorithm>

#include "functions/configuration.h"
#include "functions/impl.h"

namespace tidemill::functions {
namespace {

constexpr std::size_t kPolicyMax = 20'480;
constexpr std::string_view kPolicyRevision =
    "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest "
    "Revision Id";
constexpr std::string_view kUnqualifiedOnly =
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please "
    "specify either a "
    "function name or an unqualified function ARN.";
constexpr std::string_view kTagsQualified =
    "Tags on function aliases and versions are not supported. Please specify a function ARN.";

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 100 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

Result<json::Value> principal_of(std::string_view text) {
  if (text == "*") return json::Value("*");
  json::Object principal;
  if (text.size() == 12 && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; }))
    principal["AWS"] = fmt::format("arn:aws:iam::{}:root", text);
  else if (text.starts_with("arn:"))
    principal["AWS"] = text;
  else if (text.find('.') != std::string_view::npos && text.find(' ') == std::string_view::npos)
    principal["Service"] = text;
  else
    return fail(Errc::kInvalidParameter,
                "The provided principal was invalid. Please check the principal and try again.");
  return json::Value(std::move(principal));
}

json::Value condition_of(const PermissionRequest& request) {
  json::Object equals;
  if (!request.source_account.empty()) equals["AWS:SourceAccount"] = request.source_account;
  if (!request.function_url_auth_type.empty()) equals["lambda:FunctionUrlAuthType"] = request.function_url_auth_type;
  if (!request.principal_org_id.empty()) equals["aws:PrincipalOrgID"] = request.principal_org_id;
  if (!request.event_source_token.empty()) equals["lambda:EventSourceToken"] = request.event_source_token;
  json::Object condition;
  if (!equals.empty()) condition["StringEquals"] = std::move(equals);
  if (!request.source_arn.empty()) {
    json::Object like;
    like["AWS:SourceArn"] = request.source_arn;
    condition["ArnLike"] = std::move(like);
  }
  return condition;
}

bool is_arn(std::string_view text) { return text.starts_with("arn:") && std::ranges::count(text, ':') >= 5; }

template <class T>
std::shared_ptr<Reply<T, Error>> share(Reply<T, Error> reply) {
  return std::make_shared<Reply<T, Error>>(std::move(reply));
}

}  // namespace

void Functions::add_permission(PermissionRequest request, Reply<json::Value, Error> reply) {
  auto& impl = *impl_;
  const auto reference = parse_function_name(request.scope, request.name, request.qualifier);
  if (!reference) return std::move(reply)(std::unexpected(reference.error()));
  if (reference->qualifier == "$LATEST")
    return std::move(reply)(fail(Errc::kInvalidParameter, "We currently do not support adding policies for $LATEST."));
  const auto found = impl.find(request.scope, request.name, request.qualifier);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  if (!is_word(request.statement_id))
    return std::move(reply)(
        fail(Errc::kValidation,
             fmt::format("1 validation error detected: Value '{}' at 'statementId' failed to satisfy constraint: "
                         "Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)",
                         request.statement_id)));
  if (!request.action.starts_with("lambda:") && request.action != "*")
    return std::move(reply)(
        fail(Errc::kValidation,
             fmt::format("1 validation error detected: Value '{}' at 'action' failed to satisfy constraint: Member "
                         "must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])",
                         request.action)));
  Function next = *(*found)->function;
  if (!request.revision_id.empty() && request.revision_id != next.policy_revision_id)
    return std::move(reply)(fail(Errc::kPreconditionFailed, std::string(kPolicyRevision)));
  if (std::ranges::find(next.policy, request.statement_id, &PolicyStatement::id) != next.policy.end())
    return std::move(reply)(
        fail(Errc::kConflict,
             fmt::format("The statement id ({}) provided already exists. Please provide a new statement id, or "
                         "remove the existing statement.",
                         request.statement_id)));
  auto principal = principal_of(request.principal);
  if (!principal) return std::move(reply)(std::unexpected(principal.error()));
  json::Object statement;
  statement["Sid"] = request.statement_id;
  statement["Effect"] = "Allow";
  statement["Principal"] = *std::move(principal);
  statement["Action"] = request.action;
  statement["Resource"] = next.arn();
  if (auto condition = condition_of(request); !condition.as_object().empty())
    statement["Condition"] = std::move(condition);
  json::Value document(std::move(statement));
  next.policy.push_back({request.statement_id, document});
  std::size_t size = 0;
  for (const auto& kept : next.policy) size += kept.document.text().size();
  if (size > kPolicyMax)
    return std::move(reply)(
        fail(Errc::kPolicyTooLong,
             fmt::format("The final policy size ({}) is bigger than the limit ({}).", size, kPolicyMax)));
  next.policy_revision_id = impl.revision();
  next.revision_id = impl.revision();
  impl.store(std::move(next),
             [shared = share(std::move(reply)), document](const Function&) { std::move (*shared)(document); });
}

void Functions::remove_permission(const Scope& scope, const std::string& name, const std::string& qualifier,
                                  const std::string& statement_id, const std::string& revision_id,
                                  Reply<bool, Error> reply) {
  auto& impl = *impl_;
  const auto found = impl.find(scope, name, qualifier);
  if (!found) {
    if (found.error().code != Errc::kNotFound) return std::move(reply)(std::unexpected(found.error()));
    const auto reference = parse_function_name(scope, name, qualifier);
    return std::move(reply)(
        fail(Errc::kNotFound, "No policy found for: " + function_arn(scope, reference->name, reference->qualifier)));
  }
  Function next = *(*found)->function;
  if (next.policy.empty())
    return std::move(reply)(fail(Errc::kNotFound, "No policy is associated with the given resource."));
  const auto at = std::ranges::find(next.policy, statement_id, &PolicyStatement::id);
  if (at == next.policy.end())
    return std::move(reply)(
        fail(Errc::kNotFound, fmt::format("Statement {} is not found in resource policy.", statement_id)));
  if (!revision_id.empty() && revision_id != next.policy_revision_id)
    return std::move(reply)(fail(Errc::kPreconditionFailed, std::string(kPolicyRevision)));
  next.policy.erase(at);
  next.policy_revision_id = impl.revision();
  next.revision_id = impl.revision();
  impl.store(std::move(next), [shared = share(std::move(reply))](const Function&) { std::move (*shared)(true); });
}

void Functions::tag(const Scope& scope, const std::string& arn, const std::map<std::string, std::string>& tags,
                    Reply<bool, Error> reply) {
  auto& impl = *impl_;
  const auto found = impl.find_unqualified(scope, arn, kTagsQualified);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  if (tags.empty())
    return std::move(reply)(fail(Errc::kInvalidParameter, "An error occurred and the request cannot be processed."));
  Function next = *(*found)->function;
  for (const auto& [key, value] : tags) next.tags[key] = value;
  if (auto ok = check_tags(next.tags); !ok) return std::move(reply)(std::unexpected(ok.error()));
  impl.store(std::move(next), [shared = share(std::move(reply))](const Function&) { std::move (*shared)(true); });
}

void Functions::untag(const Scope& scope, const std::string& arn, const std::vector<std::string>& keys,
                      Reply<bool, Error> reply) {
  auto& impl = *impl_;
  const auto found = impl.find_unqualified(scope, arn, kTagsQualified);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  Function next = *(*found)->function;
  for (const auto& key : keys) next.tags.erase(key);
  impl.store(std::move(next), [shared = share(std::move(reply))](const Function&) { std::move (*shared)(true); });
}

void Functions::put_concurrency(const Scope& scope, const std::string& name, std::int64_t reserved,
                                Reply<Function, Error> reply) {
  auto& impl = *impl_;
  const auto found = impl.find_unqualified(scope, name, kUnqualifiedOnly);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  if (reserved < 0)
    return std::move(reply)(
        fail(Errc::kValidation,
             fmt::format("1 validation error detected: Value '{}' at 'reservedConcurrentExecutions' failed to "
                         "satisfy constraint: Member must have value greater than or equal to 0",
                         reserved)));
  Function next = *(*found)->function;
  const auto least = impl.settings.concurrency_unreserved_min;
  if (usage(scope).unreserved + next.reserved_concurrency.value_or(0) - reserved < least)
    return std::move(reply)(fail(
        Errc::kInvalidParameter,
        fmt::format(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            "below its minimum value of [{}].",
            least)));
  next.reserved_concurrency = static_cast<int>(reserved);
  impl.store(std::move(next),
             [shared = share(std::move(reply))](const Function& stored) { std::move (*shared)(stored); });
}

void Functions::remove_concurrency(const Scope& scope, const std::string& name, Reply<bool, Error> reply) {
  auto& impl = *impl_;
  const auto found = impl.find_unqualified(scope, name, kUnqualifiedOnly);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  Function next = *(*found)->function;
  next.reserved_concurrency.reset();
  impl.store(std::move(next), [shared = share(std::move(reply))](const Function&) { std::move (*shared)(true); });
}

void Functions::put_event_invoke(EventInvokeRequest request, Reply<Function, Error> reply) {
  auto& impl = *impl_;
  const auto found = impl.find(request.scope, request.name, request.qualifier);
  if (!found) {
    if (found.error().code == Errc::kNotFound)
      return std::move(reply)(fail(Errc::kNotFound, "The function doesn't exist."));
    return std::move(reply)(std::unexpected(found.error()));
  }
  if (!request.retries_max && !request.event_age_s && !request.on_success && !request.on_failure)
    return std::move(reply)(
        fail(Errc::kInvalidParameter, "You must specify at least one of error handling or destination setting."));
  const auto out_of_range = [](std::string_view member, std::int64_t value, std::int64_t least, std::int64_t most) {
    return fail(
        Errc::kValidation,
        fmt::format(
            "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have value {} "
            "than or equal to {}",
            value, member, value < least ? "greater" : "less", value < least ? least : most));
  };
  if (request.retries_max && (*request.retries_max < 0 || *request.retries_max > 2))
    return std::move(reply)(out_of_range("maximumRetryAttempts", *request.retries_max, 0, 2));
  if (request.event_age_s && (*request.event_age_s < 60 || *request.event_age_s > 21'600))
    return std::move(reply)(out_of_range("maximumEventAgeInSeconds", *request.event_age_s, 60, 21'600));
  Function next = *(*found)->function;
  for (const auto* target : {&request.on_success, &request.on_failure}) {
    if (!*target || (*target)->empty()) continue;
    if (!is_arn(**target))
      return std::move(reply)(fail(Errc::kInvalidParameter, "The destination ARN " + **target + " is invalid."));
    if ((*target)->starts_with(next.arn()))
      return std::move(reply)(
          fail(Errc::kInvalidParameter, "You can't specify the function as a destination for itself."));
    if (impl.services.sink == nullptr)
      return std::move(reply)(
          fail(Errc::kInvalidParameter, "Destinations are not available on this server: " + **target));
  }
  auto config = request.merge ? next.event_invoke.value_or(EventInvokeConfig{}) : EventInvokeConfig{};
  if (request.retries_max) config.retries_max = static_cast<int>(*request.retries_max);
  if (request.event_age_s) config.event_age_s = static_cast<int>(*request.event_age_s);
  if (request.on_success) config.on_success = *request.on_success;
  if (request.on_failure) config.on_failure = *request.on_failure;
  config.modified = impl.wall();
  next.event_invoke = std::move(config);
  impl.store(std::move(next),
             [shared = share(std::move(reply))](const Function& stored) { std::move (*shared)(stored); });
}

void Functions::remove_event_invoke(const Scope& scope, const std::string& name, const std::string& qualifier,
                                    Reply<bool, Error> reply) {
  auto& impl = *impl_;
  const auto found = impl.find(scope, name, qualifier);
  const auto missing = [&](const std::string& arn) {
    return fail(Errc::kNotFound, fmt::format("The function {}:$LATEST doesn't have an EventInvokeConfig", arn));
  };
  if (!found) {
    const auto reference = parse_function_name(scope, name, qualifier);
    if (!reference) return std::move(reply)(std::unexpected(reference.error()));
    return std::move(reply)(missing(function_arn(scope, reference->name)));
  }
  Function next = *(*found)->function;
  if (!next.event_invoke) return std::move(reply)(missing(next.arn()));
  next.event_invoke.reset();
  impl.store(std::move(next), [shared = share(std::move(reply))](const Function&) { std::move (*shared)(true); });
}

}  // namespace tidemill::functions
