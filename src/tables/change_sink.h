// Where changes of items go. Tables do not know what a stream is; streams/ implements this.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "storage/mutation.h"
#include "tables/error.h"
#include "tables/schema.h"

namespace tidemill::tables {

enum class ChangeKind : unsigned char { kInsert, kModify, kRemove };

// One item's change. Images are items in the stored encoding (item/encoding.h).
struct Change {
  ChangeKind kind = ChangeKind::kInsert;
  std::string_view row;       // the item's key in the store
  std::string_view keys;      // an item of the key attributes only
  std::size_t keys_size = 0;  // sizes as item/size.h counts
  std::optional<std::string_view> old_image;
  std::size_t old_size = 0;
  std::optional<std::string_view> new_image;
  std::size_t new_size = 0;
  std::uint64_t partition = 0;  // scan_hash of the partition key: the same item, the same lineage
  bool by_service = false;      // deleted because its time to live has passed
};

// The open stream of one table.
class ChangeStream {
 public:
  virtual ~ChangeStream() = default;
  // Appends the change to the same batch as the item, so both become durable or neither does. Any thread.
  virtual void record(const Change& change, storage::Mutation& batch) = 0;
};

// Control plane; on the home loop.
class ChangeSink {
 public:
  virtual ~ChangeSink() = default;
  // Starts the stream that `table.stream` describes (its label is new).
  virtual std::shared_ptr<ChangeStream> open(const TableDefinition& table, storage::Mutation& batch) = 0;
  // The open stream of a table that was loaded at start.
  virtual std::shared_ptr<ChangeStream> find(const TableDefinition& table) = 0;
  // Divides an open shard in two. First the writer that knows the new shards; then, when nobody writes by the old one
  // any more, the shard's end. Errors: kValidation, kResourceNotFound.
  virtual Result<std::shared_ptr<ChangeStream>> begin_split(const TableDefinition& table, std::string_view shard,
                                                            storage::Mutation& batch) = 0;
  virtual void end_split(const TableDefinition& table, storage::Mutation& batch) = 0;
  // Ends the stream: no change is recorded after this call. What it holds stays readable until it is too old.
  virtual void close(const TableDefinition& table, storage::Mutation& batch) = 0;
};

}  // namespace tidemill::tables
