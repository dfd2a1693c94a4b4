// Any text as a template: read, and when it reads, its references, conditions, graph and expressions are gone through.
#include <string_view>

#include "deploy/graph.h"
#include "deploy/intrinsics.h"
#include "deploy/parameters.h"
#include "deploy/template.h"

namespace {

using namespace tidemill;

class AnyResource final : public deploy::ResourceValues {
 public:
  deploy::Result<json::Value> ref(std::string_view id) const override { return json::Value("ref-" + std::string(id)); }
  deploy::Result<json::Value> attribute(std::string_view, std::string_view) const override {
    return json::Value(deploy::kKnownAfterApply);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto source = deploy::Template::read({reinterpret_cast<const char*>(data), size});
  if (!source) return 0;
  const auto values =
      deploy::bind_parameters(*source, {}, {}, [](std::string_view) { return std::optional<std::string>("33"); });
  const AnyResource resources;
  deploy::Evaluation scope;
  scope.source = &*source;
  scope.pseudo = {.account = "000000000000", .region = "us-east-1", .stack_name = "s", .stack_id = "arn"};
  if (values) scope.parameters = deploy::parameter_values_for_ref(*source, *values);
  const auto conditions = deploy::evaluate_conditions(scope);
  if (!conditions) return 0;
  scope.conditions = *conditions;
  scope.resources = &resources;
  scope.dynamic_reference = [](std::string_view) -> deploy::Result<std::string> { return "resolved"; };
  static_cast<void>(deploy::check_rules(scope));
  const auto graph = deploy::build_graph(*source, *conditions);
  if (graph) static_cast<void>(deploy::order_of(*graph));
  for (const auto& [id, resource] : source->resources) static_cast<void>(deploy::evaluate(scope, resource.properties));
  for (const auto& [id, output] : source->outputs) static_cast<void>(deploy::evaluate(scope, output.value));
  return 0;
}
