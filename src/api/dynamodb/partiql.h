// What the three PartiQL operations have in common: from a statement in a request to a request of the engine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/dynamodb/request.h"
#include "expr/partiql.h"

namespace tidemill::dynamodb {

extern const Shape kStatement;   // 1..8192 characters
extern const Shape kParameters;  // at least one, where given

// A statement that parsed, with the table that it is about.
struct PreparedStatement {
  expr::partiql::Statement statement;
  Scope scope;
  tables::TablePtr table;
  const tables::IndexDefinition* index = nullptr;  // of `table`
  bool reads() const { return statement.kind == expr::partiql::Kind::kSelect; }
  const tables::KeySchema& keys() const { return index != nullptr ? index->keys : table->definition.keys; }
};

// `node` holds Statement and Parameters.
Result<PreparedStatement> prepare_statement(const json::Node& node, const Scope& scope, const tables::Tables& tables);

expr::KeySchema to_expr(const tables::KeySchema& keys);

// INSERT, UPDATE, DELETE, and EXISTS as a condition check.
Result<tables::WriteRequest> write_of(const PreparedStatement& prepared, bool old_on_failure);
// An INSERT fails with another error than its condition's.
tables::Error as_statement_error(const PreparedStatement& prepared, tables::Error error);
// A SELECT that names one item by its whole key.
Result<tables::GetRequest> get_of(const PreparedStatement& prepared);
// What remains of the WHERE clause beside the key, and the columns: applied to the item that get_of() found.
std::optional<std::string> shape_item(const PreparedStatement& prepared, const std::string& item_json);

// The item with its columns as the statement names them; `columns` is not empty.
item::Item take_columns(const item::Item& item, const std::vector<expr::Path>& columns);

// PartiQLSelect and the like on each table, for ExecuteStatement, and for the members of a list of statements.
std::vector<awsjson::Need> statement_needs(const json::Node& body, const Scope& scope);
std::vector<awsjson::Need> batch_statement_needs(const json::Node& body, const Scope& scope);
std::vector<awsjson::Need> transaction_statement_needs(const json::Node& body, const Scope& scope);

}  // namespace tidemill::dynamodb
