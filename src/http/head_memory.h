// Heads that came before. A client program sends the same head again and again but for a few values: a date, a digest,
// a signature, a length. Such a head is compared, not read, and what was concluded from it holds on.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace tidemill::http {

// Of one loop. Bounded: 32 heads; one that has not come for long makes room.
class HeadMemory {
 public:
  // Of one connection: where to look first.
  using Hint = std::uint8_t;

  // When `text` begins with a head like one that was kept: reads it, as read_head_before() would, and gives its size.
  // Else 0.
  std::size_t recall(std::string_view text, Hint& hint, Head& head);
  // `text` is a whole head and `head` what read_head_before() made of it. Gives it its id, unless all that is kept is
  // in use.
  void keep(std::string_view text, Hint& hint, Head& head);

 private:
  static constexpr std::size_t kEntries = 32;
  static constexpr std::size_t kTextMax = 4096;
  struct Entry {
    std::string text;                  // with zeros up to a whole number of blocks
    std::size_t size = 0;              // without them
    std::vector<std::uint64_t> loose;  // of each block, the bytes that may be other letters, digits or dashes
    std::vector<Headers::Place> places;
    std::size_t length_at = 0, length_size = 0;  // of Content-Length's value
    Head head;                                   // without its headers and its length
    std::uint8_t uses = 0;                       // since it was last passed over, up to kUsesMax
  };
  static bool matches(const Entry& entry, const char* text);
  static bool read(const Entry& entry, std::string_view text, Head& head);

  std::array<Entry, kEntries> entries_;
  std::size_t used_ = 0;    // entries that are not free
  std::size_t victim_ = 0;  // who is looked at next when room is needed
};

// What was concluded from heads, by Request::head_id. Of one thread.
template <class T>
class HeadConclusions {
 public:
  // Null when nothing is remembered.
  const T* find(std::uint64_t head_id) const {
    const auto& entry = entries_[head_id % kEntries];
    return head_id != 0 && entry.head_id == head_id ? &entry.conclusion : nullptr;
  }
  void put(std::uint64_t head_id, T conclusion) {
    if (head_id != 0) entries_[head_id % kEntries] = {head_id, std::move(conclusion)};
  }

 private:
  static constexpr std::size_t kEntries = 64;
  struct Entry {
    std::uint64_t head_id = 0;
    T conclusion{};
  };
  std::array<Entry, kEntries> entries_;
};

}  // namespace tidemill::http
