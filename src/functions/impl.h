// The inside of Functions, split over functions.cc (registry), invoke.cc and permissions.cc.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "functions/code_store.h"
#include "functions/dispatcher.h"
#include "functions/environment.h"
#include "functions/event_queue.h"
#include "functions/functions.h"
#include "storage/store.h"

namespace tidemill::functions {

class Functions::Impl {
 public:
  Impl(Services services, Settings settings);
  ~Impl();

  tidemill::Status open();
  void stop(runtime::Duration grace, runtime::Task done);

  using FunctionPointer = std::shared_ptr<const Function>;
  struct Entry {
    FunctionPointer function;
    observe::Counter* invocations = nullptr;
    observe::Counter* errors = nullptr;
    observe::Counter* throttles = nullptr;
    observe::Histogram* duration = nullptr;
    std::vector<std::function<void()>> when_ready;
  };

  Result<Entry*> find(const Scope& scope, const std::string& name, const std::string& qualifier);
  Entry* find_arn(const std::string& arn);
  // Only an unqualified name, or $LATEST where that is said to be fine.
  Result<Entry*> find_unqualified(const Scope& scope, const std::string& name, std::string_view qualified_error);

  // Writes the function and puts it in force; `done` when it is durable.
  void store(Function function, std::function<void(const Function&)> done);
  void settle_later(const Function& function);  // Pending and InProgress end
  void check_ready(Entry& entry);

  void fetch_code(const Scope& scope, Code code, Reply<StoredCode, Error> reply);
  Status check_code(const Code& code, std::string_view operation) const;
  Result<Configuration> configure(Configuration base, const ConfigurationChange& change) const;
  void note_runtime(const Function& function);
  void release_code(const std::string& sha256);
  tidemill::Status prepare_modules();
  void probe(const std::string& program, std::vector<std::string> arguments, std::string& version, std::string& path);
  std::string revision() { return services.random.uuid(); }
  WallTime wall() const { return services.loop.clock().wall(); }

  void invoke(InvokeRequest request, Reply<InvokeResult, Error> reply);
  std::string new_trace_id();

  Services services;
  Settings settings;
  EnvironmentHost host;
  CodeStore code;
  Dispatcher dispatcher;
  EventQueue events;
  std::map<std::string, Entry, std::less<>> functions;  // by ARN, so by account, region and name
  std::set<std::string> creating;                       // ARNs whose archive is being stored
  std::string link_secret;
  int code_operations = 0;
  bool stopping = false;
  std::vector<std::unique_ptr<runtime::Process>> probes;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

}  // namespace tidemill::functions
