#include "expr/update.h"

#include <algorithm>

#include "expr/messages.h"
#include "item/messages.h"

namespace tidemill::expr {

using item::AttributeValue;
using item::Type;

namespace {

std::unexpected<Error> refuse(std::string_view message) { return fail(Errc::kEvaluation, message); }

}  // namespace

Result<Update> Update::bind(Shared<ParsedUpdate> parsed, Substitutions& substitutions) {
  const auto wrong = [](Error error) { return invalid_in(Parameter::kUpdate, std::move(error)); };
  Update update(std::move(parsed));
  const Tree& tree = update.parsed_->tree;
  for (const auto& text : tree.paths) {
    auto path = substitutions.resolve(text);
    if (!path) return wrong(std::move(path).error());
    update.paths_.push_back(*std::move(path));
  }
  for (const auto& name : tree.values) {
    const auto* value = substitutions.use_value(name);
    if (value == nullptr) return wrong({Errc::kValidation, messages::undefined_value(name)});
    update.values_.push_back(*value);
  }
  for (const auto& action : update.parsed_->actions) {
    update.actions_.push_back({.kind = action.kind, .path = update.paths_[action.path], .value = action.value});
  }
  for (const auto& node : tree.nodes) {
    if (node.op == Op::kPath) update.operands_.push_back(update.paths_[node.first]);
  }
  if (auto status = update.check_targets(); !status) return wrong(std::move(status).error());
  if (auto status = update.check_operands(); !status) return wrong(std::move(status).error());
  if (update.parsed_->operators > kMaxOperators)
    return wrong({Errc::kValidation, messages::too_many_operators(update.parsed_->operators)});
  return update;
}

Status Update::check_targets() const {
  for (const auto looked_for : {Relation::kOverlap, Relation::kConflict}) {
    for (std::size_t i = 0; i < actions_.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (relation(actions_[k].path, actions_[i].path) != looked_for) continue;
        return std::unexpected(unrelated_error(looked_for, actions_[k].path, actions_[i].path));
      }
    }
  }
  return {};
}

Status Update::check_operands() const {
  const Tree& tree = parsed_->tree;
  for (const auto& action : actions_) {
    if (action.kind != ActionKind::kAdd && action.kind != ActionKind::kDelete) continue;
    const auto& value = values_[tree.nodes[action.value].first];
    const bool number = action.kind == ActionKind::kAdd && value.is(Type::kNumber);
    if (value.is_set() || number) continue;
    return invalid(
        messages::update_operand_type(action.kind == ActionKind::kAdd ? "ADD" : "DELETE", long_name(value.type())));
  }
  for (const auto& node : tree.nodes) {
    if (node.op == Op::kPath || node.op == Op::kValue) continue;
    if (is_function(node.op) && node.count != operand_count(node.op)) {
      return invalid(messages::operand_count(to_string(node.op), node.count));
    }
    const auto operand = [&](std::uint32_t i) -> const Node& { return tree.nodes[tree.operands[node.first + i]]; };
    if (node.op == Op::kIfNotExists) {
      if (operand(0).op != Op::kPath) return invalid(messages::needs_path(to_string(node.op)));
      continue;
    }
    const Type wanted = node.op == Op::kListAppend ? Type::kList : Type::kNumber;
    for (std::uint32_t i = 0; i < node.count; ++i) {
      if (operand(i).op != Op::kValue) continue;
      const Type type = values_[operand(i).first].type();
      if (type != wanted) return invalid(messages::operand_type(to_string(node.op), item::to_string(type)));
    }
  }
  return {};
}

Update Update::literal(std::vector<Literal> literals) {
  auto parsed = std::make_shared<ParsedUpdate>();
  TreeBuilder build(parsed->tree);
  std::vector<Action> actions;
  std::vector<AttributeValue> values;
  for (auto& literal : literals) {
    Action action{.kind = literal.kind, .path = top_level(literal.attribute), .legacy = true};
    if (literal.value) {
      action.value = build.value(":" + std::to_string(values.size()));
      values.push_back(*std::move(literal.value));
    }
    actions.push_back(std::move(action));
  }
  Update update(std::move(parsed));
  update.values_ = std::move(values);
  update.actions_ = std::move(actions);
  return update;
}

std::vector<Path> Update::targets() const {
  std::vector<Path> targets;
  targets.reserve(actions_.size());
  for (const auto& action : actions_) targets.push_back(action.path);
  return targets;
}

const AttributeValue* Update::constant(const Action& action) const {
  if (action.kind == ActionKind::kRemove) return nullptr;
  const Node& node = parsed_->tree.nodes[action.value];
  return node.op == Op::kValue ? &values_[node.first] : nullptr;
}

// One application. Three phases keep list positions those of the old item: changes in place, then elements behind the
// end in the order of their indexes, then removals from the last position to the first.
class UpdateRun {
 public:
  UpdateRun(const Update& update, const item::Item* old, const item::Item& key)
      : update_(update), exists_(old != nullptr), old_(exists_ ? *old : key), item_(old_) {}

  Result<std::optional<item::Item>> run() {
    bool creates = update_.actions_.empty();
    for (const auto& action : update_.actions_) {
      const bool takes_away = action.kind == ActionKind::kRemove || action.kind == ActionKind::kDelete;
      creates = creates || !takes_away;
      if (takes_away && !exists_) continue;
      TM_CHECK(perform(action));
    }
    if (!exists_ && !creates) return std::optional<item::Item>();
    append_all();
    remove_all();
    return std::optional(std::move(item_));
  }

 private:
  Status perform(const Update::Action& action) {
    switch (action.kind) {
      case ActionKind::kSet: {
        TM_TRY(auto value, compute(action.value));
        return put(action.path, std::move(value));
      }
      case ActionKind::kAdd: return add(action);
      case ActionKind::kDelete: return take_elements(action);
      case ActionKind::kRemove: {
        TM_TRY(const auto* parent, parent_of(action.path));
        (void)parent;
        if (find(old_, action.path) != nullptr) removals_.push_back(&action.path);
        return {};
      }
    }
    std::unreachable();
  }

  Result<AttributeValue> compute(std::uint32_t index) const {
    const Node& node = update_.parsed_->tree.nodes[index];
    const auto operand = [&](std::uint32_t i) { return update_.parsed_->tree.operands[node.first + i]; };
    switch (node.op) {
      case Op::kValue: return update_.values_[node.first];
      case Op::kPath: {
        const auto* value = find(old_, update_.paths_[node.first]);
        if (value == nullptr) return refuse(messages::kMissingOperand);
        return *value;
      }
      case Op::kIfNotExists: {
        const auto* value = find(old_, update_.paths_[update_.parsed_->tree.nodes[operand(0)].first]);
        if (value != nullptr) return *value;
        return compute(operand(1));
      }
      case Op::kListAppend: {
        TM_TRY(auto left, compute(operand(0)));
        TM_TRY(auto right, compute(operand(1)));
        if (!left.is(Type::kList) || !right.is(Type::kList)) return refuse(messages::kWrongOperand);
        std::ranges::move(right.list(), std::back_inserter(left.list()));
        return left;
      }
      default: {  // kPlus, kMinus
        TM_TRY(const auto left, compute(operand(0)));
        TM_TRY(const auto right, compute(operand(1)));
        if (!left.is(Type::kNumber) || !right.is(Type::kNumber)) return refuse(messages::kWrongOperand);
        return calculate(node.op, left.number(), right.number());
      }
    }
  }

  static Result<AttributeValue> calculate(Op op, const item::Number& a, const item::Number& b) {
    const auto result = op == Op::kPlus ? item::Number::add(a, b) : item::Number::subtract(a, b);
    if (!result) return refuse(result.error().message);
    return AttributeValue(*result);
  }

  // The map or list that holds the target, in the new item; nullptr for the item itself. Until the removals begin,
  // positions are the same in both items.
  Result<AttributeValue*> parent_of(const Path& path) {
    if (path.size() == 1) return nullptr;
    auto* parent = item_.find(path.front().name);
    for (std::size_t i = 1; i + 1 < path.size() && parent != nullptr; ++i) parent = find_child(*parent, path[i]);
    const bool fits = parent != nullptr && parent->is(path.back().is_index ? Type::kList : Type::kMap);
    if (!fits) return refuse(messages::kInvalidPath);
    return parent;
  }

  Status put(const Path& path, AttributeValue value) {
    if (static_cast<int>(path.size()) - 1 + item::depth(value) > item::kMaxDepth)
      return refuse(item::messages::kTooDeep);
    TM_TRY(auto* parent, parent_of(path));
    if (parent == nullptr) {
      item_.set(path.front().name, std::move(value));
    } else if (!path.back().is_index) {
      parent->map().set(path.back().name, std::move(value));
    } else if (path.back().index < parent->list().size()) {
      parent->list()[path.back().index] = std::move(value);
    } else {
      appended_.push_back({&path, std::move(value)});
    }
    return {};
  }

  Status add(const Update::Action& action) {
    const auto& operand = *update_.constant(action);
    const auto* current = find(old_, action.path);
    if (current == nullptr) return put(action.path, operand);
    if (current->type() != operand.type()) return mismatch(action);
    AttributeValue result = *current;
    if (operand.is(Type::kNumber)) {
      TM_TRY(result, calculate(Op::kPlus, current->number(), operand.number()));
    } else if (operand.is(Type::kList)) {
      std::ranges::copy(operand.list(), std::back_inserter(result.list()));
    } else {
      with_sets(result, operand, [](auto& set, const auto& other) { set.insert_all(other); });
    }
    return put(action.path, std::move(result));
  }

  Status take_elements(const Update::Action& action) {
    const auto& operand = *update_.constant(action);
    TM_TRY(const auto* parent, parent_of(action.path));
    (void)parent;
    const auto* current = find(old_, action.path);
    if (current == nullptr) return {};
    if (current->type() != operand.type()) return mismatch(action);
    AttributeValue result = *current;
    bool emptied = false;
    with_sets(result, operand, [&emptied](auto& set, const auto& other) {
      set.erase_all(other);
      emptied = set.empty();
    });
    if (!emptied) return put(action.path, std::move(result));
    removals_.push_back(&action.path);
    return {};
  }

  static Status mismatch(const Update::Action& action) {
    return refuse(action.legacy ? messages::kTypeMismatch : messages::kWrongOperand);
  }

  // Both are sets of one type.
  template <class Change>
  static void with_sets(AttributeValue& a, const AttributeValue& b, Change change) {
    if (auto* strings = a.get_if<item::StringSet>())
      change(*strings, *b.get_if<item::StringSet>());
    else if (auto* numbers = a.get_if<item::NumberSet>())
      change(*numbers, *b.get_if<item::NumberSet>());
    else if (auto* binaries = a.get_if<item::BinarySet>())
      change(*binaries, *b.get_if<item::BinarySet>());
  }

  void append_all() {
    std::ranges::stable_sort(appended_, {}, [](const Appended& a) { return a.path->back().index; });
    for (auto& [path, value] : appended_) (*parent_of(*path))->list().push_back(std::move(value));
  }

  // From the last position to the first, inner lists before the outer.
  void remove_all() {
    std::ranges::sort(removals_, [](const Path* a, const Path* b) {
      return std::ranges::lexicographical_compare(*b, *a, [](const Step& x, const Step& y) {
        return x.is_index && y.is_index ? x.index < y.index : x.name < y.name;
      });
    });
    for (const auto* path : removals_) {
      auto* parent = *parent_of(*path);
      if (parent == nullptr)
        item_.erase(path->front().name);
      else if (!path->back().is_index)
        parent->map().erase(path->back().name);
      else
        parent->list().erase(parent->list().begin() + path->back().index);
    }
  }

  struct Appended {
    const Path* path;
    AttributeValue value;
  };

  const Update& update_;
  const bool exists_;
  const item::Item& old_;  // of an item that is not there: its key
  item::Item item_;
  std::vector<Appended> appended_;
  std::vector<const Path*> removals_;
};

Result<std::optional<item::Item>> Update::apply(const item::Item* old, const item::Item& key) const {
  return UpdateRun(*this, old, key).run();
}

}  // namespace tidemill::expr
