// REST APIs: their control calls and the serving of requests. Home loop only.
//
// Control calls change memory and store at once and give the result; `flushed` says when all of it is durable. What is
// served is the snapshot that a stage's deployment took: later changes of the tree are invisible until the next
// deployment.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply.h"
#include "observe/log.h"
#include "routes/api.h"
#include "routes/error.h"
#include "routes/matcher.h"
#include "routes/proxy.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "storage/store.h"

namespace tidemill::routes {

// Runs functions for integrations; implemented in server/ on functions/ and auth/.
enum class InvokeErrc : unsigned char { kNotFound, kForbidden, kThrottled, kTooLarge, kInternal };
struct InvokeError {
  InvokeErrc code = InvokeErrc::kInternal;
  std::string message;
  static InvokeError internal(std::string_view text) { return {InvokeErrc::kInternal, std::string(text)}; }
};
struct InvokeResult {
  std::string payload;
  bool function_error = false;  // the function threw, timed out or died
};
struct InvokeRequest {
  Scope scope;
  std::string function_arn;
  std::string payload;
  std::string source_arn;  // arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path, for the function's policy
  std::string trace_id;
};
class FunctionInvoker {
 public:
  virtual ~FunctionInvoker() = default;
  virtual void invoke(InvokeRequest request, Reply<InvokeResult, InvokeError> reply) = 0;
};

struct NewApi {
  Scope scope;
  std::string name, description;
  std::vector<std::string> binary_media_types;
  std::vector<std::string> endpoint_types = {"EDGE"};
  std::string api_key_source = "HEADER";
  bool disable_execute_api_endpoint = false;
  json::Value policy;
  TextMap tags;
  std::string token;  // makes the id repeatable: the same token gives the same API; empty: random
};

// Fields that are named change.
struct ApiChange {
  std::optional<std::string> name, description, api_key_source;
  std::optional<std::vector<std::string>> binary_media_types, endpoint_types;
  std::optional<bool> disable_execute_api_endpoint;
  std::optional<json::Value> policy;
  std::optional<TextMap> tags;
};

struct NewStage {
  std::string name, deployment_id, description;
  TextMap variables, tags;
  json::Value method_settings;
  bool tracing = false;
};

class Routes {
 public:
  struct Services {
    storage::Store& store;
    runtime::Loop& loop;
    runtime::Random& random;
    observe::Log& log;
    FunctionInvoker& functions;
  };
  explicit Routes(Services services) : services_(services) {}
  Routes(const Routes&) = delete;

  tidemill::Status load();
  void flushed(runtime::Task done) {
    services_.store.when_durable(services_.store.newest(), services_.loop, std::move(done));
  }

  // ---- control -----------------------------------------------------------------------------------------------------
  Result<const RestApi*> create_api(NewApi request);
  Result<const RestApi*> update_api(const Scope& scope, const std::string& api, ApiChange change);
  Status delete_api(const Scope& scope, const std::string& api);
  Result<const RestApi*> api(const Scope& scope, const std::string& api) const;
  std::vector<const RestApi*> apis(const Scope& scope) const;  // oldest first

  Result<const Resource*> create_resource(const Scope& scope, const std::string& api, const std::string& parent,
                                          const std::string& path_part, const std::string& token = "");
  Status delete_resource(const Scope& scope, const std::string& api,
                         const std::string& resource);  // and what is below it
  Result<const Resource*> resource(const Scope& scope, const std::string& api, const std::string& resource) const;

  // The whole method at once; one that is there is replaced when `replace`, else kConflict.
  Result<const Method*> put_method(const Scope& scope, const std::string& api, const std::string& resource,
                                   Method method, bool replace);
  Result<const Method*> put_integration(const Scope& scope, const std::string& api, const std::string& resource,
                                        const std::string& verb, Integration integration);
  Result<const Method*> put_method_response(const Scope& scope, const std::string& api, const std::string& resource,
                                            const std::string& verb, const std::string& code, MethodResponse response);
  Result<const Method*> put_integration_response(const Scope& scope, const std::string& api,
                                                 const std::string& resource, const std::string& verb,
                                                 const std::string& code, IntegrationResponse response);
  Status delete_method(const Scope& scope, const std::string& api, const std::string& resource,
                       const std::string& verb);
  Result<const Method*> method(const Scope& scope, const std::string& api, const std::string& resource,
                               const std::string& verb) const;

  Result<const Deployment*> create_deployment(const Scope& scope, const std::string& api,
                                              const std::string& description, const std::string& token = "");
  Status delete_deployment(const Scope& scope, const std::string& api, const std::string& deployment);
  Result<const Stage*> create_stage(const Scope& scope, const std::string& api, NewStage stage);
  Result<const Stage*> update_stage(const Scope& scope, const std::string& api,
                                    NewStage stage);  // all fields but the name
  Status delete_stage(const Scope& scope, const std::string& api, const std::string& stage);
  Result<const Stage*> stage(const Scope& scope, const std::string& api, const std::string& stage) const;

  // ---- serving -----------------------------------------------------------------------------------------------------
  // Always answered; a request that nobody knows gets the gateway's own errors.
  void serve(Incoming incoming, std::move_only_function<void(Outgoing)> answer);

  static constexpr std::size_t kBodyBytesMax = 10 << 20;
  static constexpr std::size_t kHeadBytesMax = 10'240;

 private:
  Result<RestApi*> find(const Scope& scope, const std::string& api);
  Result<Resource*> find_resource(RestApi& api, const std::string& resource);
  Result<Method*> find_method(const Scope& scope, const std::string& api, const std::string& resource,
                              const std::string& verb);
  Status check(const Method& method) const;
  Status check(const Integration& integration) const;
  void save(const RestApi& api);
  std::string make_id(std::size_t size, const std::string& token, std::string_view salt);

  const Services services_;
  std::map<std::string, std::unique_ptr<RestApi>> apis_;  // by id, of all scopes
};

}  // namespace tidemill::routes
