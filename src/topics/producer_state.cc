#include "topics/producer_state.h"

#include <limits>

#include "topics/rows.h"

namespace tidemill::topics {

std::string ProducerState::to_row() const {
  RowWriter row;
  row.number(epoch)
      .number(last_write_ms)
      .number(open_since.value_or(-1))
      .number(static_cast<std::int64_t>(batches.size()));
  for (const auto& batch : batches)
    row.number(batch.first_sequence).number(batch.last_sequence).number(batch.base_offset).number(batch.timestamp_ms);
  return row.take();
}

std::optional<ProducerState> ProducerState::from_row(std::string_view bytes) {
  RowReader row(bytes);
  ProducerState out;
  out.epoch = static_cast<std::int16_t>(row.number());
  out.last_write_ms = row.number();
  if (const auto since = row.number(); since >= 0) out.open_since = since;
  for (auto n = row.count(); n > 0 && row.ok(); --n) {
    Batch batch;
    batch.first_sequence = static_cast<std::int32_t>(row.number());
    batch.last_sequence = static_cast<std::int32_t>(row.number());
    batch.base_offset = row.number();
    batch.timestamp_ms = row.number();
    out.batches.push_back(batch);
  }
  return row.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::int32_t sequence_plus(std::int32_t sequence, std::int32_t steps) {
  constexpr std::int64_t kRange = std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1;
  return static_cast<std::int32_t>((std::int64_t{sequence} + steps) % kRange);
}

Result<std::variant<std::monostate, Duplicate>> check_sequence(const ProducerState* state, const BatchHeader& batch) {
  // A producer that is unknown here may begin with any sequence: its state may have expired.
  if (!state || state->epoch < 0) return std::monostate();
  if (batch.producer_epoch < state->epoch)
    return fail(Errc::kInvalidProducerEpoch, "Epoch of producer " + std::to_string(batch.producer_id) + " is " +
                                                 std::to_string(batch.producer_epoch) +
                                                 ", which is smaller than the last seen epoch " +
                                                 std::to_string(state->epoch));
  const auto out_of_order = [&] {
    return fail(Errc::kOutOfOrderSequence, "Out of order sequence number for producer " +
                                               std::to_string(batch.producer_id) + ": " +
                                               std::to_string(batch.base_sequence) + " (incoming)");
  };
  if (batch.producer_epoch > state->epoch) {
    if (batch.base_sequence != 0) return out_of_order();
    return std::monostate();
  }
  const auto last_sequence = sequence_plus(batch.base_sequence, batch.last_offset_delta);
  for (const auto& seen : state->batches)
    if (seen.first_sequence == batch.base_sequence && seen.last_sequence == last_sequence) return Duplicate{seen};
  // After a marker alone the epoch is known and no sequence is.
  if (state->batches.empty() || batch.base_sequence == sequence_plus(state->batches.back().last_sequence, 1))
    return std::monostate();
  return out_of_order();
}

void remember(ProducerState& state, const BatchHeader& batch, std::int64_t base_offset, std::int64_t now_ms) {
  if (batch.producer_epoch != state.epoch) state.batches.clear();
  state.epoch = batch.producer_epoch;
  state.last_write_ms = now_ms;
  state.batches.push_back({batch.base_sequence, sequence_plus(batch.base_sequence, batch.last_offset_delta),
                           base_offset, batch.max_timestamp});
  if (state.batches.size() > ProducerState::kRemembered) state.batches.pop_front();
  if (batch.is_transactional() && !state.open_since) state.open_since = base_offset;
}

}  // namespace tidemill::topics
