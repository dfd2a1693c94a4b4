// What a partition knows about the idempotent producers that wrote to it: enough to drop repeated batches and to refuse
// gaps.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "topics/errors.h"
#include "topics/record_batch.h"

namespace tidemill::topics {

struct ProducerState {
  struct Batch {
    std::int32_t first_sequence = 0;
    std::int32_t last_sequence = 0;
    std::int64_t base_offset = 0;
    std::int64_t timestamp_ms = 0;
    bool operator==(const Batch&) const = default;
  };
  static constexpr std::size_t kRemembered = 5;  // as many as a producer may have in flight

  std::int16_t epoch = -1;
  std::deque<Batch> batches;               // the newest last
  std::optional<std::int64_t> open_since;  // first offset of its open transaction here
  std::int64_t last_write_ms = 0;

  bool operator==(const ProducerState&) const = default;
  std::string to_row() const;
  static std::optional<ProducerState> from_row(std::string_view row);
};

struct Duplicate {
  ProducerState::Batch first;  // as it was appended
};

// May this batch be appended after what `state` remembers? Nothing in the variant's first place: yes.
// `state` is null when the producer has not written here, or so long ago that it was forgotten.
Result<std::variant<std::monostate, Duplicate>> check_sequence(const ProducerState* state, const BatchHeader& batch);

// The state after that batch was appended at `base_offset`.
void remember(ProducerState& state, const BatchHeader& batch, std::int64_t base_offset, std::int64_t now_ms);

// Sequence numbers count from 0 to 2^31-1 and begin again.
std::int32_t sequence_plus(std::int32_t sequence, std::int32_t steps);

}  // namespace tidemill::topics
