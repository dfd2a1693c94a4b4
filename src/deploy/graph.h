// What must exist before what: an edge from each resource to those that it refers to or names in DependsOn.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "deploy/references.h"
#include "deploy/template.h"

namespace tidemill::deploy {

// Resource -> the resources that it needs. Resources whose condition is off are not in it.
using Graph = Named<std::set<std::string>>;

// Errors: a reference to what does not exist (or is off), in Resources or Outputs; a dependency cycle.
Result<Graph> build_graph(const Template& source, const ConditionValues& conditions);

// Each resource after all that it needs; among equals by name.
std::vector<std::string> order_of(const Graph& graph);

}  // namespace tidemill::deploy
