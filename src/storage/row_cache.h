// Rows that were read or written lately, in memory: what is asked for often is found without a walk through the engine.
// Never older than the engine: a row is out of it while it is being written, and a reader puts in only what no writer
// can have changed since it asked.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tidemill::storage {

// Of one keyspace. Thread-safe.
class RowCache {
 public:
  static constexpr std::size_t kRowBytesMax = 8 << 10;  // longer rows are not kept

  explicit RowCache(std::size_t bytes_max) : part_bytes_max_(bytes_max / kParts) {}
  RowCache(const RowCache&) = delete;

  // What a reader needs to put in what it has read elsewhere.
  struct Missed {
    std::uint64_t writes = 0;  // that had begun or ended by then
  };
  // The row, or how it was missed.
  std::optional<std::string> get(std::string_view key, Missed& missed);
  void fill(std::string_view key, std::string_view value, Missed missed);

  // Before and after a row is written to the engine.
  void begin_write(std::string_view key);
  void end_write(std::string_view key, std::optional<std::string_view> value);  // nothing: the row is gone
  // The same, where any row may go.
  void begin_clear();
  void end_clear();

  std::size_t bytes() const;  // of keys and values, with what holds them

 private:
  static constexpr std::size_t kParts = 16;
  static constexpr std::size_t kEntryBytes = 160;  // what an entry costs beside its key and value
  struct Entry {
    std::string key, value;
    bool kept = false;    // false: it is being written, or gone
    bool recent = false;  // asked for since the hand passed
  };
  struct Part {
    std::mutex mutex;
    std::list<Entry> entries;  // the hand is at the front
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key;
    std::size_t bytes = 0;
    std::uint64_t writes = 0;  // begun or ended
    int under_way = 0;         // begun and not ended
  };
  Part& part_of(std::string_view key) { return parts_[std::hash<std::string_view>()(key) >> 60]; }
  void put(Part& part, std::string_view key, std::string_view value);
  void drop(Part& part, std::list<Entry>::iterator entry);

  const std::size_t part_bytes_max_;
  mutable std::array<Part, kParts> parts_;
};

}  // namespace tidemill::storage
