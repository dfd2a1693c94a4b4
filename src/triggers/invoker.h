// The function side of a mapping.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/scope.h"

namespace tidemill::triggers {

enum class Outcome : unsigned char {
  kOk,             // the function answered; the payload may still name failed records
  kFunctionError,  // it failed, timed out or crashed
  kThrottled,      // no room for the invocation: does not count as an attempt
  kNotFound,       // no such function
  kSystemError,    // ours: does not count as an attempt
};

struct InvokeResult {
  Outcome outcome = Outcome::kSystemError;
  std::string payload;
  std::string function_error;    // "Unhandled"
  std::string executed_version;  // "$LATEST"
  std::string request_id;
};

struct Invocation {
  Scope scope;
  std::string function_arn;  // with the qualifier of the mapping
  std::string payload;
};

class Invoker {
 public:
  virtual ~Invoker() = default;
  // Synchronous invocation; `done` is called once, on the home loop, possibly before the call returns.
  virtual void invoke(Invocation invocation, std::move_only_function<void(InvokeResult)> done) = 0;
  // The ARN (with the qualifier as given) of an existing function, alias or version; nothing when there is none.
  virtual std::optional<std::string> function_arn(const Scope& scope, std::string_view name) const = 0;
};

}  // namespace tidemill::triggers
