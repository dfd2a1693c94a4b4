// Runtime names and what runs them here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill::functions {

enum class Language : std::uint8_t { kNode, kPython, kProvided };

struct RuntimeName {
  std::string_view name;  // nodejs20.x
  Language language;
  std::string_view version;  // 20, 3.12, al2023
  bool withdrawn;            // the service no longer lets functions be made with it; tutorials still name it
};

// Nothing for a name that the service has, but that nothing here can run, too: see is_known_runtime.
std::optional<RuntimeName> find_runtime(std::string_view name);
// Every name that the service accepts today, runnable here or not.
bool is_known_runtime(std::string_view name);
bool is_withdrawn_runtime(std::string_view name);
// "[nodejs20.x, ...]": the set that an error names.
std::string supported_runtimes();

}  // namespace tidemill::functions
