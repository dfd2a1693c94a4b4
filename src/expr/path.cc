#include "expr/path.h"

#include <algorithm>

#include "expr/messages.h"

namespace tidemill::expr {

std::string to_string(const Path& path) {
  std::string out = "[";
  for (const auto& step : path) {
    if (out.size() > 1) out += ", ";
    if (step.is_index)
      out.append("[").append(std::to_string(step.index)).append("]");
    else
      out += step.name;
  }
  return out + "]";
}

Path top_level(std::string_view name) { return {Step{.name = std::string(name)}}; }

item::AttributeValue* find_child(item::AttributeValue& parent, const Step& step) {
  if (!step.is_index) {
    auto* map = parent.get_if<item::Map>();
    return map == nullptr ? nullptr : map->find(step.name);
  }
  auto* list = parent.get_if<item::List>();
  return list == nullptr || step.index >= list->size() ? nullptr : &(*list)[step.index];
}

const item::AttributeValue* find(const item::Item& item, const Path& path) {
  const auto* value = item.find(path.front().name);
  for (std::size_t i = 1; i < path.size() && value != nullptr; ++i) {
    value = find_child(const_cast<item::AttributeValue&>(*value), path[i]);
  }
  return value;
}

Relation relation(const Path& a, const Path& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i].is_index != b[i].is_index) return Relation::kConflict;
    if (a[i] != b[i]) return Relation::kApart;
  }
  return Relation::kOverlap;
}

Error unrelated_error(Relation relation, const Path& one, const Path& two) {
  if (relation == Relation::kConflict)
    return {Errc::kValidation, messages::paths_conflict(to_string(one), to_string(two)), false};
  return {Errc::kValidation, messages::paths_overlap(to_string(one), to_string(two)), true};
}

}  // namespace tidemill::expr
