#include "deploy/graph.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tidemill::deploy {
namespace {

bool is_on(const std::string& condition, const ConditionValues& conditions) {
  if (condition.empty()) return true;
  const auto found = conditions.find(condition);
  return found != conditions.end() && found->second;
}

Status check_condition(const std::string& name, const ConditionValues& conditions, std::string_view block) {
  if (name.empty() || conditions.contains(name)) return {};
  return invalid(fmt::format(
      "Template format error: Unresolved condition dependency {} in the {} block of the template", name, block));
}

// Nodes that stay when those without (remaining) needs are taken away again and again: the cycles and what stands on
// them.
Graph without_leaves(Graph graph) {
  for (bool changed = true; changed;) {
    changed = false;
    for (auto it = graph.begin(); it != graph.end();) {
      bool leaf = true;
      for (const auto& need : it->second) leaf = leaf && !graph.contains(need);
      changed = changed || leaf;
      it = leaf ? graph.erase(it) : std::next(it);
    }
  }
  return graph;
}

Graph reversed(const Graph& graph) {
  Graph out;
  for (const auto& [node, needs] : graph) out[node];
  for (const auto& [node, needs] : graph) {
    for (const auto& need : needs) {
      if (out.contains(need)) out[need].insert(node);
    }
  }
  return out;
}

}  // namespace

Result<Graph> build_graph(const Template& source, const ConditionValues& conditions) {
  std::set<std::string> unresolved;
  Graph graph;
  for (const auto& [id, resource] : source.resources) {
    TM_CHECK(check_condition(resource.condition, conditions, "Resources"));
    if (is_on(resource.condition, conditions)) graph[id];
  }
  // Names of parameters and pseudo parameters are no edges; the rest must be a resource that is made.
  const auto resolve = [&](const std::vector<Reference>& references, std::set<std::string>* needs) {
    for (const auto& reference : references) {
      if (!reference.is_attribute &&
          (reference.name.starts_with("AWS::") || source.parameters.contains(reference.name)))
        continue;
      if (!graph.contains(reference.name))
        unresolved.insert(reference.name);
      else if (needs != nullptr)
        needs->insert(reference.name);
    }
  };
  for (auto& [id, needs] : graph) {
    const auto& resource = source.resources.find(id)->second;
    std::vector<Reference> references;
    TM_CHECK(collect_references(resource.properties, &conditions, references));
    resolve(references, &needs);
    for (const auto& name : resource.depends_on) {
      if (!source.resources.contains(name))
        unresolved.insert(name);
      else if (graph.contains(name))
        needs.insert(name);  // one whose condition is off is nothing to wait for
    }
  }
  if (!unresolved.empty()) {
    return invalid(fmt::format(
        "Template format error: Unresolved resource dependencies [{}] in the Resources block of the template",
        fmt::join(unresolved, ", ")));
  }
  for (const auto& [id, output] : source.outputs) {
    TM_CHECK(check_condition(output.condition, conditions, "Outputs"));
    if (!is_on(output.condition, conditions)) continue;
    std::vector<Reference> references;
    TM_CHECK(collect_references(output.value, &conditions, references));
    TM_CHECK(collect_references(output.export_name, &conditions, references));
    resolve(references, nullptr);
  }
  if (!unresolved.empty()) {
    return invalid(
        fmt::format("Template format error: Unresolved resource dependencies [{}] in the Outputs block of the template",
                    fmt::join(unresolved, ", ")));
  }
  // Taken from both ends, so that what only depends on a cycle is not blamed for it.
  const auto cycles = without_leaves(reversed(without_leaves(graph)));
  if (!cycles.empty()) {
    std::vector<std::string> names;
    for (const auto& [id, needs] : cycles) names.push_back(id);
    return invalid(fmt::format("Circular dependency between resources: [{}]", fmt::join(names, ", ")));
  }
  return graph;
}

std::vector<std::string> order_of(const Graph& graph) {
  std::vector<std::string> order;
  const auto dependents = reversed(graph);
  Named<std::size_t> waiting;
  std::set<std::string> ready;
  for (const auto& [id, needs] : graph) {
    waiting[id] = needs.size();
    if (needs.empty()) ready.insert(id);
  }
  while (!ready.empty()) {
    const auto id = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(id);
    for (const auto& dependent : dependents.find(id)->second) {
      if (--waiting[dependent] == 0) ready.insert(dependent);
    }
  }
  return order;
}

}  // namespace tidemill::deploy
