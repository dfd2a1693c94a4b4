#include "server/table_policies.h"

namespace tidemill::server {

namespace {
constexpr std::size_t kParsedMax = 1024;
}

std::shared_ptr<const auth::Policy> TablePolicies::find(std::string_view resource) const {
  const auto arn = tables::parse_table_arn(resource);
  if (!arn) return nullptr;
  const auto table = tables_.catalog()->find(arn->scope, arn->table);
  if (!table || table->definition.features.policies.empty()) return nullptr;
  // Indexes belong to the table's policy, streams have their own.
  constexpr std::string_view kStream = "/stream/";
  const std::string stream = arn->rest.starts_with(kStream) ? arn->rest.substr(kStream.size()) : std::string();
  const auto known = table->definition.features.policies.find(stream);
  if (known == table->definition.features.policies.end()) return nullptr;
  const auto key = table->definition.uuid + "/" + stream;
  const std::lock_guard lock(mutex_);
  if (const auto at = parsed_.find(key); at != parsed_.end() && at->second.revision == known->second.revision)
    return at->second.policy;
  auto parsed = auth::Policy::parse_resource(known->second.document);
  if (!parsed) return nullptr;  // documents are checked when they are put
  if (parsed_.size() >= kParsedMax) parsed_.clear();
  auto policy = std::make_shared<const auth::Policy>(*std::move(parsed));
  parsed_[key] = {.revision = known->second.revision, .policy = policy};
  return policy;
}

}  // namespace tidemill::server
