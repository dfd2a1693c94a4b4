// The store on RocksDB. One database, four column families (meta, items, logs, topics), one write-ahead log.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "storage/engine.h"

namespace tidemill::storage {

struct RocksOptions {
  std::string folder;
  bool create = true;
  bool relaxed = false;  // relaxed: after a power loss recover to a point in time, and say so
  std::uint64_t block_cache_bytes = 64ULL << 20;
  std::uint64_t write_buffer_bytes = 16ULL << 20;  // per column family; bounds the log that a start must replay
  std::function<void(std::string_view event, std::string_view detail)> on_event;  // recovery notes, background errors
};

// Errors, each one clear sentence: kIo (cannot write there), kConflict (another server holds it), kCorruption, and
// kUnsupported when the folder was written by a newer version.
Result<std::unique_ptr<Engine>> open_rocks(const RocksOptions& options);

// Gives the space of a range that was erased back to the disk now, not when the store comes to it: its files are
// compacted. Slow, and safe beside reads, writes and snapshots. Nothing for an engine that is not RocksDB.
void reclaim(Engine& engine, Keyspace keyspace, const Range& range);
// Ends those that run, and lets no more begin.
void cancel_reclaims(Engine& engine);

}  // namespace tidemill::storage
