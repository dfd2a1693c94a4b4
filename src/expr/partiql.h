// PartiQL statements, as far as DynamoDB takes them, lowered to the conditions, updates and items that the other
// requests use. Literals and parameters are filled in at once, so a statement is ready to run against the schema of its
// table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/condition.h"
#include "expr/error.h"
#include "expr/key_condition.h"
#include "expr/update.h"
#include "item/attribute_value.h"

namespace tidemill::expr::partiql {

enum class Kind : unsigned char { kSelect, kInsert, kUpdate, kDelete, kExists };
enum class Returning : unsigned char { kNothing, kAllOld, kAllNew, kModifiedOld, kModifiedNew };

struct Order {
  std::string attribute;
  bool descending = false;
};

struct Statement {
  Kind kind = Kind::kSelect;
  std::string table;
  std::optional<std::string> index;
  std::vector<Path> columns;  // of a SELECT; empty: all
  std::optional<Condition> where;
  std::vector<Order> order;
  item::Item item;  // of an INSERT
  std::optional<Update> update;
  Returning returning = Returning::kNothing;
};

// `parameters` are taken by the question marks, in order; there must be as many of them.
Result<Statement> parse(std::string_view text, const std::vector<item::AttributeValue>& parameters);

// What the text does and where, without its parameters; for authorisation, before anything is checked. Nothing when
// that cannot be told.
struct Subject {
  Kind kind = Kind::kSelect;
  std::string table;
  std::optional<std::string> index;
};
std::optional<Subject> subject(std::string_view text);

// The WHERE clause taken apart: what fixes keys, and the rest.
struct Selection {
  std::vector<KeyTerm> terms;                    // empty: the clause does not fix the partition
  std::vector<item::AttributeValue> partitions;  // of `key IN (...)`: one query for each; `terms` lacks the key then
  std::optional<Condition> rest;
};
Selection select(const Condition* where, const KeySchema& schema);

// The key of the one item that the clause names, and the rest. The error is the service's.
struct Target {
  item::Item key;
  std::optional<Condition> rest;
};
Result<Target> target(const Condition* where, const KeySchema& schema);

// A condition that also wants the attribute to be there (or, with `absent`, not to be there).
Condition and_exists(std::optional<Condition> condition, std::string_view attribute, bool absent = false);

// A condition that holds, too, where the attribute is not there.
Condition or_absent(Condition condition, std::string_view attribute);

// The name under which a column comes back: that of its last step.
std::string column_name(const Path& path);

}  // namespace tidemill::expr::partiql
