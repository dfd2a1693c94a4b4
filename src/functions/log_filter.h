// Filter patterns of log events: terms, phrases, ?or, -not, and JSON comparisons { $.a = "x" && $.b > 1 }.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::functions {

class LogFilter {
 public:
  // kInvalidArgument, "Invalid filter pattern", for what cannot be read.
  static tidemill::Result<LogFilter> parse(std::string_view pattern);
  bool matches(std::string_view message) const;
  bool matches_all() const { return root_ == nullptr; }

  struct Node;

 private:
  std::shared_ptr<const Node> root_;  // null: everything matches
};

}  // namespace tidemill::functions
