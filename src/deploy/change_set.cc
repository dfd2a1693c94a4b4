#include "deploy/change_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace tidemill::deploy {
namespace {

const json::Value& or_null(const json::Value* value) {
  static const json::Value kNull;
  return value == nullptr ? kNull : *value;
}

// What Ref and GetAtt will give after the operation, as far as it is known before.
class PlannedValues final : public ResourceValues {
 public:
  PlannedValues(const Prepared& target, const Stack* existing, const Providers& providers)
      : target_(target), existing_(existing), providers_(providers) {}

  void note_changed(const std::string& id, const std::vector<std::string>& properties, Replacement replacement) {
    if (replacement != Replacement::kFalse) {
      unknown_.insert(id);
      return;
    }
    const auto& schema = providers_.find(target_.source->resources.find(id)->second.type)->schema();
    for (const auto& [attribute, property] : schema.changing_attributes) {
      if (std::find(properties.begin(), properties.end(), property) != properties.end())
        unknown_attributes_[id].insert(attribute);
    }
  }
  void note_added(const std::string& id) { unknown_.insert(id); }

  Result<json::Value> ref(std::string_view id) const override {
    const auto* version = known(id);
    return version == nullptr ? json::Value(kKnownAfterApply) : json::Value(version->physical_id);
  }
  Result<json::Value> attribute(std::string_view id, std::string_view name) const override {
    const auto* version = known(id);
    if (version == nullptr) return json::Value(kKnownAfterApply);
    const auto unknown = unknown_attributes_.find(id);
    if (unknown != unknown_attributes_.end() && unknown->second.contains(name)) return json::Value(kKnownAfterApply);
    const auto* value = version->attributes.find(name);
    return value == nullptr ? json::Value(kKnownAfterApply) : *value;
  }

 private:
  const ResourceVersion* known(std::string_view id) const {
    if (existing_ == nullptr || unknown_.contains(id)) return nullptr;
    const auto found = existing_->resources.find(id);
    return found == existing_->resources.end() || !found->second.current ? nullptr : &*found->second.current;
  }

  const Prepared& target_;
  const Stack* existing_;
  const Providers& providers_;
  std::set<std::string, std::less<>> unknown_;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> unknown_attributes_;
};

Status check_properties(const std::string& id, const ResourceProvider& provider, const json::Value& properties) {
  for (const auto& name : provider.schema().required) {
    if (properties.find(name) == nullptr) {
      return invalid(fmt::format(
          "Properties validation failed for resource {} with message: #: required key [{}] not found", id, name));
    }
  }
  const auto fine = provider.validate(properties);
  if (!fine)
    return invalid(
        fmt::format("Properties validation failed for resource {} with message: {}", id, fine.error().message));
  return {};
}

ChangeDetail explain(const Prepared& target, const std::string& id, const std::string& property,
                     const json::Value& after, Replacement replacement) {
  ChangeDetail detail{.property = property};
  detail.requires_recreation = replacement == Replacement::kFalse  ? "Never"
                               : replacement == Replacement::kTrue ? "Always"
                                                                   : "Conditionally";
  detail.evaluation = is_known(after) ? "Static" : "Dynamic";
  detail.source = "DirectModification";
  if (detail.evaluation == "Static") return detail;
  std::vector<Reference> references;
  const auto* expression = target.source->resources.find(id)->second.properties.find(property);
  if (expression == nullptr || !collect_references(*expression, &target.scope.conditions, references)) return detail;
  for (const auto& reference : references) {
    if (!target.graph.contains(reference.name)) continue;
    detail.source = reference.is_attribute ? "ResourceAttribute" : "ResourceReference";
    detail.causing_entity = reference.is_attribute ? reference.name + "." + reference.attribute : reference.name;
    break;
  }
  return detail;
}

}  // namespace

Replacement replacement_of(const ResourceProvider& provider, const json::Value& before, const json::Value& after) {
  auto result = Replacement::kFalse;
  for (const auto& property : changed_properties(before, after)) {
    const auto &old_value = or_null(before.find(property)), &new_value = or_null(after.find(property));
    if (!provider.replaces(property, old_value, new_value)) continue;
    result = std::max(result, is_known(new_value) ? Replacement::kTrue : Replacement::kConditional);
  }
  return result;
}

Result<std::vector<Change>> compute_changes(const Prepared& target, const Stack* existing, const Providers& providers) {
  PlannedValues values(target, existing, providers);
  Evaluation scope = target.scope;
  scope.resources = &values;
  std::vector<Change> changes;
  std::vector<std::string> retyped;
  for (const auto& id : target.order) {
    const auto& declared = target.source->resources.find(id)->second;
    const auto& provider = *providers.find(declared.type);
    TM_TRY(const auto properties, evaluate_present(scope, declared.properties));
    TM_CHECK(check_properties(id, provider, properties));
    const ResourceRecord* record = nullptr;
    if (existing != nullptr) {
      const auto found = existing->resources.find(id);
      if (found != existing->resources.end() && found->second.current) record = &found->second;
    }
    if (record == nullptr) {
      changes.push_back({.action = Action::kAdd, .logical_id = id, .type = declared.type, .after = properties});
      values.note_added(id);
      continue;
    }
    if (record->type != declared.type) {
      retyped.push_back(id);
      continue;
    }
    Change change{.action = Action::kModify,
                  .logical_id = id,
                  .physical_id = record->current->physical_id,
                  .type = declared.type,
                  .before = record->current->properties,
                  .after = properties};
    const auto changed = changed_properties(record->current->properties, properties);
    if (!changed.empty() || record->next) {
      change.replacement = replacement_of(provider, record->current->properties, properties);
      change.scope.push_back("Properties");
      for (const auto& property : changed) {
        const auto &old_value = or_null(record->current->properties.find(property)),
                   &new_value = or_null(properties.find(property));
        auto one = Replacement::kFalse;
        if (provider.replaces(property, old_value, new_value))
          one = is_known(new_value) ? Replacement::kTrue : Replacement::kConditional;
        change.details.push_back(explain(target, id, property, new_value, one));
      }
      values.note_changed(id, changed, change.replacement);
    }
    if (record->current->deletion_policy != declared.deletion_policy) change.scope.push_back("DeletionPolicy");
    if (record->current->update_replace_policy != declared.update_replace_policy)
      change.scope.push_back("UpdateReplacePolicy");
    if (!change.scope.empty()) changes.push_back(std::move(change));
  }
  if (!retyped.empty()) {
    return invalid(
        fmt::format("Update of resource type is not permitted. The new template modifies resource type of the "
                    "following resources: [{}]",
                    fmt::join(retyped, ", ")));
  }
  if (existing != nullptr) {
    for (const auto& [id, record] : existing->resources) {
      if (target.graph.contains(id) || !record.current) continue;
      changes.push_back({.action = Action::kRemove,
                         .logical_id = id,
                         .physical_id = record.current->physical_id,
                         .type = record.type,
                         .before = record.current->properties,
                         .retained = record.current->deletion_policy != DeletionPolicy::kDelete});
    }
  }
  return changes;
}

}  // namespace tidemill::deploy
