// The interpreters of functions, found once at start.
#pragma once

#include <string>

#include "runtime/files.h"

namespace tidemill::server {

// The path of `name` with its symbolic links followed: `name` itself when it has a slash, else the first hit in
// `search_path` (colon-separated). Empty when there is none.
std::string find_program(const std::string& name, const std::string& search_path, runtime::Files& files);

// Python's own program, links followed: version managers put a script before it that costs a tenth of a second each
// time.
std::string find_python(const std::string& name, const std::string& search_path, runtime::Files& files);

}  // namespace tidemill::server
