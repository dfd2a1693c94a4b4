#include <set>

#include "api/dynamodb/partiql.h"
#include "item/encoding.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kElementFields[] = {{"Statement", &kStatement, true},
                                    {"Parameters", &kParameters},
                                    {"ConsistentRead", &kBoolean},
                                    {"ReturnValuesOnConditionCheckFailure", &kReturnOnFailure}};
constexpr Shape kElement{.type = Type::kStructure, .name = "BatchStatementRequest", .fields = kElementFields};
constexpr Shape kElements{.type = Type::kList, .element = &kElement, .min = 1, .max = 25};
constexpr Field kFields[] = {{"Statements", &kElements, true}, {"ReturnConsumedCapacity", &kReturnConsumedCapacity}};
constexpr Shape kInput{.type = Type::kStructure, .name = "BatchExecuteStatementInput", .fields = kFields};

// BatchStatementError's own names.
std::string_view code_of(tables::Errc code) {
  switch (code) {
    case tables::Errc::kConditionFailed: return "ConditionalCheckFailed";
    case tables::Errc::kDuplicateItem: return "DuplicateItem";
    case tables::Errc::kResourceNotFound:
    case tables::Errc::kTableNotFound: return "ResourceNotFound";
    case tables::Errc::kUnavailable:
    case tables::Errc::kInternal: return "InternalServerError";
    case tables::Errc::kTransactionCanceled:
    case tables::Errc::kTransactionInProgress:
    case tables::Errc::kTransactionConflict: return "TransactionConflict";
    case tables::Errc::kThroughputExceeded: return "ProvisionedThroughputExceeded";
    case tables::Errc::kThrottling: return "ThrottlingError";
    case tables::Errc::kCollectionSize: return "ItemCollectionSizeLimitExceeded";
    case tables::Errc::kLimitExceeded: return "RequestLimitExceeded";
    case tables::Errc::kValidation:
    case tables::Errc::kResourceInUse:
    // Of the control plane; no statement ends so.
    case tables::Errc::kBackupNotFound:
    case tables::Errc::kBackupInUse:
    case tables::Errc::kTableAlreadyExists:
    case tables::Errc::kTableInUse:
    case tables::Errc::kInvalidRestoreTime:
    case tables::Errc::kPointInTimeUnavailable:
    case tables::Errc::kPolicyNotFound:
    case tables::Errc::kIdempotentParameterMismatch: return "ValidationError";
  }
  std::unreachable();
}

struct Batch {
  awsjson::Call call;
  CapacityMode mode;
  std::vector<std::string> responses;
  std::vector<std::pair<tables::TablePtr, Units>> costs;  // by table, in the order of the statements
  std::size_t open = 0;                                   // statements without a response, and one for the start

  void add(const tables::TablePtr& table, const Units& units) {
    for (auto& [of, sum] : costs) {
      if (of->definition.id != table->definition.id) continue;
      sum.table += units.table;
      for (const auto& [index, count] : units.indexes) sum.indexes[index] += count;
      return;
    }
    costs.emplace_back(table, units);
  }

  void failed(std::size_t i, std::string_view table, const tables::Error& error) {
    json::Writer writer(responses[i]);
    writer.begin_object()
        .key("Error")
        .begin_object()
        .member("Code", code_of(error.code))
        .member("Message", std::string_view(error.message));
    if (!error.item_json.empty()) writer.key("Item").raw(error.item_json);
    writer.end_object();
    if (!table.empty()) writer.member("TableName", table);
    writer.end_object();
  }

  void done(std::size_t i, std::string_view table, std::string_view item) {
    json::Writer writer(responses[i]);
    writer.begin_object().member("TableName", table);
    if (!item.empty()) writer.key("Item").raw(item);
    writer.end_object();
  }

  void close_one() {
    if (--open > 0) return;
    std::string out = "{\"Responses\":[";
    for (const auto& response : responses) {
      if (out.back() != '[') out += ',';
      out += response;
    }
    out += ']';
    if (mode != CapacityMode::kNone) {
      out += ",\"ConsumedCapacity\":[";
      for (const auto& [table, units] : costs) {
        if (out.back() != '[') out += ',';
        json::Writer writer(out);
        append_capacity(writer, *table, units, mode);
      }
      out += ']';
    }
    std::move(call).answer(out + "}");
  }
};

void read(Services& services, const std::shared_ptr<Batch>& batch, std::size_t i,
          const std::shared_ptr<PreparedStatement>& prepared, tables::GetRequest request, bool consistent) {
  request.consistent = consistent;
  tables::get_item(
      services.tables, std::move(request), batch->call.loop(),
      tables::Reply<tables::GetResult>([batch, i, prepared, consistent](tables::Result<tables::GetResult> result) {
        const auto& name = prepared->table->definition.name;
        if (!result) {
          batch->failed(i, name, result.error());
        } else {
          batch->add(result->table, {.table = read_units(result->size, consistent), .is_write = false});
          const auto item = result->item.empty() ? std::nullopt : shape_item(*prepared, result->item);
          batch->done(i, name, item.value_or(""));
        }
        batch->close_one();
      }));
}

void write(Services& services, const std::shared_ptr<Batch>& batch, std::size_t i,
           const std::shared_ptr<PreparedStatement>& prepared, tables::WriteRequest request) {
  tables::write_item(
      services.tables, std::move(request), batch->call.loop(),
      tables::Reply<tables::WriteResult>([batch, i, prepared](tables::Result<tables::WriteResult> result) {
        const auto& name = prepared->table->definition.name;
        if (!result) {
          batch->failed(i, name, as_statement_error(*prepared, std::move(result).error()));
        } else {
          batch->add(result->table, write_units(result->cost));
          batch->done(i, name, result->attributes);
        }
        batch->close_one();
      }));
}

struct Prepared {
  std::shared_ptr<PreparedStatement> statement;
  std::optional<tables::GetRequest> get;
  std::optional<tables::WriteRequest> write;
};

Result<Prepared> prepare(Services& services, const json::Node& node, const Scope& scope) {
  Prepared prepared;
  TM_TRY(auto statement, prepare_statement(node, scope, services.tables));
  if (statement.statement.kind == expr::partiql::Kind::kExists) {
    return tables::invalid("EXISTS can only be used in ExecuteTransaction write requests.");
  }
  if (statement.reads()) {
    TM_TRY(prepared.get, get_of(statement));
  } else {
    TM_TRY(prepared.write, write_of(statement, old_on_failure(node)));
  }
  prepared.statement = std::make_shared<PreparedStatement>(std::move(statement));
  return prepared;
}

// The key as the statement gives it; malformed ones are found when the statement runs.
std::string identity(const Prepared& prepared) {
  const auto& keys = prepared.statement->table->definition.keys;
  const auto& from = prepared.get ? prepared.get->key : prepared.write->item;
  item::Item key;
  for (const auto* part : {&keys.hash, &keys.range}) {
    for (const auto& one : *part) {
      if (const auto* value = from.find(one.name)) key.set(one.name, *value);
    }
  }
  return std::to_string(prepared.statement->table->definition.id) + ":" + item::encode(key);
}

void run(Services& services, awsjson::Call call) {
  const auto& nodes = call.body().find_present("Statements")->elements();
  std::vector<Result<Prepared>> all;
  std::set<std::string> seen;
  bool reads = false, writes = false;
  for (const auto& node : nodes) {
    if (const auto subject = expr::partiql::subject(awsjson::read_string(node, "Statement"))) {
      (subject->kind == expr::partiql::Kind::kSelect ? reads : writes) = true;
    }
    all.push_back(prepare(services, node, call.scope()));
    if (all.back() && !seen.insert(identity(*all.back())).second) {
      return refuse(std::move(call), "Provided list of item keys contains duplicates");
    }
  }
  if (reads && writes)
    return refuse(std::move(call), "Read and write requests together in the same batch is not supported.");

  auto batch = std::make_shared<Batch>();
  batch->mode = capacity_mode(call.body());
  batch->call = std::move(call);
  batch->responses.resize(all.size());
  batch->open = all.size() + 1;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i]) {
      batch->failed(i, "", all[i].error());
      batch->close_one();
      continue;
    }
    auto& one = *all[i];
    if (one.get)
      read(services, batch, i, one.statement, *std::move(one.get),
           awsjson::read_bool(nodes[i], "ConsistentRead", false));
    else
      write(services, batch, i, one.statement, *std::move(one.write));
  }
  batch->close_one();
}

}  // namespace

extern const Operation kBatchExecuteStatement{
    .info = {.name = "BatchExecuteStatement",
             .iam_action = "dynamodb:PartiQLSelect",
             .access = awsjson::Access::kRead,  // what writes asks the engine for room itself
             .input = &kInput,
             .resources = any_resource,
             .needs = batch_statement_needs,
             .any_loop = true},
    .run = run};

}  // namespace tidemill::dynamodb
