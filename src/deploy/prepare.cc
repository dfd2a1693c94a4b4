#include "deploy/prepare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace tidemill::deploy {
namespace {

bool supports(const ResourceSchema& schema, std::string_view attribute) {
  for (const auto& known : schema.attributes) {
    if (known == "*" || known == attribute) return true;
    // "Outputs.*": any name below.
    if (known.ends_with(".*") && attribute.starts_with(std::string_view(known).substr(0, known.size() - 1)))
      return true;
  }
  return false;
}

Status check_types(const Template& source, const Graph& graph, const Providers& providers) {
  std::set<std::string> unknown;
  for (const auto& [id, needs] : graph) {
    const auto& type = source.resources.find(id)->second.type;
    if (providers.find(type) == nullptr) unknown.insert(type);
  }
  if (unknown.empty()) return {};
  return invalid(fmt::format("Template format error: Unrecognized resource types: [{}]", fmt::join(unknown, ", ")));
}

Status check_attributes(const Template& source, const Graph& graph, const ConditionValues& conditions,
                        const Providers& providers) {
  std::vector<Reference> references;
  for (const auto& [id, needs] : graph)
    TM_CHECK(collect_references(source.resources.find(id)->second.properties, &conditions, references));
  for (const auto& [id, output] : source.outputs) {
    if (!output.condition.empty() && !conditions.find(output.condition)->second) continue;
    TM_CHECK(collect_references(output.value, &conditions, references));
  }
  for (const auto& reference : references) {
    if (!reference.is_attribute || reference.attribute.empty()) continue;
    const auto found = source.resources.find(reference.name);
    if (found == source.resources.end()) continue;
    if (!supports(providers.find(found->second.type)->schema(), reference.attribute)) {
      return invalid(fmt::format("Template error: resource {} does not support attribute type {} in Fn::GetAtt",
                                 reference.name, reference.attribute));
    }
  }
  return {};
}

void collect_imports(const json::Value& value, std::vector<const json::Value*>& out) {
  if (value.is_array()) {
    for (const auto& element : value.as_array()) collect_imports(element, out);
  } else if (value.is_object()) {
    for (const auto& [name, member] : value.as_object()) {
      if (name == "Fn::ImportValue") out.push_back(&member);
      collect_imports(member, out);
    }
  }
}

}  // namespace

bool same_value(const json::Value& a, const json::Value& b) {
  if (a.is_array() && b.is_array()) {
    return std::equal(a.as_array().begin(), a.as_array().end(), b.as_array().begin(), b.as_array().end(), same_value);
  }
  if (a.is_object() && b.is_object()) {
    if (a.as_object().size() != b.as_object().size()) return false;
    return std::all_of(a.as_object().begin(), a.as_object().end(), [&b](const auto& member) {
      const auto* other = b.find(member.first);
      return other != nullptr && same_value(member.second, *other);
    });
  }
  const auto left = scalar_text(a), right = scalar_text(b);
  return left && right ? *left == *right : a == b;
}

std::vector<std::string> changed_properties(const json::Value& before, const json::Value& after) {
  std::set<std::string> names;
  for (const auto& [name, value] : before.as_object()) names.insert(name);
  for (const auto& [name, value] : after.as_object()) names.insert(name);
  std::vector<std::string> changed;
  for (const auto& name : names) {
    const auto *left = before.find(name), *right = after.find(name);
    if (left == nullptr || right == nullptr || !same_value(*left, *right)) changed.push_back(name);
  }
  return changed;
}

Result<Prepared> prepare(const Definition& definition, const Scope& scope, const std::string& stack_name,
                         const std::string& stack_id, const Providers& providers, const Surroundings& surroundings) {
  Prepared out;
  TM_TRY(auto source, Template::read(definition.template_text));
  out.source = std::make_unique<const Template>(std::move(source));
  out.scope.source = out.source.get();
  out.scope.pseudo = {.account = scope.account,
                      .region = scope.region,
                      .stack_name = stack_name,
                      .stack_id = stack_id,
                      .notification_arns = definition.notification_arns};
  out.scope.parameters = parameter_values_for_ref(*out.source, definition.parameters);
  out.scope.import_value = [surroundings, scope](std::string_view name) -> Result<std::string> {
    if (!surroundings.import_value) return invalid(fmt::format("No export named {} found.", name));
    return surroundings.import_value(scope, name);
  };
  out.scope.dynamic_reference = [surroundings, scope](std::string_view reference) -> Result<std::string> {
    const auto colon = reference.find(':');
    const auto service = reference.substr(0, colon);
    if (service != "ssm" || colon == reference.npos) {
      return invalid(fmt::format("Dynamic references of the service {} are not supported: {{{{resolve:{}}}}}", service,
                                 reference));
    }
    auto name = reference.substr(colon + 1);
    name = name.substr(0, name.find(':'));
    auto value = surroundings.stored_parameter ? surroundings.stored_parameter(scope, name) : std::nullopt;
    if (!value) return invalid(fmt::format("Parameters: [{}] cannot be found.", name));
    return *std::move(value);
  };
  TM_TRY(out.scope.conditions, evaluate_conditions(out.scope));
  TM_CHECK(check_rules(out.scope));
  TM_TRY(out.graph, build_graph(*out.source, out.scope.conditions));
  TM_CHECK(check_types(*out.source, out.graph, providers));
  TM_CHECK(check_attributes(*out.source, out.graph, out.scope.conditions, providers));
  out.order = order_of(out.graph);
  return out;
}

std::vector<std::string> needed_capabilities(const Prepared& prepared, const Providers& providers) {
  bool any = false, named = false;
  for (const auto& [id, needs] : prepared.graph) {
    const auto& resource = prepared.source->resources.find(id)->second;
    const auto& schema = providers.find(resource.type)->schema();
    if (!schema.needs_capability) continue;
    any = true;
    named = named || (!schema.name.property.empty() && resource.properties.find(schema.name.property) != nullptr);
  }
  if (named) return {"CAPABILITY_NAMED_IAM"};
  if (any) return {"CAPABILITY_IAM"};
  return {};
}

Result<std::vector<Output>> evaluate_outputs(const Prepared& prepared, const ResourceValues& resources) {
  Evaluation scope = prepared.scope;
  scope.resources = &resources;
  std::vector<Output> outputs;
  for (const auto& [key, declared] : prepared.source->outputs) {
    if (!declared.condition.empty() && !scope.conditions.find(declared.condition)->second) continue;
    Output output{.key = key, .description = declared.description};
    TM_TRY(const auto value, evaluate_present(scope, declared.value));
    const auto text = scalar_text(value);
    if (!text)
      return invalid(
          fmt::format("Template format error: Output {} is malformed. The Value field of every Outputs member must "
                      "evaluate to a String.",
                      key));
    output.value = *text;
    if (!declared.export_name.is_null()) {
      TM_TRY(const auto name, evaluate_present(scope, declared.export_name));
      const auto name_text = scalar_text(name);
      if (!name_text || name_text->empty())
        return invalid(
            fmt::format("Template format error: Output {} is malformed. The Name field of every Export member must be "
                        "specified and consist only of alphanumeric characters, colons, or hyphens.",
                        key));
      output.export_name = *name_text;
    }
    outputs.push_back(std::move(output));
  }
  return outputs;
}

Result<std::vector<std::string>> imported_names(const Prepared& prepared, const ResourceValues& resources) {
  Evaluation scope = prepared.scope;
  scope.resources = &resources;
  std::vector<const json::Value*> calls;
  for (const auto& [id, needs] : prepared.graph)
    collect_imports(prepared.source->resources.find(id)->second.properties, calls);
  for (const auto& [id, output] : prepared.source->outputs) collect_imports(output.value, calls);
  std::set<std::string> names;
  for (const auto* call : calls) {
    TM_TRY(const auto name, evaluate_present(scope, *call));
    if (const auto text = scalar_text(name)) names.insert(*text);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<json::Value> LiveValues::ref(std::string_view logical_id) const {
  const auto found = stack_.resources.find(logical_id);
  if (found == stack_.resources.end() || !found->second.current)
    return invalid(fmt::format("Resource {} has not been created", logical_id));
  return json::Value(found->second.current->physical_id);
}

Result<json::Value> LiveValues::attribute(std::string_view logical_id, std::string_view attribute) const {
  const auto found = stack_.resources.find(logical_id);
  if (found == stack_.resources.end() || !found->second.current)
    return invalid(fmt::format("Resource {} has not been created", logical_id));
  if (const auto* value = found->second.current->attributes.find(attribute)) return *value;
  return invalid(fmt::format("Attribute '{}' does not exist on resource {}", attribute, logical_id));
}

}  // namespace tidemill::deploy
