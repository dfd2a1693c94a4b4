// Writes of one item and batches of them: the impure edge around plan().
#include <algorithm>
#include <set>

#include "item/size.h"
#include "tables/collections.h"
#include "tables/operations.h"
#include "tables/plan.h"
#include "tables/throughput.h"

namespace tidemill::tables {
namespace {

// One write on its way; shared by the callbacks of its waits.
struct Writing {
  Tables& tables;
  WriteRequest request;
  runtime::Executor& loop;
  Reply<WriteResult> reply;
  TablePtr table;
  RowKey row;
};

TablePtr table_of(const Tables& tables, const WriteRequest& request) {
  if (request.importing) {
    auto table = tables.catalog()->find(request.scope, request.table);
    if (table && table->definition.features.importing) return table;
  }
  return tables.usable(request.scope, request.table);
}

Status find_and_check(Writing& writing) {
  writing.table = table_of(writing.tables, writing.request);
  if (!writing.table) return table_missing();
  TM_CHECK(check_request(*writing.table, writing.request, KeyWords::kPut));
  writing.row = item_row(writing.table->definition.id, writing.table->definition.keys, writing.request.item);
  return {};
}

void run(std::shared_ptr<Writing> writing, storage::Stripes::Held held);

void take_stripe(std::shared_ptr<Writing> writing) {
  auto& loop = writing->loop;
  const auto stripe = writing->row.stripe();
  if (has_local_index(*writing->table)) {
    return writing->tables.stripes().acquire(
        {stripe, collection_stripe(writing->table->definition, writing->request.item)}, loop,
        [writing](storage::Stripes::Held held) { run(writing, std::move(held)); });
  }
  writing->tables.stripes().acquire(stripe, loop, [writing = std::move(writing)](storage::Stripes::Held held) mutable {
    run(std::move(writing), std::move(held));
  });
}

void run(std::shared_ptr<Writing> writing, storage::Stripes::Held held) {
  auto& tables = writing->tables;
  auto& store = tables.store();
  const auto answer = [&store, writing](storage::Ticket ticket, Result<WriteResult> result) {
    store.when_durable(ticket, writing->loop, [writing, result = std::move(result)]() mutable {
      std::move(writing->reply)(std::move(result));
    });
  };
  // The catalog is read under the stripe; when the table has changed meanwhile, all checks are made again.
  if (const auto table = table_of(tables, writing->request); table != writing->table) {
    const std::uint64_t stripe = writing->row.stripe();
    if (auto checked = find_and_check(*writing); !checked)
      return answer(held.last(), std::unexpected(std::move(checked).error()));
    if (writing->row.stripe() != stripe) {
      held.release();
      return take_stripe(std::move(writing));
    }
  }
  auto* const meters = writing->request.importing ? nullptr : writing->table->meters.get();
  if (meters) {
    if (auto refused = meters->refuse_write(*writing->table, writing->row))
      return answer({}, std::unexpected(*std::move(refused)));
  }
  if (tables.in_flight().has(writing->row.bytes))
    return answer({}, fail(Errc::kTransactionConflict, std::string(kConflictText)));
  const auto before = StoredItem::read(store, writing->row.bytes);
  if (!before) return answer(held.last(), std::unexpected(before.error()));
  std::optional<Item> collection_key;
  if (has_local_index(*writing->table)) {
    const auto& hash = writing->table->definition.keys.hash[0].name;
    collection_key = Item::from({{hash, *writing->request.item.find(hash)}});
  }
  auto planned = plan(*writing->table, std::move(writing->request), *before);
  // A refusal tells about the stored item, so it waits for that item's write as a read does.
  if (!planned) {
    if (meters && planned.error().code == Errc::kConditionFailed)
      meters->charge_write(*writing->table, writing->row, refused_cost(*before));
    return answer(held.last(), std::unexpected(std::move(planned).error()));
  }
  if (meters) {
    if (auto refused = meters->refuse_entries(*writing->table, *before, planned->after))
      return answer({}, std::unexpected(*std::move(refused)));
  }

  auto& batch = tables.stripes().soon(writing->loop);
  const auto size = batch.size();
  WriteResult result{.table = writing->table, .attributes = std::move(planned->attributes)};
  if (collection_key) {
    result.collection_key = std::move(collection_key);
    Collections collections(store, tables.options().collection_bytes_max);
    if (auto counted = collections.add(*writing->table, *result.collection_key, *before, planned->after); !counted)
      return answer(held.last(), std::unexpected(std::move(counted).error()));
    result.collection_bytes = collections.size_of(*writing->table, *result.collection_key);
    collections.write(batch);
  }
  result.cost = add_change(store, *writing->table, writing->row, *before, planned->after, false, batch);
  if (meters) meters->charge_write(*writing->table, writing->row, result.cost);
  if (batch.size() == size) return answer(held.last(), std::move(result));
  tables.stripes().write_soon(
      store, std::move(held), writing->loop,
      [answer, result = std::move(result)](storage::Ticket ticket) mutable { answer(ticket, std::move(result)); });
}

Status admitted(Tables& tables) {
  if (auto admitted = tables.store().admit(); !admitted) return fail(Errc::kUnavailable, admitted.error().message);
  return {};
}

}  // namespace

void write_item(Tables& tables, WriteRequest&& request, runtime::Executor& loop, Reply<WriteResult> reply) {
  // A full disk refuses what grows; deletions go on, they are what makes room.
  if (request.kind != WriteRequest::Kind::kDelete) {
    if (auto status = admitted(tables); !status) return std::move(reply)(std::unexpected(std::move(status).error()));
  }
  auto writing = std::make_shared<Writing>(tables, std::move(request), loop, std::move(reply));
  if (auto checked = find_and_check(*writing); !checked)
    return std::move(writing->reply)(std::unexpected(std::move(checked).error()));
  take_stripe(std::move(writing));
}

// --- BatchWriteItem: validated as a whole, then written item by item under all its stripes in one batch. The service
// promises no atomicity over the items; one batch is the cheapest way to write them.

namespace {

struct BatchWriting {
  Tables& tables;
  BatchWriteRequest request;
  runtime::Executor& loop;
  Reply<BatchWriteResult> reply;
  std::vector<TablePtr> known;
  std::vector<std::vector<RowKey>> rows;
};

Status find_and_check(BatchWriting& writing) {
  writing.known.clear();
  writing.rows.clear();
  for (const auto& of : writing.request.tables) {
    auto table = writing.tables.usable(of.scope, of.table);
    if (!table) return table_missing();
    writing.known.push_back(std::move(table));
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < writing.known.size(); ++i) {
    auto& rows = writing.rows.emplace_back();
    for (const auto& write : writing.request.tables[i].writes) {
      TM_CHECK(check_request(*writing.known[i], write, KeyWords::kBatch));
      rows.push_back(item_row(writing.known[i]->definition.id, writing.known[i]->definition.keys, write.item));
      if (!seen.insert(rows.back().bytes).second) return invalid("Provided list of item keys contains duplicates");
    }
  }
  return {};
}

void run(std::shared_ptr<BatchWriting> writing, storage::Stripes::Held held);

void take_stripes(std::shared_ptr<BatchWriting> writing) {
  std::vector<std::uint64_t> stripes;
  for (std::size_t i = 0; i < writing->rows.size(); ++i) {
    const bool collections = has_local_index(*writing->known[i]);
    for (std::size_t j = 0; j < writing->rows[i].size(); ++j) {
      stripes.push_back(writing->rows[i][j].stripe());
      if (!collections) continue;
      stripes.push_back(collection_stripe(writing->known[i]->definition, writing->request.tables[i].writes[j].item));
    }
  }
  auto& loop = writing->loop;
  auto& tables = writing->tables;
  tables.stripes().acquire(std::move(stripes), loop,
                           [writing = std::move(writing)](storage::Stripes::Held held) mutable {
                             run(std::move(writing), std::move(held));
                           });
}

// What the item itself costs, without its index entries.
WriteCost item_cost(const std::optional<StoredItem>& before, const std::optional<Item>& after) {
  return {.table = write_units(std::max(before ? before->size() : 0, after ? item::size_of(*after) : 0))};
}

void run(std::shared_ptr<BatchWriting> writing, storage::Stripes::Held held) {
  auto& store = writing->tables.store();
  const auto answer = [&store, writing](storage::Ticket ticket, Result<BatchWriteResult> result) {
    store.when_durable(ticket, writing->loop, [writing, result = std::move(result)]() mutable {
      std::move(writing->reply)(std::move(result));
    });
  };
  bool changed = false;
  for (std::size_t i = 0; i < writing->known.size(); ++i) {
    const auto& of = writing->request.tables[i];
    changed = changed || writing->tables.usable(of.scope, of.table) != writing->known[i];
  }
  if (changed) {
    held.release();
    if (auto checked = find_and_check(*writing); !checked)
      return answer({}, std::unexpected(std::move(checked).error()));
    return take_stripes(std::move(writing));
  }
  // Every item is read before anything is planned, so that a damaged row refuses the batch and not half of it.
  std::vector<std::vector<std::optional<StoredItem>>> before(writing->known.size());
  for (std::size_t i = 0; i < writing->known.size(); ++i) {
    for (const auto& row : writing->rows[i]) {
      auto stored = StoredItem::read(store, row.bytes);
      if (!stored) return answer(held.last(), std::unexpected(std::move(stored).error()));
      before[i].push_back(*std::move(stored));
    }
  }
  // What must wait is left out and told; a collection that would grow too large refuses the batch before any of it is
  // written.
  std::vector<std::vector<bool>> left_out(writing->known.size());
  std::optional<Error> throttled;
  bool any = false;
  Collections collections(store, writing->tables.options().collection_bytes_max);
  for (std::size_t i = 0; i < writing->known.size(); ++i) {
    const auto& table = *writing->known[i];
    for (std::size_t j = 0; j < writing->rows[i].size(); ++j) {
      const auto& write = writing->request.tables[i].writes[j];
      const auto& row = writing->rows[i][j];
      std::optional<Item> after;
      if (write.kind == WriteRequest::Kind::kPut) after = write.item;
      bool waits = writing->tables.in_flight().has(row.bytes);
      if (!waits && table.meters) {
        auto refused = table.meters->refuse_write(table, row);
        if (!refused) refused = table.meters->refuse_entries(table, before[i][j], after);
        waits = refused.has_value();
        if (refused && !throttled) throttled = std::move(refused);
        // Each item of the batch finds what those before it have left.
        if (!waits) table.meters->charge_write(table, row, item_cost(before[i][j], after));
      }
      left_out[i].push_back(waits);
      if (waits) continue;
      any = true;
      if (has_local_index(table)) {
        if (auto counted = collections.add(table, write.item, before[i][j], after); !counted)
          return answer(held.last(), std::unexpected(std::move(counted).error()));
      }
    }
  }
  if (!any && throttled) return answer({}, std::unexpected(*std::move(throttled)));
  storage::Mutation batch;
  BatchWriteResult result;
  for (std::size_t i = 0; i < writing->known.size(); ++i) {
    auto& of = result.tables.emplace_back();
    of.table = writing->known[i];
    const auto& keys = of.table->definition.keys;
    for (std::size_t j = 0; j < writing->rows[i].size(); ++j) {
      if (left_out[i][j]) {
        of.unprocessed.push_back(j);
        continue;
      }
      auto& write = writing->request.tables[i].writes[j];
      std::optional<Item> after;
      if (write.kind == WriteRequest::Kind::kPut) after = std::move(write.item);
      const Item& source = after ? *after : write.item;
      of.collection_keys.push_back(Item::from({{keys.hash[0].name, *source.find(keys.hash[0].name)}}));
      if (has_local_index(*of.table))
        of.collection_bytes.push_back(collections.size_of(*of.table, of.collection_keys.back()));
      const auto cost = add_change(store, *of.table, writing->rows[i][j], before[i][j], after, false, batch);
      if (of.table->meters)
        of.table->meters->charge_write(*of.table, writing->rows[i][j], {.table = 0, .indexes = cost.indexes});
      of.cost.table += cost.table;
      for (const auto& [index, units] : cost.indexes) of.cost.indexes[index] += units;
    }
  }
  collections.write(batch);
  if (batch.empty()) return answer(held.last(), std::move(result));
  const auto ticket = held.write(store, std::move(batch));
  held.release();
  answer(ticket, std::move(result));
}

}  // namespace

void batch_write(Tables& tables, BatchWriteRequest request, runtime::Executor& loop, Reply<BatchWriteResult> reply) {
  if (auto status = admitted(tables); !status) return std::move(reply)(std::unexpected(std::move(status).error()));
  auto writing = std::make_shared<BatchWriting>(tables, std::move(request), loop, std::move(reply));
  if (auto checked = find_and_check(*writing); !checked)
    return std::move(writing->reply)(std::unexpected(std::move(checked).error()));
  take_stripes(std::move(writing));
}

}  // namespace tidemill::tables
