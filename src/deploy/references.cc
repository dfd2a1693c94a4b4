#include "deploy/references.h"

#include <fmt/format.h>

namespace tidemill::deploy {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

Status collect_sub(const json::Value& argument, const ConditionValues* conditions, std::vector<Reference>& out) {
  const json::Value* text = &argument;
  const json::Value* variables = nullptr;
  if (argument.is_array()) {
    if (argument.as_array().empty()) return {};
    text = &argument.as_array()[0];
    if (argument.as_array().size() > 1) variables = &argument.as_array()[1];
  }
  if (variables != nullptr) TM_CHECK(collect_references(*variables, conditions, out));
  if (!text->is_string()) return collect_references(*text, conditions, out);
  TM_TRY(const auto pieces, split_sub(text->as_string()));
  for (const auto& piece : pieces) {
    if (piece.kind == SubPiece::Kind::kText || (variables != nullptr && variables->find(piece.text) != nullptr))
      continue;
    const auto dot = piece.text.find('.');
    if (dot == std::string::npos)
      out.push_back({.name = piece.text});
    else
      out.push_back({.name = piece.text.substr(0, dot), .attribute = piece.text.substr(dot + 1), .is_attribute = true});
  }
  return {};
}

Status collect_get_att(const json::Value& argument, const ConditionValues* conditions, std::vector<Reference>& out) {
  if (argument.is_string()) {  // "A.B", as YAML's long form allows
    const auto dot = argument.as_string().find('.');
    if (dot == std::string::npos)
      return invalid(
          "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
          "resource attribute");
    out.push_back({.name = argument.as_string().substr(0, dot),
                   .attribute = argument.as_string().substr(dot + 1),
                   .is_attribute = true});
    return {};
  }
  if (!argument.is_array() || argument.as_array().size() != 2 || !argument.as_array()[0].is_string() ||
      argument.as_array()[0].as_string().empty()) {
    return invalid(
        "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
        "attribute");
  }
  const auto& attribute = argument.as_array()[1];
  if (!attribute.is_string()) TM_CHECK(collect_references(attribute, conditions, out));
  out.push_back({.name = argument.as_array()[0].as_string(),
                 .attribute = attribute.is_string() ? attribute.as_string() : "",
                 .is_attribute = true});
  return {};
}

}  // namespace

const json::Object::Entry* as_function(const json::Value& value) {
  if (!value.is_object() || value.as_object().size() != 1) return nullptr;
  const auto& entry = *value.as_object().begin();
  return entry.first == "Ref" || entry.first.starts_with("Fn::") ? &entry : nullptr;
}

Result<std::vector<SubPiece>> split_sub(std::string_view text) {
  std::vector<SubPiece> pieces;
  std::string plain;
  while (!text.empty()) {
    const auto at = text.find("${");
    if (at == text.npos) break;
    plain += text.substr(0, at);
    const auto end = text.find('}', at);
    if (end == text.npos)
      return invalid(
          "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, "
          "periods, and colons");
    const auto name = text.substr(at + 2, end - at - 2);
    if (name.starts_with("!")) {
      plain += fmt::format("${{{}}}", name.substr(1));
    } else {
      const auto trimmed_name = trimmed(name);
      const auto allowed = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
               c == ':';
      };
      bool fine = !trimmed_name.empty();
      for (const char c : trimmed_name) fine = fine && allowed(c);
      if (!fine)
        return invalid(
            "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, "
            "periods, and colons");
      if (!plain.empty()) pieces.push_back({SubPiece::Kind::kText, std::exchange(plain, {})});
      pieces.push_back({SubPiece::Kind::kName, std::string(trimmed_name)});
    }
    text.remove_prefix(end + 1);
  }
  plain += text;
  if (!plain.empty() || pieces.empty()) pieces.push_back({SubPiece::Kind::kText, std::move(plain)});
  return pieces;
}

Status collect_references(const json::Value& value, const ConditionValues* conditions, std::vector<Reference>& out) {
  if (value.is_array()) {
    for (const auto& element : value.as_array()) TM_CHECK(collect_references(element, conditions, out));
    return {};
  }
  if (!value.is_object()) return {};
  if (const auto* call = as_function(value)) {
    const auto& [name, argument] = *call;
    if (name == "Ref") {
      if (!argument.is_string())
        return invalid("Template format error: every Ref object must have a single String value.");
      out.push_back({.name = argument.as_string()});
      return {};
    }
    if (name == "Fn::GetAtt") return collect_get_att(argument, conditions, out);
    if (name == "Fn::Sub") return collect_sub(argument, conditions, out);
    if (name == "Fn::If" && conditions != nullptr && argument.is_array() && argument.as_array().size() == 3 &&
        argument.as_array()[0].is_string()) {
      const auto known = conditions->find(argument.as_array()[0].as_string());
      if (known != conditions->end())
        return collect_references(argument.as_array()[known->second ? 1 : 2], conditions, out);
    }
    return collect_references(argument, conditions, out);
  }
  for (const auto& [name, member] : value.as_object()) TM_CHECK(collect_references(member, conditions, out));
  return {};
}

}  // namespace tidemill::deploy
