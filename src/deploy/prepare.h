// A definition made ready for planning and running: template read, parameters bound, conditions evaluated, graph built,
// types known. Whatever can be refused before the first resource is touched is refused here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "deploy/graph.h"
#include "deploy/intrinsics.h"
#include "deploy/provider.h"
#include "deploy/stack.h"

namespace tidemill::deploy {

struct Prepared {
  std::unique_ptr<const Template> source;  // stays where it is: `scope` points to it
  Evaluation scope;                        // without `resources`
  Graph graph;
  std::vector<std::string> order;
};

// What expressions see besides the template and its stack.
struct Surroundings {
  std::function<Result<std::string>(const Scope&, std::string_view export_name)> import_value;
  std::function<std::optional<std::string>(const Scope&, std::string_view name)> stored_parameter;  // SSM
};

Result<Prepared> prepare(const Definition& definition, const Scope& scope, const std::string& stack_name,
                         const std::string& stack_id, const Providers& providers, const Surroundings& surroundings);

// CAPABILITY_IAM and CAPABILITY_NAMED_IAM, as far as the template needs them.
std::vector<std::string> needed_capabilities(const Prepared& prepared, const Providers& providers);

// Outputs of the live resources; `imports` receives the export names that the stack uses.
Result<std::vector<Output>> evaluate_outputs(const Prepared& prepared, const ResourceValues& resources);
// Export names that the template imports, as far as they are known.
Result<std::vector<std::string>> imported_names(const Prepared& prepared, const ResourceValues& resources);

// Values of resources that were made.
class LiveValues final : public ResourceValues {
 public:
  explicit LiveValues(const Stack& stack) : stack_(stack) {}
  Result<json::Value> ref(std::string_view logical_id) const override;
  Result<json::Value> attribute(std::string_view logical_id, std::string_view attribute) const override;

 private:
  const Stack& stack_;
};

// Equal as the service sees it: "100" is 100, "true" is true; the order of members does not matter.
bool same_value(const json::Value& a, const json::Value& b);
// Names of top-level properties that differ.
std::vector<std::string> changed_properties(const json::Value& before, const json::Value& after);

}  // namespace tidemill::deploy
