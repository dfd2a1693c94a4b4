#include "streams/heat.h"

#include <algorithm>
#include <set>

#include "streams/streams.h"

namespace tidemill::streams {
namespace {

constexpr std::uint64_t kSample = 64;
// Beyond this many open shards a stream is not split any further: the most that a table can begin with, too.
constexpr std::size_t kOpenMax = 64;

// What the newest records of a slot are like.
struct Sample {
  double mean_bytes = 0;
  bool one_key = true;  // all of one partition key: a split would move the heat, not divide it
};

Sample sample_of(const StreamInfo& stream, const Slot& slot, std::uint64_t from) {
  const auto reached = slot.reached();
  const auto batch = slot.read(std::max(from, reached < kSample ? 0 : reached - kSample), {.max_records = kSample});
  Sample sample;
  if (!batch || batch->records.empty()) return sample;
  std::set<std::string> keys;
  for (const auto& record : batch->records) {
    sample.mean_bytes += static_cast<double>(record.size_bytes) / static_cast<double>(batch->records.size());
    if (auto key = key_json(record, {.hash = stream.keys.hash, .range = {}})) keys.insert(*std::move(key));
  }
  sample.one_key = keys.size() <= 1;
  return sample;
}

}  // namespace

bool Heat::is_hot(const StreamInfo& stream, const Slot& slot, const Seen& before, const Seen& now) const {
  const auto seconds = std::chrono::duration<double>(now.at - before.at).count();
  if (seconds <= 0 || now.number <= before.number) return false;
  const auto sample = sample_of(stream, slot, before.number);
  const double rate = static_cast<double>(now.number - before.number) / seconds;
  const double limit = static_cast<double>(limit_);
  return !sample.one_key && (rate > limit || rate * sample.mean_bytes > limit * 1024);
}

std::vector<std::string> Heat::look(const StreamInfo& stream, const std::vector<std::shared_ptr<Slot>>& slots,
                                    WallTime now) {
  std::vector<std::string> hot;
  if (limit_ == 0 || !stream.enabled) return hot;
  std::size_t open = 0;
  for (const auto& shard : stream.shards) {
    if (shard.end) continue;
    ++open;
    const Slot& slot = *slots[shard.slot];
    const Seen present{.at = now, .number = slot.next()};
    const auto [known, first] = seen_.try_emplace(shard.id, present);
    if (!first && is_hot(stream, slot, known->second, present)) hot.push_back(shard.id);
    known->second = present;
  }
  hot.resize(std::min(hot.size(), kOpenMax - std::min(open, kOpenMax)));
  return hot;
}

void Heat::end_round() {
  std::erase_if(seen_, [](const auto& entry) { return !entry.second.kept; });
  for (auto& [shard, seen] : seen_) seen.kept = false;
}

}  // namespace tidemill::streams
