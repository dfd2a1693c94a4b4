#include "deploy/template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "base/utf8.h"
#include "deploy/yaml.h"

namespace tidemill::deploy {
namespace {

std::unexpected<Error> format_error(std::string what) { return invalid("Template format error: " + std::move(what)); }

// Repeated names and very wide maps, which the tree itself would hide or be slow on.
Status check_members(const json::Node& node, const TreeLimits& limits) {
  if (node.is_array()) {
    for (const auto& element : node.elements()) TM_CHECK(check_members(element, limits));
  } else if (node.is_object()) {
    if (node.members().size() > limits.members) return format_error("JSON not well-formed: a map has too many members");
    std::unordered_set<std::string_view> seen;
    for (const auto& [name, value] : node.members()) {
      if (!seen.insert(name).second) return format_error(fmt::format("JSON not well-formed: duplicate key '{}'", name));
      TM_CHECK(check_members(value, limits));
    }
  }
  return {};
}

Result<json::Value> read_json(std::string_view text, const TreeLimits& limits) {
  auto document = json::Document::parse(text, {.max_depth = limits.depth});
  if (!document) return format_error("JSON not well-formed: " + document.error().message);
  TM_CHECK(check_members(document->root(), limits));
  return json::Value(document->root());
}

bool is_logical_id(std::string_view text) {
  if (text.empty() || text.size() > 255) return false;
  for (const char c : text) {
    if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) return false;
  }
  return true;
}

// The section as an object; an absent or null one is empty.
Result<json::Object> section(const json::Value& document, std::string_view name) {
  const auto* found = document.find(name);
  if (found == nullptr || found->is_null()) return json::Object();
  if (!found->is_object()) return format_error(fmt::format("[/{}] 'expected object'", name));
  return found->as_object();
}

Result<std::string> text_member(const json::Value& of, std::string_view path, std::string_view name) {
  const auto* found = of.find(name);
  if (found == nullptr || found->is_null()) return std::string();
  auto text = scalar_text(*found);
  if (!text) return format_error(fmt::format("[{}/{}] 'expected string'", path, name));
  return *std::move(text);
}

template <class T>
Result<std::optional<T>> number_member(const json::Value& of, std::string_view path, std::string_view name) {
  TM_TRY(const auto text, text_member(of, path, name));
  if (text.empty()) return std::optional<T>();
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return format_error(fmt::format("[{}/{}] 'expected number'", path, name));
  return value;
}

bool is_known_parameter_type(std::string_view type) {
  const auto scalar = [](std::string_view t) {
    return t == "String" || t == "Number" || t == "CommaDelimitedList" || t.starts_with("AWS::EC2::") ||
           t.starts_with("AWS::Route53::");
  };
  if (scalar(type) || type == "AWS::SSM::Parameter::Name") return true;
  if (type.starts_with("List<") && type.ends_with(">")) {
    const auto inner = type.substr(5, type.size() - 6);
    return inner == "Number" || inner == "String" || inner.starts_with("AWS::EC2::") ||
           inner.starts_with("AWS::Route53::");
  }
  constexpr std::string_view kStored = "AWS::SSM::Parameter::Value<";
  return type.starts_with(kStored) && type.ends_with(">");
}

Result<ParameterDeclaration> read_parameter(const std::string& name, const json::Value& from) {
  const std::string path = "/Parameters/" + name;
  if (!is_logical_id(name)) return format_error(fmt::format("Parameter name {} is non alphanumeric.", name));
  if (!from.is_object()) return format_error(fmt::format("[{}] 'expected object'", path));
  ParameterDeclaration parameter;
  for (const auto& [key, value] : from.as_object()) {
    if (key == "Default") {
      if (!scalar_text(value)) return format_error("Every Default member must be a string.");
      parameter.default_value = value;
    } else if (key == "AllowedValues") {
      if (!value.is_array()) return format_error(fmt::format("[{}/AllowedValues] 'expected array'", path));
      for (const auto& allowed : value.as_array()) {
        auto text = scalar_text(allowed);
        if (!text) return format_error("Every AllowedValues member must be a string.");
        parameter.allowed_values.push_back(*std::move(text));
      }
    } else if (key == "NoEcho") {
      parameter.no_echo = scalar_text(value) == "true";
    } else if (key != "Type" && key != "Description" && key != "ConstraintDescription" && key != "AllowedPattern" &&
               key != "MinLength" && key != "MaxLength" && key != "MinValue" && key != "MaxValue") {
      return format_error(fmt::format("Invalid template parameter property '{}'", key));
    }
  }
  TM_TRY(parameter.type, text_member(from, path, "Type"));
  TM_TRY(parameter.description, text_member(from, path, "Description"));
  TM_TRY(parameter.constraint_description, text_member(from, path, "ConstraintDescription"));
  TM_TRY(parameter.allowed_pattern, text_member(from, path, "AllowedPattern"));
  TM_TRY(parameter.min_length, number_member<std::int64_t>(from, path, "MinLength"));
  TM_TRY(parameter.max_length, number_member<std::int64_t>(from, path, "MaxLength"));
  TM_TRY(parameter.min_value, number_member<double>(from, path, "MinValue"));
  TM_TRY(parameter.max_value, number_member<double>(from, path, "MaxValue"));
  if (parameter.type.empty()) return format_error("Every Parameters object must contain a Type member.");
  if (!is_known_parameter_type(parameter.type))
    return format_error(fmt::format("Unrecognized parameter type: {}", parameter.type));
  return parameter;
}

Result<DeletionPolicy> read_policy(const std::string& id, const json::Value& from, std::string_view name) {
  const auto* found = from.find(name);
  if (found == nullptr || found->is_null()) return DeletionPolicy::kDelete;
  if (found->is_string()) {
    const auto& text = found->as_string();
    if (text == "Delete") return DeletionPolicy::kDelete;
    if (text == "Retain") return DeletionPolicy::kRetain;
    if (text == "RetainExceptOnCreate" && name == "DeletionPolicy") return DeletionPolicy::kRetainExceptOnCreate;
    if (text == "Snapshot")
      return invalid(fmt::format("Template error: resource {} does not support {} Snapshot", id, name));
  }
  return format_error(fmt::format("Unrecognized {} {} for resource {}", name, found->text(), id));
}

Result<ResourceDeclaration> read_resource(const std::string& id, const json::Value& from) {
  if (!is_logical_id(id)) return format_error(fmt::format("Resource name {} is non alphanumeric.", id));
  if (!from.is_object()) return format_error(fmt::format("[/Resources/{}] 'expected object'", id));
  ResourceDeclaration resource;
  const std::string path = "/Resources/" + id;
  for (const auto& [key, value] : from.as_object()) {
    if (key == "Type") {
      if (!value.is_string()) return format_error(fmt::format("[{}/Type] 'expected string'", path));
      resource.type = value.as_string();
    } else if (key == "Properties") {
      if (value.is_null()) continue;
      if (!value.is_object()) return format_error(fmt::format("[{}/Properties] 'expected object'", path));
      resource.properties = value;
    } else if (key == "Metadata") {
      resource.metadata = value;
    } else if (key == "DependsOn") {
      const auto add = [&resource](const json::Value& name) {
        if (!name.is_string()) return false;
        resource.depends_on.push_back(name.as_string());
        return true;
      };
      bool fine = true;
      if (value.is_array()) {
        for (const auto& name : value.as_array()) fine = fine && add(name);
      } else {
        fine = add(value);
      }
      if (!fine) return format_error("DependsOn must be a string or list of strings.");
    } else if (key == "Condition") {
      if (!value.is_string()) return format_error("Every Condition member must be a string.");
      resource.condition = value.as_string();
    } else if (key != "DeletionPolicy" && key != "UpdateReplacePolicy" && key != "CreationPolicy" &&
               key != "UpdatePolicy") {
      return format_error(fmt::format("Invalid template resource property '{}'", key));
    }
  }
  if (resource.type.empty())
    return format_error(fmt::format("[{}] Every Resources object must contain a Type member.", path));
  TM_TRY(resource.deletion_policy, read_policy(id, from, "DeletionPolicy"));
  TM_TRY(resource.update_replace_policy, read_policy(id, from, "UpdateReplacePolicy"));
  return resource;
}

Result<OutputDeclaration> read_output(const std::string& id, const json::Value& from) {
  if (!is_logical_id(id)) return format_error(fmt::format("Output name {} is non alphanumeric.", id));
  if (!from.is_object()) return format_error(fmt::format("[/Outputs/{}] 'expected object'", id));
  OutputDeclaration output;
  for (const auto& [key, value] : from.as_object()) {
    if (key == "Value") {
      output.value = value;
    } else if (key == "Description") {
      output.description = scalar_text(value).value_or("");
    } else if (key == "Condition") {
      if (!value.is_string()) return format_error("Every Condition member must be a string.");
      output.condition = value.as_string();
    } else if (key == "Export") {
      const auto* name = value.find("Name");
      if (name == nullptr) return format_error(fmt::format("Output {} has an Export without a Name", id));
      output.export_name = *name;
    } else {
      return format_error(fmt::format("Invalid template output property '{}'", key));
    }
  }
  if (output.value.is_null()) return format_error("Every Outputs member must contain a Value object");
  return output;
}

Result<std::vector<std::string>> read_transforms(const json::Value& document) {
  std::vector<std::string> names;
  const auto* found = document.find("Transform");
  if (found == nullptr || found->is_null()) return names;
  const auto add = [&names](const json::Value& one) -> Status {
    if (!one.is_string())
      return format_error("the Transform section of this template is not supported; known: AWS::LanguageExtensions");
    if (one.as_string() != "AWS::LanguageExtensions") {
      return format_error(
          fmt::format("Transform {} is not supported; known: AWS::LanguageExtensions", one.as_string()));
    }
    names.push_back(one.as_string());
    return {};
  };
  if (found->is_array()) {
    for (const auto& one : found->as_array()) TM_CHECK(add(one));
  } else {
    TM_CHECK(add(*found));
  }
  return names;
}

constexpr std::string_view kSections[] = {"AWSTemplateFormatVersion",
                                          "Description",
                                          "Metadata",
                                          "Parameters",
                                          "Rules",
                                          "Mappings",
                                          "Conditions",
                                          "Transform",
                                          "Resources",
                                          "Outputs",
                                          "Hooks"};

}  // namespace

std::optional<std::string> scalar_text(const json::Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_integer()) return std::to_string(value.as_integer());
  if (value.is_real()) {
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value.as_real()).ptr;
    return std::string(buffer, end);
  }
  return std::nullopt;
}

bool Template::has_transform(std::string_view name) const {
  for (const auto& transform : transforms) {
    if (transform == name) return true;
  }
  return false;
}

Result<Template> Template::read(std::string_view text) {
  if (text.size() > kTemplateBytesMax) {
    return invalid(fmt::format("Template may not exceed {} bytes in size.", kTemplateBytesMax));
  }
  if (!is_valid_utf8(text)) return format_error("the template is not valid UTF-8");
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return format_error("the template is empty");
  const TreeLimits limits;
  TM_TRY(const auto document, text[first] == '{' ? read_json(text, limits) : read_yaml(text, limits));
  if (!document.is_object()) return format_error("unsupported structure.");

  std::vector<std::string> unknown;
  for (const auto& [name, value] : document.as_object()) {
    if (std::find(std::begin(kSections), std::end(kSections), name) == std::end(kSections)) unknown.push_back(name);
  }
  if (!unknown.empty())
    return format_error(fmt::format("Invalid template property or properties [{}]", fmt::join(unknown, ", ")));

  Template result;
  result.text = text;
  TM_TRY(const auto version, text_member(document, "", "AWSTemplateFormatVersion"));
  if (!version.empty() && version != "2010-09-09") {
    return format_error(fmt::format("Template format version not supported: {}", version));
  }
  TM_TRY(result.description, text_member(document, "", "Description"));
  if (const auto* metadata = document.find("Metadata")) result.metadata = *metadata;
  TM_TRY(result.transforms, read_transforms(document));

  TM_TRY(const auto parameters, section(document, "Parameters"));
  if (parameters.size() > kParametersMax)
    return format_error(fmt::format("Number of parameters, {}, is greater than maximum allowed, {}", parameters.size(),
                                    kParametersMax));
  for (const auto& [name, value] : parameters) {
    TM_TRY(auto parameter, read_parameter(name, value));
    result.parameters.emplace(name, std::move(parameter));
  }

  TM_TRY(auto mappings, section(document, "Mappings"));
  if (mappings.size() > kMappingsMax)
    return format_error(
        fmt::format("Number of mappings, {}, is greater than maximum allowed, {}", mappings.size(), kMappingsMax));
  for (const auto& [name, value] : mappings) {
    if (!value.is_object()) return format_error(fmt::format("[/Mappings/{}] 'expected object'", name));
    for (const auto& [key, row] : value.as_object()) {
      if (!row.is_object())
        return format_error(
            fmt::format("Every Mappings attribute must be a String or a List. [/Mappings/{}/{}]", name, key));
    }
  }
  result.mappings = std::move(mappings);
  TM_TRY(result.conditions, section(document, "Conditions"));
  TM_TRY(result.rules, section(document, "Rules"));

  TM_TRY(const auto resources, section(document, "Resources"));
  if (resources.empty()) return format_error("At least one Resources member must be defined.");
  if (resources.size() > kResourcesMax)
    return format_error(
        fmt::format("Number of resources, {}, is greater than maximum allowed, {}", resources.size(), kResourcesMax));
  for (const auto& [id, value] : resources) {
    TM_TRY(auto resource, read_resource(id, value));
    result.resources.emplace(id, std::move(resource));
  }

  TM_TRY(const auto outputs, section(document, "Outputs"));
  if (outputs.size() > kOutputsMax)
    return format_error(
        fmt::format("Number of outputs, {}, is greater than maximum allowed, {}", outputs.size(), kOutputsMax));
  for (const auto& [id, value] : outputs) {
    TM_TRY(auto output, read_output(id, value));
    result.outputs.emplace(id, std::move(output));
  }
  return result;
}

}  // namespace tidemill::deploy
