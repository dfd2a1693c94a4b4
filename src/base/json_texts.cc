#include "base/json_texts.h"

namespace tidemill::json {

Value texts(const std::vector<std::string>& list) {
  Array out;
  out.reserve(list.size());
  for (const auto& one : list) out.emplace_back(one);
  return out;
}

Value texts(const std::map<std::string, std::string>& map) {
  Object out;
  for (const auto& [name, text] : map) out[name] = text;
  return out;
}

std::vector<std::string> text_list(const Value* from) {
  std::vector<std::string> out;
  if (from == nullptr || !from->is_array()) return out;
  for (const auto& one : from->as_array())
    if (one.is_string()) out.push_back(one.as_string());
  return out;
}

std::map<std::string, std::string> text_map(const Value* from) {
  std::map<std::string, std::string> out;
  if (from == nullptr || !from->is_object()) return out;
  for (const auto& [name, text] : from->as_object())
    if (text.is_string()) out[name] = text.as_string();
  return out;
}

}  // namespace tidemill::json
