// HTTP in, HTTP out, for the services of this protocol. The order of checks is the service's own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/awsjson/service.h"
#include "api/common/request_id.h"
#include "auth/identity.h"
#include "http/message.h"
#include "observe/metrics.h"
#include "runtime/time.h"

namespace tidemill::awsjson {

inline constexpr std::size_t kBodyMax = 16 * 1024 * 1024;
inline constexpr std::size_t kCompressAbove = 4096;

// Who asks, and may they: the identity engine, or a test's stand-in.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual auth::Result<std::shared_ptr<const auth::Caller>> authenticate(const http::Request& request) const = 0;
  virtual auth::Decision authorize(const auth::Principal& principal, std::string_view action,
                                   std::string_view resource) const = 0;
  virtual bool enforced() const = 0;  // false: authorize() would allow everything, and is not asked
};

class Front {
 public:
  struct Dependencies {
    const Gate& gate;
    api::RequestIds& ids;
    const runtime::Clock& clock;
    observe::Metrics& metrics;
    std::string region;                 // of the health line
    runtime::Executor* home = nullptr;  // for operations that do not run on any loop; null: there is one loop
  };
  Front(Dependencies dependencies, std::vector<Service*> services);

  // On the connection's loop; answers on it.
  void handle(const http::Request& request, runtime::Executor& loop, http::Responder&& respond);

 private:
  class Pending;
  struct Plan;
  struct Known {
    const OperationInfo* operation;
    Service* service;
    observe::Histogram* latency;
  };
  // `known` null: no such operation.
  void run(const http::Request& request, std::string_view body, const Known* known, std::unique_ptr<Pending> pending);

  const Dependencies deps_;
  const std::vector<Service*> services_;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, Known, Hash, std::equal_to<>> by_target_;  // constant after construction
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidemill::awsjson
