#include "routes/matcher.h"

#include "base/bytes.h"

namespace tidemill::routes {

Matcher::Matcher(const Tree& tree) {
  std::map<std::string, std::size_t> index;
  for (const auto& [id, resource] : tree) {
    if (resource.parent_id.empty()) {
      index[id] = 0;
      nodes_.push_back({.resource = &resource});
    }
  }
  if (nodes_.empty()) return;
  for (const auto& [id, resource] : tree) {
    if (resource.parent_id.empty()) continue;
    index[id] = nodes_.size();
    nodes_.push_back({.resource = &resource});
  }
  for (const auto& [id, resource] : tree) {
    const auto parent = index.find(resource.parent_id);
    if (resource.parent_id.empty() || parent == index.end()) continue;
    auto& node = nodes_[parent->second];
    const auto child = index[id];
    const auto& part = resource.path_part;
    if (part.starts_with('{') && part.ends_with("+}")) {
      node.greedy = child;
      nodes_[child].name = part.substr(1, part.size() - 3);
    } else if (part.starts_with('{') && part.ends_with('}')) {
      node.variable = child;
      nodes_[child].name = part.substr(1, part.size() - 2);
    } else {
      node.statics[part] = child;
    }
  }
}

std::optional<Match> Matcher::match(std::string_view path) const {
  if (nodes_.empty()) return std::nullopt;
  while (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  return walk(0, path);
}

// Every node is visited at most once, so this is linear in the tree; its depth is that of the tree.
std::optional<Match> Matcher::walk(std::size_t at, std::string_view rest) const {
  const auto& node = nodes_[at];
  if (rest.empty()) return Match{node.resource, {}};
  const auto slash = rest.find('/');
  const auto segment = rest.substr(0, slash);
  const auto below = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
  auto next = node.statics.find(segment);
  if (next == node.statics.end()) next = node.statics.find(percent_decode(segment));
  if (next != node.statics.end()) {
    if (auto found = walk(next->second, below)) return found;
  }
  if (node.variable && !segment.empty()) {
    if (auto found = walk(*node.variable, below)) {
      found->parameters[nodes_[*node.variable].name] = segment;
      return found;
    }
  }
  if (node.greedy) {
    Match found{nodes_[*node.greedy].resource, {}};
    found.parameters[nodes_[*node.greedy].name] = rest;
    return found;
  }
  return std::nullopt;
}

const Method* method_of(const Resource& resource, std::string_view verb) {
  auto found = resource.methods.find(std::string(verb));
  if (found == resource.methods.end()) found = resource.methods.find("ANY");
  return found == resource.methods.end() ? nullptr : &found->second;
}

}  // namespace tidemill::routes
