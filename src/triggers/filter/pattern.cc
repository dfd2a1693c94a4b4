#include "triggers/filter/pattern.h"

#include <algorithm>

#include "triggers/filter/rule.h"

namespace tidemill::triggers {

struct FilterPattern::Object {
  struct Field {
    std::string name;
    std::vector<FilterRule> rules;  // of a leaf
    std::unique_ptr<Object> below;  // or the object below
  };
  std::vector<Field> fields;
  std::vector<std::vector<Object>> alternatives;  // each "$or": one of them must match

  // `node` is null when the record has nothing there.
  bool matches(const json::Node* node) const;
};

namespace {

using Object = FilterPattern::Object;

std::unexpected<Error> invalid() { return fail(Errc::kInvalidParameter, "Invalid filter pattern definition."); }

bool matches_leaf(const std::vector<FilterRule>& rules, const json::Node* node) {
  const auto absent = [&rules] { return std::ranges::any_of(rules, &FilterRule::matches_absence); };
  // Only leaves exist, for {"exists": false}: an object there is as good as nothing, as observed on the service.
  if (!node || node->is_object()) return absent();
  if (node->is_array()) {
    if (node->elements().empty()) return absent();
    return std::ranges::any_of(node->elements(),
                               [&rules](const json::Node& element) { return matches_leaf(rules, &element); });
  }
  return std::ranges::any_of(rules, [node](const FilterRule& rule) { return rule.matches_scalar(*node); });
}

bool matches_below(const Object& below, const json::Node* node) {
  if (node && node->is_array())
    // All fields of one element must match together.
    return std::ranges::any_of(node->elements(),
                               [&below](const json::Node& element) { return matches_below(below, &element); });
  return below.matches(node && node->is_object() ? node : nullptr);
}

// "$or" joins alternatives only when it lists at least two objects that are no rules themselves; else it is a field's
// name.
bool is_alternatives(const json::Node& node) {
  if (!node.is_array() || node.elements().size() < 2) return false;
  return std::ranges::all_of(node.elements(), [](const json::Node& element) {
    return element.is_object() && std::ranges::none_of(element.members(), [](const json::Member& member) {
             return FilterRule::is_operator(member.name);
           });
  });
}

Result<Object> parse_object(const json::Node& node) {
  if (!node.is_object() || node.members().empty()) return invalid();
  Object out;
  const auto members = node.members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& [name, value] = members[i];
    // Of a repeated name the last counts.
    if (node.find(name) != &value) continue;
    if (name == "$or" && is_alternatives(value)) {
      std::vector<Object> alternatives;
      for (const json::Node& element : value.elements()) {
        TM_TRY(auto alternative, parse_object(element));
        alternatives.push_back(std::move(alternative));
      }
      out.alternatives.push_back(std::move(alternatives));
    } else if (value.is_object()) {
      TM_TRY(auto below, parse_object(value));
      out.fields.push_back(
          {.name = std::string(name), .rules = {}, .below = std::make_unique<Object>(std::move(below))});
    } else if (value.is_array() && !value.elements().empty()) {
      std::vector<FilterRule> rules;
      for (const json::Node& element : value.elements()) {
        auto rule = FilterRule::parse(element);
        if (!rule) return invalid();
        rules.push_back(*std::move(rule));
      }
      out.fields.push_back({.name = std::string(name), .rules = std::move(rules), .below = nullptr});
    } else {
      return invalid();
    }
  }
  return out;
}

}  // namespace

bool FilterPattern::Object::matches(const json::Node* node) const {
  for (const Field& field : fields) {
    const json::Node* below = node ? node->find(field.name) : nullptr;
    if (field.below ? !matches_below(*field.below, below) : !matches_leaf(field.rules, below)) return false;
  }
  return std::ranges::all_of(alternatives, [node](const std::vector<Object>& list) {
    return std::ranges::any_of(list, [node](const Object& object) { return object.matches(node); });
  });
}

FilterPattern::FilterPattern(std::unique_ptr<Object> root) : root_(std::move(root)) {}
FilterPattern::~FilterPattern() = default;
FilterPattern::FilterPattern(FilterPattern&&) noexcept = default;
FilterPattern& FilterPattern::operator=(FilterPattern&&) noexcept = default;

Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  const auto document = json::Document::parse(text, {.max_depth = 32});
  if (!document) return invalid();
  TM_TRY(auto root, parse_object(document->root()));
  return FilterPattern(std::make_unique<Object>(std::move(root)));
}

bool FilterPattern::matches(const json::Node& record) const { return root_->matches(&record); }

Result<Filters> Filters::parse(const std::vector<std::string>& patterns) {
  Filters out;
  for (const std::string& text : patterns) {
    TM_TRY(auto pattern, FilterPattern::parse(text));
    out.patterns_.push_back(std::move(pattern));
  }
  return out;
}

bool Filters::pass(std::string_view record_json) const {
  if (patterns_.empty()) return true;
  const auto document = json::Document::parse(record_json);
  if (!document) return false;
  return std::ranges::any_of(patterns_,
                             [&](const FilterPattern& pattern) { return pattern.matches(document->root()); });
}

}  // namespace tidemill::triggers
