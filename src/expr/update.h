// An update with its names and values: a plan that can be applied to an item any number of times. Immutable.
#pragma once

#include <optional>
#include <vector>

#include "expr/parser.h"
#include "expr/path.h"
#include "expr/substitutions.h"
#include "item/attribute_value.h"

namespace tidemill::expr {

class Update {
 public:
  struct Action {
    ActionKind kind = ActionKind::kSet;
    Path path;
    std::uint32_t value = 0;  // node of the tree
    bool legacy = false;      // AttributeUpdates: ADD takes lists too, and errors have another text
  };

  // Errors begin with `Invalid UpdateExpression: `.
  static Result<Update> bind(Shared<ParsedUpdate> parsed, Substitutions& substitutions);

  // What AttributeUpdates says about one top-level attribute.
  struct Literal {
    ActionKind kind = ActionKind::kSet;
    std::string attribute;
    std::optional<item::AttributeValue> value;  // not for kRemove
  };
  static Update literal(std::vector<Literal> literals);

  // The item after the update. `old` is nullptr when there is none; the new item then starts from `key`. Nothing comes
  // back when there was no item and the update has nothing to put into one (only REMOVE and DELETE). All operands are
  // read from the old item, and all list positions are those of the old item. Errors are kEvaluation. The size of the
  // result is the caller's check.
  Result<std::optional<item::Item>> apply(const item::Item* old, const item::Item& key) const;

  const std::vector<Action>& actions() const { return actions_; }
  std::vector<Path> targets() const;
  // Paths that are read.
  const std::vector<Path>& operands() const { return operands_; }
  // The value when the action sets or adds a constant; nullptr when it is computed from the item, or for kRemove.
  const item::AttributeValue* constant(const Action& action) const;

 private:
  explicit Update(Shared<ParsedUpdate> parsed) : parsed_(std::move(parsed)) {}
  Status check_targets() const;
  Status check_operands() const;

  friend class UpdateRun;
  Shared<ParsedUpdate> parsed_;
  std::vector<Path> paths_;                   // as parsed_->tree.paths
  std::vector<item::AttributeValue> values_;  // as parsed_->tree.values
  std::vector<Action> actions_;
  std::vector<Path> operands_;
};

}  // namespace tidemill::expr
