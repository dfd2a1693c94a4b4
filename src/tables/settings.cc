#include "tables/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "tables/engine.h"

namespace tidemill::tables {
namespace {

constexpr std::string_view kStreamPart = "/stream/";
constexpr std::string_view kNoPolicy = "Resource-based policy not found for the provided ResourceArn: ";

std::unexpected<Error> no_table(std::string_view name) {
  return fail(Errc::kResourceNotFound, fmt::format("Requested resource not found: Table: {} not found", name));
}

Result<TablePtr> table_of(const Tables& tables, const PolicyResource& resource) {
  auto table = tables.usable(resource.scope, resource.table);
  if (!table) return no_table(resource.table);
  if (!resource.stream.empty() && table->definition.stream.label != resource.stream) {
    return fail(Errc::kResourceNotFound, fmt::format("Requested resource not found: Stream: {} not found for Table: {}",
                                                     resource.stream, resource.table));
  }
  return table;
}

Status check_revision(const TableDefinition& table, const PolicyResource& resource,
                      const std::optional<std::string>& expected) {
  if (!expected) return {};
  const auto known = table.features.policies.find(resource.stream);
  const bool none = known == table.features.policies.end();
  if (*expected == "NO_POLICY") {
    if (none) return {};
    return fail(Errc::kPolicyNotFound,
                fmt::format("{}Requested policy update expecting none to be present for table {}, but a policy exists "
                            "with revision id {}.",
                            kNoPolicy, table.name, known->second.revision));
  }
  if (none) return fail(Errc::kPolicyNotFound, std::string(kNoPolicy) + resource.arn);
  if (known->second.revision == *expected) return {};
  return fail(
      Errc::kPolicyNotFound,
      fmt::format("{}Requested update for policy with revision id {}, but the policy associated to target table "
                  "{} has revision id {}.",
                  kNoPolicy, *expected, table.name, known->second.revision));
}

bool same_document(std::string_view one, std::string_view other) {
  if (one == other) return true;
  const auto a = json::Value::parse(one), b = json::Value::parse(other);
  return a && b && *a == *b;
}

template <class T>
void answer_durable(Tables& tables, T value, Reply<T> reply) {
  tables.store().when_durable(
      tables.store().newest(), tables.home(),
      [value = std::move(value), reply = std::move(reply)]() mutable { std::move(reply)(std::move(value)); });
}

std::int64_t now_ms(const Tables& tables) { return epoch_ms(tables.clock().wall()); }

InsightsDescription description(const Tables& tables, const Table& table, const std::string& index) {
  const auto& definition = table.definition;
  InsightsDescription out{.table = definition.name, .index = index, .status = "DISABLED", .setting = {}};
  const auto* found = index.empty() ? nullptr : definition.find_index(index);
  out.has_range_key = !(found != nullptr ? found->keys : definition.keys).range.empty();
  const auto known = definition.features.insights.find(index);
  if (known == definition.features.insights.end()) return out;
  out.setting = known->second;
  const bool changing = now_ms(tables) < out.setting.updated_ms + tables.options().transition.count();
  if (out.setting.enabled) {
    out.status = changing ? "ENABLING" : "ENABLED";
  } else if (changing) {
    out.status = "DISABLING";
  }
  return out;
}

}  // namespace

Result<TableArn> table_or_stream(std::string_view arn) {
  if (!arn.starts_with("arn:")) return invalid_values(fmt::format("ARNs must start with 'arn:': {}", arn));
  auto parsed = parse_table_arn(arn);
  if (!parsed && arn.find(":dynamodb:") != arn.npos && arn.find(":table/") != arn.npos)
    return invalid(fmt::format("Invalid TableArn: Invalid ResourceArn provided as input {}", arn));
  if (!parsed) return invalid_values(fmt::format("Provided Arn is not a DynamoDB resource arn: {}", arn));
  if (parsed->rest.empty() || parsed->rest.starts_with(kStreamPart)) return *std::move(parsed);
  if (!parsed->rest.starts_with("/index/"))
    return invalid_values(fmt::format("Provided Arn is not a DynamoDB resource arn: {}", arn));
  return invalid_values(
      fmt::format("Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {}", arn));
}

Result<PolicyResource> policy_resource(std::string_view arn) {
  TM_TRY(auto parsed, table_or_stream(arn));
  return PolicyResource{.arn = std::string(arn),
                        .scope = std::move(parsed.scope),
                        .table = std::move(parsed.table),
                        .stream = parsed.rest.empty() ? std::string() : parsed.rest.substr(kStreamPart.size())};
}

void put_policy(Tables& tables, const PolicyResource& resource, std::string document,
                const std::optional<std::string>& expected, Reply<ResourcePolicy> reply) {
  const auto table = table_of(tables, resource);
  if (!table) return std::move(reply)(std::unexpected(table.error()));
  if (auto checked = check_revision((*table)->definition, resource, expected); !checked)
    return std::move(reply)(std::unexpected(std::move(checked).error()));
  auto next = (*table)->definition;
  auto& policy = next.features.policies[resource.stream];
  if (!policy.revision.empty() && same_document(policy.document, document))
    return answer_durable(tables, policy, std::move(reply));
  // Revisions are times; two changes within one are told apart.
  auto revision = std::to_string(now_ms(tables));
  if (revision.size() == policy.revision.size() && revision <= policy.revision)
    revision = std::to_string(std::stoll(policy.revision) + 1);
  policy = {.document = std::move(document), .revision = std::move(revision)};
  auto told = policy;
  tables.replace(std::move(next), *table);
  answer_durable(tables, std::move(told), std::move(reply));
}

void delete_policy(Tables& tables, const PolicyResource& resource, const std::optional<std::string>& expected,
                   Reply<ResourcePolicy> reply) {
  const auto table = table_of(tables, resource);
  if (!table) return std::move(reply)(std::unexpected(table.error()));
  if (auto checked = check_revision((*table)->definition, resource, expected); !checked)
    return std::move(reply)(std::unexpected(std::move(checked).error()));
  auto next = (*table)->definition;
  const auto known = next.features.policies.find(resource.stream);
  if (known == next.features.policies.end()) return answer_durable(tables, ResourcePolicy{}, std::move(reply));
  auto told = known->second;
  next.features.policies.erase(known);
  tables.replace(std::move(next), *table);
  answer_durable(tables, std::move(told), std::move(reply));
}

Result<ResourcePolicy> get_policy(const Tables& tables, const PolicyResource& resource) {
  TM_TRY(const auto table, table_of(tables, resource));
  const auto known = table->definition.features.policies.find(resource.stream);
  if (known == table->definition.features.policies.end())
    return fail(Errc::kPolicyNotFound, std::string(kNoPolicy) + resource.arn);
  return known->second;
}

Result<InsightsDescription> describe_insights(const Tables& tables, const Scope& scope, const std::string& name,
                                              const std::string& index) {
  const auto table = tables.usable(scope, name);
  if (!table) return no_table(name);
  if (!index.empty() && table->definition.find_index(index) == nullptr) {
    return fail(Errc::kResourceNotFound,
                fmt::format("Requested resource not found: Index: {} not found for table: {}", index, name));
  }
  return description(tables, *table, index);
}

void update_insights(Tables& tables, const Scope& scope, const InsightsInput& input, Reply<InsightsDescription> reply) {
  auto now = describe_insights(tables, scope, input.table, input.index);
  if (!now) return std::move(reply)(std::unexpected(std::move(now).error()));
  const auto table = tables.usable(scope, input.table);
  auto next = table->definition;
  auto& setting = next.features.insights[input.index];
  const bool throttled_only = input.throttled_only.value_or(setting.enabled && setting.throttled_only);
  if (setting.enabled == input.enable && (!input.enable || setting.throttled_only == throttled_only))
    return answer_durable(tables, *std::move(now), std::move(reply));
  const auto time = now_ms(tables);
  if (input.enable && !setting.enabled) setting.rules_ms = time;
  setting.enabled = input.enable;
  setting.throttled_only = throttled_only;
  setting.updated_ms = time;
  auto told = description(tables, *tables.replace(std::move(next), table), input.index);
  told.status = input.enable ? "ENABLING" : "DISABLING";
  answer_durable(tables, std::move(told), std::move(reply));
}

std::vector<InsightsDescription> list_insights(const Tables& tables, const Table& table) {
  std::vector<InsightsDescription> out;
  for (const auto& [index, setting] : table.definition.features.insights) {
    if (!index.empty() && table.definition.find_index(index) == nullptr) continue;
    out.push_back(description(tables, table, index));
  }
  return out;
}

}  // namespace tidemill::tables
