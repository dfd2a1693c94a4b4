// The changes of a table that wait to be delivered to one destination: a log of their own, written in the batch of the
// item, so it needs no stream of the table. Emptied as they are delivered (docs/formats/tables.md).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "storage/store.h"
#include "tables/change_sink.h"
#include "tables/features.h"

namespace tidemill::tables {

struct OutboxRecord {
  std::uint64_t number = 0;
  std::int64_t time_us = 0;
  ChangeKind kind = ChangeKind::kInsert;
  bool by_service = false;
  std::size_t size_bytes = 0;
  std::string keys;  // items as stored
  std::optional<std::string> new_image, old_image;
};

class Outbox final : public ChangeStream {
 public:
  Outbox(storage::Store& store, const runtime::Clock& clock, TableId table, std::uint32_t generation);
  void record(const Change& change, storage::Mutation& batch) override;

  // The number of the oldest record that is not delivered, and the number behind the newest that is durable.
  std::uint64_t first() const { return first_; }
  std::uint64_t reached() const { return log_->reached(); }
  std::uint64_t next() const { return log_->next(); }
  struct Page {
    std::vector<OutboxRecord> records;
    std::uint64_t next = 0;
  };
  Result<Page> read(std::size_t records_max, std::size_t bytes_max) const;
  // Forgets everything below `to`. Not waited for: a crash delivers again.
  void delivered(std::uint64_t to);
  [[nodiscard]] storage::Subscription watch(runtime::Executor& executor, std::function<void()> told);

  static void erase(TableId table, std::uint32_t generation, storage::Mutation& batch);
  void close() { log_.reset(); }

 private:
  storage::Store& store_;
  const runtime::Clock& clock_;
  const std::string position_key_;
  std::unique_ptr<storage::Log> log_;
  std::uint64_t first_ = 0;  // home loop
};

// The record as a Kinesis stream carries it.
std::string kinesis_json(const OutboxRecord& record, const TableDefinition& table, std::uint32_t generation,
                         Precision precision);
// The item's key as DynamoDB JSON, in the order of the key schema.
std::string key_json(const OutboxRecord& record, const KeySchema& keys);

}  // namespace tidemill::tables
