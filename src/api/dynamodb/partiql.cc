#include "api/dynamodb/partiql.h"

#include "item/json.h"
#include "item/size.h"

namespace tidemill::dynamodb {

namespace partiql = expr::partiql;
using partiql::Kind;

extern const Shape kStatement{.type = Type::kString, .min = 1, .max = 8192};
extern const Shape kParameters{.type = Type::kList, .element = &kAttributeValue, .min = 1};

namespace {

std::unexpected<tables::Error> refused(const expr::Error& error) { return error_of(error, Wording::kPlain); }

Result<std::vector<item::AttributeValue>> read_parameters(const json::Node& node) {
  std::vector<item::AttributeValue> parameters;
  const auto* list = node.find_present("Parameters");
  if (list == nullptr) return parameters;
  for (const auto& element : list->elements()) {
    auto value = item::value_from_json(element);
    if (!value) return error_of(value.error(), Wording::kPlain);
    parameters.push_back(*std::move(value));
  }
  return parameters;
}

// DynamoDB words a wrong key of an INSERT in its own way.
Status check_inserted_keys(const tables::KeySchema& keys, const item::Item& item) {
  for (const auto* part : {&keys.hash, &keys.range}) {
    for (const auto& key : *part) {
      const auto* value = item.find(key.name);
      if (value == nullptr) return tables::invalid("Key attribute should be present in the item: Key " + key.name);
      if (item::to_string(value->type()) != std::string_view(reinterpret_cast<const char*>(&key.type), 1)) {
        return tables::invalid("Key attribute's data type should match its data type in table's schema: Key " +
                               key.name);
      }
    }
  }
  return {};
}

tables::ReturnValues returned(partiql::Returning returning) {
  switch (returning) {
    case partiql::Returning::kNothing: return tables::ReturnValues::kNone;
    case partiql::Returning::kAllOld: return tables::ReturnValues::kAllOld;
    case partiql::Returning::kAllNew: return tables::ReturnValues::kAllNew;
    case partiql::Returning::kModifiedOld: return tables::ReturnValues::kUpdatedOld;
    case partiql::Returning::kModifiedNew: return tables::ReturnValues::kUpdatedNew;
  }
  std::unreachable();
}

awsjson::Need need_of(const json::Node& node, const Scope& scope) {
  const auto subject = partiql::subject(awsjson::read_string(node, "Statement"));
  if (!subject) return {"dynamodb:PartiQLSelect", "*"};
  const auto ref = table_ref(subject->table, scope);
  auto arn = tables::table_arn(ref.scope, ref.name);
  if (subject->index) arn += "/index/" + *subject->index;
  switch (subject->kind) {
    case Kind::kSelect:
    case Kind::kExists: return {"dynamodb:PartiQLSelect", std::move(arn)};
    case Kind::kInsert: return {"dynamodb:PartiQLInsert", std::move(arn)};
    case Kind::kUpdate: return {"dynamodb:PartiQLUpdate", std::move(arn)};
    case Kind::kDelete: return {"dynamodb:PartiQLDelete", std::move(arn)};
  }
  std::unreachable();
}

std::vector<awsjson::Need> needs_of_list(const json::Node& body, std::string_view member, const Scope& scope) {
  std::vector<awsjson::Need> needs;
  if (const auto* list = body.find_present(member)) {
    for (const auto& node : list->elements()) needs.push_back(need_of(node, scope));
  }
  return needs;
}

}  // namespace

std::vector<awsjson::Need> statement_needs(const json::Node& body, const Scope& scope) {
  return {need_of(body, scope)};
}
std::vector<awsjson::Need> batch_statement_needs(const json::Node& body, const Scope& scope) {
  return needs_of_list(body, "Statements", scope);
}
std::vector<awsjson::Need> transaction_statement_needs(const json::Node& body, const Scope& scope) {
  return needs_of_list(body, "TransactStatements", scope);
}

expr::KeySchema to_expr(const tables::KeySchema& keys) {
  const auto convert = [](const std::vector<tables::KeyAttribute>& from) {
    std::vector<expr::KeySchema::Element> to;
    to.reserve(from.size());
    for (const auto& key : from) {
      to.push_back({key.name, key.type == tables::KeyType::kString   ? item::Type::kString
                              : key.type == tables::KeyType::kNumber ? item::Type::kNumber
                                                                     : item::Type::kBinary});
    }
    return to;
  };
  return {.hash = convert(keys.hash), .range = convert(keys.range)};
}

Result<PreparedStatement> prepare_statement(const json::Node& node, const Scope& scope, const tables::Tables& tables) {
  const std::string_view text = awsjson::read_string(node, "Statement");
  TM_TRY(const auto parameters, read_parameters(node));
  auto statement = partiql::parse(text, parameters);
  if (!statement) return refused(statement.error());
  auto ref = table_ref(statement->table, scope);
  PreparedStatement prepared{.statement = *std::move(statement), .scope = std::move(ref.scope), .table = nullptr};
  prepared.table = tables.usable(prepared.scope, ref.name);
  if (!prepared.table) return tables::table_missing();
  if (const auto& index = prepared.statement.index) {
    if (!prepared.reads()) return tables::invalid("This operation is not supported on an index");
    prepared.index = prepared.table->definition.find_index(*index);
    if (prepared.index == nullptr) return tables::invalid("The table does not have the specified index");
  }
  return prepared;
}

Result<tables::WriteRequest> write_of(const PreparedStatement& prepared, bool old_on_failure) {
  const auto& definition = prepared.table->definition;
  const auto& statement = prepared.statement;
  const auto& hash = definition.keys.hash.front().name;
  tables::WriteRequest write{.scope = prepared.scope,
                             .table = definition.name,
                             .return_values = returned(statement.returning),
                             .old_on_failure = old_on_failure};
  if (statement.kind == Kind::kInsert) {
    if (item::size_of(statement.item) > item::kMaxItemSize)
      return tables::invalid("Item size has exceeded the maximum allowed size");
    TM_CHECK(check_inserted_keys(definition.keys, statement.item));
    write.kind = tables::WriteRequest::Kind::kPut;
    write.item = statement.item;
    write.condition = partiql::and_exists(std::nullopt, hash, /*absent=*/true);
    return write;
  }
  auto target = partiql::target(statement.where ? &*statement.where : nullptr, to_expr(definition.keys));
  if (!target) return refused(target.error());
  write.item = std::move(target->key);
  switch (statement.kind) {
    case Kind::kUpdate:
      write.kind = tables::WriteRequest::Kind::kUpdate;
      write.update = statement.update;
      write.condition = partiql::and_exists(std::move(target->rest), hash);  // an UPDATE never creates
      break;
    case Kind::kDelete:
      write.kind = tables::WriteRequest::Kind::kDelete;
      // An item that is not there is deleted with success, whatever else the statement asks of it.
      if (target->rest) write.condition = partiql::or_absent(*std::move(target->rest), hash);
      break;
    default:
      if (!target->rest) return tables::invalid("EXISTS() must contain a single item read with additional condition");
      write.kind = tables::WriteRequest::Kind::kCheck;
      write.condition = partiql::and_exists(std::move(target->rest), hash);
      break;
  }
  return write;
}

tables::Error as_statement_error(const PreparedStatement& prepared, tables::Error error) {
  if (prepared.statement.kind != Kind::kInsert || error.code != tables::Errc::kConditionFailed) return error;
  error.code = tables::Errc::kDuplicateItem;
  error.message = "Duplicate primary key exists in table";
  return error;
}

Result<tables::GetRequest> get_of(const PreparedStatement& prepared) {
  const auto& statement = prepared.statement;
  auto target = prepared.index != nullptr ? std::unexpected(expr::Error{expr::Errc::kValidation, "", false})
                                          : partiql::target(statement.where ? &*statement.where : nullptr,
                                                            to_expr(prepared.table->definition.keys));
  if (!target) {
    return tables::invalid(
        "Select statements within BatchExecuteStatement must specify the primary key in the where clause.");
  }
  return tables::GetRequest{
      .scope = prepared.scope, .table = prepared.table->definition.name, .key = std::move(target->key)};
}

std::optional<std::string> shape_item(const PreparedStatement& prepared, const std::string& item_json) {
  const auto& statement = prepared.statement;
  const auto target = partiql::target(&*statement.where, to_expr(prepared.table->definition.keys));
  if (!target->rest && statement.columns.empty()) return item_json;
  const auto document = json::Document::parse(item_json);
  const auto item = item::item_from_json(document->root());
  if (target->rest && !target->rest->matches(*item)) return std::nullopt;
  return statement.columns.empty() ? item_json : item::to_json(take_columns(*item, statement.columns));
}

item::Item take_columns(const item::Item& item, const std::vector<expr::Path>& columns) {
  item::Item taken;
  for (const auto& path : columns) {
    if (const auto* value = expr::find(item, path)) taken.set(partiql::column_name(path), *value);
  }
  return taken;
}

}  // namespace tidemill::dynamodb
