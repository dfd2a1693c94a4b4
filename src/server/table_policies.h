// The resource policies of tables and streams, parsed, as the gate of the DynamoDB front asks for them. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "auth/policy.h"
#include "tables/engine.h"

namespace tidemill::server {

class TablePolicies {
 public:
  explicit TablePolicies(const tables::Tables& tables) : tables_(tables) {}
  // nullptr when the resource has none.
  std::shared_ptr<const auth::Policy> find(std::string_view resource) const;

 private:
  struct Parsed {
    std::string revision;
    std::shared_ptr<const auth::Policy> policy;
  };
  const tables::Tables& tables_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Parsed, std::less<>> parsed_;  // guarded by mutex_; by table id and stream label
};

}  // namespace tidemill::server
