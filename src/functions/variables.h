// The environment variables of a function's process.
#pragma once

#include <string>
#include <vector>

#include "functions/function.h"
#include "functions/runtimes.h"
#include "functions/seams.h"
#include "functions/settings.h"

namespace tidemill::functions {

struct VariableInputs {
  const Function& function;
  const RuntimeName& runtime;
  const Settings& settings;
  const Credentials& credentials;
  std::string runtime_api;        // host:port
  std::string task_root;          // the unpacked code
  std::string runtime_directory;  // where the bootstraps are
  std::string log_stream;
  std::string temporary;  // TMPDIR, when /tmp is not private; else empty
};

// NAME=value; the function's own variables win where they may be set.
std::vector<std::string> function_variables(const VariableInputs& inputs);
// The few that a spare is started with. `runtime_api`: host:port of the endpoint that will serve it.
std::vector<std::string> spare_variables(Language language, const Settings& settings, std::string_view runtime_api);

}  // namespace tidemill::functions
