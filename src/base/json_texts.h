// Lists and maps of texts within stored descriptions. What is absent or of another kind reads as empty.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace tidemill::json {

Value texts(const std::vector<std::string>& list);
Value texts(const std::map<std::string, std::string>& map);
std::vector<std::string> text_list(const Value* from);
std::map<std::string, std::string> text_map(const Value* from);

inline std::vector<std::string> text_list(const Value& from, std::string_view name) {
  return text_list(from.find(name));
}
inline std::map<std::string, std::string> text_map(const Value& from, std::string_view name) {
  return text_map(from.find(name));
}

}  // namespace tidemill::json
