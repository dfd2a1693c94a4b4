// Parts of items: ProjectionExpression, AttributesToGet, and the paths of an update for UPDATED_OLD and UPDATED_NEW.
#pragma once

#include <string_view>
#include <vector>

#include "expr/parser.h"
#include "expr/path.h"
#include "expr/substitutions.h"
#include "item/attribute_value.h"

namespace tidemill::expr {

class Projection {
 public:
  // Errors begin with `Invalid ProjectionExpression: `.
  static Result<Projection> bind(const ParsedProjection& parsed, Substitutions& substitutions);
  explicit Projection(std::vector<Path> paths);

  // Keeps the hierarchy; list elements move together, in order; what is missing is left out.
  item::Item apply(const item::Item& item) const;

  const std::vector<Path>& paths() const { return paths_; }
  // The top-level names, each once: enough of an item for apply().
  std::vector<std::string_view> names() const;

 private:
  // The paths as a tree.
  struct Branch {
    Step step;
    bool whole = false;  // a path ends here
    std::vector<Branch> children;
  };
  static Branch& child_of(Branch& parent, const Step& step);
  static std::optional<item::AttributeValue> take(const item::AttributeValue& from, const Branch& branch);

  std::vector<Path> paths_;
  Branch root_;
};

}  // namespace tidemill::expr
