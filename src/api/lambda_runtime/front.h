// The Runtime API over HTTP: one loopback address for each environment.
#pragma once

#include <memory>

#include "functions/seams.h"
#include "runtime/executor.h"
#include "runtime/network.h"

namespace tidemill::lambda_runtime {

class RuntimeFront final : public functions::RuntimeEndpoints {
 public:
  RuntimeFront(runtime::Loop& loop, runtime::Network& network) : loop_(loop), network_(network) {}
  tidemill::Result<std::unique_ptr<functions::RuntimeEndpoint>> open(functions::RuntimeSession& session) override;

 private:
  runtime::Loop& loop_;
  runtime::Network& network_;
};

}  // namespace tidemill::lambda_runtime
