#include "expr/condition.h"

#include "base/utf8.h"
#include "expr/messages.h"

namespace tidemill::expr {

using item::AttributeValue;
using item::Type;

std::optional<std::strong_ordering> compare(const AttributeValue& a, const AttributeValue& b) {
  if (a.type() != b.type()) return std::nullopt;
  switch (a.type()) {
    case Type::kString: return a.string() <=> b.string();  // char_traits compares unsigned
    case Type::kNumber: return a.number() <=> b.number();
    case Type::kBinary: return a.binary() <=> b.binary();
    default: return std::nullopt;
  }
}

bool begins_with(const AttributeValue& value, const AttributeValue& prefix) {
  if (value.type() != prefix.type()) return false;
  if (value.is(Type::kString)) return value.string().starts_with(prefix.string());
  return value.is(Type::kBinary) && value.binary().starts_with(prefix.binary());
}

std::optional<bool> contains(const AttributeValue& value, const AttributeValue& part) {
  switch (value.type()) {
    case Type::kString:
      if (part.is(Type::kString)) return value.string().find(part.string()) != std::string::npos;
      return std::nullopt;
    case Type::kBinary:
      if (part.is(Type::kBinary)) return value.binary().find(part.binary()) != std::string::npos;
      return std::nullopt;
    case Type::kStringSet:
      if (part.is(Type::kString)) return value.get_if<item::StringSet>()->contains(part.string());
      return std::nullopt;
    case Type::kNumberSet:
      if (part.is(Type::kNumber)) return value.get_if<item::NumberSet>()->contains(part.number());
      return std::nullopt;
    case Type::kBinarySet:
      if (part.is(Type::kBinary)) return value.get_if<item::BinarySet>()->contains({part.binary()});
      return std::nullopt;
    case Type::kList:
      for (const auto& element : value.list()) {
        if (element == part) return true;
      }
      return false;
    default: return std::nullopt;
  }
}

std::optional<std::size_t> element_count(const AttributeValue& value) {
  switch (value.type()) {
    case Type::kString: return utf16_units(value.string());
    case Type::kBinary: return value.binary().size();
    case Type::kMap: return value.map().size();
    case Type::kList: return value.list().size();
    case Type::kStringSet: return value.get_if<item::StringSet>()->size();
    case Type::kNumberSet: return value.get_if<item::NumberSet>()->size();
    case Type::kBinarySet: return value.get_if<item::BinarySet>()->size();
    case Type::kNumber:
    case Type::kBool:
    case Type::kNull: return std::nullopt;
  }
  std::unreachable();
}

namespace {

bool is_type_name(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Type::kBinarySet); ++i) {
    if (item::to_string(static_cast<Type>(i)) == name) return true;
  }
  return false;
}

bool is_ordered(Type type) { return type == Type::kString || type == Type::kNumber || type == Type::kBinary; }

// Fills names and values in and checks what can be checked without an item. Condition by condition, and in each:
// definitions, numbers of operands, distinctness, types.
class Binder {
 public:
  Binder(const Tree& tree, std::vector<Path>& paths, std::vector<AttributeValue>& values, Substitutions& substitutions)
      : tree_(tree), paths_(paths), values_(values), substitutions_(substitutions) {
    paths_.resize(tree.paths.size());
    values_.resize(tree.values.size());
  }

  Status check(const ConditionSpan& condition) {
    using Check = Status (Binder::*)(const Node&);
    for (const Check one : {&Binder::define, &Binder::check_count, &Binder::check_distinct, &Binder::check_types}) {
      for (std::uint32_t i = condition.first; i <= condition.node; ++i) TM_CHECK((this->*one)(tree_.nodes[i]));
    }
    return {};
  }

 private:
  const Node& operand(const Node& node, std::uint32_t i) const { return tree_.nodes[tree_.operands[node.first + i]]; }

  Status define(const Node& node) {
    if (node.op == Op::kPath) {
      TM_TRY(paths_[node.first], substitutions_.resolve(tree_.paths[node.first]));
    } else if (node.op == Op::kValue) {
      const auto* value = substitutions_.use_value(tree_.values[node.first]);
      if (value == nullptr) return invalid(messages::undefined_value(tree_.values[node.first]));
      values_[node.first] = *value;
    }
    return {};
  }

  Status check_count(const Node& node) {
    if (is_function(node.op) && node.count != operand_count(node.op)) {
      return invalid(messages::operand_count(to_string(node.op), node.count));
    }
    return {};
  }

  Status check_distinct(const Node& node) {
    if (node.op == Op::kPath || node.op == Op::kValue || node.op == Op::kAnd || node.op == Op::kOr) return {};
    if (node.count < 2 || operand(node, 0).op != Op::kPath) return {};
    const Path& first = paths_[operand(node, 0).first];
    for (std::uint32_t i = 1; i < node.count; ++i) {
      const Node& other = operand(node, i);
      if (other.op != Op::kPath || paths_[other.first] != first) continue;
      return invalid(messages::not_distinct(to_string(node.op), to_string(first)));
    }
    return {};
  }

  // The type that is known without an item.
  std::optional<Type> type_of(const Node& node) const {
    if (node.op == Op::kValue) return values_[node.first].type();
    if (node.op == Op::kSize) return Type::kNumber;
    if (node.op == Op::kPath) return std::nullopt;
    return Type::kBool;
  }

  static std::unexpected<Error> wrong_type(const Node& node, Type type) {
    return invalid(messages::operand_type(to_string(node.op), item::to_string(type)));
  }

  Status check_types(const Node& node) {
    switch (node.op) {
      case Op::kExists:
      case Op::kNotExists:
        if (operand(node, 0).op != Op::kPath) return invalid(messages::needs_path(to_string(node.op)));
        return {};
      case Op::kBeginsWith:
        for (std::uint32_t i = 0; i < 2; ++i) {
          const auto type = type_of(operand(node, i));
          if (type && *type != Type::kString && *type != Type::kBinary) return wrong_type(node, *type);
        }
        return {};
      case Op::kTypeIs: return check_type_name(node);
      case Op::kSize: {
        const auto type = type_of(operand(node, 0));
        if (type == Type::kNumber || type == Type::kBool || type == Type::kNull) return wrong_type(node, *type);
        return {};
      }
      case Op::kContains: {
        const auto type = type_of(operand(node, 0));
        if (type == Type::kNumber || type == Type::kBool || type == Type::kNull || type == Type::kMap)
          return wrong_type(node, *type);
        return {};
      }
      case Op::kLess:
      case Op::kLessEqual:
      case Op::kGreater:
      case Op::kGreaterEqual:
      case Op::kBetween:
        for (std::uint32_t i = 0; i < node.count; ++i) {
          const auto type = type_of(operand(node, i));
          if (type && !is_ordered(*type)) return wrong_type(node, *type);
        }
        return node.op == Op::kBetween ? check_bounds(operand(node, 1), operand(node, 2)) : Status{};
      case Op::kIn:
        if (node.count > kMaxInOperands) return invalid(messages::too_many_in_operands(node.count));
        return {};
      default: return {};
    }
  }

  Status check_type_name(const Node& node) const {
    const Node& name = operand(node, 1);
    const auto type = type_of(name);
    if (!type) return invalid(messages::operand_type(to_string(node.op), "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"));
    if (*type != Type::kString) return wrong_type(node, *type);
    const auto& text = values_[name.first].string();
    if (!is_type_name(text)) return invalid(messages::unknown_type_name(text));
    return {};
  }

  Status check_bounds(const Node& lower, const Node& upper) const {
    if (lower.op != Op::kValue || upper.op != Op::kValue) return {};
    const auto& from = values_[lower.first];
    const auto& to = values_[upper.first];
    if (from.type() != to.type()) return invalid(messages::between_types(describe(from), describe(to)));
    if (*compare(from, to) > 0) return invalid(messages::between_order(describe(from), describe(to)));
    return {};
  }

  const Tree& tree_;
  std::vector<Path>& paths_;
  std::vector<AttributeValue>& values_;
  Substitutions& substitutions_;
};

class Evaluator {
 public:
  Evaluator(const Tree& tree, const std::vector<Path>& paths, const std::vector<AttributeValue>& values,
            const item::Item& item)
      : tree_(tree), paths_(paths), values_(values), item_(item) {}

  // Depth is at most the number of operators, which binding bounds.
  bool holds(std::uint32_t index) const {
    const Node& node = tree_.nodes[index];
    switch (node.op) {
      case Op::kAnd: return holds(child(node, 0)) && holds(child(node, 1));
      case Op::kOr: return holds(child(node, 0)) || holds(child(node, 1));
      case Op::kNot: return !holds(child(node, 0));
      case Op::kExists: return Operand(*this, child(node, 0)).value != nullptr;
      case Op::kNotExists: return Operand(*this, child(node, 0)).value == nullptr;
      case Op::kBetween: {
        const Operand value(*this, child(node, 0)), from(*this, child(node, 1)), to(*this, child(node, 2));
        return is_between(value.value, from.value, to.value);
      }
      case Op::kIn: return is_in(node);
      default: {
        const Operand a(*this, child(node, 0)), b(*this, child(node, 1));
        return relates(node.op, a.value, b.value);
      }
    }
  }

 private:
  // A value of the item, a constant, or a computed size.
  struct Operand {
    Operand(const Evaluator& evaluator, std::uint32_t index) {
      const Node& node = evaluator.tree_.nodes[index];
      if (node.op == Op::kPath) {
        value = find(evaluator.item_, evaluator.paths_[node.first]);
      } else if (node.op == Op::kValue) {
        value = &evaluator.values_[node.first];
      } else if (node.op == Op::kSize) {
        const Operand sized(evaluator, evaluator.child(node, 0));
        const auto count = sized.value == nullptr ? std::nullopt : element_count(*sized.value);
        if (!count) return;
        computed = item::Number(static_cast<std::int64_t>(*count));
        value = &computed;
      }
    }
    Operand(const Operand&) = delete;

    const AttributeValue* value = nullptr;
    AttributeValue computed;
  };

  std::uint32_t child(const Node& node, std::uint32_t i) const { return tree_.operands[node.first + i]; }

  static bool is_between(const AttributeValue* value, const AttributeValue* from, const AttributeValue* to) {
    if (value == nullptr || from == nullptr || to == nullptr) return false;
    const auto low = compare(*value, *from);
    const auto high = compare(*value, *to);
    return low && high && *low >= 0 && *high <= 0;
  }

  bool is_in(const Node& node) const {
    const Operand value(*this, child(node, 0));
    if (value.value == nullptr) return false;
    for (std::uint32_t i = 1; i < node.count; ++i) {
      const Operand candidate(*this, child(node, i));
      if (candidate.value != nullptr && *candidate.value == *value.value) return true;
    }
    return false;
  }

  // What is missing relates to nothing, and so differs from everything, even from what is missing too.
  static bool relates(Op op, const AttributeValue* a, const AttributeValue* b) {
    if (a == nullptr || b == nullptr) return op == Op::kNotEqual;
    switch (op) {
      case Op::kEqual: return *a == *b;
      case Op::kNotEqual: return *a != *b;
      case Op::kTypeIs: return b->is(Type::kString) && item::to_string(a->type()) == b->string();
      case Op::kBeginsWith: return begins_with(*a, *b);
      case Op::kContains: return contains(*a, *b).value_or(false);
      case Op::kNotContains: return !contains(*a, *b).value_or(true);
      case Op::kLess:
      case Op::kLessEqual:
      case Op::kGreater:
      case Op::kGreaterEqual: {
        const auto order = compare(*a, *b);
        if (!order) return false;
        if (op == Op::kLess) return *order < 0;
        if (op == Op::kLessEqual) return *order <= 0;
        if (op == Op::kGreater) return *order > 0;
        return *order >= 0;
      }
      default: return false;
    }
  }

  const Tree& tree_;
  const std::vector<Path>& paths_;
  const std::vector<AttributeValue>& values_;
  const item::Item& item_;
};

}  // namespace

Result<Condition> Condition::bind(Shared<ParsedCondition> parsed, Parameter parameter, Substitutions& substitutions) {
  Condition condition(std::move(parsed));
  Binder binder(condition.parsed_->tree, condition.paths_, condition.values_, substitutions);
  for (const auto& span : condition.parsed_->conditions) {
    if (auto status = binder.check(span); !status) return invalid_in(parameter, status.error());
  }
  if (condition.parsed_->operators > kMaxOperators) {
    return invalid_in(parameter, {Errc::kValidation, messages::too_many_operators(condition.parsed_->operators)});
  }
  return condition;
}

Condition Condition::literal(Shared<ParsedCondition> parsed, std::vector<AttributeValue> values) {
  Condition condition(std::move(parsed));
  Substitutions none;
  for (const auto& path : condition.parsed_->tree.paths) condition.paths_.push_back(*none.resolve(path));
  condition.values_ = std::move(values);
  return condition;
}

bool Condition::matches(const item::Item& item) const {
  return Evaluator(parsed_->tree, paths_, values_, item).holds(parsed_->root);
}

}  // namespace tidemill::expr
