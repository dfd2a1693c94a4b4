// The bootstraps of runtimes/, as they were when the server was built.
#pragma once

#include <string_view>

namespace tidemill::functions {

extern const std::string_view kNodeBootstrap;
extern const std::string_view kPythonBootstrap;

}  // namespace tidemill::functions
