#include "expr/substitutions.h"

#include "expr/messages.h"

namespace tidemill::expr {
namespace {

template <class Entries>
auto* use(Entries& entries, std::string_view reference) {
  const auto at = entries.find(reference);
  if (at == entries.end()) return static_cast<decltype(&at->second.value)>(nullptr);
  at->second.used = true;
  return &at->second.value;
}

template <class Entries>
std::string unused(const Entries& entries) {
  std::string out;
  for (const auto& [reference, entry] : entries) {
    if (entry.used) continue;
    if (!out.empty()) out += ", ";
    out += reference;
  }
  return out;
}

}  // namespace

void Substitutions::define_name(std::string_view reference, std::string name) {
  names_.insert_or_assign(std::string(reference), Entry<std::string>{std::move(name)});
}

void Substitutions::define_value(std::string_view reference, item::AttributeValue value) {
  values_.insert_or_assign(std::string(reference), Entry<item::AttributeValue>{std::move(value)});
}

const std::string* Substitutions::use_name(std::string_view reference) { return use(names_, reference); }
const item::AttributeValue* Substitutions::use_value(std::string_view reference) { return use(values_, reference); }
std::string Substitutions::unused_names() const { return unused(names_); }
std::string Substitutions::unused_values() const { return unused(values_); }

Result<Path> Substitutions::resolve(const PathText& path) {
  Path resolved;
  resolved.reserve(path.elements.size());
  for (const auto& element : path.elements) {
    switch (element.kind) {
      case PathText::Element::Kind::kName: resolved.push_back({.name = element.text}); break;
      case PathText::Element::Kind::kIndex:
        resolved.push_back({.name = {}, .index = element.index, .is_index = true});
        break;
      case PathText::Element::Kind::kReference: {
        const auto* name = use_name(element.text);
        if (name == nullptr) return invalid(messages::undefined_name(element.text));
        resolved.push_back({.name = *name});
        break;
      }
    }
  }
  return resolved;
}

}  // namespace tidemill::expr
