// Which environment runs which invocation: one pool for each function, and the limits over all of them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "functions/code_store.h"
#include "functions/environment.h"
#include "functions/function.h"
#include "functions/functions.h"

namespace tidemill::functions {

class Dispatcher {
 public:
  Dispatcher(EnvironmentHost& host, CodeStore& code);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;

  // A new or changed function: environments of an older generation retire, waiting invocations run on the new one.
  void set_function(std::shared_ptr<const Function> function);
  // Waiting invocations are answered "not found"; the one that runs may finish.
  void remove_function(const Scope& scope, const std::string& name);
  // 429 when the function's or the account's limit is reached.
  Status admit(const Function& function) const;
  void submit(const std::string& function_arn, std::unique_ptr<Invocation> invocation);

  // Invocations that run or wait.
  std::size_t in_flight() const;
  std::size_t in_flight(const std::string& function_arn) const;
  std::vector<EnvironmentView> environments() const;
  // Running invocations may finish until `grace` has passed; `done` when no environment is left.
  void stop(runtime::Duration grace, runtime::Task done);

 private:
  class Pool;
  struct Spare {
    std::unique_ptr<Environment> environment;
    Language language;
  };

  std::unique_ptr<Environment> take_spare(const Function& function);
  void start_spares(Language language);
  void spare_ended(Environment* environment);
  bool make_room(const Pool* asking);  // true when one more environment may start
  void serve_waiting();
  void watch_memory();
  void bury(std::unique_ptr<Environment> environment);  // destroyed when the stack is empty
  void each_pool(const std::function<void(Pool&)>& act);
  void check_stopped();

  EnvironmentHost& host_;
  CodeStore& code_;
  std::map<std::string, std::unique_ptr<Pool>, std::less<>> pools_;  // by function ARN
  std::vector<std::unique_ptr<Pool>> removed_;                       // of deleted functions, while an invocation ends
  std::vector<Spare> spares_;
  std::map<Language, int> spare_failures_;
  std::set<Language> spares_wanted_;
  runtime::Lull spares_soon_;
  std::size_t environments_ = 0;  // of all pools
  runtime::TimerId memory_timer_ = 0;
  runtime::TimerId stop_timer_ = 0;
  runtime::Task stopped_;
  bool stopping_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidemill::functions
