#include "expr/key_condition.h"

#include <algorithm>

#include "expr/messages.h"

namespace tidemill::expr {
namespace {

class Extraction {
 public:
  explicit Extraction(const Condition& condition) : condition_(condition), tree_(condition.parsed().tree) {}

  Result<std::vector<KeyTerm>> run() {
    TM_CHECK(visit(condition_.parsed().root));
    return std::move(terms_);
  }

 private:
  const Node& operand(const Node& node, std::uint32_t i) const { return tree_.nodes[tree_.operands[node.first + i]]; }

  Status visit(std::uint32_t index) {
    const Node& node = tree_.nodes[index];
    switch (node.op) {
      case Op::kAnd: TM_CHECK(visit(tree_.operands[node.first])); return visit(tree_.operands[node.first + 1]);
      case Op::kOr:
      case Op::kNot:
      case Op::kNotEqual:
      case Op::kIn:
      case Op::kExists:
      case Op::kNotExists:
      case Op::kTypeIs:
      case Op::kContains: return invalid(messages::key_operator(to_string(node.op)));
      case Op::kBetween:
      case Op::kBeginsWith:
        if (operand(node, 0).op != Op::kPath) return invalid(messages::key_first_operand(to_string(node.op)));
        return term(node);
      default: return term(node);
    }
  }

  Status term(const Node& node) {
    KeyTerm term;
    bool mirrored = false;
    for (std::uint32_t i = 0; i < node.count; ++i) {
      const Node& one = operand(node, i);
      if (one.op == Op::kValue) {
        term.values.push_back(condition_.values()[one.first]);
        continue;
      }
      if (one.op != Op::kPath) return invalid(messages::kNestedOperation);
      const Path& path = condition_.paths()[one.first];
      if (!term.attribute.empty()) return invalid(messages::kSeveralNames);
      if (path.size() > 1) return invalid(messages::kNestedKey);
      term.attribute = path.front().name;
      mirrored = i == 1;
    }
    if (term.attribute.empty()) return invalid(messages::kNoKeyAttribute);
    const auto same = [&term](const KeyTerm& other) { return other.attribute == term.attribute; };
    if (std::ranges::any_of(terms_, same)) return invalid(messages::kKeyTwice);
    term.op = key_op(node.op, mirrored);
    terms_.push_back(std::move(term));
    return {};
  }

  static KeyOp key_op(Op op, bool mirrored) {
    switch (op) {
      case Op::kEqual: return KeyOp::kEqual;
      case Op::kLess: return mirrored ? KeyOp::kGreater : KeyOp::kLess;
      case Op::kLessEqual: return mirrored ? KeyOp::kGreaterEqual : KeyOp::kLessEqual;
      case Op::kGreater: return mirrored ? KeyOp::kLess : KeyOp::kGreater;
      case Op::kGreaterEqual: return mirrored ? KeyOp::kLessEqual : KeyOp::kGreaterEqual;
      case Op::kBetween: return KeyOp::kBetween;
      case Op::kBeginsWith: return KeyOp::kBeginsWith;
      default: return KeyOp::kNotIndexable;
    }
  }

  const Condition& condition_;
  const Tree& tree_;
  std::vector<KeyTerm> terms_;
};

Status check_values(const KeyTerm& term, const KeySchema::Element& element) {
  for (const auto& value : term.values) {
    if (!value.is(element.type)) return invalid(messages::kKeyTypeMismatch);
    if (value.is(item::Type::kString) && value.string().empty())
      return invalid(messages::empty_key("string", element.name));
    if (value.is(item::Type::kBinary) && value.binary().empty())
      return invalid(messages::empty_key("binary", element.name));
  }
  return {};
}

}  // namespace

bool matches(const KeyTerm& term, const item::AttributeValue& value) {
  if (term.op == KeyOp::kBeginsWith) return begins_with(value, term.values[0]);
  const auto order = compare(value, term.values[0]);
  if (!order) return false;
  switch (term.op) {
    case KeyOp::kEqual: return *order == 0;
    case KeyOp::kLess: return *order < 0;
    case KeyOp::kLessEqual: return *order <= 0;
    case KeyOp::kGreater: return *order > 0;
    case KeyOp::kGreaterEqual: return *order >= 0;
    case KeyOp::kBetween: {
      const auto upper = compare(value, term.values[1]);
      return *order >= 0 && upper && *upper <= 0;
    }
    case KeyOp::kBeginsWith:
    case KeyOp::kNotIndexable: return false;
  }
  std::unreachable();
}

Result<std::vector<KeyTerm>> key_terms(const Condition& condition) { return Extraction(condition).run(); }

Result<KeyRange> match_keys(const std::vector<KeyTerm>& terms, const KeySchema& schema) {
  const std::size_t most = std::max<std::size_t>(2, schema.hash.size() + schema.range.size());
  if (terms.empty() || terms.size() > most) return invalid(messages::kConditionCount);
  const auto term_of = [&terms](std::string_view name) -> const KeyTerm* {
    const auto at = std::ranges::find(terms, name, &KeyTerm::attribute);
    return at == terms.end() ? nullptr : &*at;
  };
  for (const auto& term : terms) {
    if (term.op == KeyOp::kNotIndexable) return invalid(messages::kNotIndexable);
  }
  KeyRange result;
  std::size_t matched = 0;
  for (const auto& element : schema.hash) {
    const auto* term = term_of(element.name);
    if (term == nullptr) return invalid(messages::missed_key(element.name));
    if (term->op != KeyOp::kEqual) return invalid(messages::kKeyConditionNotSupported);
    TM_CHECK(check_values(*term, element));
    result.hash.push_back(term->values.front());
    ++matched;
  }
  for (const auto& element : schema.range) {
    if (matched == terms.size()) return result;
    const auto* term = term_of(element.name);
    if (term == nullptr) return invalid(messages::missed_key(element.name));
    // An inequality must be the last.
    if (result.range) return invalid(messages::kKeyConditionNotSupported);
    TM_CHECK(check_values(*term, element));
    if (term->op == KeyOp::kEqual)
      result.equal.push_back(term->values.front());
    else
      result.range = *term;
    ++matched;
  }
  if (matched != terms.size()) return invalid(messages::kKeyConditionNotSupported);
  return result;
}

}  // namespace tidemill::expr
