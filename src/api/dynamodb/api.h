// The DynamoDB API as a service of awsjson::Front. One operation is one file and one line in operations.cc.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "api/awsjson/service.h"
#include "tables/engine.h"

namespace tidemill::transfers {
class Exports;
class Imports;
}  // namespace tidemill::transfers

namespace tidemill::dynamodb {

class ExpressionCache;

struct Services {
  tables::Tables& tables;
  ExpressionCache& expressions;
  transfers::Exports* exports = nullptr;  // none: not offered
  transfers::Imports* imports = nullptr;
};

struct Operation {
  awsjson::OperationInfo info;
  void (*run)(Services& services, awsjson::Call call);
};

std::span<const Operation* const> operations();

class Api final : public awsjson::Service {
 public:
  explicit Api(tables::Tables& tables, transfers::Exports* exports = nullptr, transfers::Imports* imports = nullptr);
  ~Api() override;
  std::string_view target_prefix() const override { return "DynamoDB_20120810"; }
  std::span<const awsjson::OperationInfo* const> operations() const override { return infos_; }
  void run(awsjson::Call call) override;

 private:
  const std::unique_ptr<ExpressionCache> expressions_;
  Services services_;
  std::map<const awsjson::OperationInfo*, const Operation*> by_info_;  // constant after construction
  std::vector<const awsjson::OperationInfo*> infos_;
};

// The only place where the engine's codes become DynamoDB's names.
awsjson::WireError to_wire(const tables::Error& error);

// Answers a call with what the engine says: a value rendered by `render(value) -> std::string`, or the error.
template <class T, class Render>
tables::Reply<T> replying(awsjson::Call call, Render render) {
  return tables::Reply<T>([call = std::move(call), render = std::move(render)](tables::Result<T> result) mutable {
    if (!result) return std::move(call).answer(std::unexpected(to_wire(result.error())));
    std::move(call).answer(render(*std::move(result)));
  });
}

inline void refuse(awsjson::Call call, std::string message) {
  std::move(call).answer(std::unexpected(awsjson::validation_error(std::move(message))));
}
inline void refuse(awsjson::Call call, const tables::Error& error) {
  std::move(call).answer(std::unexpected(to_wire(error)));
}

}  // namespace tidemill::dynamodb
