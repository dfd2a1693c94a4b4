// YAML 1.1 as CloudFormation templates use it, read into the same tree as JSON. Short tags become the long form
// (`!Sub x` is {"Fn::Sub": "x"}); dates stay strings; aliases, anchors' merges and other tags are refused, as the
// service does.
#pragma once

#include <string_view>

#include "base/json.h"
#include "deploy/error.h"

namespace tidemill::deploy {

struct TreeLimits {
  std::size_t depth = 100;     // nesting of maps and lists
  std::size_t members = 4000;  // of one map
};

// Errors begin with "Template format error: ".
Result<json::Value> read_yaml(std::string_view text, TreeLimits limits = {});

}  // namespace tidemill::deploy
