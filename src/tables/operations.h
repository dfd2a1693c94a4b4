// The data plane: what an item operation asks, what it answers. Requests are checked against themselves by the front;
// what depends on the table's schema is checked here, in the service's order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "expr/condition.h"
#include "expr/key_condition.h"
#include "expr/projection.h"
#include "expr/update.h"
#include "tables/change.h"
#include "tables/engine.h"

namespace tidemill::tables {

enum class ReturnValues : unsigned char { kNone, kAllOld, kUpdatedOld, kAllNew, kUpdatedNew };

struct WriteRequest {
  enum class Kind : unsigned char { kPut, kUpdate, kDelete, kCheck };
  Kind kind = Kind::kPut;
  Scope scope;
  std::string table;
  Item item;  // kPut: the item; else its key
  std::optional<expr::Condition> condition;
  std::optional<expr::Update> update;  // kUpdate: nothing means "create the item if it is missing"
  ReturnValues return_values = ReturnValues::kNone;
  bool old_on_failure = false;  // ReturnValuesOnConditionCheckFailure ALL_OLD
  bool importing = false;       // of the import that fills the table: it may while others cannot, and pays no capacity
};

struct WriteResult {
  TablePtr table;
  std::string attributes;  // JSON of the returned attributes; empty: there are none
  WriteCost cost;
  std::optional<Item> collection_key;  // of tables with local indexes: the partition key
  std::int64_t collection_bytes = 0;   // and how large its items are together
};

struct GetRequest {
  Scope scope;
  std::string table;
  Item key;
  std::optional<expr::Projection> projection;
  bool consistent = false;  // costs twice as much; every read is consistent
  std::string_view before;  // what the answer has before the item
};

struct GetResult {
  TablePtr table;
  std::string item;      // GetRequest::before, then JSON; empty when there is no such item
  std::size_t size = 0;  // of the whole stored item
};

struct BatchGetRequest {
  struct OfTable {
    std::string name;  // as the client wrote it
    Scope scope;
    std::string table;
    std::vector<Item> keys;
    std::optional<expr::Projection> projection;
    bool consistent = false;
  };
  std::vector<OfTable> tables;
  std::size_t max_bytes = 16 << 20;
};

struct BatchGetResult {
  struct OfTable {
    TablePtr table;
    std::vector<std::string> items;        // JSON
    std::vector<std::size_t> unprocessed;  // positions in the request's keys: too much to answer, or throttled
    std::vector<std::size_t> sizes;        // of what was read, 0 for missing items
  };
  std::vector<OfTable> tables;  // as requested
};

struct BatchWriteRequest {
  struct OfTable {
    std::string name;
    Scope scope;
    std::string table;
    std::vector<WriteRequest> writes;  // puts and deletes, without conditions
  };
  std::vector<OfTable> tables;
};

struct BatchWriteResult {
  struct OfTable {
    TablePtr table;
    WriteCost cost;
    std::vector<Item> collection_keys;           // of what was written
    std::vector<std::int64_t> collection_bytes;  // of tables with local indexes
    std::vector<std::size_t> unprocessed;        // positions in the request's writes: throttled, or in a transaction
  };
  std::vector<OfTable> tables;
};

struct TransactWriteRequest {
  std::vector<WriteRequest> writes;
  std::string account;
  std::optional<std::string> token;
  std::string fingerprint;  // of the request's content: the same token must come with the same
};

struct TransactWriteResult {
  bool repeated = false;             // the token was known: nothing was done
  std::vector<WriteResult> results;  // in the order of the request; of a repetition: what it read
};

struct TransactGetRequest {
  std::vector<GetRequest> gets;
};
struct TransactGetResult {
  std::vector<GetResult> results;
};

enum class Select : unsigned char { kAllAttributes, kAllProjected, kSpecific, kCount };

struct PageRequest {
  Scope scope;
  std::string table;
  std::optional<std::string> index;
  bool consistent = false;
  std::optional<expr::Condition> filter;
  std::optional<expr::Projection> projection;
  std::optional<Select> select;
  std::optional<std::int64_t> limit;
  std::optional<Item> start;  // ExclusiveStartKey
  // PartiQL: the filter sees what the index holds, even where the rest is fetched from the table.
  bool filter_on_entry = false;
  std::string_view before;      // what the answer has before the items
  bool keys_in_filter = false;  // of a query: PartiQL's WHERE may say more about keys than a range can
};

struct QueryRequest : PageRequest {
  std::vector<expr::KeyTerm> keys;
  bool forward = true;
  bool legacy_filter = false;  // QueryFilter: another text for a filter on a key
};

struct ScanRequest : PageRequest {
  std::int64_t segment = 0, total_segments = 1;
  bool segmented = false;
};

struct PageResult {
  TablePtr table;
  const IndexDefinition* index = nullptr;  // of `table`
  std::string items;  // PageRequest::before, then JSON: elements with commas between them, without brackets
  std::int64_t count = 0;
  std::int64_t scanned = 0;
  std::string last_key;              // JSON; empty when the range has ended
  std::size_t read_bytes = 0;        // evaluated sizes
  std::vector<std::size_t> fetched;  // sizes of items fetched from the table behind a local index
  bool count_only = false;
};

// "Transaction cancelled, ...", with one reason for each action.
Error transaction_canceled(std::vector<CancellationReason> reasons);
// One of `count` actions does not fit its table or item.
Error canceled_at(std::size_t position, std::size_t count, const Error& why);

// Each runs on `loop`, which is the calling thread's, and replies on it.
void write_item(Tables& tables, WriteRequest&& request, runtime::Executor& loop, Reply<WriteResult> reply);
void get_item(Tables& tables, const GetRequest& request, runtime::Executor& loop, Reply<GetResult> reply);
void query(Tables& tables, const QueryRequest& request, runtime::Executor& loop, Reply<PageResult> reply);
void scan(Tables& tables, const ScanRequest& request, runtime::Executor& loop, Reply<PageResult> reply);
void batch_get(Tables& tables, BatchGetRequest request, runtime::Executor& loop, Reply<BatchGetResult> reply);
void batch_write(Tables& tables, BatchWriteRequest request, runtime::Executor& loop, Reply<BatchWriteResult> reply);
void transact_write(Tables& tables, TransactWriteRequest request, runtime::Executor& loop,
                    Reply<TransactWriteResult> reply);
void transact_get(Tables& tables, TransactGetRequest request, runtime::Executor& loop, Reply<TransactGetResult> reply);

}  // namespace tidemill::tables
