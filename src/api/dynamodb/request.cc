#include "api/dynamodb/request.h"

#include <algorithm>
#include <cmath>

#include "item/json.h"
#include "item/messages.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kCountedPrefix = "1 validation error detected: ";

}  // namespace

expr::Cache& ExpressionCache::of(const runtime::Executor& loop) {
  const std::lock_guard lock(mutex_);
  auto& cache = by_loop_[&loop];
  if (!cache) cache = std::make_unique<expr::Cache>();
  return *cache;
}

std::unexpected<tables::Error> error_of(const expr::Error& error, Wording wording) {
  if (error.code == expr::Errc::kInternal) return tables::fail(tables::Errc::kInternal, error.message);
  const bool counted = wording == Wording::kCounted && error.counted;
  return tables::invalid(counted ? std::string(kCountedPrefix) + error.message : error.message);
}

std::unexpected<tables::Error> error_of(const item::Error& error, Wording wording) {
  const auto& text = error.message;
  const bool empty_set = text == item::messages::kEmptyStringSet || text == item::messages::kEmptyNumberSet ||
                         text == item::messages::kEmptyBinarySet;
  return tables::invalid(wording == Wording::kCounted && empty_set ? std::string(kCountedPrefix) + text : text);
}

Result<item::Item> read_item(const json::Node& node, Wording wording) {
  auto item = item::item_from_json(node);
  if (!item) return error_of(item.error(), wording);
  return *std::move(item);
}

Result<expr::Expressions> read_expressions(const json::Node& body, expr::Use use, expr::Cache& cache, Wording wording) {
  auto expressions = expr::read_expressions(body, use, cache);
  if (!expressions) return error_of(expressions.error(), wording);
  return *std::move(expressions);
}

Status refuse_mixed(const json::Node& body, expr::Use use) {
  if (auto status = expr::check_not_mixed(body, use); !status) return error_of(status.error(), Wording::kPlain);
  return {};
}

Result<std::optional<expr::Condition>> read_expected(const json::Node& body, Wording wording) {
  if (body.find_present("ConditionExpression") == nullptr) {
    if (auto status = expr::check_conditional_operator(body); !status) return error_of(status.error(), wording);
  }
  const auto* expected = body.find_present("Expected");
  if (expected == nullptr) return std::nullopt;
  auto condition =
      expr::expected_condition(*expected, expr::conditional_operator(body.find_present("ConditionalOperator")));
  if (!condition) return error_of(condition.error(), wording);
  return *std::move(condition);
}

Result<std::optional<expr::Projection>> read_attributes_to_get(const json::Node& body) {
  const auto* names = body.find_present("AttributesToGet");
  if (names == nullptr) return std::nullopt;
  auto projection = expr::attributes_to_get(*names);
  if (!projection) return error_of(projection.error(), Wording::kPlain);
  return *std::move(projection);
}

tables::ReturnValues return_values(const json::Node& body) {
  const auto text = awsjson::read_string(body, "ReturnValues", "NONE");
  if (text == "ALL_OLD") return tables::ReturnValues::kAllOld;
  if (text == "UPDATED_OLD") return tables::ReturnValues::kUpdatedOld;
  if (text == "ALL_NEW") return tables::ReturnValues::kAllNew;
  if (text == "UPDATED_NEW") return tables::ReturnValues::kUpdatedNew;
  return tables::ReturnValues::kNone;
}

bool old_on_failure(const json::Node& body) {
  return awsjson::read_string(body, "ReturnValuesOnConditionCheckFailure", "NONE") == "ALL_OLD";
}

CapacityMode capacity_mode(const json::Node& body) {
  const auto text = awsjson::read_string(body, "ReturnConsumedCapacity", "NONE");
  return text == "INDEXES" ? CapacityMode::kIndexes : text == "TOTAL" ? CapacityMode::kTotal : CapacityMode::kNone;
}

Units write_units(const tables::WriteCost& cost, double factor) {
  Units units{.table = static_cast<double>(cost.table) * factor};
  for (const auto& [index, count] : cost.indexes) units.indexes[index] = static_cast<double>(count) * factor;
  return units;
}

double read_units(std::size_t bytes, bool consistent) { return tables::read_units(bytes, consistent); }

void append_capacity(json::Writer& writer, const tables::Table& table, const Units& units, CapacityMode mode) {
  const auto append_units = [&](double count) {
    writer.key("CapacityUnits").real(count);
    if (units.transactional) writer.key(units.is_write ? "WriteCapacityUnits" : "ReadCapacityUnits").real(count);
  };
  double total = units.table;
  for (const auto& [index, count] : units.indexes) total += count;
  writer.begin_object().member("TableName", table.definition.name);
  append_units(total);
  if (mode == CapacityMode::kIndexes) {
    writer.key("Table").begin_object();
    append_units(units.table);
    writer.end_object();
    for (const auto kind : {tables::IndexKind::kLocal, tables::IndexKind::kGlobal}) {
      bool any = false;
      for (const auto& index : table.definition.indexes) {
        const auto count = units.indexes.find(index.id);
        if (index.kind != kind || count == units.indexes.end()) continue;
        if (!std::exchange(any, true)) {
          writer.key(kind == tables::IndexKind::kLocal ? "LocalSecondaryIndexes" : "GlobalSecondaryIndexes")
              .begin_object();
        }
        writer.key(index.name).begin_object();
        append_units(count->second);
        writer.end_object();
      }
      if (any) writer.end_object();
    }
  }
  writer.end_object();
}

void append_collection(json::Writer& writer, const item::Item& key, std::int64_t bytes) {
  // The whole gigabytes below and above.
  const auto below = static_cast<double>(bytes >> 30);
  writer.begin_object().key("ItemCollectionKey").raw(item::to_json(key));
  writer.key("SizeEstimateRangeGB").begin_array().real(below).real(below + 1).end_array().end_object();
}

bool wants_collections(const json::Node& body) {
  return awsjson::read_string(body, "ReturnItemCollectionMetrics", "NONE") == "SIZE";
}

}  // namespace tidemill::dynamodb
