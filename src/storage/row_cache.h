// Rows that were read or written lately, in memory: what is asked for often is found without a walk through the engine.
// Never older than the engine: a row is out of it while it is being written, and a reader puts in only what no writer
// can have changed since it asked.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

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
  // Shows the row to `see`, or tells how it was missed. Under a lock: `see` is short and does not come back here.
  bool get(std::string_view key, Missed& missed, const std::function<void(std::string_view row)>& see);
  void fill(std::string_view key, std::string_view value, Missed missed);

  // Before and after a row is written to the engine.
  void begin_write(std::string_view key);
  void end_write(std::string_view key, std::optional<std::string_view> value);  // nothing: the row is gone
  // The same, where any row may go.
  void begin_clear();
  void end_clear();

  std::size_t bytes() const;  // of keys and values, with what holds them
  // The most taken slots in a row: what a look may have to pass.
  std::size_t longest_run() const;

 private:
  static constexpr std::size_t kParts = 16;
  static constexpr std::size_t kLineSlots = 4;
  static constexpr std::size_t kLineStep = 0x9E3779B1;  // odd: all lines are visited
  static constexpr std::size_t kSlotBytes = 40;  // what a row costs beside its own memory: its slot, and free ones
  // Key and value behind each other, in one piece of memory.
  struct Row {
    std::uint32_t key_size, value_size;
    std::uint32_t room;  // for both
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
    std::string_view key() { return {bytes(), key_size}; }
    std::string_view value() { return {bytes() + key_size, value_size}; }
    std::size_t cost() const { return sizeof(Row) + room + kSlotBytes; }
  };
  struct Free {
    void operator()(Row* row) const { ::operator delete(row); }
  };
  // The row lies in the first free slot behind the one that its hash names. The two lowest bits are not the hash's.
  static constexpr std::uint64_t kKept = 1;    // else it is being written
  static constexpr std::uint64_t kRecent = 2;  // asked for since the hand passed
  struct Slot {
    std::uint64_t hash = 0;
    std::unique_ptr<Row, Free> row;  // none: the slot is free
  };
  struct Part {
    std::mutex mutex;
    std::vector<Slot> slots;  // a power of two, at most three quarters of them taken
    std::size_t taken = 0;
    std::size_t hand = 0;  // counts the slots that were looked at to find what may be dropped
    std::size_t bytes = 0;
    std::uint64_t writes = 0;  // begun or ended
    int under_way = 0;         // begun and not ended

    std::size_t place(std::uint64_t hash) const { return hash >> 2 & (slots.size() - 1); }
    std::size_t next(std::size_t place) const { return (place + 1) & (slots.size() - 1); }
    // The slots in the order of the hand: a line of memory, then one that lies far from it. Were they swept from the
    // first to the last, the slots before the hand would hold twice the rows that they hold on average, and look-ups
    // there would pass thousands.
    std::size_t under_hand() const {
      return ((hand / kLineSlots * kLineStep * kLineSlots) + hand % kLineSlots) & (slots.size() - 1);
    }
    Slot* find(std::uint64_t hash, std::string_view key);
    Slot* insert(Slot slot);
    void drop(std::size_t place);
    void put(std::uint64_t hash, std::string_view key, std::string_view value);
  };
  static std::uint64_t hash_of(std::string_view key) { return std::hash<std::string_view>()(key); }
  Part& part_of(std::uint64_t hash) const { return parts_[hash >> 60]; }
  void put(Part& part, std::uint64_t hash, std::string_view key, std::string_view value);

  const std::size_t part_bytes_max_;
  mutable std::array<Part, kParts> parts_;
};

}  // namespace tidemill::storage
