#include "api/dynamodb/single_write.h"

namespace tidemill::dynamodb {

void begin_write(const awsjson::Call& call, tables::WriteRequest::Kind kind, tables::WriteRequest& request) {
  const auto& body = call.body();
  auto ref = table_ref(awsjson::read_string(body, "TableName"), call.scope());
  request.kind = kind;
  request.scope = std::move(ref.scope);
  request.table = std::move(ref.name);
  request.return_values = return_values(body);
  request.old_on_failure = old_on_failure(body);
}

Status only_old_values(const tables::WriteRequest& request) {
  if (request.return_values != tables::ReturnValues::kNone && request.return_values != tables::ReturnValues::kAllOld) {
    return tables::invalid("ReturnValues can only be ALL_OLD or NONE");
  }
  return {};
}

Status read_condition_and_update(Services& services, const awsjson::Call& call, expr::Use use,
                                 tables::WriteRequest& request) {
  const auto& body = call.body();
  TM_TRY(request.condition, read_expected(body, Wording::kCounted));
  TM_TRY(auto expressions, read_expressions(body, use, services.expressions.of(call.loop()), Wording::kCounted));
  if (expressions.condition) request.condition = std::move(expressions.condition);
  if (expressions.update) request.update = std::move(expressions.update);
  return {};
}

void run_write(Services& services, awsjson::Call call, tables::WriteRequest&& request) {
  const auto mode = capacity_mode(call.body());
  const bool collections = wants_collections(call.body());
  auto& loop = call.loop();
  tables::write_item(
      services.tables, std::move(request), loop,
      replying<tables::WriteResult>(std::move(call), [mode, collections](const tables::WriteResult& result) {
        std::string out;
        json::Writer writer(out);
        writer.begin_object();
        if (!result.attributes.empty()) writer.key("Attributes").raw(result.attributes);
        if (mode != CapacityMode::kNone) {
          writer.key("ConsumedCapacity");
          append_capacity(writer, *result.table, write_units(result.cost), mode);
        }
        if (collections && result.collection_key) {
          writer.key("ItemCollectionMetrics");
          append_collection(writer, *result.collection_key, result.collection_bytes);
        }
        writer.end_object();
        return out;
      }));
}

}  // namespace tidemill::dynamodb
