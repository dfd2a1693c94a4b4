// `tidemill deploy` and `tidemill destroy`: reads what is on disk, sends it, shows the plan, the progress and the
// outputs.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "cli/session.h"
#include "runtime/files.h"

namespace tidemill::cli {

struct DeployOptions {
  std::string path;
  std::string stack_name;  // of a template; of an assembly: the one stack to deploy
  std::map<std::string, std::string> parameters;
  bool yes = false;
  bool keep_on_failure = false;
};

// Where lines go, and whether a human can be asked.
struct Terminal {
  std::function<void(std::string_view)> print;     // whole lines
  std::function<void(std::string_view)> complain;  // to standard error
  std::function<bool(std::string_view)> ask;       // null: nobody is there
};

int deploy(Session& session, runtime::Files& files, const DeployOptions& options, const Terminal& terminal);
int destroy(Session& session, const std::string& stack, bool yes, const Terminal& terminal);

// "https://ID.execute-api.REGION.amazonaws.com/prod/" -> "http://HOST:PORT/_api/ID/prod/"; empty when it is no such
// URL.
std::string local_url(const std::string& endpoint, std::string_view value);

}  // namespace tidemill::cli
