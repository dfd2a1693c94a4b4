#include "functions/runtimes.h"

#include <algorithm>

namespace tidemill::functions {
namespace {

constexpr RuntimeName kRunnable[] = {
    {"nodejs12.x", Language::kNode, "12", true},         {"nodejs14.x", Language::kNode, "14", true},
    {"nodejs16.x", Language::kNode, "16", false},        {"nodejs18.x", Language::kNode, "18", false},
    {"nodejs20.x", Language::kNode, "20", false},        {"nodejs22.x", Language::kNode, "22", false},
    {"nodejs24.x", Language::kNode, "24", false},        {"python3.7", Language::kPython, "3.7", true},
    {"python3.8", Language::kPython, "3.8", false},      {"python3.9", Language::kPython, "3.9", false},
    {"python3.10", Language::kPython, "3.10", false},    {"python3.11", Language::kPython, "3.11", false},
    {"python3.12", Language::kPython, "3.12", false},    {"python3.13", Language::kPython, "3.13", false},
    {"python3.14", Language::kPython, "3.14", false},    {"provided", Language::kProvided, "al1", true},
    {"provided.al2", Language::kProvided, "al2", false}, {"provided.al2023", Language::kProvided, "al2023", false},
};

// Known to the service; no interpreter of ours runs them.
constexpr std::string_view kElsewhere[] = {"java8.al2", "java11",   "java17",  "java21",  "java25", "dotnet6",
                                           "dotnet8",   "dotnet10", "ruby3.2", "ruby3.3", "ruby3.4"};
constexpr std::string_view kWithdrawnElsewhere[] = {"go1.x",         "java8",   "ruby2.7",
                                                    "dotnetcore3.1", "ruby2.5", "dotnetcore2.1"};

}  // namespace

std::optional<RuntimeName> find_runtime(std::string_view name) {
  const auto* found = std::ranges::find(kRunnable, name, &RuntimeName::name);
  if (found == std::end(kRunnable)) return std::nullopt;
  return *found;
}

bool is_known_runtime(std::string_view name) {
  return find_runtime(name).has_value() || std::ranges::find(kElsewhere, name) != std::end(kElsewhere);
}

bool is_withdrawn_runtime(std::string_view name) {
  const auto runtime = find_runtime(name);
  return (runtime && runtime->withdrawn) ||
         std::ranges::find(kWithdrawnElsewhere, name) != std::end(kWithdrawnElsewhere);
}

std::string supported_runtimes() {
  std::string text = "[";
  for (const auto& runtime : kRunnable) {
    if (runtime.withdrawn) continue;
    if (text.size() > 1) text += ", ";
    text += runtime.name;
  }
  for (const auto name : kElsewhere) text.append(", ").append(name);
  return text + "]";
}

}  // namespace tidemill::functions
