// A condition with its names and values, ready to be asked about items. Immutable; may be shared between threads.
#pragma once

#include <compare>
#include <optional>
#include <vector>

#include "expr/parser.h"
#include "expr/path.h"
#include "expr/substitutions.h"
#include "item/attribute_value.h"

namespace tidemill::expr {

class Condition {
 public:
  // Errors begin with `Invalid <parameter>: `.
  static Result<Condition> bind(Shared<ParsedCondition> parsed, Parameter parameter, Substitutions& substitutions);

  // From a tree with literal paths (kName) and the values of its slots, already checked.
  static Condition literal(Shared<ParsedCondition> parsed, std::vector<item::AttributeValue> values);

  // A missing item is an item without attributes.
  bool matches(const item::Item& item) const;

  const std::vector<Path>& paths() const { return paths_; }
  const std::vector<item::AttributeValue>& values() const { return values_; }
  const ParsedCondition& parsed() const { return *parsed_; }

 private:
  explicit Condition(Shared<ParsedCondition> parsed) : parsed_(std::move(parsed)) {}

  Shared<ParsedCondition> parsed_;
  std::vector<Path> paths_;                   // as parsed_->tree.paths
  std::vector<item::AttributeValue> values_;  // as parsed_->tree.values
};

// Order of two values of one of the types S, N, B; nothing for others and for different types.
std::optional<std::strong_ordering> compare(const item::AttributeValue& a, const item::AttributeValue& b);
bool begins_with(const item::AttributeValue& value, const item::AttributeValue& prefix);
// Substring, member of a set, element of a list. Nothing when `value` cannot contain such a thing.
std::optional<bool> contains(const item::AttributeValue& value, const item::AttributeValue& part);
// UTF-16 units, bytes or elements; nothing for the types without a size().
std::optional<std::size_t> element_count(const item::AttributeValue& value);

}  // namespace tidemill::expr
