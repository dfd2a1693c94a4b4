#include "expr/ast.h"

#include <algorithm>
#include <utility>

namespace tidemill::expr {

std::string_view to_string(Op op) {
  switch (op) {
    case Op::kPath: return "path";
    case Op::kValue: return "value";
    case Op::kSize: return "size";
    case Op::kIfNotExists: return "if_not_exists";
    case Op::kListAppend: return "list_append";
    case Op::kPlus: return "+";
    case Op::kMinus: return "-";
    case Op::kEqual: return "=";
    case Op::kNotEqual: return "<>";
    case Op::kLess: return "<";
    case Op::kLessEqual: return "<=";
    case Op::kGreater: return ">";
    case Op::kGreaterEqual: return ">=";
    case Op::kBetween: return "BETWEEN";
    case Op::kIn: return "IN";
    case Op::kExists: return "attribute_exists";
    case Op::kNotExists: return "attribute_not_exists";
    case Op::kTypeIs: return "attribute_type";
    case Op::kBeginsWith: return "begins_with";
    case Op::kContains: return "contains";
    case Op::kNotContains: return "NOT_CONTAINS";
    case Op::kNever: return "never";
    case Op::kAnd: return "AND";
    case Op::kOr: return "OR";
    case Op::kNot: return "NOT";
  }
  std::unreachable();
}

Op function_of(std::string_view name) {
  for (const Op op : {Op::kSize, Op::kIfNotExists, Op::kListAppend, Op::kExists, Op::kNotExists, Op::kTypeIs,
                      Op::kBeginsWith, Op::kContains}) {
    if (to_string(op) == name) return op;
  }
  return Op::kNever;
}

bool is_function(Op op) {
  switch (op) {
    case Op::kSize:
    case Op::kIfNotExists:
    case Op::kListAppend:
    case Op::kExists:
    case Op::kNotExists:
    case Op::kTypeIs:
    case Op::kBeginsWith:
    case Op::kContains: return true;
    default: return false;
  }
}

std::size_t operand_count(Op function) {
  return function == Op::kSize || function == Op::kExists || function == Op::kNotExists ? 1 : 2;
}

std::uint32_t TreeBuilder::path(PathText path) {
  tree_.paths.push_back(std::move(path));
  tree_.nodes.push_back({Op::kPath, static_cast<std::uint32_t>(tree_.paths.size() - 1), 0});
  return next() - 1;
}

std::uint32_t TreeBuilder::value(std::string_view name) {
  auto at = std::ranges::find(tree_.values, name);
  if (at == tree_.values.end()) at = tree_.values.insert(at, std::string(name));
  tree_.nodes.push_back({Op::kValue, static_cast<std::uint32_t>(at - tree_.values.begin()), 0});
  return next() - 1;
}

std::uint32_t TreeBuilder::add(Op op, const std::vector<std::uint32_t>& operands) {
  const auto first = static_cast<std::uint32_t>(tree_.operands.size());
  tree_.operands.insert(tree_.operands.end(), operands.begin(), operands.end());
  tree_.nodes.push_back({op, first, static_cast<std::uint32_t>(operands.size())});
  return next() - 1;
}

}  // namespace tidemill::expr
