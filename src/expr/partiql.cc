#include "expr/partiql.h"

#include <algorithm>

namespace tidemill::expr::partiql {
namespace {

using item::AttributeValue;

// The operands of the outermost ANDs of a condition, in order.
class Conjuncts {
 public:
  explicit Conjuncts(const Condition& condition) : condition_(condition), tree_(condition.parsed().tree) {
    collect(condition.parsed().root);
  }

  const std::vector<std::uint32_t>& nodes() const { return nodes_; }

  // `attribute op constant(s)`, with the constant on either side; nothing for other conditions and other attributes.
  std::optional<KeyTerm> term(std::uint32_t index, std::string_view attribute) const {
    const Node& node = tree_.nodes[index];
    const auto op = key_op(node.op);
    if (!op) return std::nullopt;
    const bool mirrored = operand(node, 0).op == Op::kValue && node.count == 2 && node.op != Op::kBeginsWith;
    const Node& side = operand(node, mirrored ? 1 : 0);
    if (!is_attribute(side, attribute)) return std::nullopt;
    KeyTerm term{.attribute = std::string(attribute), .op = mirrored ? mirror(*op) : *op, .values = {}};
    for (std::uint32_t i = 0; i < node.count; ++i) {
      const Node& one = operand(node, i);
      if (&one == &side) continue;
      if (one.op != Op::kValue) return std::nullopt;
      term.values.push_back(condition_.values()[one.first]);
    }
    return term;
  }

  // `attribute IN (constants)`.
  std::optional<std::vector<AttributeValue>> members(std::uint32_t index, std::string_view attribute) const {
    const Node& node = tree_.nodes[index];
    if (node.op != Op::kIn || !is_attribute(operand(node, 0), attribute)) return std::nullopt;
    std::vector<AttributeValue> values;
    for (std::uint32_t i = 1; i < node.count; ++i) {
      if (operand(node, i).op != Op::kValue) return std::nullopt;
      const auto& value = condition_.values()[operand(node, i).first];
      if (std::ranges::find(values, value) == values.end()) values.push_back(value);
    }
    return values;
  }

  // All but the used ones.
  std::optional<Condition> rest(const std::vector<std::uint32_t>& used) const {
    auto parsed = std::make_shared<ParsedCondition>(condition_.parsed());
    TreeBuilder build(parsed->tree);
    std::optional<std::uint32_t> root;
    for (const auto node : nodes_) {
      if (std::ranges::find(used, node) != used.end()) continue;
      root = root ? build.add(Op::kAnd, {*root, node}) : node;
    }
    if (!root) return std::nullopt;
    parsed->root = *root;
    return Condition::literal(std::move(parsed), condition_.values());
  }

 private:
  void collect(std::uint32_t index) {
    const Node& node = tree_.nodes[index];
    if (node.op != Op::kAnd) {
      nodes_.push_back(index);
      return;
    }
    collect(tree_.operands[node.first]);
    collect(tree_.operands[node.first + 1]);
  }

  const Node& operand(const Node& node, std::uint32_t i) const { return tree_.nodes[tree_.operands[node.first + i]]; }

  bool is_attribute(const Node& node, std::string_view attribute) const {
    if (node.op != Op::kPath) return false;
    const Path& path = condition_.paths()[node.first];
    return path.size() == 1 && path.front().name == attribute;
  }

  static std::optional<KeyOp> key_op(Op op) {
    switch (op) {
      case Op::kEqual: return KeyOp::kEqual;
      case Op::kLess: return KeyOp::kLess;
      case Op::kLessEqual: return KeyOp::kLessEqual;
      case Op::kGreater: return KeyOp::kGreater;
      case Op::kGreaterEqual: return KeyOp::kGreaterEqual;
      case Op::kBetween: return KeyOp::kBetween;
      case Op::kBeginsWith: return KeyOp::kBeginsWith;
      default: return std::nullopt;
    }
  }

  static KeyOp mirror(KeyOp op) {
    switch (op) {
      case KeyOp::kLess: return KeyOp::kGreater;
      case KeyOp::kLessEqual: return KeyOp::kGreaterEqual;
      case KeyOp::kGreater: return KeyOp::kLess;
      case KeyOp::kGreaterEqual: return KeyOp::kLessEqual;
      default: return op;
    }
  }

  const Condition& condition_;
  const Tree& tree_;
  std::vector<std::uint32_t> nodes_;
};

}  // namespace

Selection select(const Condition* where, const KeySchema& schema) {
  Selection selection;
  if (where == nullptr) return selection;
  const Conjuncts conjuncts(*where);
  std::vector<std::uint32_t> used;
  for (const auto& element : schema.hash) {
    const auto fixes = [&](std::uint32_t node) {
      const auto term = conjuncts.term(node, element.name);
      return term && term->op == KeyOp::kEqual;
    };
    const auto at = std::ranges::find_if(conjuncts.nodes(), fixes);
    if (at != conjuncts.nodes().end()) {
      selection.terms.push_back(*conjuncts.term(*at, element.name));
      used.push_back(*at);
      continue;
    }
    const auto among = std::ranges::find_if(
        conjuncts.nodes(), [&](std::uint32_t n) { return conjuncts.members(n, element.name).has_value(); });
    if (schema.hash.size() > 1 || among == conjuncts.nodes().end())
      return {.terms = {}, .partitions = {}, .rest = *where};
    selection.partitions = *conjuncts.members(*among, element.name);
    used.push_back(*among);
  }
  for (const auto& element : schema.range) {
    const auto at = std::ranges::find_if(conjuncts.nodes(),
                                         [&](std::uint32_t n) { return conjuncts.term(n, element.name).has_value(); });
    if (at == conjuncts.nodes().end()) break;
    selection.terms.push_back(*conjuncts.term(*at, element.name));
    used.push_back(*at);
    if (selection.terms.back().op != KeyOp::kEqual) break;
  }
  selection.rest = conjuncts.rest(used);
  return selection;
}

Result<Target> target(const Condition* where, const KeySchema& schema) {
  Target target;
  std::vector<std::uint32_t> used;
  std::optional<Conjuncts> conjuncts;
  if (where != nullptr) conjuncts.emplace(*where);
  for (const auto* part : {&schema.hash, &schema.range}) {
    for (const auto& element : *part) {
      std::optional<KeyTerm> term;
      for (const auto node : conjuncts ? conjuncts->nodes() : std::vector<std::uint32_t>()) {
        term = conjuncts->term(node, element.name);
        if (term && term->op == KeyOp::kEqual) {
          used.push_back(node);
          break;
        }
        term.reset();
      }
      if (!term) return invalid("Where clause does not contain a mandatory equality on all key attributes");
      target.key.set(element.name, term->values.front());
    }
  }
  target.rest = conjuncts->rest(used);
  return target;
}

namespace {

Condition joined(std::optional<Condition> condition, Op join, Op existence, std::string_view attribute) {
  auto parsed =
      condition ? std::make_shared<ParsedCondition>(condition->parsed()) : std::make_shared<ParsedCondition>();
  TreeBuilder build(parsed->tree);
  PathText path;
  path.elements.push_back({.text = std::string(attribute)});
  const auto node = build.add(existence, {build.path(std::move(path))});
  parsed->root = condition ? build.add(join, {node, parsed->root}) : node;
  return Condition::literal(std::move(parsed), condition ? condition->values() : std::vector<AttributeValue>());
}

}  // namespace

Condition and_exists(std::optional<Condition> condition, std::string_view attribute, bool absent) {
  return joined(std::move(condition), Op::kAnd, absent ? Op::kNotExists : Op::kExists, attribute);
}

Condition or_absent(Condition condition, std::string_view attribute) {
  return joined(std::move(condition), Op::kOr, Op::kNotExists, attribute);
}

std::string column_name(const Path& path) {
  // A list element keeps the name of its list: l[0].
  std::size_t at = path.size() - 1;
  std::string indexes;
  while (at > 0 && path[at].is_index) indexes.insert(0, "[" + std::to_string(path[at--].index) + "]");
  return path[at].name + indexes;
}

}  // namespace tidemill::expr::partiql
