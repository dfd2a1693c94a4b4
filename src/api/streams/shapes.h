// Members that several requests have.
#pragma once

#include "api/awsjson/shape.h"

namespace tidemill::api_streams {

using awsjson::Field;
using awsjson::Shape;
using awsjson::Type;

inline constexpr Shape kStreamArn{.type = Type::kString, .min = 37, .max = 1024};
inline constexpr Shape kShardId{.type = Type::kString, .min = 28, .max = 65};
inline constexpr Shape kTableName{.type = Type::kString,
                                  .min = 3,
                                  .max = 255,
                                  .pattern_text = "[a-zA-Z0-9_.-]+",
                                  .matches = awsjson::is_resource_name};
inline constexpr Shape kPageLimit{.type = Type::kInteger, .min = 1};

inline constexpr std::int64_t kPageMax = 100;

inline std::vector<std::string> no_resource(const json::Node&, const Scope&) { return {"*"}; }
inline std::vector<std::string> stream_resource(const json::Node& body, const Scope&) {
  return {std::string(awsjson::read_string(body, "StreamArn"))};
}

}  // namespace tidemill::api_streams
