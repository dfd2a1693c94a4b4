// Reads of one item, batches and transactions of reads.
#include <set>

#include "item/encoding.h"
#include "item/json.h"
#include "tables/operations.h"
#include "tables/plan.h"
#include "tables/throughput.h"

namespace tidemill::tables {
namespace {

// As JSON.
Status append_projected(std::string& out, std::string_view encoded, const expr::Projection& projection) {
  const auto names = projection.names();
  auto some = item::decode_some(encoded, names);
  if (!some) return fail(Errc::kInternal, some.error().message);
  item::append_json(out, projection.apply(*some));
  return {};
}

Result<RowKey> row_of(const Table& table, const Item& key, const std::optional<expr::Projection>& projection) {
  TM_CHECK(check_key(table.definition, key));
  if (projection) TM_CHECK(check_paths(table.definition, projection->paths()));
  return item_row(table.definition.id, table.definition.keys, key);
}

Result<GetResult> read_one(const storage::Store& store, const TablePtr& table, const RowKey& row,
                           const std::optional<expr::Projection>& projection, std::string_view before = {}) {
  GetResult result{.table = table};
  if (projection) {
    TM_TRY(const auto stored, StoredItem::read(store, row.bytes));
    if (!stored) return result;
    result.size = stored->size();
    result.item = before;
    TM_CHECK(append_projected(result.item, stored->encoded(), *projection));
    return result;
  }
  // Written where the row lies.
  struct {
    std::string_view before;
    std::string& out;
    item::Result<std::size_t> size = 0;
  } json{.before = before, .out = result.item};
  const auto found = store.see_item(row.bytes, is_whole, [&json](std::string_view sealed) {
    json.out.reserve(json.before.size() + sealed.size() + sealed.size() / 4 + 128);
    json.out = json.before;
    json.size = item::append_json_of_encoded(json.out, encoded_in(sealed));
  });
  if (!found) return fail(Errc::kInternal, found.error().message);
  if (!json.size) return fail(Errc::kInternal, json.size.error().message);
  result.size = *json.size;
  return result;
}

}  // namespace

void get_item(Tables& tables, const GetRequest& request, runtime::Executor& loop, Reply<GetResult> reply) {
  const auto table = tables.usable(request.scope, request.table);
  if (!table) return std::move(reply)(table_missing());
  const auto row = row_of(*table, request.key, request.projection);
  if (!row) return std::move(reply)(std::unexpected(row.error()));
  const auto partition = static_cast<std::uint32_t>(row->partition >> 32);
  if (table->meters) {
    if (auto refused = table->meters->refuse_read(*table, nullptr, partition))
      return std::move(reply)(std::unexpected(*std::move(refused)));
  }
  auto result = read_one(tables.store(), table, *row, request.projection, request.before);
  if (table->meters && result)
    table->meters->charge_read(nullptr, partition, read_units(result->size, request.consistent));
  // Read first, ticket second: a write that this read saw has noted its ticket before it could be seen. Mostly all that
  // was written is durable, and whose ticket it was need not be looked for.
  if (tables.store().newest() <= tables.store().durable()) return std::move(reply)(std::move(result));
  const auto ticket = tables.stripes().last(row->stripe());
  if (ticket <= tables.store().durable()) return std::move(reply)(std::move(result));
  tables.store().when_durable(ticket, loop, [result = std::move(result), reply = std::move(reply)]() mutable {
    std::move(reply)(std::move(result));
  });
}

void batch_get(Tables& tables, BatchGetRequest request, runtime::Executor& loop, Reply<BatchGetResult> reply) {
  std::vector<TablePtr> known;
  for (const auto& of : request.tables) {
    auto table = tables.usable(of.scope, of.table);
    if (!table) return std::move(reply)(table_missing());
    known.push_back(std::move(table));
  }
  std::vector<std::vector<RowKey>> rows(known.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    for (const auto& key : request.tables[i].keys) {
      auto row = row_of(*known[i], key, request.tables[i].projection);
      if (!row) return std::move(reply)(std::unexpected(std::move(row).error()));
      rows[i].push_back(*std::move(row));
    }
  }
  BatchGetResult result;
  std::size_t bytes = 0;
  bool any = false;
  std::optional<Error> throttled;
  for (std::size_t i = 0; i < known.size(); ++i) {
    auto& of = result.tables.emplace_back();
    of.table = known[i];
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      if (bytes >= request.max_bytes) {
        of.unprocessed.push_back(j);
        continue;
      }
      const auto partition = static_cast<std::uint32_t>(rows[i][j].partition >> 32);
      if (known[i]->meters) {
        if (auto refused = known[i]->meters->refuse_read(*known[i], nullptr, partition)) {
          if (!throttled) throttled = std::move(refused);
          of.unprocessed.push_back(j);
          continue;
        }
      }
      auto one = read_one(tables.store(), known[i], rows[i][j], request.tables[i].projection);
      if (!one) return std::move(reply)(std::unexpected(std::move(one).error()));
      if (known[i]->meters)
        known[i]->meters->charge_read(nullptr, partition, read_units(one->size, request.tables[i].consistent));
      any = true;
      bytes += one->size;
      of.sizes.push_back(one->size);
      if (!one->item.empty()) of.items.push_back(std::move(one->item));
    }
  }
  if (!any && throttled) return std::move(reply)(std::unexpected(*std::move(throttled)));
  tables.store().when_durable(
      tables.store().newest(), loop,
      [result = std::move(result), reply = std::move(reply)]() mutable { std::move(reply)(std::move(result)); });
}

namespace {

// Why a transaction of reads must not run now: it meets a transaction of writes that is on its way, or is throttled.
std::optional<Error> refuse_reads(Tables& tables, const std::vector<TablePtr>& known, const std::vector<RowKey>& rows) {
  std::vector<CancellationReason> reasons(rows.size());
  bool refused = false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (tables.in_flight().has(rows[i].bytes)) {
      reasons[i] = {.code = "TransactionConflict", .message = std::string(kConflictText)};
    } else if (known[i]->meters) {
      const auto throttled =
          known[i]->meters->refuse_read(*known[i], nullptr, static_cast<std::uint32_t>(rows[i].partition >> 32));
      if (throttled) reasons[i] = throttled_reason(*throttled);
    }
    refused = refused || reasons[i].code != "None";
  }
  if (!refused) return std::nullopt;
  return transaction_canceled(std::move(reasons));
}

}  // namespace

void transact_get(Tables& tables, TransactGetRequest request, runtime::Executor& loop, Reply<TransactGetResult> reply) {
  std::vector<TablePtr> known;
  for (const auto& get : request.gets) {
    auto table = tables.usable(get.scope, get.table);
    if (!table) return std::move(reply)(table_missing());
    known.push_back(std::move(table));
  }
  std::vector<RowKey> rows;
  std::vector<std::uint64_t> stripes;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < known.size(); ++i) {
    // An empty key is a fault of the request; one that does not fit the table is that of its action.
    if (auto filled = check_keys_filled(known[i]->definition, request.gets[i].key); !filled)
      return std::move(reply)(std::unexpected(std::move(filled).error()));
    if (auto fits = check_key(known[i]->definition, request.gets[i].key); !fits)
      return std::move(reply)(std::unexpected(canceled_at(i, known.size(), fits.error())));
    auto row = row_of(*known[i], request.gets[i].key, request.gets[i].projection);
    if (!row) return std::move(reply)(std::unexpected(std::move(row).error()));
    if (!seen.insert(row->bytes).second) {
      return std::move(reply)(invalid("Transaction request cannot include multiple operations on one item"));
    }
    stripes.push_back(row->stripe());
    rows.push_back(*std::move(row));
  }
  tables.stripes().acquire(
      std::move(stripes), loop,
      [&tables, &loop, request = std::move(request), known = std::move(known), rows = std::move(rows),
       reply = std::move(reply)](storage::Stripes::Held held) mutable {
        if (auto refused = refuse_reads(tables, known, rows))
          return std::move(reply)(std::unexpected(*std::move(refused)));
        TransactGetResult result;
        for (std::size_t i = 0; i < rows.size(); ++i) {
          auto one = read_one(tables.store(), known[i], rows[i], request.gets[i].projection);
          if (!one) return std::move(reply)(std::unexpected(std::move(one).error()));
          if (known[i]->meters) {
            known[i]->meters->charge_read(nullptr, static_cast<std::uint32_t>(rows[i].partition >> 32),
                                          2 * read_units(one->size, true));
          }
          result.results.push_back(*std::move(one));
        }
        const auto ticket = held.last();
        held.release();
        tables.store().when_durable(ticket, loop, [result = std::move(result), reply = std::move(reply)]() mutable {
          std::move(reply)(std::move(result));
        });
      });
}

}  // namespace tidemill::tables
