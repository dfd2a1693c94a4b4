#include "expr/projection.h"

#include <algorithm>

#include "expr/messages.h"

namespace tidemill::expr {

Result<Projection> Projection::bind(const ParsedProjection& parsed, Substitutions& substitutions) {
  std::vector<Path> paths;
  paths.reserve(parsed.paths.size());
  for (const auto& text : parsed.paths) {
    auto path = substitutions.resolve(text);
    if (!path) return invalid_in(Parameter::kProjection, path.error());
    paths.push_back(*std::move(path));
  }
  for (const auto looked_for : {Relation::kOverlap, Relation::kConflict}) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (relation(paths[k], paths[i]) != looked_for) continue;
        return invalid_in(Parameter::kProjection, unrelated_error(looked_for, paths[k], paths[i]));
      }
    }
  }
  return Projection(std::move(paths));
}

Projection::Projection(std::vector<Path> paths) : paths_(std::move(paths)) {
  for (const auto& path : paths_) {
    Branch* at = &root_;
    for (const auto& step : path) at = &child_of(*at, step);
    at->whole = true;
  }
}

Projection::Branch& Projection::child_of(Branch& parent, const Step& step) {
  auto at = std::ranges::find(parent.children, step, &Branch::step);
  if (at != parent.children.end()) return *at;
  // Indexes in order, so that elements come out in the order of the list.
  at = std::ranges::find_if(parent.children,
                            [&step](const Branch& b) { return b.step.is_index && b.step.index > step.index; });
  return *parent.children.insert(at, Branch{.step = step});
}

std::optional<item::AttributeValue> Projection::take(const item::AttributeValue& from, const Branch& branch) {
  if (branch.whole) return from;
  const auto part = [&from](const Branch& child) -> std::optional<item::AttributeValue> {
    const auto* found = find_child(const_cast<item::AttributeValue&>(from), child.step);
    return found == nullptr ? std::nullopt : take(*found, child);
  };
  if (from.is(item::Type::kMap)) {
    item::Map map;
    for (const auto& child : branch.children) {
      if (auto value = part(child)) map.set(child.step.name, *std::move(value));
    }
    if (map.empty()) return std::nullopt;
    return map;
  }
  item::List list;
  for (const auto& child : branch.children) {
    if (auto value = part(child)) list.push_back(*std::move(value));
  }
  if (list.empty()) return std::nullopt;
  return list;
}

item::Item Projection::apply(const item::Item& item) const {
  item::Item result;
  for (const auto& child : root_.children) {
    const auto* found = item.find(child.step.name);
    if (found == nullptr) continue;
    if (auto value = take(*found, child)) result.set(child.step.name, *std::move(value));
  }
  return result;
}

std::vector<std::string_view> Projection::names() const {
  std::vector<std::string_view> names;
  names.reserve(root_.children.size());
  for (const auto& child : root_.children) names.push_back(child.step.name);
  return names;
}

}  // namespace tidemill::expr
