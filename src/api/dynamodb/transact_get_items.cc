#include <algorithm>

#include "api/dynamodb/request.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kGetFields[] = {{"Key", &kItem, true},
                                {"TableName", &kTableName, true},
                                {"ProjectionExpression", &kText},
                                {"ExpressionAttributeNames", &kNames}};
constexpr Shape kGet{.type = Type::kStructure, .name = "Get", .fields = kGetFields};
constexpr Field kElementFields[] = {{"Get", &kGet, true}};
constexpr Shape kElement{.type = Type::kStructure, .name = "TransactGetItem", .fields = kElementFields};
constexpr Shape kElements{.type = Type::kList, .element = &kElement, .min = 1, .max = 100};
constexpr Field kFields[] = {{"TransactItems", &kElements, true}, {"ReturnConsumedCapacity", &kReturnConsumedCapacity}};
constexpr Shape kInput{.type = Type::kStructure, .name = "TransactGetItemsInput", .fields = kFields};

Result<tables::TransactGetRequest> parse(Services& services, const awsjson::Call& call) {
  tables::TransactGetRequest request;
  for (const auto& element : call.body().find_present("TransactItems")->elements()) {
    const auto& get = *element.find_present("Get");
    auto ref = table_ref(awsjson::read_string(get, "TableName"), call.scope());
    tables::GetRequest one{.scope = std::move(ref.scope), .table = std::move(ref.name)};
    TM_TRY(one.key, read_item(*get.find_present("Key"), Wording::kPlain));
    TM_TRY(auto expressions,
           read_expressions(get, expr::Use::kGet, services.expressions.of(call.loop()), Wording::kPlain));
    one.projection = std::move(expressions.projection);
    request.gets.push_back(std::move(one));
  }
  return request;
}

void run(Services& services, awsjson::Call call) {
  auto request = parse(services, call);
  if (!request) return refuse(std::move(call), request.error());
  const auto mode = capacity_mode(call.body());
  auto& loop = call.loop();
  tables::transact_get(
      services.tables, *std::move(request), loop,
      replying<tables::TransactGetResult>(std::move(call), [mode](const tables::TransactGetResult& result) {
        std::string out;
        json::Writer writer(out);
        writer.begin_object().key("Responses").begin_array();
        std::vector<std::pair<const tables::Table*, double>> by_table;
        for (const auto& one : result.results) {
          writer.begin_object();
          if (!one.item.empty()) writer.key("Item").raw(one.item);
          writer.end_object();
          const auto* table = one.table.get();
          auto at = std::ranges::find(by_table, table, &std::pair<const tables::Table*, double>::first);
          if (at == by_table.end()) at = by_table.insert(by_table.end(), {table, 0});
          at->second += 2 * read_units(one.size, /*consistent=*/true);
        }
        writer.end_array();
        if (mode != CapacityMode::kNone) {
          writer.key("ConsumedCapacity").begin_array();
          for (const auto& [table, units] : by_table) {
            append_capacity(writer, *table, {.table = units, .is_write = false, .transactional = true}, mode);
          }
          writer.end_array();
        }
        writer.end_object();
        return out;
      }));
}

}  // namespace

extern const Operation kTransactGetItems{.info = {.name = "TransactGetItems",
                                                  .iam_action = "dynamodb:TransactGetItems",
                                                  .access = awsjson::Access::kRead,
                                                  .input = &kInput,
                                                  .resources = transact_resources,
                                                  .any_loop = true},
                                         .run = run};

}  // namespace tidemill::dynamodb
