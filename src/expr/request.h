// All expressions of one request at once: substitution maps, texts, and the checks between them, in the service's
// order.
#pragma once

#include <optional>
#include <vector>

#include "base/json.h"
#include "expr/cache.h"
#include "expr/condition.h"
#include "expr/key_condition.h"
#include "expr/projection.h"
#include "expr/update.h"

namespace tidemill::expr {

// Which expressions the operation has.
enum class Use : unsigned char {
  kGet,     // ProjectionExpression: GetItem, each table of BatchGetItem, Get of TransactGetItems
  kWrite,   // ConditionExpression: PutItem, DeleteItem, and their like in transactions
  kUpdate,  // UpdateExpression, ConditionExpression
  kQuery,   // KeyConditionExpression, FilterExpression, ProjectionExpression
  kScan,    // FilterExpression, ProjectionExpression
};

struct Expressions {
  std::optional<Update> update;
  std::optional<Condition> condition;
  std::optional<Condition> key_condition;  // give it to key_terms()
  std::optional<Condition> filter;
  std::optional<Projection> projection;
};

// `body` has passed the JSON type check. Members that the operation does not know are ignored.
Result<Expressions> read_expressions(const json::Node& body, Use use, Cache& cache);

// Expressions and legacy parameters exclude each other.
Status check_not_mixed(const json::Node& body, Use use);

}  // namespace tidemill::expr
