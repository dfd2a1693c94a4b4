#include "topics/named_clusters.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/json.h"

namespace tidemill::topics {
namespace {

constexpr std::string_view kPrefix = "cluster-name/";
constexpr std::size_t kClustersMax = 1000;

std::string key_of(std::string_view arn) { return fmt::format("{}{}", kPrefix, arn); }

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

Status NamedClusters::load() {
  auto at = store_.cursor(storage::Keyspace::kMeta, storage::Range::prefix(kPrefix));
  for (; at->valid(); at->next()) {
    TM_TRY(const auto value, json::Value::parse(at->value()));
    NamedCluster cluster{.scope = {value.string_or("account"), value.string_or("region")},
                         .name = value.string_or("name"),
                         .arn = value.string_or("arn")};
    cluster.serverless = value.bool_or("serverless", false);
    cluster.created = from_epoch_ms(value.integer_or("created", 0));
    if (const auto* tags = value.find("tags"); tags != nullptr && tags->is_object()) {
      for (const auto& [key, tag] : tags->as_object()) cluster.tags[key] = tag.is_string() ? tag.as_string() : "";
    }
    clusters_[cluster.arn] = std::move(cluster);
  }
  return at->status();
}

Result<NamedCluster> NamedClusters::create(const Scope& scope, const std::string& name, bool serverless,
                                           std::map<std::string, std::string> tags, const std::string& token) {
  if (!is_name(name))
    return fail(Errc::kInvalidArgument,
                fmt::format("The cluster name {} must have 1 to 64 letters, digits and dashes.", name));
  const auto hex = sha256_hex(token);
  const auto arn = fmt::format("arn:aws:kafka:{}:{}:cluster/{}/{}-{}-4{}-8{}-{}-{}", scope.region, scope.account, name,
                               hex.substr(0, 8), hex.substr(8, 4), hex.substr(13, 3), hex.substr(17, 3),
                               hex.substr(20, 12), serverless ? "s1" : "1");
  if (const auto found = clusters_.find(arn); found != clusters_.end()) return found->second;
  for (const auto& [other_arn, other] : clusters_) {
    if (other.scope == scope && other.name == name)
      return fail(Errc::kAlreadyExists, fmt::format("Name {} already exists.", name));
  }
  if (clusters_.size() >= kClustersMax)
    return fail(Errc::kResourceExhausted, fmt::format("There are {} clusters already.", clusters_.size()));
  NamedCluster cluster{.scope = scope,
                       .name = name,
                       .arn = arn,
                       .serverless = serverless,
                       .created = loop_.clock().wall(),
                       .tags = std::move(tags)};
  json::Object out, stored_tags;
  out["account"] = scope.account;
  out["region"] = scope.region;
  out["name"] = name;
  out["arn"] = arn;
  out["serverless"] = serverless;
  out["created"] = epoch_ms(cluster.created);
  for (const auto& [key, value] : cluster.tags) stored_tags[key] = value;
  out["tags"] = std::move(stored_tags);
  storage::Mutation batch;
  batch.put(storage::Keyspace::kMeta, key_of(arn), json::Value(std::move(out)).text());
  store_.write(std::move(batch));
  return clusters_[arn] = std::move(cluster);
}

Status NamedClusters::remove(std::string_view arn) {
  const auto found = clusters_.find(arn);
  if (found == clusters_.end()) return fail(Errc::kNotFound, fmt::format("The cluster {} does not exist.", arn));
  storage::Mutation batch;
  batch.erase(storage::Keyspace::kMeta, key_of(arn));
  store_.write(std::move(batch));
  clusters_.erase(found);
  return {};
}

std::optional<NamedCluster> NamedClusters::find(std::string_view arn) const {
  const auto found = clusters_.find(arn);
  return found == clusters_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<NamedCluster> NamedClusters::list(const Scope& scope, std::string_view name_prefix) const {
  std::vector<NamedCluster> out;
  for (const auto& [arn, cluster] : clusters_) {
    if (cluster.scope == scope && cluster.name.starts_with(name_prefix)) out.push_back(cluster);
  }
  return out;
}

std::vector<std::string> NamedClusters::all() const {
  std::vector<std::string> out;
  out.reserve(clusters_.size());
  for (const auto& [arn, cluster] : clusters_) out.push_back(arn);
  return out;
}

}  // namespace tidemill::topics
