// The functions engine: registry, execution environments, invocations. Everything runs on the home loop; code runs in
// processes of its own that speak the Lambda Runtime API. The facts are those of the Lambda API 2015-03-31.
//
//   create/update/... -> Registry (storage, archives as content-addressed files)
//   invoke            -> Dispatcher: an idle environment's parked `next` is answered at once, else one is started
//   invoke, kEvent    -> EventQueue: durable before it is accepted, retried with delays, then a destination
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/reply.h"
#include "functions/error.h"
#include "functions/function.h"
#include "functions/invocation.h"
#include "functions/names.h"
#include "functions/seams.h"
#include "functions/settings.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/executor.h"
#include "runtime/files.h"
#include "runtime/processes.h"
#include "runtime/random.h"

namespace tidemill::storage {
class Store;
}

namespace tidemill::functions {

class LogStore;

struct CreateRequest {
  Scope scope;
  std::string name;  // any accepted form
  ConfigurationChange configuration;
  Code code;
  std::map<std::string, std::string> tags;
  std::string package_type = "Zip";
  bool publish = false;
};

struct UpdateCodeRequest {
  Scope scope;
  std::string name;
  Code code;
  std::optional<std::vector<std::string>> architectures;
  std::string revision_id;  // empty: any
  bool publish = false;
  bool dry_run = false;
};

struct UpdateConfigurationRequest {
  Scope scope;
  std::string name;
  ConfigurationChange change;
  std::string revision_id;  // empty: any
};

struct PermissionRequest {
  Scope scope;
  std::string name, qualifier;
  std::string statement_id, action, principal;
  std::string source_arn, source_account, principal_org_id, event_source_token,
      function_url_auth_type;  // empty: not given
  std::string revision_id;
};

struct EventInvokeRequest {
  Scope scope;
  std::string name, qualifier;
  std::optional<std::int64_t> retries_max, event_age_s;
  std::optional<std::string> on_success, on_failure;  // given with an empty text: cleared
  bool merge = false;                                 // update; else the whole configuration is replaced
};

struct ListRequest {
  Scope scope;
  std::string marker;  // the name of the last function of the page before
  int max_items = 50;
};

struct FunctionPage {
  std::vector<Function> functions;
  std::string next_marker;  // empty on the last page
};

struct AccountUsage {
  std::uint64_t code_size = 0;  // bytes of all archives
  std::uint64_t functions = 0;
  int concurrency = 0, unreserved = 0;  // limits
};

// What `doctor`, the console and metrics show of one environment.
struct EnvironmentView {
  std::string id, function, state;
  std::int64_t pid = 0;
  bool frozen = false;
  std::uint64_t invocations = 0;
};

class Functions {
 public:
  struct Services {
    runtime::Loop& loop;
    runtime::Offload& offload;
    runtime::Files& files;
    runtime::Processes& processes;
    runtime::Random& random;
    storage::Store& store;
    RuntimeEndpoints& endpoints;
    CredentialSource& credentials;
    CodeSource* code_source;  // null: archives in buckets are refused with S3's own words
    InvocationSink* sink;     // null: destinations of asynchronous invocations are refused
    LogStore& logs;
    observe::Log& log;
    observe::Metrics& metrics;
  };

  Functions(Services services, Settings settings);
  ~Functions();  // kills the environments that still run
  Functions(const Functions&) = delete;

  // Reads the registry and the queued events. Blocking: at start only.
  tidemill::Status open();
  // No new invocations; running ones may finish until `grace` has passed; then `done`, with no environment left.
  void stop(runtime::Duration grace, runtime::Task done);

  // ---- registry. Replies come when the change is durable. ----------------------------------------------------------
  void create(CreateRequest request, Reply<Function, Error> reply);
  void update_code(UpdateCodeRequest request, Reply<Function, Error> reply);
  void update_configuration(UpdateConfigurationRequest request, Reply<Function, Error> reply);
  void remove(const Scope& scope, const std::string& name, const std::string& qualifier, Reply<bool, Error> reply);
  Result<Function> get(const Scope& scope, const std::string& name, const std::string& qualifier = "") const;
  FunctionPage list(const ListRequest& request) const;
  // When the function is Active and no update is in progress; at once when that is so already.
  void when_ready(const Scope& scope, const std::string& name, Reply<Function, Error> reply);

  // ---- invocation ---------------------------------------------------------------------------------------------------
  void invoke(InvokeRequest request, Reply<InvokeResult, Error> reply);

  // ---- permissions, tags, concurrency, asynchronous settings
  // -----------------------------------------------------------
  void add_permission(PermissionRequest request, Reply<json::Value, Error> reply);  // the statement
  void remove_permission(const Scope& scope, const std::string& name, const std::string& qualifier,
                         const std::string& statement_id, const std::string& revision_id, Reply<bool, Error> reply);
  void tag(const Scope& scope, const std::string& arn, const std::map<std::string, std::string>& tags,
           Reply<bool, Error> reply);
  void untag(const Scope& scope, const std::string& arn, const std::vector<std::string>& keys,
             Reply<bool, Error> reply);
  void put_concurrency(const Scope& scope, const std::string& name, std::int64_t reserved,
                       Reply<Function, Error> reply);
  void remove_concurrency(const Scope& scope, const std::string& name, Reply<bool, Error> reply);
  void put_event_invoke(EventInvokeRequest request, Reply<Function, Error> reply);
  void remove_event_invoke(const Scope& scope, const std::string& name, const std::string& qualifier,
                           Reply<bool, Error> reply);

  // ---- archives -----------------------------------------------------------------------------------------------------
  // A URL that downloads the function's archive for ten minutes.
  std::string code_location(const Function& function) const;
  // The archive that `path_and_query` (made by code_location) names, read off the loop; kAccessDenied when the link is
  // not ours or has expired.
  void download(const std::string& path_and_query, Reply<std::string, Error> reply);
  static constexpr std::string_view kDownloadPrefix = "/_tidemill/functions/code/";

  AccountUsage usage(const Scope& scope) const;
  std::vector<EnvironmentView> environments() const;
  // Events accepted and not yet finished, and invocations that run or wait: zero when nothing is in flight.
  std::size_t in_flight() const;
  const Settings& settings() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemill::functions
