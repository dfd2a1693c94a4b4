// Settings of a table that change nothing of how it works: resource policies and contributor insights. Changes are
// asked for on the home loop and answered when they are durable; reads come from any thread.
#pragma once

#include <optional>
#include <string>

#include "tables/catalog.h"
#include "tables/reply.h"

namespace tidemill::tables {

class Tables;

// The table, or one of its streams, that an ARN names.
struct PolicyResource {
  std::string arn;
  Scope scope;
  std::string table;
  std::string stream;  // label; empty: the table itself
};
// kValidation when the text is no ARN that a policy can belong to.
Result<PolicyResource> policy_resource(std::string_view arn);
// The table of an ARN that names a table or a stream of one: what tags and policies can belong to.
Result<TableArn> table_or_stream(std::string_view arn);

// `expected` names the revision that must be in force; "NO_POLICY" (put only): there must be none.
void put_policy(Tables& tables, const PolicyResource& resource, std::string document,
                const std::optional<std::string>& expected, Reply<ResourcePolicy> reply);
// The policy that was removed; an empty revision when there was none.
void delete_policy(Tables& tables, const PolicyResource& resource, const std::optional<std::string>& expected,
                   Reply<ResourcePolicy> reply);
Result<ResourcePolicy> get_policy(const Tables& tables, const PolicyResource& resource);

struct InsightsInput {
  std::string table;
  std::string index;  // empty: the table itself
  bool enable = false;
  std::optional<bool> throttled_only;
};
struct InsightsDescription {
  std::string table, index;
  std::string_view status;  // as the API spells it
  InsightsSetting setting;
  bool has_range_key = false;
};
void update_insights(Tables& tables, const Scope& scope, const InsightsInput& input, Reply<InsightsDescription> reply);
Result<InsightsDescription> describe_insights(const Tables& tables, const Scope& scope, const std::string& table,
                                              const std::string& index);
// Those of a table that were ever changed, the table's own first.
std::vector<InsightsDescription> list_insights(const Tables& tables, const Table& table);

}  // namespace tidemill::tables
