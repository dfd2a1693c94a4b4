#include <algorithm>

#include "api/dynamodb/fingerprint.h"
#include "api/dynamodb/request.h"
#include "item/size.h"
#include "tables/collections.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::size_t kPayloadMax = 4 << 20;

constexpr Field kCheckFields[] = {{"Key", &kItem, true},
                                  {"TableName", &kTableName, true},
                                  {"ConditionExpression", &kText, true},
                                  {"ExpressionAttributeNames", &kNames},
                                  {"ExpressionAttributeValues", &kValues},
                                  {"ReturnValuesOnConditionCheckFailure", &kReturnOnFailure}};
constexpr Shape kCheck{.type = Type::kStructure, .name = "ConditionCheck", .fields = kCheckFields};
constexpr Field kPutFields[] = {{"Item", &kItem, true},
                                {"TableName", &kTableName, true},
                                {"ConditionExpression", &kText},
                                {"ExpressionAttributeNames", &kNames},
                                {"ExpressionAttributeValues", &kValues},
                                {"ReturnValuesOnConditionCheckFailure", &kReturnOnFailure}};
constexpr Shape kPut{.type = Type::kStructure, .name = "Put", .fields = kPutFields};
constexpr Field kDeleteFields[] = {{"Key", &kItem, true},
                                   {"TableName", &kTableName, true},
                                   {"ConditionExpression", &kText},
                                   {"ExpressionAttributeNames", &kNames},
                                   {"ExpressionAttributeValues", &kValues},
                                   {"ReturnValuesOnConditionCheckFailure", &kReturnOnFailure}};
constexpr Shape kDelete{.type = Type::kStructure, .name = "Delete", .fields = kDeleteFields};
constexpr Field kUpdateFields[] = {{"Key", &kItem, true},
                                   {"UpdateExpression", &kText, true},
                                   {"TableName", &kTableName, true},
                                   {"ConditionExpression", &kText},
                                   {"ExpressionAttributeNames", &kNames},
                                   {"ExpressionAttributeValues", &kValues},
                                   {"ReturnValuesOnConditionCheckFailure", &kReturnOnFailure}};
constexpr Shape kUpdate{.type = Type::kStructure, .name = "Update", .fields = kUpdateFields};
constexpr Field kActionFields[] = {
    {"ConditionCheck", &kCheck}, {"Put", &kPut}, {"Delete", &kDelete}, {"Update", &kUpdate}};
constexpr Shape kAction{.type = Type::kStructure, .name = "TransactWriteItem", .fields = kActionFields};
constexpr Shape kActions{.type = Type::kList, .element = &kAction, .min = 1, .max = 100};
constexpr Shape kToken{.type = Type::kString, .min = 1, .max = 36};
constexpr Field kFields[] = {{"TransactItems", &kActions, true},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity},
                             {"ReturnItemCollectionMetrics", &kReturnItemCollectionMetrics},
                             {"ClientRequestToken", &kToken}};
constexpr Shape kInput{.type = Type::kStructure, .name = "TransactWriteItemsInput", .fields = kFields};

struct KindOf {
  std::string_view member;
  tables::WriteRequest::Kind kind;
};
constexpr KindOf kKinds[] = {{"ConditionCheck", tables::WriteRequest::Kind::kCheck},
                             {"Put", tables::WriteRequest::Kind::kPut},
                             {"Delete", tables::WriteRequest::Kind::kDelete},
                             {"Update", tables::WriteRequest::Kind::kUpdate}};

Result<tables::WriteRequest> read_action(const json::Node& node, const Scope& scope, expr::Cache& cache) {
  const json::Node* action = nullptr;
  tables::WriteRequest write;
  for (const auto& [member, kind] : kKinds) {
    const auto* present = node.find_present(member);
    if (present == nullptr) continue;
    if (action != nullptr) return tables::invalid("TransactItems can only contain one of Check, Put, Update or Delete");
    action = present;
    write.kind = kind;
  }
  if (action == nullptr) return tables::invalid("TransactItems can only contain one of Check, Put, Update or Delete");
  auto ref = table_ref(awsjson::read_string(*action, "TableName"), scope);
  write.scope = std::move(ref.scope);
  write.table = std::move(ref.name);
  write.old_on_failure = old_on_failure(*action);
  const bool is_put = write.kind == tables::WriteRequest::Kind::kPut;
  TM_TRY(write.item, read_item(*action->find_present(is_put ? "Item" : "Key"), Wording::kPlain));
  const auto use = write.kind == tables::WriteRequest::Kind::kUpdate ? expr::Use::kUpdate : expr::Use::kWrite;
  TM_TRY(auto expressions, read_expressions(*action, use, cache, Wording::kPlain));
  write.condition = std::move(expressions.condition);
  write.update = std::move(expressions.update);
  return write;
}

Result<tables::TransactWriteRequest> parse(Services& services, const awsjson::Call& call) {
  const auto& body = call.body();
  tables::TransactWriteRequest request{.account = call.scope().account};
  const auto& items = *body.find_present("TransactItems");
  std::size_t payload = 0;
  for (const auto& node : items.elements()) {
    TM_TRY(auto write, read_action(node, call.scope(), services.expressions.of(call.loop())));
    payload += item::size_of(write.item);
    request.writes.push_back(std::move(write));
  }
  if (payload > kPayloadMax) return tables::invalid("Transaction payload size cannot exceed 4MB");
  if (const auto token = awsjson::read_optional_string(body, "ClientRequestToken")) {
    request.token = *token;
    request.fingerprint = fingerprint_of(items);
  }
  return request;
}

std::string render(const tables::TransactWriteResult& result, CapacityMode mode, bool collections) {
  // Costs are told for each table, in the order in which the tables are named first.
  std::vector<std::pair<const tables::Table*, tables::WriteCost>> by_table;
  std::vector<std::pair<const tables::Table*, std::vector<const tables::WriteResult*>>> collected;
  for (const auto& one : result.results) {
    if (!one.table) continue;
    const auto* table = one.table.get();
    auto at = std::ranges::find_if(
        by_table, [table](const auto& entry) { return entry.first->definition.id == table->definition.id; });
    if (at == by_table.end()) at = by_table.insert(by_table.end(), {table, {}});
    at->second.table += one.cost.table;
    for (const auto& [index, units] : one.cost.indexes) at->second.indexes[index] += units;
    if (!one.collection_key || !tables::has_local_index(*table)) continue;
    auto keys = std::ranges::find_if(
        collected, [table](const auto& entry) { return entry.first->definition.id == table->definition.id; });
    if (keys == collected.end()) keys = collected.insert(collected.end(), {table, {}});
    keys->second.push_back(&one);
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (mode != CapacityMode::kNone) {
    writer.key("ConsumedCapacity").begin_array();
    for (const auto& [table, cost] : by_table) {
      auto units = write_units(cost, 2);
      units.transactional = true;
      units.is_write = !result.repeated;
      append_capacity(writer, *table, units, mode);
    }
    writer.end_array();
  }
  if (collections && !collected.empty()) {
    writer.key("ItemCollectionMetrics").begin_object();
    for (const auto& [table, keys] : collected) {
      writer.key(table->definition.name).begin_array();
      for (const auto* one : keys) append_collection(writer, *one->collection_key, one->collection_bytes);
      writer.end_array();
    }
    writer.end_object();
  }
  writer.end_object();
  return out;
}

void run(Services& services, awsjson::Call call) {
  auto request = parse(services, call);
  if (!request) return refuse(std::move(call), request.error());
  const auto mode = capacity_mode(call.body());
  const bool collections = wants_collections(call.body());
  auto& loop = call.loop();
  tables::transact_write(services.tables, *std::move(request), loop,
                         replying<tables::TransactWriteResult>(
                             std::move(call), [mode, collections](const tables::TransactWriteResult& result) {
                               return render(result, mode, collections);
                             }));
}

}  // namespace

extern const Operation kTransactWriteItems{.info = {.name = "TransactWriteItems",
                                                    .iam_action = "dynamodb:TransactWriteItems",
                                                    .access = awsjson::Access::kWrite,
                                                    .input = &kInput,
                                                    .resources = transact_resources,
                                                    .any_loop = true},
                                           .run = run};

}  // namespace tidemill::dynamodb
