#include <fmt/format.h>

#include <algorithm>

#include "api/dynamodb/partiql.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "item/json.h"

namespace tidemill::dynamodb {
namespace {

namespace partiql = expr::partiql;

constexpr Shape kNextToken{.type = Type::kString, .min = 1, .max = 32768};
constexpr Field kFields[] = {{"Statement", &kStatement, true},
                             {"Parameters", &kParameters},
                             {"ConsistentRead", &kBoolean},
                             {"NextToken", &kNextToken},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity},
                             {"Limit", &kLimit},
                             {"ReturnValuesOnConditionCheckFailure", &kReturnOnFailure}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ExecuteStatementInput", .fields = kFields};

constexpr std::size_t kPageBytes = 1 << 20;

// Where a SELECT goes on: the partition among those of `key IN (...)`, and the key after which. Bound to its statement.
struct Position {
  std::size_t partition = 0;
  std::optional<item::Item> start;
};

std::string statement_mark(const json::Node& body) {
  std::string text(awsjson::read_string(body, "Statement"));
  if (const auto* parameters = body.find_present("Parameters")) text += json::Value(*parameters).text();
  return to_hex(sha256(text).substr(0, 8));
}

std::string to_token(const json::Node& body, std::size_t partition, std::string_view key_json) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("s", statement_mark(body)).member("p", static_cast<std::int64_t>(partition));
  if (!key_json.empty()) writer.key("k").raw(key_json);
  writer.end_object();
  return to_base64(out);
}

Result<Position> read_position(const json::Node& body) {
  Position position;
  const auto token = awsjson::read_optional_string(body, "NextToken");
  if (!token) return position;
  const auto invalid = [] { return tables::invalid("Invalid NextToken"); };
  const auto text = from_base64(*token);
  if (!text) return invalid();
  const auto document = json::Document::parse(*text);
  if (!document || !document->root().is_object()) return invalid();
  const auto& root = document->root();
  const auto* mark = root.find("s");
  const auto* partition = root.find("p");
  if (mark == nullptr || !mark->is_string() || mark->as_string() != statement_mark(body)) return invalid();
  if (partition == nullptr || !partition->is_number() || partition->as_integer() < 0) return invalid();
  position.partition = static_cast<std::size_t>(partition->as_integer());
  if (const auto* key = root.find("k")) {
    auto item = item::item_from_json(*key);
    if (!item) return invalid();
    position.start = *std::move(item);
  }
  return position;
}

// One SELECT: a scan, a query, or one query after the other for `key IN (...)`, until a page is full.
struct Select : std::enable_shared_from_this<Select> {
  Select(Services& s, awsjson::Call c, PreparedStatement p) : services(s), call(std::move(c)), prepared(std::move(p)) {}

  Services& services;
  awsjson::Call call;
  PreparedStatement prepared;
  partiql::Selection selection;
  Position position;
  tables::QueryRequest request;  // what all queries have in common
  std::optional<std::int64_t> limit;

  std::string items;
  std::int64_t scanned = 0;
  std::size_t read_bytes = 0;
  std::vector<std::size_t> fetched;
  std::string last_key;

  bool by_key() const { return !selection.terms.empty() || !selection.partitions.empty(); }
  bool nested_columns() const {
    return std::ranges::any_of(prepared.statement.columns, [](const expr::Path& path) { return path.size() > 1; });
  }

  Status begin() {
    const auto& body = call.body();
    const auto& statement = prepared.statement;
    TM_TRY(position, read_position(body));
    limit = awsjson::read_integer(body, "Limit");
    selection = partiql::select(statement.where ? &*statement.where : nullptr, to_expr(prepared.keys()));
    if (position.partition > selection.partitions.size()) return tables::invalid("Invalid NextToken");
    request.scope = prepared.scope;
    request.table = prepared.table->definition.name;
    request.index = statement.index;
    request.consistent = awsjson::read_bool(body, "ConsistentRead", false);
    request.filter = selection.rest;
    request.keys = selection.terms;
    request.keys_in_filter = true;
    request.filter_on_entry = true;
    TM_CHECK(check_index());
    if (!statement.columns.empty()) {
      std::vector<expr::Path> tops;
      for (const auto& column : statement.columns) {
        const auto top = expr::top_level(column.front().name);
        if (std::ranges::find(tops, top) == tops.end()) tops.push_back(top);
      }
      request.projection = expr::Projection(std::move(tops));
    }
    return begin_order();
  }

  // What an index cannot give. A SELECT that its keys do not narrow may name anything: what the index does not hold is
  // missing then.
  Status check_index() const {
    if (prepared.index == nullptr) return {};
    if (prepared.index->kind == tables::IndexKind::kGlobal && request.consistent)
      return tables::invalid("Strongly consistent read is not supported on Global Secondary Indexes");
    if (!by_key() || !selection.rest) return {};
    std::vector<std::string_view> missing;
    for (const auto& path : selection.rest->paths()) {
      const std::string_view name = path.front().name;
      if (tables::projects(*prepared.index, prepared.table->definition.keys, name)) continue;
      if (std::ranges::find(missing, name) == missing.end()) missing.push_back(name);
    }
    if (missing.empty()) return {};
    return tables::invalid_values(fmt::format("Secondary index {} does not project one or more filter attributes: [{}]",
                                              prepared.index->name, fmt::join(missing, ", ")));
  }

  Status begin_order() {
    for (const auto& order : prepared.statement.order) {
      const auto& keys = prepared.keys();
      if (!keys.has(order.attribute)) {
        return tables::invalid("Variable reference " + order.attribute +
                               " in ORDER BY clause must be part of the primary key");
      }
      const bool is_hash = std::ranges::any_of(keys.hash, [&](const auto& key) { return key.name == order.attribute; });
      if (is_hash) {
        if (order.descending) std::ranges::reverse(selection.partitions);
        continue;
      }
      request.forward = !order.descending;
    }
    return {};
  }

  void next() {
    auto& loop = call.loop();
    auto reply =
        tables::Reply<tables::PageResult>([self = shared_from_this()](tables::Result<tables::PageResult> page) {
          if (!page) return refuse(std::move(self->call), page.error());
          self->take(*page);
        });
    if (limit) request.limit = *limit - scanned;
    request.start = std::exchange(position.start, std::nullopt);
    if (!by_key()) {
      tables::ScanRequest scan;
      static_cast<tables::PageRequest&>(scan) = request;
      return tables::scan(services.tables, scan, loop, std::move(reply));
    }
    auto query = request;
    if (!selection.partitions.empty()) {
      query.keys.insert(query.keys.begin(), {.attribute = prepared.keys().hash.front().name,
                                             .op = expr::KeyOp::kEqual,
                                             .values = {selection.partitions[position.partition]}});
    }
    tables::query(services.tables, query, loop, std::move(reply));
  }

  void take(const tables::PageResult& page) {
    if (!page.items.empty()) {
      if (!items.empty()) items += ',';
      items += page.items;
    }
    scanned += page.scanned;
    read_bytes += page.read_bytes;
    fetched.insert(fetched.end(), page.fetched.begin(), page.fetched.end());
    last_key = page.last_key;
    // A partition of a table without a range key holds one item: there is nothing behind it.
    if (by_key() && prepared.index == nullptr && prepared.keys().range.empty()) last_key.clear();
    if (!last_key.empty()) return finish(to_token(call.body(), position.partition, last_key));
    if (++position.partition >= selection.partitions.size()) return finish("");
    const bool full = (limit && scanned >= *limit) || read_bytes >= kPageBytes;
    if (full) return finish(to_token(call.body(), position.partition, ""));
    next();
  }

  void finish(const std::string& token) {
    std::string out = "{\"Items\":[";
    out += nested_columns() ? renamed() : items;
    out += ']';
    if (!last_key.empty()) out += ",\"LastEvaluatedKey\":" + last_key;
    if (!token.empty()) out += ",\"NextToken\":\"" + token + "\"";
    if (const auto mode = capacity_mode(call.body()); mode != CapacityMode::kNone) {
      Units units{.is_write = false};
      const double read = read_units(read_bytes, request.consistent);
      if (prepared.index != nullptr) {
        units.indexes[prepared.index->id] = read;
        for (const auto size : fetched) units.table += read_units(size, request.consistent);
      } else {
        units.table = read;
      }
      out += ",\"ConsumedCapacity\":";
      json::Writer writer(out);
      append_capacity(writer, *prepared.table, units, mode);
    }
    out += '}';
    std::move(call).answer(std::move(out));
  }

  std::string renamed() const {
    std::string out;
    const auto document = json::Document::parse("[" + items + "]");
    for (const auto& node : document->root().elements()) {
      const auto item = item::item_from_json(node);
      if (!out.empty()) out += ',';
      item::append_json(out, take_columns(*item, prepared.statement.columns));
    }
    return out;
  }
};

void run_write(Services& services, awsjson::Call call, PreparedStatement prepared) {
  auto write = write_of(prepared, old_on_failure(call.body()));
  if (!write) return refuse(std::move(call), write.error());
  const auto mode = capacity_mode(call.body());
  auto& loop = call.loop();
  tables::write_item(services.tables, *std::move(write), loop,
                     tables::Reply<tables::WriteResult>([call = std::move(call), prepared = std::move(prepared),
                                                         mode](tables::Result<tables::WriteResult> result) mutable {
                       if (!result)
                         return refuse(std::move(call), as_statement_error(prepared, std::move(result).error()));
                       std::string out = "{\"Items\":[" + result->attributes + "]";
                       if (mode != CapacityMode::kNone) {
                         out += ",\"ConsumedCapacity\":";
                         json::Writer writer(out);
                         append_capacity(writer, *result->table, write_units(result->cost), mode);
                       }
                       std::move(call).answer(out + "}");
                     }));
}

void run(Services& services, awsjson::Call call) {
  auto prepared = prepare_statement(call.body(), call.scope(), services.tables);
  if (!prepared) return refuse(std::move(call), prepared.error());
  switch (prepared->statement.kind) {
    case partiql::Kind::kSelect: {
      auto select = std::make_shared<Select>(services, std::move(call), *std::move(prepared));
      if (auto begun = select->begin(); !begun) return refuse(std::move(select->call), begun.error());
      return select->next();
    }
    case partiql::Kind::kExists:
      return refuse(std::move(call), "EXISTS can only be used in ExecuteTransaction write requests.");
    default: return run_write(services, std::move(call), *std::move(prepared));
  }
}

}  // namespace

extern const Operation kExecuteStatement{
    .info = {.name = "ExecuteStatement",
             .iam_action = "dynamodb:PartiQLSelect",
             .access = awsjson::Access::kRead,  // what writes asks the engine for room itself
             .input = &kInput,
             .resources = any_resource,
             .needs = statement_needs,
             .any_loop = true},
    .run = run};

}  // namespace tidemill::dynamodb
