// The ordered store under everything: atomic batches, a log that is synced apart from the write, snapshots, ordered
// cursors. RocksDB implements it (rocks_engine.h); the simulation has a twin in memory that can lose what was not
// synced.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidemill::storage {

// One idea's keys. The number is on disk (docs/formats/store.md): never reuse or renumber.
enum class Keyspace : unsigned char {
  kMeta = 1,           // format version, cluster id, catalogs of tables and topics
  kItems = 2,          // table items
  kIndexes = 3,        // index entries
  kChanges = 4,        // change records of streams
  kTopics = 5,         // record batches of topics
  kGroups = 6,         // consumer groups and offsets
  kCheckpoints = 7,    // event source mappings and their positions
  kFunctions = 8,      // function registry
  kBlobs = 9,          // function archives, small objects
  kEvents = 10,        // asynchronous invocations that wait
  kQueues = 11,        // queues and their messages
  kRoutes = 12,        // APIs, stages
  kStacks = 13,        // deployed stacks
  kIdentity = 14,      // roles, policies, keys
  kFunctionLogs = 15,  // log groups, streams, events
  kHistory = 16,       // old images of tables that can be restored, changes on their way to destinations
  kBackups = 17,       // rows of backups
};

// Half open: from <= key < to. An empty `to` is the end of the keyspace.
struct Range {
  std::string from;
  std::string to;
  static Range prefix(std::string_view prefix);
};
enum class Direction : unsigned char { kForward, kReverse };

class Snapshot {
 public:
  virtual ~Snapshot() = default;
};

// Walks a range in one direction; sees the state of its creation (or of its snapshot).
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool valid() const = 0;
  virtual std::string_view key() const = 0;    // without the keyspace; until next()
  virtual std::string_view value() const = 0;  // until next()
  virtual void next() = 0;
  virtual Status status() const = 0;  // why it ended early, when it did
};

struct Write {
  enum class Kind : unsigned char { kPut, kErase, kEraseRange };
  Kind kind;
  Keyspace keyspace;
  std::string key;    // kEraseRange: from
  std::string value;  // kEraseRange: to
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual Result<std::optional<std::string>> get(Keyspace keyspace, std::string_view key,
                                                 const Snapshot* snapshot) const = 0;
  virtual std::unique_ptr<Cursor> cursor(Keyspace keyspace, const Range& range, Direction direction,
                                         const Snapshot* snapshot) const = 0;
  virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
  // All or nothing, visible to every later read, in the log but not yet synced. Never called by two threads at once.
  virtual Status write(const std::vector<Write>& batch) = 0;
  // All that was written before the call is on disk when it returns. From one thread at a time.
  virtual Status sync() = 0;
  // A consistent copy that can be opened by itself, in a folder that does not exist yet; while serving.
  virtual Status checkpoint(const std::string& folder) = 0;
  virtual std::uint64_t approximate_bytes(Keyspace keyspace, const Range& range) const = 0;
};

}  // namespace tidemill::storage
