// Clusters that were made by name (MSK's control API, templates): all are names of the one broker here, each with an
// ARN, so that what finds a cluster by its name or ARN finds the broker.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/scope.h"
#include "base/time_text.h"
#include "runtime/executor.h"
#include "storage/store.h"

namespace tidemill::topics {

struct NamedCluster {
  Scope scope;
  std::string name;
  std::string arn;  // arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/UUID-N
  bool serverless = false;
  WallTime created;
  std::map<std::string, std::string> tags;
};

class NamedClusters {
 public:
  NamedClusters(storage::Store& store, runtime::Loop& loop) : store_(store), loop_(loop) {}
  Status load();

  // `token` makes the ARN; the same token gives the same cluster. Errors: kAlreadyExists for a name in use,
  // kInvalidArgument, kResourceExhausted.
  Result<NamedCluster> create(const Scope& scope, const std::string& name, bool serverless,
                              std::map<std::string, std::string> tags, const std::string& token);
  // Of what is not there: kNotFound. Topics stay: they are the broker's.
  Status remove(std::string_view arn);
  std::optional<NamedCluster> find(std::string_view arn) const;
  std::vector<NamedCluster> list(const Scope& scope, std::string_view name_prefix = "") const;
  std::vector<std::string> all() const;  // ARNs
  void flushed(runtime::Task done) { store_.when_durable(store_.newest(), loop_, std::move(done)); }

 private:
  storage::Store& store_;
  runtime::Loop& loop_;
  std::map<std::string, NamedCluster, std::less<>> clusters_;  // by ARN
};

}  // namespace tidemill::topics
