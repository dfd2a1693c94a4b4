// Reading requests: attribute values, expressions and legacy parameters, with the errors as the operation words them.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"
#include "expr/expression.h"
#include "item/attribute_value.h"
#include "tables/operations.h"

namespace tidemill::dynamodb {

template <class T>
using Result = tables::Result<T>;
using tables::Status;

// Parsed expressions, one cache for each loop.
class ExpressionCache {
 public:
  expr::Cache& of(const runtime::Executor& loop);

 private:
  std::mutex mutex_;
  std::unordered_map<const runtime::Executor*, std::unique_ptr<expr::Cache>>
      by_loop_;  // guarded by mutex_; never shrinks
};

// PutItem, UpdateItem and DeleteItem put "1 validation error detected: " before some semantic texts; other operations
// do not.
enum class Wording : unsigned char { kPlain, kCounted };

std::unexpected<tables::Error> error_of(const expr::Error& error, Wording wording);
std::unexpected<tables::Error> error_of(const item::Error& error, Wording wording);

Result<item::Item> read_item(const json::Node& node, Wording wording);
Result<expr::Expressions> read_expressions(const json::Node& body, expr::Use use, expr::Cache& cache, Wording wording);
Status refuse_mixed(const json::Node& body, expr::Use use);
// Expected, where there is no ConditionExpression.
Result<std::optional<expr::Condition>> read_expected(const json::Node& body, Wording wording);
// AttributesToGet, where there is one.
Result<std::optional<expr::Projection>> read_attributes_to_get(const json::Node& body);

tables::ReturnValues return_values(const json::Node& body);
bool old_on_failure(const json::Node& body);

// --- Capacity.

enum class CapacityMode : unsigned char { kNone, kTotal, kIndexes };
CapacityMode capacity_mode(const json::Node& body);

struct Units {
  double table = 0;
  std::map<tables::IndexId, double> indexes;
  bool is_write = true;  // which of the two counters a transaction also shows
  bool transactional = false;
};
Units write_units(const tables::WriteCost& cost, double factor = 1);
double read_units(std::size_t bytes, bool consistent);  // at least one block of 4096 bytes

// One entry of ConsumedCapacity.
void append_capacity(json::Writer& writer, const tables::Table& table, const Units& units, CapacityMode mode);

// `{"ItemCollectionKey":...,"SizeEstimateRangeGB":[...]}`
void append_collection(json::Writer& writer, const item::Item& key, std::int64_t bytes);
bool wants_collections(const json::Node& body);

}  // namespace tidemill::dynamodb
