// TransactWriteItems: all stripes in one global order, every condition on the state before, one batch.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <set>

#include "item/size.h"
#include "tables/collections.h"
#include "tables/operations.h"
#include "tables/plan.h"
#include "tables/throughput.h"

namespace tidemill::tables {

Error transaction_canceled(std::vector<CancellationReason> reasons) {
  Error error{
      .code = Errc::kTransactionCanceled,
      .message = fmt::format("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                             fmt::join(reasons | std::views::transform(&CancellationReason::code), ", "))};
  error.reasons = std::move(reasons);
  return error;
}

Error canceled_at(std::size_t position, std::size_t count, const Error& why) {
  std::vector<CancellationReason> reasons(count);
  reasons[position] = {.code = "ValidationError", .message = why.message};
  return transaction_canceled(std::move(reasons));
}

namespace {

struct Transaction {
  Tables& tables;
  TransactWriteRequest request;
  runtime::Executor& loop;
  Reply<TransactWriteResult> reply;
  Tokens::Use token;
  InFlight::Use items;
  std::vector<TablePtr> known;
  std::vector<RowKey> rows;
};

Status find_and_check(Transaction& transaction) {
  const auto& writes = transaction.request.writes;
  transaction.known.clear();
  transaction.rows.clear();
  for (const auto& write : writes) {
    auto table = transaction.tables.usable(write.scope, write.table);
    if (!table) return table_missing();
    transaction.known.push_back(std::move(table));
  }
  // An empty key is a fault of the request, not a reason of one action.
  for (std::size_t i = 0; i < writes.size(); ++i) {
    TM_CHECK(check_keys_filled(transaction.known[i]->definition, writes[i].item));
    TM_CHECK(check_index_keys_filled(transaction.known[i]->definition, writes[i]));
  }
  for (std::size_t i = 0; i < writes.size(); ++i) {
    // A Put's own size is checked with the rest of what depends on its content.
    if (writes[i].kind == WriteRequest::Kind::kPut && item::size_of(writes[i].item) > item::kMaxItemSize) {
      return std::unexpected(
          canceled_at(i, writes.size(), {.message = "Item size has exceeded the maximum allowed size"}));
    }
    if (auto checked = check_request(*transaction.known[i], writes[i], KeyWords::kPut); !checked) {
      return std::unexpected(canceled_at(i, writes.size(), checked.error()));
    }
    transaction.rows.push_back(
        item_row(transaction.known[i]->definition.id, transaction.known[i]->definition.keys, writes[i].item));
  }
  std::set<std::string_view> seen;
  for (const auto& row : transaction.rows) {
    if (!seen.insert(row.bytes).second)
      return invalid("Transaction request cannot include multiple operations on one item");
  }
  return {};
}

void run(std::shared_ptr<Transaction> transaction, storage::Stripes::Held held);

void take_stripes(std::shared_ptr<Transaction> transaction) {
  std::vector<std::uint64_t> stripes;
  for (std::size_t i = 0; i < transaction->rows.size(); ++i) {
    stripes.push_back(transaction->rows[i].stripe());
    if (!has_local_index(*transaction->known[i])) continue;
    stripes.push_back(collection_stripe(transaction->known[i]->definition, transaction->request.writes[i].item));
  }
  auto& loop = transaction->loop;
  auto& tables = transaction->tables;
  tables.stripes().acquire(std::move(stripes), loop,
                           [transaction = std::move(transaction)](storage::Stripes::Held held) mutable {
                             run(std::move(transaction), std::move(held));
                           });
}

void answer(const std::shared_ptr<Transaction>& transaction, storage::Ticket ticket,
            Result<TransactWriteResult> result) {
  transaction->tables.store().when_durable(
      ticket, transaction->loop, [transaction, result = std::move(result)]() mutable {
        transaction->token = {};  // free again before the client can come back with them
        transaction->items = {};
        std::move(transaction->reply)(std::move(result));
      });
}

// The answer to a transaction that was written: its items are taken until it leaves.
void answer_written(const std::shared_ptr<Transaction>& transaction, storage::Ticket ticket,
                    TransactWriteResult result) {
  auto& tables = transaction->tables;
  const auto delay = tables.options().transaction_delay;
  if (delay.count() == 0) return answer(transaction, ticket, std::move(result));
  tables.hold(delay, [transaction, ticket, result = std::move(result)]() mutable {
    answer(transaction, ticket, std::move(result));
  });
}

// Why the actions must not run now: other transactions are on their way with their items, or throughput is short.
std::optional<Error> refuse_actions(const Transaction& transaction) {
  std::vector<CancellationReason> reasons(transaction.rows.size());
  bool refused = false;
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const auto& table = *transaction.known[i];
    if (transaction.tables.in_flight().has(transaction.rows[i].bytes)) {
      reasons[i] = {.code = "TransactionConflict", .message = std::string(kConflictText)};
    } else if (table.meters) {
      if (const auto throttled = table.meters->refuse_write(table, transaction.rows[i]))
        reasons[i] = throttled_reason(*throttled);
    }
    refused = refused || reasons[i].code != "None";
  }
  if (!refused) return std::nullopt;
  return transaction_canceled(std::move(reasons));
}

void run(std::shared_ptr<Transaction> transaction, storage::Stripes::Held held) {
  auto& store = transaction->tables.store();
  const auto& writes = transaction->request.writes;
  bool changed = false;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    changed = changed || transaction->tables.usable(writes[i].scope, writes[i].table) != transaction->known[i];
  }
  if (changed) {
    held.release();
    if (auto checked = find_and_check(*transaction); !checked)
      return answer(transaction, {}, std::unexpected(std::move(checked).error()));
    return take_stripes(std::move(transaction));
  }
  if (auto refused = refuse_actions(*transaction)) return answer(transaction, {}, std::unexpected(*std::move(refused)));
  std::vector<std::optional<StoredItem>> before;
  for (const auto& row : transaction->rows) {
    auto stored = StoredItem::read(store, row.bytes);
    if (!stored) return answer(transaction, held.last(), std::unexpected(std::move(stored).error()));
    before.push_back(*std::move(stored));
  }
  std::vector<Plan> plans;
  std::vector<CancellationReason> reasons(writes.size());
  bool failed = false;
  std::optional<std::pair<std::size_t, Error>> unfit;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    auto planned = plan(*transaction->known[i], writes[i], before[i]);
    if (planned) {
      plans.push_back(*std::move(planned));
      continue;
    }
    plans.emplace_back();
    auto& error = planned.error();
    if (error.code == Errc::kConditionFailed) {
      failed = true;
      reasons[i] = {
          .code = "ConditionalCheckFailed", .message = error.message, .item_json = std::move(error.item_json)};
    } else if (!unfit) {
      unfit.emplace(i, std::move(error));
    }
  }
  // An update that does not fit its item is reported alone, even beside failed conditions of other actions.
  if (unfit)
    return answer(transaction, held.last(), std::unexpected(canceled_at(unfit->first, writes.size(), unfit->second)));
  Collections collections(store, transaction->tables.options().collection_bytes_max);
  for (std::size_t i = 0; i < writes.size() && !failed; ++i) {
    const auto& table = *transaction->known[i];
    if (!plans[i].writes) continue;
    if (table.meters) {
      if (const auto throttled = table.meters->refuse_entries(table, before[i], plans[i].after))
        reasons[i] = throttled_reason(*throttled);
    }
    if (!has_local_index(table)) continue;
    if (const auto counted = collections.add(table, writes[i].item, before[i], plans[i].after); !counted) {
      if (counted.error().code != Errc::kCollectionSize)
        return answer(transaction, held.last(), std::unexpected(counted.error()));
      reasons[i] = {.code = "ItemCollectionSizeLimitExceeded", .message = counted.error().message};
    }
  }
  if (std::ranges::any_of(reasons, [](const auto& reason) { return reason.code != "None"; })) {
    for (std::size_t i = 0; i < writes.size(); ++i) {
      if (transaction->known[i]->meters)
        transaction->known[i]->meters->charge_write(*transaction->known[i], transaction->rows[i],
                                                    refused_cost(before[i]), 2);
    }
    return answer(transaction, held.last(), std::unexpected(transaction_canceled(std::move(reasons))));
  }

  storage::Mutation batch;
  TransactWriteResult result;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    auto& one = result.results.emplace_back();
    one.table = transaction->known[i];
    const auto& hash = one.table->definition.keys.hash[0].name;
    one.collection_key = Item::from({{hash, *writes[i].item.find(hash)}});
    if (has_local_index(*one.table)) one.collection_bytes = collections.size_of(*one.table, *one.collection_key);
    if (plans[i].writes) {
      one.cost = add_change(store, *one.table, transaction->rows[i], before[i], plans[i].after, false, batch);
    } else {
      one.cost = refused_cost(before[i]);
    }
    if (one.table->meters) one.table->meters->charge_write(*one.table, transaction->rows[i], one.cost, 2);
  }
  collections.write(batch);
  if (transaction->token) {
    const auto now = epoch_ms(transaction->tables.clock().wall());
    Tokens::remember(transaction->token, transaction->request.fingerprint,
                     now + transaction->tables.options().token_life.count(), batch);
  }
  transaction->items = transaction->tables.in_flight().enter(transaction->rows);
  if (batch.empty()) return answer_written(transaction, held.last(), std::move(result));
  const auto ticket = held.write(store, std::move(batch));
  held.release();
  answer_written(transaction, ticket, std::move(result));
}

}  // namespace

void transact_write(Tables& tables, TransactWriteRequest request, runtime::Executor& loop,
                    Reply<TransactWriteResult> reply) {
  if (auto admitted = tables.store().admit(); !admitted) {
    return std::move(reply)(fail(Errc::kUnavailable, admitted.error().message));
  }
  auto transaction = std::make_shared<Transaction>(tables, std::move(request), loop, std::move(reply));
  if (transaction->request.token) {
    transaction->token = tables.tokens().take(transaction->request.account, *transaction->request.token);
    if (!transaction->token) {
      return std::move(transaction->reply)(
          fail(Errc::kTransactionInProgress, "The transaction with the given request token is already in progress."));
    }
    switch (Tokens::look_up(tables.store(), transaction->token, transaction->request.fingerprint,
                            epoch_ms(tables.clock().wall()), tables.options().token_life.count())) {
      case Tokens::Known::kNo: break;
      case Tokens::Known::kSame: {
        TransactWriteResult result{.repeated = true};
        for (const auto& write : transaction->request.writes) {
          auto& one = result.results.emplace_back();
          one.table = tables.usable(write.scope, write.table);
          one.cost.table = 1;
          if (!one.table || !check_request(*one.table, write, KeyWords::kPut)) continue;
          const auto row = item_row(one.table->definition.id, one.table->definition.keys, write.item);
          if (const auto stored = StoredItem::read(tables.store(), row.bytes); stored && *stored) {
            one.cost.table = std::max<std::int64_t>(1, static_cast<std::int64_t>(((*stored)->size() + 4095) / 4096));
          }
        }
        return answer(transaction, tables.store().newest(), std::move(result));
      }
      case Tokens::Known::kOther:
        return std::move(transaction->reply)(fail(Errc::kIdempotentParameterMismatch,
                                                  "The provided ClientRequestToken was used before with a different "
                                                  "request: the parameters must be the same"));
    }
  }
  if (auto checked = find_and_check(*transaction); !checked) {
    return std::move(transaction->reply)(std::unexpected(std::move(checked).error()));
  }
  take_stripes(std::move(transaction));
}

}  // namespace tidemill::tables
