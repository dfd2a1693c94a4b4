// Whose a resource is. Every engine keeps its resources apart by account and region.
#pragma once

#include <compare>
#include <string>

namespace tidemill {

struct Scope {
  std::string account = "000000000000";  // 12 digits
  std::string region = "us-east-1";
  auto operator<=>(const Scope&) const = default;
};

}  // namespace tidemill
