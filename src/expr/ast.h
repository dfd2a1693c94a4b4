// What the parser makes of a text: immutable, without names and values filled in, so that it can be shared and kept by
// text. Legacy parameters and PartiQL build the same trees with literal paths and values (TreeBuilder).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::expr {

enum class Op : unsigned char {
  // operands
  kPath,   // first: index into Tree::paths
  kValue,  // first: index into Tree::values
  kSize,
  kIfNotExists,
  kListAppend,
  kPlus,
  kMinus,
  // conditions
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kBetween,
  kIn,
  kExists,
  kNotExists,
  kTypeIs,
  kBeginsWith,
  kContains,
  kNotContains,  // legacy only: false, too, where the attribute is missing or can contain nothing
  kNever,        // legacy only
  kAnd,
  kOr,
  kNot,
};

// As the service writes the operator or function in messages.
std::string_view to_string(Op op);
// The function of that name, in lower case; kNever when there is none.
Op function_of(std::string_view name);
bool is_function(Op op);
// What a function takes.
std::size_t operand_count(Op function);

struct Node {
  Op op = Op::kNever;
  std::uint32_t first = 0;  // of its operands in Tree::operands; for kPath and kValue the index named above
  std::uint32_t count = 0;
};

// A path as written: each element a clear name, a #reference, or an index.
struct PathText {
  struct Element {
    enum class Kind : unsigned char { kName, kReference, kIndex };
    Kind kind = Kind::kName;
    std::string text;  // with the mark; empty for an index
    std::uint32_t index = 0;
  };
  std::vector<Element> elements;
};

struct Tree {
  std::vector<Node> nodes;              // operands before the node that takes them, in the order of the text
  std::vector<std::uint32_t> operands;  // indexes into nodes
  std::vector<PathText> paths;
  std::vector<std::string> values;  // :names, each once
};

// One comparison or boolean function: nodes [first, node], its operands included. Errors are found condition by
// condition.
struct ConditionSpan {
  std::uint32_t first = 0;
  std::uint32_t node = 0;
};

struct ParsedCondition {
  Tree tree;
  std::uint32_t root = 0;
  std::vector<ConditionSpan> conditions;
  std::size_t operators = 0;
};

enum class ActionKind : unsigned char { kSet, kRemove, kAdd, kDelete };

struct ParsedAction {
  ActionKind kind = ActionKind::kSet;
  std::uint32_t path = 0;   // into Tree::paths
  std::uint32_t value = 0;  // node; not for kRemove
};

struct ParsedUpdate {
  Tree tree;
  std::vector<ParsedAction> actions;
  std::size_t operators = 0;
};

struct ParsedProjection {
  std::vector<PathText> paths;
};

class TreeBuilder {
 public:
  explicit TreeBuilder(Tree& tree) : tree_(tree) {}

  std::uint32_t path(PathText path);
  std::uint32_t value(std::string_view name);  // reuses the slot of a name
  std::uint32_t add(Op op, const std::vector<std::uint32_t>& operands);
  std::uint32_t next() const { return static_cast<std::uint32_t>(tree_.nodes.size()); }

 private:
  Tree& tree_;
};

}  // namespace tidemill::expr
