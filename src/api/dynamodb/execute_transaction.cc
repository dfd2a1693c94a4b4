#include <fmt/format.h>

#include <algorithm>

#include "api/dynamodb/fingerprint.h"
#include "api/dynamodb/partiql.h"

namespace tidemill::dynamodb {
namespace {

namespace partiql = expr::partiql;

constexpr Field kElementFields[] = {{"Statement", &kStatement, true},
                                    {"Parameters", &kParameters},
                                    {"ReturnValuesOnConditionCheckFailure", &kReturnOnFailure}};
constexpr Shape kElement{.type = Type::kStructure, .name = "ParameterizedStatement", .fields = kElementFields};
constexpr Shape kElements{.type = Type::kList, .element = &kElement, .min = 1, .max = 100};
constexpr Shape kToken{.type = Type::kString, .min = 1, .max = 36};
constexpr Field kFields[] = {{"TransactStatements", &kElements, true},
                             {"ClientRequestToken", &kToken},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ExecuteTransactionInput", .fields = kFields};

// Units of a transaction are told for each table, in the order in which the tables are named first.
using Costs = std::vector<std::pair<tables::TablePtr, Units>>;

void add(Costs& costs, const tables::TablePtr& table, const Units& units) {
  auto at = std::ranges::find_if(costs,
                                 [&](const auto& entry) { return entry.first->definition.id == table->definition.id; });
  if (at == costs.end()) at = costs.insert(costs.end(), {table, {.is_write = units.is_write, .transactional = true}});
  at->second.table += units.table;
  for (const auto& [index, count] : units.indexes) at->second.indexes[index] += count;
}

void append_costs(std::string& out, const Costs& costs, CapacityMode mode) {
  if (mode == CapacityMode::kNone) return;
  out += ",\"ConsumedCapacity\":[";
  for (const auto& [table, units] : costs) {
    if (out.back() != '[') out += ',';
    json::Writer writer(out);
    append_capacity(writer, *table, units, mode);
  }
  out += ']';
}

using Statements = std::vector<PreparedStatement>;

std::string failed_in(std::size_t position, std::string_view why) {
  return fmt::format("Validation failed in TransactStatements[{}]: {}", position, why);
}

void run_reads(Services& services, awsjson::Call call, Statements statements) {
  tables::TransactGetRequest request;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    auto get = get_of(statements[i]);
    if (!get) {
      return refuse(std::move(call), failed_in(i,
                                               "Select statements within ExecuteTransaction must specify the primary "
                                               "key in the where clause."));
    }
    request.gets.push_back(*std::move(get));
  }
  const auto mode = capacity_mode(call.body());
  auto& loop = call.loop();
  auto render = [mode, statements = std::move(statements)](const tables::TransactGetResult& result) {
    std::string out = "{\"Responses\":[";
    Costs costs;
    for (std::size_t i = 0; i < result.results.size(); ++i) {
      const auto& one = result.results[i];
      if (i > 0) out += ',';
      const auto item = one.item.empty() ? std::nullopt : shape_item(statements[i], one.item);
      out += item ? "{\"Item\":" + *item + "}" : "{}";
      add(costs, one.table, {.table = 2 * read_units(one.size, /*consistent=*/true), .is_write = false});
    }
    out += ']';
    append_costs(out, costs, mode);
    return out + "}";
  };
  tables::transact_get(services.tables, std::move(request), loop,
                       replying<tables::TransactGetResult>(std::move(call), std::move(render)));
}

// A refused INSERT is a duplicate item, not a failed condition.
tables::Error with_duplicates(const Statements& statements, tables::Error error) {
  if (error.code != tables::Errc::kTransactionCanceled) return error;
  std::vector<std::string_view> codes;
  for (std::size_t i = 0; i < error.reasons.size(); ++i) {
    auto& reason = error.reasons[i];
    if (reason.code == "ConditionalCheckFailed" && statements[i].statement.kind == partiql::Kind::kInsert) {
      reason.code = "DuplicateItem";
      reason.message = "Duplicate primary key exists in table";
    }
    codes.push_back(reason.code);
  }
  error.message = fmt::format("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                              fmt::join(codes, ", "));
  return error;
}

void run_writes(Services& services, awsjson::Call call, Statements statements) {
  const auto& body = call.body();
  const auto& nodes = *body.find_present("TransactStatements");
  tables::TransactWriteRequest request{.account = call.scope().account};
  for (std::size_t i = 0; i < statements.size(); ++i) {
    auto write = write_of(statements[i], old_on_failure(nodes.elements()[i]));
    if (!write && statements[i].statement.kind == partiql::Kind::kExists)
      return refuse(std::move(call), failed_in(i, write.error().message));
    if (!write) return refuse(std::move(call), write.error());
    write->return_values = tables::ReturnValues::kNone;
    request.writes.push_back(*std::move(write));
  }
  if (const auto token = awsjson::read_optional_string(body, "ClientRequestToken")) {
    request.token = *token;
    request.fingerprint = fingerprint_of(nodes);
  }
  const auto mode = capacity_mode(body);
  auto& loop = call.loop();
  auto answer = [call = std::move(call), statements = std::move(statements),
                 mode](tables::Result<tables::TransactWriteResult> result) mutable {
    if (!result) return refuse(std::move(call), with_duplicates(statements, std::move(result).error()));
    Costs costs;
    for (const auto& one : result->results) {
      if (!one.table) continue;
      auto units = write_units(one.cost, 2);
      units.is_write = !result->repeated;
      add(costs, one.table, units);
    }
    std::string out = "{\"Responses\":[]";
    append_costs(out, costs, mode);
    std::move(call).answer(out + "}");
  };
  tables::transact_write(services.tables, std::move(request), loop,
                         tables::Reply<tables::TransactWriteResult>(std::move(answer)));
}

void run(Services& services, awsjson::Call call) {
  Statements statements;
  for (const auto& node : call.body().find_present("TransactStatements")->elements()) {
    auto prepared = prepare_statement(node, call.scope(), services.tables);
    if (!prepared) return refuse(std::move(call), prepared.error());
    if (prepared->index != nullptr) {
      return refuse(std::move(call),
                    failed_in(statements.size(), "Reads on indices are not supported within transactions."));
    }
    if (prepared->statement.returning != partiql::Returning::kNothing) {
      return refuse(std::move(call),
                    failed_in(statements.size(), "RETURNING clause is not supported in ExecuteTransaction."));
    }
    statements.push_back(*std::move(prepared));
  }
  const auto reads = std::ranges::count_if(statements, &PreparedStatement::reads);
  if (reads != 0 && static_cast<std::size_t>(reads) != statements.size()) {
    return refuse(std::move(call),
                  "ExecuteTransaction API does not support both read and write operations in the same request.");
  }
  if (reads != 0) return run_reads(services, std::move(call), std::move(statements));
  run_writes(services, std::move(call), std::move(statements));
}

}  // namespace

extern const Operation kExecuteTransaction{
    .info = {.name = "ExecuteTransaction",
             .iam_action = "dynamodb:PartiQLSelect",
             .access = awsjson::Access::kRead,  // what writes asks the engine for room itself
             .input = &kInput,
             .resources = any_resource,
             .needs = transaction_statement_needs,
             .any_loop = true},
    .run = run};

}  // namespace tidemill::dynamodb
