// How far each part of each mapping has been processed. A checkpoint moves only after its records were processed or
// given up, so a crash repeats records and never skips one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/reply.h"
#include "runtime/executor.h"
#include "triggers/error.h"
#include "triggers/record_source.h"

namespace tidemill::storage {
class Mutation;
class Store;
}  // namespace tidemill::storage

namespace tidemill::triggers {

// An open tumbling window: what the function returned last.
struct OpenWindow {
  std::int64_t start_ms = 0;
  std::string state = "{}";  // JSON
  bool operator==(const OpenWindow&) const = default;
};

struct Checkpoint {
  Position position = 0;  // the next record to process
  bool finished = false;  // a closed shard, processed to its end: its children may start
  std::optional<OpenWindow> window;
  bool operator==(const Checkpoint&) const = default;
};

using CheckpointsByPart = std::map<std::string, Checkpoint>;

class Checkpoints {
 public:
  virtual ~Checkpoints() = default;
  virtual Result<CheckpointsByPart> load(const std::string& mapping) = 0;
  // Answers when it is durable.
  virtual void save(const std::string& mapping, const std::string& part, const Checkpoint& checkpoint,
                    Reply<void, Error> reply) = 0;
  // Parts of the write that creates or deletes the mapping itself.
  virtual void put(storage::Mutation& mutation, const std::string& mapping, const std::string& part,
                   const Checkpoint& checkpoint) = 0;
  virtual void erase(storage::Mutation& mutation, const std::string& mapping) = 0;
};

// In the checkpoints keyspace: "position/{mapping}/{part}" -> JSON.
class StoredCheckpoints final : public Checkpoints {
 public:
  StoredCheckpoints(storage::Store& store, runtime::Executor& home) : store_(store), home_(home) {}
  Result<CheckpointsByPart> load(const std::string& mapping) override;
  void save(const std::string& mapping, const std::string& part, const Checkpoint& checkpoint,
            Reply<void, Error> reply) override;
  void put(storage::Mutation& mutation, const std::string& mapping, const std::string& part,
           const Checkpoint& checkpoint) override;
  void erase(storage::Mutation& mutation, const std::string& mapping) override;

 private:
  storage::Store& store_;
  runtime::Executor& home_;
};

}  // namespace tidemill::triggers
