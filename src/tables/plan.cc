#include "tables/plan.h"

#include <fmt/format.h>

#include "item/encoding.h"
#include "item/json.h"
#include "item/size.h"

namespace tidemill::tables {
namespace {

constexpr std::string_view kSchemaMismatch = "The provided key element does not match the schema";

std::string_view kind_of_empty(KeyType type) { return type == KeyType::kBinary ? "binary" : "string"; }

std::unexpected<Error> empty_key(const KeyAttribute& key) {
  return invalid(
      fmt::format("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
                  "an empty {} value. Key: {}",
                  kind_of_empty(key.type), key.name));
}

// Emptiness and length of one key attribute of the table.
Status check_key_value(const KeyAttribute& key, const AttributeValue& value, bool is_range) {
  if (key.type == KeyType::kNumber) return {};
  const auto size = item::key_size(value);
  if (size == 0) return empty_key(key);
  if (!is_range && size > item::kMaxPartitionKeySize) {
    return invalid_values("Size of hashkey has exceeded the maximum size limit of2048 bytes");
  }
  if (is_range && size > item::kMaxSortKeySize) {
    return invalid_values("Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
  }
  return {};
}

// Visits the index key attributes with their index and whether they are range attributes. Of several indexes that
// refuse, the service names the first by name.
template <class Visit>
Status for_index_keys(const TableDefinition& table, Visit visit) {
  Status refused;
  std::string_view refused_by;
  for (const auto& index : table.indexes) {
    if (index.status == IndexStatus::kDeleting || (!refused && index.name > refused_by)) continue;
    const auto of_index = [&]() -> Status {
      for (const auto& key : index.keys.hash) TM_CHECK(visit(index, key, false));
      for (const auto& key : index.keys.range) TM_CHECK(visit(index, key, true));
      return {};
    };
    if (auto visited = of_index(); !visited) {
      refused = std::move(visited);
      refused_by = index.name;
    }
  }
  return refused;
}

std::string index_type_mismatch(const IndexDefinition& index, const KeyAttribute& key, const AttributeValue& value) {
  return fmt::format("Type mismatch for Index Key {} Expected: {} Actual: {} IndexName: {}", key.name,
                     static_cast<char>(key.type), item::to_string(value.type()), index.name);
}

std::string too_long(bool is_range) {
  return is_range ? "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
                  : "Size of hashkey has exceeded the maximum size limit of2048 bytes";
}

std::unexpected<Error> empty_index_key(const IndexDefinition& index, const KeyAttribute& key) {
  return invalid(fmt::format(
      "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
      "AttributeValue for a key attribute cannot contain an empty {} value. IndexName: {}, IndexKey: {}",
      kind_of_empty(key.type), index.name, key.name));
}

std::unexpected<Error> empty_updated_key(const KeyAttribute& key) {
  return invalid(
      fmt::format("One or more parameter values are not valid. The update expression attempted to update a secondary "
                  "index key to a value that is not supported. The AttributeValue for a key attribute cannot contain "
                  "an empty {} value.",
                  kind_of_empty(key.type)));
}

// Text or bytes, and none of them.
bool is_empty_key(const KeyAttribute& key, const AttributeValue& value) {
  return key.type != KeyType::kNumber && value.type() == item_type(key.type) && item::key_size(value) == 0;
}

Status check_put_index_keys(const TableDefinition& table, const Item& item) {
  return for_index_keys(table, [&](const IndexDefinition& index, const KeyAttribute& key, bool is_range) -> Status {
    const AttributeValue* value = item.find(key.name);
    if (value == nullptr) return {};
    if (value->type() != item_type(key.type)) return invalid_values(index_type_mismatch(index, key, *value));
    if (key.type == KeyType::kNumber) return {};
    const auto size = item::key_size(*value);
    if (size == 0) return empty_index_key(index, key);
    if (size > (is_range ? item::kMaxSortKeySize : item::kMaxPartitionKeySize))
      return invalid_values(too_long(is_range));
    return {};
  });
}

// Visits the constants that an update gives to index keys.
template <class Visit>
Status for_update_constants(const TableDefinition& table, const expr::Update& update, Visit visit) {
  return for_index_keys(table, [&](const IndexDefinition& index, const KeyAttribute& key, bool) -> Status {
    for (const auto& action : update.actions()) {
      if (action.path.size() != 1 || action.path[0].name != key.name || action.kind != expr::ActionKind::kSet) continue;
      if (const AttributeValue* value = update.constant(action)) TM_CHECK(visit(index, key, *value));
    }
    return {};
  });
}

Status check_update_constants(const TableDefinition& table, const expr::Update& update) {
  return for_update_constants(
      table, update, [](const IndexDefinition& index, const KeyAttribute& key, const AttributeValue& value) -> Status {
        if (value.type() != item_type(key.type)) return invalid_values(index_type_mismatch(index, key, value));
        if (is_empty_key(key, value)) return empty_updated_key(key);
        return {};
      });
}

bool targets(const expr::Update& update, std::string_view attribute) {
  for (const auto& action : update.actions()) {
    if (action.path[0].name == attribute) return true;
  }
  return false;
}

Status check_updated_index_keys(const TableDefinition& table, const expr::Update& update, const Item& after) {
  return for_index_keys(table, [&](const IndexDefinition&, const KeyAttribute& key, bool is_range) -> Status {
    if (!targets(update, key.name)) return {};
    const AttributeValue* value = after.find(key.name);
    if (value == nullptr) return {};
    if (value->type() != item_type(key.type)) {
      return invalid("The update expression attempted to update the secondary index key to unsupported type");
    }
    if (key.type == KeyType::kNumber) return {};
    const auto size = item::key_size(*value);
    if (size == 0) return empty_updated_key(key);
    if (size > (is_range ? item::kMaxSortKeySize : item::kMaxPartitionKeySize)) {
      return invalid(fmt::format(
          "One or more parameter values were invalid. The update expression attempted to update the secondary "
          "index key beyond allowed size limits. The limit is {} bytes.",
          is_range ? item::kMaxSortKeySize : item::kMaxPartitionKeySize));
    }
    return {};
  });
}

Error condition_failed(const WriteRequest& request, const std::optional<StoredItem>& before) {
  Error error{.code = Errc::kConditionFailed, .message = "The conditional request failed"};
  if (request.old_on_failure && before) (void)item::append_json_of_encoded(error.item_json, before->encoded());
  return error;
}

std::string json_of(const StoredItem& stored) {
  std::string out;
  (void)item::append_json_of_encoded(out, stored.encoded());
  return out;
}

// The parts of an item at the update's targets, without key attributes; empty text when nothing is left.
std::string updated_parts(const TableDefinition& table, const expr::Update& update, const Item& item) {
  std::vector<expr::Path> paths;
  for (auto& path : update.targets()) {
    if (!table.keys.has(path[0].name)) paths.push_back(std::move(path));
  }
  if (paths.empty()) return {};
  const Item parts = expr::Projection(std::move(paths)).apply(item);
  return parts.empty() ? std::string() : item::to_json(parts);
}

}  // namespace

Status check_key(const TableDefinition& table, const Item& key) {
  const auto& keys = table.keys;
  if (key.size() != keys.hash.size() + keys.range.size()) return invalid(std::string(kSchemaMismatch));
  for (const auto* part : {&keys.hash, &keys.range}) {
    for (const auto& one : *part) {
      const AttributeValue* value = key.find(one.name);
      if (value == nullptr || value->type() != item_type(one.type)) return invalid(std::string(kSchemaMismatch));
    }
  }
  for (const auto& one : keys.hash) TM_CHECK(check_key_value(one, *key.find(one.name), false));
  for (const auto& one : keys.range) TM_CHECK(check_key_value(one, *key.find(one.name), true));
  return {};
}

Status check_item_keys(const TableDefinition& table, const Item& item, KeyWords words) {
  const auto& keys = table.keys;
  for (const auto* part : {&keys.hash, &keys.range}) {
    for (const auto& one : *part) {
      const AttributeValue* value = item.find(one.name);
      if (words == KeyWords::kBatch) {
        if (value == nullptr || value->type() != item_type(one.type)) return invalid(std::string(kSchemaMismatch));
        continue;
      }
      if (value == nullptr) return invalid_values("Missing the key " + one.name + " in the item");
      if (value->type() != item_type(one.type)) {
        return invalid_values(fmt::format("Type mismatch for key {} expected: {} actual: {}", one.name,
                                          static_cast<char>(one.type), item::to_string(value->type())));
      }
    }
  }
  for (const auto& one : keys.hash) TM_CHECK(check_key_value(one, *item.find(one.name), false));
  for (const auto& one : keys.range) TM_CHECK(check_key_value(one, *item.find(one.name), true));
  return {};
}

Status check_paths(const TableDefinition& table, const std::vector<expr::Path>& paths) {
  for (const auto& path : paths) {
    if (path.size() < 2) continue;
    const std::string& name = path[0].name;
    constexpr std::string_view kText =
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ";
    if (table.keys.has(name)) return invalid(fmt::format("{}Key: {}", kText, name));
    for (const auto& index : table.indexes) {
      if (index.keys.has(name)) return invalid(fmt::format("{}IndexKey: {}", kText, name));
    }
  }
  return {};
}

Status check_keys_filled(const TableDefinition& table, const Item& item) {
  for (const auto* part : {&table.keys.hash, &table.keys.range}) {
    for (const auto& key : *part) {
      const AttributeValue* value = item.find(key.name);
      if (value == nullptr || value->type() != item_type(key.type) || key.type == KeyType::kNumber) continue;
      if (item::key_size(*value) == 0) return empty_key(key);
    }
  }
  return {};
}

Status check_index_keys_filled(const TableDefinition& table, const WriteRequest& request) {
  if (request.kind == WriteRequest::Kind::kPut) {
    return for_index_keys(table, [&](const IndexDefinition& index, const KeyAttribute& key, bool) -> Status {
      const AttributeValue* value = request.item.find(key.name);
      if (value != nullptr && is_empty_key(key, *value)) return empty_index_key(index, key);
      return {};
    });
  }
  if (!request.update) return {};
  return for_update_constants(
      table, *request.update,
      [](const IndexDefinition&, const KeyAttribute& key, const AttributeValue& value) -> Status {
        if (is_empty_key(key, value)) return empty_updated_key(key);
        return {};
      });
}

Status check_request(const Table& table, const WriteRequest& request, KeyWords words) {
  const auto& definition = table.definition;
  if (request.kind == WriteRequest::Kind::kPut) {
    TM_CHECK(check_item_keys(definition, request.item, words));
    TM_CHECK(check_put_index_keys(definition, request.item));
  } else {
    TM_CHECK(check_key(definition, request.item));
  }
  if (request.update) {
    for (const auto& action : request.update->actions()) {
      if (definition.keys.has(action.path[0].name)) {
        return invalid_values("Cannot update attribute " + action.path[0].name + ". This attribute is part of the key");
      }
    }
    TM_CHECK(check_update_constants(definition, *request.update));
    TM_CHECK(check_paths(definition, request.update->targets()));
    TM_CHECK(check_paths(definition, request.update->operands()));
  }
  if (request.condition) TM_CHECK(check_paths(definition, request.condition->paths()));
  return {};
}

namespace {

// `put_item` is the item of a put.
template <class ItemOf>
Result<Plan> make_plan(const Table& table, const WriteRequest& request, const std::optional<StoredItem>& before,
                       ItemOf put_item) {
  static const Item kNoItem;
  if (request.condition && !request.condition->matches(before ? before->item() : kNoItem)) {
    return std::unexpected(condition_failed(request, before));
  }
  Plan plan;
  switch (request.kind) {
    case WriteRequest::Kind::kCheck: plan.writes = false; return plan;
    case WriteRequest::Kind::kPut: plan.after = put_item(); break;
    case WriteRequest::Kind::kDelete: break;
    case WriteRequest::Kind::kUpdate:
      if (request.update) {
        auto updated = request.update->apply(before ? &before->item() : nullptr, request.item);
        if (!updated) {
          return fail(updated.error().code == expr::Errc::kInternal ? Errc::kInternal : Errc::kValidation,
                      updated.error().message);
        }
        plan.after = *std::move(updated);
        if (plan.after) {
          TM_CHECK(check_updated_index_keys(table.definition, *request.update, *plan.after));
          if (item::size_of(*plan.after) > item::kMaxItemSize)
            return invalid("Item size to update has exceeded the maximum allowed size");
          for (const auto& action : request.update->actions()) {
            const AttributeValue* value = plan.after->find(action.path[0].name);
            if (value != nullptr && item::depth(*value) > item::kMaxDepth) {
              return invalid(
                  "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
                  "supported limit");
            }
          }
        }
      } else {
        plan.after = before ? before->item() : request.item;
      }
      break;
  }
  switch (request.return_values) {
    case ReturnValues::kNone: break;
    case ReturnValues::kAllOld:
      if (before) plan.attributes = json_of(*before);
      break;
    case ReturnValues::kAllNew:
      if (plan.after) plan.attributes = item::to_json(*plan.after);
      break;
    case ReturnValues::kUpdatedOld:
      if (before && request.update) plan.attributes = updated_parts(table.definition, *request.update, before->item());
      break;
    case ReturnValues::kUpdatedNew:
      if (plan.after && request.update) plan.attributes = updated_parts(table.definition, *request.update, *plan.after);
      break;
  }
  return plan;
}

}  // namespace

Result<Plan> plan(const Table& table, const WriteRequest& request, const std::optional<StoredItem>& before) {
  return make_plan(table, request, before, [&] { return request.item; });
}

Result<Plan> plan(const Table& table, WriteRequest&& request, const std::optional<StoredItem>& before) {
  return make_plan(table, request, before, [&] { return std::move(request.item); });
}

}  // namespace tidemill::tables
