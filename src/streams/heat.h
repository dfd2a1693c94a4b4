// Which open shards take more than one reader should have to follow. Numbers of a log say how much was written, and a
// few of the newest records how large it was, so that writers pay nothing for being watched.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "streams/slot.h"

namespace tidemill::streams {

struct StreamInfo;

class Heat {
 public:
  // A shard is hot above so many records, or so many KB of items, a second; 0: never.
  explicit Heat(std::uint64_t records_a_second) : limit_(records_a_second) {}

  // The open shards of one stream that were hot all the time since they were last looked at, and that a split relieves.
  std::vector<std::string> look(const StreamInfo& stream, const std::vector<std::shared_ptr<Slot>>& slots,
                                WallTime now);
  // Forgets what was not looked at any more since the last call: closed shards, streams that are gone.
  void end_round();

 private:
  struct Seen {
    WallTime at{};
    std::uint64_t number = 0;
    bool kept = true;
  };
  bool is_hot(const StreamInfo& stream, const Slot& slot, const Seen& before, const Seen& now) const;

  const std::uint64_t limit_;
  std::map<std::string, Seen> seen_;  // by shard
};

}  // namespace tidemill::streams
