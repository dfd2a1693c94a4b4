#include "storage/rocks_engine.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <mutex>
#include <vector>

#include "base/bytes.h"

namespace tidemill::storage {
namespace {

// Raised when bytes on disk change their meaning; docs/formats/store.md has the history.
constexpr std::string_view kFormatVersion = "3";
constexpr std::string_view kTopicsAmongLogs = "2";  // the version before: topics had no family of their own
constexpr std::string_view kFormatKey = "format";
constexpr int kCacheShardBits = 4;  // loops and background threads seldom meet in one of sixteen
// A batch of messages is that large or larger; what describes it is smaller.
constexpr std::uint64_t kBlobBytesMin = 4 << 10;
// Files of keys that a reader of batches may have to look into; they are small.
constexpr int kRunsOfBatches = 8;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& s) { return {s.data(), s.size()}; }

Error to_error(const rocksdb::Status& status) {
  const auto text = "storage: " + status.ToString();
  if (status.IsCorruption()) return {Errc::kCorruption, text};
  if (status.IsNoSpace()) return {Errc::kResourceExhausted, text};
  if (status.IsIOError()) return {Errc::kIo, text};
  return {Errc::kInternal, text};
}

enum Family : std::size_t { kMetaFamily, kItemsFamily, kLogsFamily, kTopicsFamily };

Family family_of(Keyspace keyspace) {
  switch (keyspace) {
    case Keyspace::kItems:
    case Keyspace::kIndexes:
    case Keyspace::kBackups: return kItemsFamily;
    case Keyspace::kTopics: return kTopicsFamily;
    case Keyspace::kChanges:
    case Keyspace::kFunctionLogs:
    case Keyspace::kEvents:
    case Keyspace::kBlobs:
    case Keyspace::kHistory:
    case Keyspace::kQueues: return kLogsFamily;
    case Keyspace::kMeta:
    case Keyspace::kGroups:
    case Keyspace::kCheckpoints:
    case Keyspace::kFunctions:
    case Keyspace::kRoutes:
    case Keyspace::kStacks:
    case Keyspace::kIdentity: return kMetaFamily;
  }
  std::unreachable();
}

// The partition that a key of a table or an index lies in: keyspace, table, index, and the hash of its hash attributes
// (tables/rows.h). Files and memtables that hold nothing of a partition are not looked into when one is queried.
class Partitions final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "tidemill.Partitions"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return {key.data(), size_of(view(key))}; }
  bool InDomain(const rocksdb::Slice& key) const override {
    const auto size = size_of(view(key));
    return size > 0 && key.size() >= size;
  }
  bool SameResultWhenAppended(const rocksdb::Slice& prefix) const override { return InDomain(prefix); }

  static std::size_t size_of(std::string_view key) {
    if (key.empty()) return 0;
    if (key[0] == static_cast<char>(Keyspace::kItems)) return 1 + 4 + 4;
    if (key[0] == static_cast<char>(Keyspace::kIndexes)) return 1 + 4 + 4 + 4;
    return 0;
  }
  // Does the range lie in one partition?
  static bool is_one(Keyspace keyspace, const Range& range) {
    const char tag = static_cast<char>(keyspace);
    const auto size = size_of({&tag, 1});
    if (size == 0 || range.from.size() < size - 1 || range.to.empty()) return false;
    return range.to <= prefix_end(std::string_view(range.from).substr(0, size - 1));
  }
};

class RocksSnapshot final : public Snapshot {
 public:
  explicit RocksSnapshot(std::shared_ptr<rocksdb::DB> db) : db_(std::move(db)), snapshot_(db_->GetSnapshot()) {}
  ~RocksSnapshot() override { db_->ReleaseSnapshot(snapshot_); }
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  const std::shared_ptr<rocksdb::DB> db_;
  const rocksdb::Snapshot* const snapshot_;
};

const rocksdb::Snapshot* native(const Snapshot* snapshot) {
  return snapshot == nullptr ? nullptr : static_cast<const RocksSnapshot*>(snapshot)->get();
}

// An iterator of RocksDB with the range that it walks.
struct Walk {
  std::string from, to;  // with the keyspace
  rocksdb::Slice lower, upper;
  std::unique_ptr<rocksdb::Iterator> iterator;
  std::uint64_t changes = 0;  // of KeptWalks, when it was taken from there

  void go(Direction direction) {
    if (direction == Direction::kReverse)
      iterator->SeekToLast();
    else
      iterator->Seek(from);
  }
};

// Walks through one partition that are over: the next one goes on with their iterator, since to make one costs as much
// as to seek with it. refresh() makes it see what was written since, and RocksDB reads the upper bound anew with each
// seek. An iterator keeps the files and memtables of its time from being freed, so those that wait here are dropped
// whenever a flush or a compaction has made some obsolete. Thread-safe.
class KeptWalks final : public rocksdb::EventListener {
 public:
  // Null when none waits.
  std::unique_ptr<Walk> take() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return nullptr;
    auto walk = std::move(waiting_.back());
    waiting_.pop_back();
    walk->changes = changes_;
    return walk;
  }
  std::uint64_t changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }
  // Drops it when it may hold what is obsolete.
  void give(std::unique_ptr<Walk> walk) {
    if (!walk->iterator->status().ok()) return;
    const std::lock_guard lock(mutex_);
    if (walk->changes == changes_ && waiting_.size() < kWaitingMax) waiting_.push_back(std::move(walk));
  }
  void drop() {
    std::vector<std::unique_ptr<Walk>> dropped;
    const std::lock_guard lock(mutex_);
    ++changes_;
    dropped.swap(waiting_);
  }

  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { drop(); }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override { drop(); }

 private:
  static constexpr std::size_t kWaitingMax = 4;  // as many as loops read at once

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Walk>> waiting_;  // guarded by mutex_
  std::uint64_t changes_ = 0;                   // guarded by mutex_; flushes and compactions
};

class RocksCursor final : public Cursor {
 public:
  // `kept` is null when the walk ends with the cursor.
  RocksCursor(std::unique_ptr<Walk> walk, Direction direction, KeptWalks* kept)
      : walk_(std::move(walk)), iterator_(*walk_->iterator), direction_(direction), kept_(kept) {
    walk_->go(direction);
  }
  ~RocksCursor() override {
    if (kept_ != nullptr) kept_->give(std::move(walk_));
  }
  bool valid() const override { return iterator_.Valid(); }
  std::string_view key() const override { return view(iterator_.key()).substr(1); }
  std::string_view value() const override { return view(iterator_.value()); }
  void next() override {
    if (direction_ == Direction::kForward)
      iterator_.Next();
    else
      iterator_.Prev();
  }
  Status status() const override {
    const auto status = iterator_.status();
    if (!status.ok()) return std::unexpected(to_error(status));
    return {};
  }

 private:
  std::unique_ptr<Walk> walk_;
  rocksdb::Iterator& iterator_;
  const Direction direction_;
  KeptWalks* const kept_;
};

class RocksEngine final : public Engine {
 public:
  RocksEngine(std::unique_ptr<rocksdb::Env> env, std::shared_ptr<KeptWalks> walks, std::shared_ptr<rocksdb::DB> db,
              std::vector<rocksdb::ColumnFamilyHandle*> families)
      : env_(std::move(env)), walks_(std::move(walks)), db_(std::move(db)), families_(std::move(families)) {
    write_options_.sync = false;
  }
  ~RocksEngine() override {
    walks_->drop();
    for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
    if (const auto status = db_->Close(); !status.ok()) return;  // the log holds what was written
  }

  Result<std::optional<std::string>> get(Keyspace keyspace, std::string_view key,
                                         const Snapshot* snapshot) const override {
    rocksdb::ReadOptions options;
    options.snapshot = native(snapshot);
    std::array<char, 256> small;
    std::string large;
    const auto full = full_key(keyspace, key, small, large);
    // What a memtable holds is copied into `out`; what a cached block holds is only pinned.
    std::string out;
    rocksdb::PinnableSlice value(&out);
    const auto status = db_->Get(options, family(keyspace), slice(full), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return std::unexpected(to_error(status));
    if (value.IsPinned()) out.assign(value.data(), value.size());
    return out;
  }

  std::unique_ptr<Cursor> cursor(Keyspace keyspace, const Range& range, Direction direction,
                                 const Snapshot* snapshot) const override {
    const bool in_partition = direction == Direction::kForward && Partitions::is_one(keyspace, range);
    if (!in_partition || snapshot != nullptr)
      return std::make_unique<RocksCursor>(walk(keyspace, range, in_partition, snapshot), direction, nullptr);
    auto kept = walks_->take();
    if (kept != nullptr) {
      set_range(*kept, keyspace, range);
      if (!kept->iterator->Refresh().ok()) kept.reset();
    }
    if (kept == nullptr) {
      const auto changes = walks_->changes();
      kept = walk(keyspace, range, in_partition, nullptr);
      kept->changes = changes;
    }
    return std::make_unique<RocksCursor>(std::move(kept), direction, walks_.get());
  }

  std::shared_ptr<const Snapshot> snapshot() const override { return std::make_shared<RocksSnapshot>(db_); }

  Status write(const std::vector<Write>& writes) override {
    batch_.Clear();
    std::array<char, 256> small;
    std::string large;
    for (const auto& write : writes) {
      const auto key = full_key(write.keyspace, write.key, small, large);
      rocksdb::Status status;
      switch (write.kind) {
        case Write::Kind::kPut: status = batch_.Put(family(write.keyspace), slice(key), slice(write.value)); break;
        case Write::Kind::kErase: status = batch_.Delete(family(write.keyspace), slice(key)); break;
        case Write::Kind::kEraseRange: {
          status = batch_.DeleteRange(family(write.keyspace), slice(key), slice(end_of(write.keyspace, write.value)));
          break;
        }
      }
      if (!status.ok()) return std::unexpected(to_error(status));
    }
    if (const auto status = db_->Write(write_options_, &batch_); !status.ok()) return std::unexpected(to_error(status));
    return {};
  }

  Status sync() override {
    if (const auto status = db_->SyncWAL(); !status.ok()) return std::unexpected(to_error(status));
    return {};
  }

  Status checkpoint(const std::string& folder) override {
    rocksdb::Checkpoint* made = nullptr;
    auto status = rocksdb::Checkpoint::Create(db_.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) status = checkpoint->CreateCheckpoint(folder);
    if (!status.ok()) return std::unexpected(to_error(status));
    return {};
  }

  std::uint64_t approximate_bytes(Keyspace keyspace, const Range& range) const override {
    const auto [from, to] = bounds(keyspace, range);
    const rocksdb::Range native_range(from, to);
    std::uint64_t size = 0;
    rocksdb::SizeApproximationOptions options;
    options.include_memtables = true;
    return db_->GetApproximateSizes(options, family(keyspace), &native_range, 1, &size).ok() ? size : 0;
  }

  void reclaim(Keyspace keyspace, const Range& range) {
    const auto [from, to] = bounds(keyspace, range);
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    const rocksdb::Slice begin(from), end(to);
    // What a failed compaction leaves is left to the next one.
    (void)db_->CompactRange(options, family(keyspace), &begin, &end);
    if (family(keyspace) == families_[kTopicsFamily] && half_garbage()) {
      // Files that live on for a few of their batches: those are copied out.
      options.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
      options.blob_garbage_collection_age_cutoff = 1;
      (void)db_->CompactRange(options, family(keyspace), nullptr, nullptr);
    }
    // The log keeps what some family has only in memory.
    (void)db_->Flush(rocksdb::FlushOptions(), families_);
  }

  void cancel_reclaims() { db_->DisableManualCompaction(); }

  // From version 2: topics lay among the logs. A kill in between leaves version 2, and it begins again.
  Status move_topics() {
    const auto [from, to] = bounds(Keyspace::kTopics, {});
    RocksCursor rows(walk(families_[kLogsFamily], {from, to}, false, nullptr), Direction::kForward, nullptr);
    rocksdb::Status status;
    rocksdb::WriteBatch batch;
    for (; rows.valid() && status.ok(); rows.next()) {
      status = batch.Put(families_[kTopicsFamily], from + std::string(rows.key()), slice(rows.value()));
      if (!status.ok() || batch.GetDataSize() < kMoveBytes) continue;
      status = db_->Write(write_options_, &batch);
      batch.Clear();
    }
    TM_CHECK(rows.status());
    if (status.ok()) status = batch.DeleteRange(families_[kLogsFamily], from, to);
    if (status.ok())
      status = batch.Put(family(Keyspace::kMeta), static_cast<char>(Keyspace::kMeta) + std::string(kFormatKey),
                         slice(kFormatVersion));
    if (status.ok()) status = db_->Write(write_options_, &batch);
    if (!status.ok()) return std::unexpected(to_error(status));
    return sync();
  }

 private:
  static constexpr std::size_t kMoveBytes = 1 << 20;

  // Are there more erased bytes than others in the files of batches?
  bool half_garbage() const {
    std::uint64_t all = 0, garbage = 0;
    auto* topics = families_[kTopicsFamily];
    return db_->GetIntProperty(topics, rocksdb::DB::Properties::kLiveBlobFileSize, &all) &&
           db_->GetIntProperty(topics, rocksdb::DB::Properties::kLiveBlobFileGarbageSize, &garbage) &&
           garbage > all / 2;
  }

  rocksdb::ColumnFamilyHandle* family(Keyspace keyspace) const { return families_[family_of(keyspace)]; }

  std::unique_ptr<Walk> walk(Keyspace keyspace, const Range& range, bool in_partition, const Snapshot* snapshot) const {
    return walk(family(keyspace), bounds(keyspace, range), in_partition, snapshot);
  }
  std::unique_ptr<Walk> walk(rocksdb::ColumnFamilyHandle* family, std::pair<std::string, std::string> bounds,
                             bool in_partition, const Snapshot* snapshot) const {
    auto made = std::make_unique<Walk>();
    made->from = std::move(bounds.first);
    made->to = std::move(bounds.second);
    made->lower = made->from;
    made->upper = made->to;
    rocksdb::ReadOptions options;
    options.snapshot = native(snapshot);
    options.total_order_seek = !in_partition;
    if (!in_partition) options.iterate_lower_bound = &made->lower;
    options.iterate_upper_bound = &made->upper;
    made->iterator.reset(db_->NewIterator(options, family));
    return made;
  }
  static void set_range(Walk& walk, Keyspace keyspace, const Range& range) {
    walk.from.assign(1, static_cast<char>(keyspace)).append(range.from);
    walk.to.assign(1, static_cast<char>(keyspace)).append(range.to);
    walk.lower = walk.from;
    walk.upper = walk.to;
  }

  // A range with its keyspace; an open end is the end of the keyspace.
  static std::string end_of(Keyspace keyspace, std::string_view to) {
    const char tag = static_cast<char>(keyspace);
    return to.empty() ? std::string(1, static_cast<char>(tag + 1)) : tag + std::string(to);
  }
  static std::pair<std::string, std::string> bounds(Keyspace keyspace, const Range& range) {
    return {static_cast<char>(keyspace) + range.from, end_of(keyspace, range.to)};
  }

  // The keyspace byte and the key, on the stack where it fits.
  static std::string_view full_key(Keyspace keyspace, std::string_view key, std::array<char, 256>& small,
                                   std::string& large) {
    if (key.size() < small.size()) {
      small[0] = static_cast<char>(keyspace);
      std::copy(key.begin(), key.end(), small.begin() + 1);
      return {small.data(), key.size() + 1};
    }
    large.assign(1, static_cast<char>(keyspace));
    large += key;
    return large;
  }

  const std::unique_ptr<rocksdb::Env> env_;  // outlives the database
  const std::shared_ptr<KeptWalks> walks_;
  const std::shared_ptr<rocksdb::DB> db_;
  const std::vector<rocksdb::ColumnFamilyHandle*> families_;
  rocksdb::WriteOptions write_options_;
  rocksdb::WriteBatch batch_;  // one writer at a time (Engine::write)
};

// RocksDB's LOG without the dump of all options at each start: they are ours, and formatting them takes milliseconds.
class WithoutHeaders final : public rocksdb::Logger {
 public:
  explicit WithoutHeaders(std::shared_ptr<rocksdb::Logger> log)
      : rocksdb::Logger(log->GetInfoLogLevel()), log_(std::move(log)) {}
  void Logv(const char* format, va_list arguments) override { log_->Logv(format, arguments); }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level != rocksdb::InfoLogLevel::HEADER_LEVEL) log_->Logv(level, format, arguments);
  }
  void LogHeader(const char*, va_list) override {}
  std::size_t GetLogFileSize() const override { return log_->GetLogFileSize(); }
  void Flush() override { log_->Flush(); }

 private:
  const std::shared_ptr<rocksdb::Logger> log_;
};

// Files of batches are written past the page cache: they are as much as the log, are written once, in large pieces, and
// a reader who keeps up has its batches from memory. Where a file system cannot do that they are written as all others.
class PastTheCache final : public rocksdb::FileSystemWrapper {
 public:
  PastTheCache() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "PastTheCache"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (path.ends_with(".blob")) {
      auto direct = options;
      direct.use_direct_writes = true;
      if (auto status = target()->NewWritableFile(path, direct, file, debug); status.ok()) return status;
    }
    return target()->NewWritableFile(path, options, file, debug);
  }
};

// RocksDB's own messages would mix with ours on standard error: they go to its LOG file only.
rocksdb::Options database_options(const RocksOptions& options) {
  rocksdb::Options db;
  db.create_if_missing = options.create;
  db.create_missing_column_families = true;
  db.max_background_jobs = 2;
  db.max_open_files = 512;
  db.table_cache_numshardbits = 4;
  db.max_file_opening_threads = 1;  // else sixteen for each family, at every start
  db.keep_log_file_num = 2;
  db.max_log_file_size = 4 << 20;
  db.info_log_level = rocksdb::WARN_LEVEL;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.max_total_wal_size = 64ULL << 20;
  db.recycle_log_file_num = 0;
  db.allow_concurrent_memtable_write = false;  // the commit lock lets one writer in
  db.enable_pipelined_write = false;
  db.wal_bytes_per_sync = 0;
  db.bytes_per_sync = 1 << 20;
  // A kill leaves a torn tail; anything else wrong in the log of a durable store is damage and is named.
  db.wal_recovery_mode = options.relaxed ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                                         : rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  return db;
}

// How a family is read and what lies in it.
enum class Use : unsigned char {
  kPoints,   // rows read by key
  kRecords,  // small records in a row, read soon or never
  kBatches,  // as these, but large: they lie in files of their own, and merging moves their keys only
};

rocksdb::ColumnFamilyOptions family_options(const RocksOptions& options, const std::shared_ptr<rocksdb::Cache>& cache,
                                            Use use) {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = options.write_buffer_bytes;
  family.max_write_buffer_number = 3;
  family.level_compaction_dynamic_level_bytes = true;
  family.compression = rocksdb::kLZ4Compression;  // a point read outside the cache unpacks a block
  if (use == Use::kPoints) {
    // What is looked for is often new: an item's key, a transaction's token.
    family.memtable_whole_key_filtering = true;
    family.memtable_prefix_bloom_size_ratio = 0.002;  // 32 KB
    family.prefix_extractor = std::make_shared<Partitions>();
  }
  if (use == Use::kBatches) {
    family.enable_blob_files = true;
    family.min_blob_size = kBlobBytesMin;
    // Merging levels would rewrite the keys of all that a topic holds with every few flushes: rows are appended, but
    // the keys of one flush lie among those of all before it (batches, index by time, producers). Merging files of like
    // size rewrites a key once for each doubling.
    family.compaction_style = rocksdb::kCompactionStyleUniversal;
    family.level0_file_num_compaction_trigger = kRunsOfBatches;
  }
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = use == Use::kPoints ? 4 << 10 : 8 << 10;
  table.enable_index_compression = false;
  table.format_version = 5;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  if (use == Use::kPoints) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // In parts of a block's size: those of a large file, read whole, would not even fit into a shard of the cache.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = use == Use::kPoints;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

}  // namespace

void reclaim(Engine& engine, Keyspace keyspace, const Range& range) {
  if (auto* rocks = dynamic_cast<RocksEngine*>(&engine)) rocks->reclaim(keyspace, range);
}

void cancel_reclaims(Engine& engine) {
  if (auto* rocks = dynamic_cast<RocksEngine*>(&engine)) rocks->cancel_reclaims();
}

Result<std::unique_ptr<Engine>> open_rocks(const RocksOptions& options) {
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes, kCacheShardBits);
  const std::vector<rocksdb::ColumnFamilyDescriptor> descriptors = {
      {rocksdb::kDefaultColumnFamilyName, family_options(options, cache, Use::kPoints)},
      {"items", family_options(options, cache, Use::kPoints)},
      {"logs", family_options(options, cache, Use::kRecords)},
      {"topics", family_options(options, cache, Use::kBatches)},
  };
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::DB* opened = nullptr;
  auto database = database_options(options);
  auto env = rocksdb::NewCompositeEnv(std::make_shared<PastTheCache>());
  database.env = env.get();
  const auto walks = std::make_shared<KeptWalks>();
  database.listeners.push_back(walks);
  if (std::shared_ptr<rocksdb::Logger> log; rocksdb::CreateLoggerFromOptions(options.folder, database, &log).ok())
    database.info_log = std::make_shared<WithoutHeaders>(std::move(log));
  const auto status = rocksdb::DB::Open(database, options.folder, descriptors, &families, &opened);
  if (!status.ok()) {
    const auto text = status.ToString();
    if (text.find("lock") != text.npos) {
      return fail(Errc::kConflict, "the data directory " + options.folder + " is in use by another server");
    }
    if (status.IsCorruption()) {
      return fail(Errc::kCorruption, "the data directory " + options.folder + " is damaged: " + text);
    }
    return fail(Errc::kIo, "cannot open the data directory " + options.folder + ": " + text);
  }
  auto engine =
      std::make_unique<RocksEngine>(std::move(env), walks, std::shared_ptr<rocksdb::DB>(opened), std::move(families));
  TM_TRY(const auto version, engine->get(Keyspace::kMeta, kFormatKey, nullptr));
  if (!version) {
    TM_CHECK(
        engine->write({{Write::Kind::kPut, Keyspace::kMeta, std::string(kFormatKey), std::string(kFormatVersion)}}));
    TM_CHECK(engine->sync());
  } else if (*version == kTopicsAmongLogs) {
    TM_CHECK(engine->move_topics());
  } else if (*version != kFormatVersion) {
    const bool newer = version->size() > kFormatVersion.size() ||
                       (version->size() == kFormatVersion.size() && *version > kFormatVersion);
    return fail(Errc::kUnsupported, "the data directory " + options.folder + " has format " + *version +
                                        ", written by " + (newer ? "a newer" : "an older") +
                                        " version; this one reads format " + std::string(kFormatVersion));
  }
  return engine;
}

}  // namespace tidemill::storage
