// What functions need from above: implemented in api/, auth/, objects/ and triggers/ (or adapters in server/),
// connected in server/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/reply.h"
#include "base/result.h"
#include "base/scope.h"

namespace tidemill::functions {

// ---- credentials (auth)
// -----------------------------------------------------------------------------------------------

struct Credentials {
  std::string access_key_id, secret_access_key, session_token;
};

struct CredentialRequest {
  Scope scope;
  std::string role_arn;
  std::string function_name;   // the role session's name
  std::string environment_id;  // SDKs cache credentials, so they name the environment, not the invocation
};

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // Good until revoked.
  virtual Credentials issue(const CredentialRequest& request) = 0;
  virtual void revoke(const std::string& access_key_id) = 0;
};

// ---- archives in buckets (objects)
// ------------------------------------------------------------------------------------

struct CodeSourceError {
  std::string code;     // NoSuchBucket, NoSuchKey, AccessDenied, ...
  std::string message;  // S3's sentence
  static CodeSourceError internal(std::string_view text) { return {"InternalError", std::string(text)}; }
};

struct CodeLocation {
  Scope scope;
  std::string bucket, key, version;
};

class CodeSource {
 public:
  virtual ~CodeSource() = default;
  virtual void fetch(const CodeLocation& location, Reply<std::string, CodeSourceError> reply) = 0;
};

// ---- records of asynchronous invocations (triggers)
// --------------------------------------------------------------------

class InvocationSink {
 public:
  virtual ~InvocationSink() = default;
  // `record` is the destination record, or for a dead letter the event with its attributes as {"body","attributes"}.
  virtual void send(const Scope& scope, const std::string& target_arn, std::string record, bool dead_letter,
                    Reply<bool> reply) = 0;
};

// ---- the Runtime API (api/lambda_runtime)
// ------------------------------------------------------------------------------

// An event handed to a runtime: the body of `next` and what its headers say.
struct RuntimeEvent {
  std::string request_id;
  std::int64_t deadline_ms = 0;  // Unix time
  std::string invoked_arn;
  std::string trace_id;
  std::string client_context;  // empty when none
  std::string payload;
};

enum class RuntimeErrc : std::uint8_t {
  kInvalidRequestId,        // unknown or foreign id, or a second answer
  kInvalidStateTransition,  // next while an invocation runs, ...
  kResponseTooLarge,        // told to the runtime; the caller gets Function.ResponseSizeTooLarge
  kStopped,                 // the environment is being taken down
};

struct RuntimeError {
  RuntimeErrc code = RuntimeErrc::kStopped;
  std::string message;
  static RuntimeError internal(std::string_view text) { return {RuntimeErrc::kStopped, std::string(text)}; }
};

// What a runtime may do, seen from the wire. Implemented by the environment.
class RuntimeSession {
 public:
  virtual ~RuntimeSession() = default;
  // Answered when there is an event; parked as long as that takes.
  virtual void next(Reply<RuntimeEvent, RuntimeError> reply) = 0;
  virtual tidemill::Result<void, RuntimeError> response(std::string_view request_id, std::string body) = 0;
  // The declared size is over the limit: the body was not kept.
  virtual tidemill::Result<void, RuntimeError> response_too_large(std::string_view request_id) = 0;
  virtual tidemill::Result<void, RuntimeError> error(std::string_view request_id, std::string body,
                                                     std::string_view error_type) = 0;
  virtual tidemill::Result<void, RuntimeError> init_error(std::string body, std::string_view error_type) = 0;
};

// An address that serves exactly one environment; closed by its destructor, parked answers included.
class RuntimeEndpoint {
 public:
  virtual ~RuntimeEndpoint() = default;
  virtual std::string address() const = 0;  // host:port, the value of AWS_LAMBDA_RUNTIME_API
};

class RuntimeEndpoints {
 public:
  virtual ~RuntimeEndpoints() = default;
  // `session` outlives the endpoint.
  virtual tidemill::Result<std::unique_ptr<RuntimeEndpoint>> open(RuntimeSession& session) = 0;
};

}  // namespace tidemill::functions
