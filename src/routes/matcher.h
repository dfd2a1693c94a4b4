// Which resource of a deployed tree answers a path: a static segment before {x} before {proxy+}.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "routes/api.h"

namespace tidemill::routes {

struct Match {
  const Resource* resource = nullptr;
  std::map<std::string, std::string> parameters;  // of {x} and {proxy+}, as sent (not decoded)
};

// A tree made ready for matching. Borrows the tree.
class Matcher {
 public:
  explicit Matcher(const Tree& tree);
  // `path` is as sent, without the stage: "/users/7". A trailing slash does not matter.
  std::optional<Match> match(std::string_view path) const;

 private:
  struct Node {
    const Resource* resource = nullptr;
    std::map<std::string, std::size_t, std::less<>> statics;
    std::optional<std::size_t> variable;  // {x}
    std::optional<std::size_t> greedy;    // {proxy+}
    std::string name;                     // of the variable
  };
  std::optional<Match> walk(std::size_t node, std::string_view rest) const;
  std::vector<Node> nodes_;  // 0 is the root
};

// The method of that verb, else ANY's; null when there is neither.
const Method* method_of(const Resource& resource, std::string_view verb);

}  // namespace tidemill::routes
