#include "topics/partition.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"

namespace tidemill::topics {
namespace {

using storage::Direction;
using storage::Keyspace;
using storage::Range;

// An index row for each so many bytes: what a lookup by time reads at most, and the grain of retention.
constexpr std::int64_t kIndexGrain = 64 * 1024;

// Signed numbers in an order-preserving form.
std::uint64_t ordered(std::int64_t value) { return static_cast<std::uint64_t>(value) ^ (1ULL << 63); }

std::string keyed(std::string prefix, std::int64_t number) {
  append_be(prefix, number);
  return prefix;
}

std::int64_t last_number(std::string_view key) { return load_be<std::int64_t>(key.data() + key.size() - 8); }

struct IndexRow {
  std::int64_t greatest_before;  // timestamp
  std::int64_t base;
  std::int64_t position;
};

std::optional<IndexRow> read_index(std::string_view prefix, const storage::Cursor& at) {
  if (at.key().size() != prefix.size() + 16) return std::nullopt;
  RowReader row(at.value());
  IndexRow out{static_cast<std::int64_t>(load_be<std::uint64_t>(at.key().data() + prefix.size()) ^ (1ULL << 63)),
               last_number(at.key()), row.number()};
  return row.ok() ? std::optional(out) : std::nullopt;
}

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(Errc::kKafkaStorageError, "The stored " + std::string(what) + " of a partition cannot be read.");
}

}  // namespace

Partition::Partition(storage::Store& store, runtime::Executor& home, const Uuid& topic, std::int32_t number)
    : store_(store),
      home_(home),
      batches_prefix_(rows::batches(topic, number)),
      index_prefix_(rows::index(topic, number)),
      log_start_key_(rows::log_start(topic, number)),
      producers_prefix_(rows::producers(topic, number)),
      aborted_prefix_(rows::aborted(topic, number)) {}

Partition::~Partition() = default;

Result<std::unique_ptr<Partition>> Partition::open(storage::Store& store, runtime::Executor& home, const Uuid& topic,
                                                   std::int32_t number) {
  std::unique_ptr<Partition> out(new Partition(store, home, topic, number));
  TM_CHECK(out->load());
  return out;
}

Status Partition::load() {
  auto start = store_.get(Keyspace::kTopics, log_start_key_);
  if (!start) return corrupt("log start");
  if (*start) {
    RowReader row(**start);
    log_start_ = row.number();
    start_position_ = row.number();
    if (!row.ok()) return corrupt("log start");
  }
  // The newest index row says what lies before it; the batches after it are counted anew.
  std::int64_t from = log_start_;
  position_ = start_position_;
  if (auto at = store_.cursor(Keyspace::kTopics, Range::prefix(index_prefix_), Direction::kReverse); at->valid()) {
    const auto row = read_index(index_prefix_, *at);
    if (!row) return corrupt("index");
    greatest_timestamp_ = row->greatest_before;
    position_ = row->position;
    indexed_position_ = row->position;
    from = row->base;
  }
  std::int64_t next = log_start_;
  for (auto at = store_.cursor(Keyspace::kTopics, {keyed(batches_prefix_, from), prefix_end(batches_prefix_)});
       at->valid(); at->next()) {
    const auto header = parse_header(at->value());
    if (!header) return corrupt("batches");
    greatest_timestamp_ = std::max(greatest_timestamp_, header->max_timestamp);
    position_ += static_cast<std::int64_t>(at->value().size());
    next = std::max(next, header->next_offset());
  }
  for (auto at = store_.cursor(Keyspace::kTopics, Range::prefix(producers_prefix_)); at->valid(); at->next()) {
    auto state = ProducerState::from_row(at->value());
    if (!state) return corrupt("producers");
    if (state->open_since) open_.insert(*state->open_since);
    producers_.emplace(last_number(at->key()), std::move(*state));
  }
  for (auto at = store_.cursor(Keyspace::kTopics, Range::prefix(aborted_prefix_)); at->valid(); at->next()) {
    RowReader row(at->value());
    const AbortedTransaction transaction{row.number(), row.number()};
    if (!row.ok()) return corrupt("aborted transactions");
    aborted_.emplace(last_number(at->key()), transaction);
  }
  position_ = std::max(position_, start_position_);
  log_ = store_.open_log(Keyspace::kTopics, batches_prefix_, static_cast<std::uint64_t>(next));
  subscription_ = log_->watch(home_, [this](std::uint64_t) { watchers_.notify(); });
  return {};
}

std::int64_t Partition::last_stable() const {
  return open_.empty() ? high_watermark() : std::min(*open_.begin(), high_watermark());
}

std::int64_t Partition::bytes() const { return position_ - start_position_; }

std::string Partition::index_key(std::int64_t timestamp_ms, std::int64_t base) const {
  auto key = index_prefix_;
  append_be(key, ordered(timestamp_ms));
  append_be(key, base);
  return key;
}

std::int64_t Partition::base_of(std::int64_t offset) const {
  auto at =
      store_.cursor(Keyspace::kTopics, {batches_prefix_, keyed(batches_prefix_, offset + 1)}, Direction::kReverse);
  if (!at->valid()) return offset;
  const auto header = parse_header(at->value());
  return header && header->last_offset() >= offset ? header->base_offset : offset;
}

template <class See>
Status Partition::walk(std::int64_t from, const See& see) const {
  const auto end = prefix_end(batches_prefix_);
  auto at = store_.cursor(Keyspace::kTopics, {keyed(batches_prefix_, from), end});
  // Most readers ask for the first offset of a batch; the others need the batch before.
  if (!at->valid() || last_number(at->key()) != from) {
    if (const auto base = base_of(from); base != from)
      at = store_.cursor(Keyspace::kTopics, {keyed(batches_prefix_, base), end});
  }
  for (; at->valid(); at->next())
    if (!see(last_number(at->key()), at->value())) return {};
  if (auto status = at->status(); !status) return fail(Errc::kKafkaStorageError, status.error().message);
  return {};
}

Result<std::string> Partition::read_batches(const ReadSpec& spec) {
  std::string out;
  if (spec.offset >= spec.end) return out;
  TM_CHECK(walk(spec.offset, [&](std::int64_t base, std::string_view batch) {
    if (base >= spec.end) return false;
    if (out.size() + batch.size() > spec.max_bytes && !(out.empty() && spec.at_least_one)) return false;
    out += batch;
    return out.size() < spec.max_bytes;
  }));
  return out;
}

std::vector<AbortedTransaction> Partition::aborted_in(std::int64_t from, std::int64_t to) const {
  std::vector<AbortedTransaction> out;
  for (auto at = aborted_.lower_bound(from); at != aborted_.end(); ++at)
    if (at->second.first_offset < to) out.push_back(at->second);
  return out;
}

Result<std::optional<TimedOffset>> Partition::first_at_or_after(std::int64_t timestamp_ms, std::int64_t from,
                                                                std::int64_t end) const {
  std::optional<TimedOffset> found;
  Status decoded;
  TM_CHECK(walk(from, [&](std::int64_t base, std::string_view batch) {
    if (base >= end) return false;
    const auto header = parse_header(batch);
    if (!header || header->is_control() || header->max_timestamp < timestamp_ms) return true;
    decoded = for_each_record(batch, [&](const RecordView& record) {
      if (record.offset >= log_start_ && record.timestamp_ms >= timestamp_ms)
        found = TimedOffset{record.timestamp_ms, record.offset};
      return !found;
    });
    return decoded && !found;
  }));
  TM_CHECK(decoded);
  return found;
}

Result<std::optional<TimedOffset>> Partition::find_time(std::int64_t timestamp_ms, std::int64_t end) {
  // The last index row before whose batches every timestamp is smaller.
  std::int64_t from = log_start_;
  auto at = store_.cursor(Keyspace::kTopics, {index_prefix_, index_key(timestamp_ms, 0)}, Direction::kReverse);
  if (at->valid()) {
    const auto row = read_index(index_prefix_, *at);
    if (!row) return corrupt("index");
    from = std::max(from, row->base);
  }
  return first_at_or_after(timestamp_ms, from, end);
}

Result<std::optional<TimedOffset>> Partition::find_max_time() {
  if (log_start_ >= high_watermark()) return std::nullopt;
  TM_TRY(auto found, find_time(greatest_timestamp_, high_watermark()));
  if (found) return found;
  // The batch with the greatest timestamp has been trimmed, or is not durable yet: look at all that is there.
  std::int64_t greatest = INT64_MIN;
  TM_CHECK(walk(log_start_, [&](std::int64_t base, std::string_view batch) {
    if (base >= high_watermark()) return false;
    if (const auto header = parse_header(batch); header && !header->is_control())
      greatest = std::max(greatest, header->max_timestamp);
    return true;
  }));
  return first_at_or_after(greatest, log_start_, high_watermark());
}

Result<std::variant<std::monostate, Duplicate>> Partition::check(const BatchHeader& header) const {
  if (!header.has_producer()) return std::monostate();
  const auto known = producers_.find(header.producer_id);
  return check_sequence(known == producers_.end() ? nullptr : &known->second, header);
}

void Partition::save(std::int64_t producer_id, const ProducerState& state, storage::Mutation& changes) const {
  changes.put(Keyspace::kTopics, keyed(producers_prefix_, producer_id), state.to_row());
}

Partition::Appended Partition::append(std::string batch, const BatchHeader& header, TimestampType type,
                                      std::int64_t now_ms, storage::Mutation& changes) {
  // Only the home loop appends, so the number that the log will give is known.
  const auto base = end();
  set_base_offset(batch, base);
  set_leader_epoch(batch, leader_epoch());
  Appended out{.base_offset = base};
  auto greatest = header.max_timestamp;
  if (type == TimestampType::kLogAppendTime) {
    set_log_append_time(batch, now_ms);
    out.append_time_ms = now_ms;
    greatest = now_ms;
  }
  if (position_ >= indexed_position_ + kIndexGrain || indexed_position_ == INT64_MIN) {
    changes.put(Keyspace::kTopics, index_key(greatest_timestamp_, base), RowWriter().number(position_).take());
    indexed_position_ = position_;
  }
  position_ += static_cast<std::int64_t>(batch.size());
  greatest_timestamp_ = std::max(greatest_timestamp_, greatest);
  if (header.has_producer() && !header.is_control()) {
    auto& state = producers_[header.producer_id];
    const bool was_open = state.open_since.has_value();
    remember(state, header, base, now_ms);
    if (state.open_since && !was_open) open_.insert(base);
    save(header.producer_id, state, changes);
  }
  changes.append(*log_, static_cast<std::uint64_t>(header.last_offset_delta) + 1, std::move(batch),
                 [base](std::uint64_t number, std::string&) { TM_ASSERT(static_cast<std::int64_t>(number) == base); });
  return out;
}

Partition::Ended Partition::end_transaction(Marker marker, std::int64_t producer_id, std::int16_t epoch,
                                            std::int64_t now_ms, storage::Mutation& changes) {
  auto& state = producers_[producer_id];
  const auto first = std::exchange(state.open_since, std::nullopt);
  if (epoch > state.epoch) state.batches.clear();
  state.epoch = std::max(state.epoch, epoch);
  state.last_write_ms = now_ms;
  auto batch = encode_marker(marker, producer_id, epoch, now_ms);
  const auto header = *parse_header(batch);
  const auto appended = append(std::move(batch), header, TimestampType::kCreateTime, now_ms, changes);
  save(producer_id, state, changes);
  if (marker == Marker::kAbort && first) {
    aborted_.emplace(appended.base_offset, AbortedTransaction{producer_id, *first});
    changes.put(Keyspace::kTopics, keyed(aborted_prefix_, appended.base_offset),
                RowWriter().number(producer_id).number(*first).take());
  }
  return {first};
}

void Partition::settled(const Ended& ended) {
  if (!ended.first_offset) return;
  if (const auto at = open_.find(*ended.first_offset); at != open_.end()) open_.erase(at);
  watchers_.notify();
}

void Partition::trim(std::int64_t offset, storage::Mutation& changes) {
  if (offset <= log_start_) return;
  TM_ASSERT(offset <= high_watermark());
  log_start_ = offset;
  const auto base = offset == end() ? offset : base_of(offset);
  changes.erase_range(Keyspace::kTopics, batches_prefix_, keyed(batches_prefix_, base));
  // Index rows: the last one at or before the new first batch stays, with its position as the new start's.
  std::string last_kept;
  for (auto at = store_.cursor(Keyspace::kTopics, Range::prefix(index_prefix_)); at->valid(); at->next()) {
    const auto row = read_index(index_prefix_, *at);
    if (!row || row->base > base) break;
    last_kept = at->key();
    start_position_ = row->position;
  }
  if (offset == end()) start_position_ = position_;
  if (!last_kept.empty()) changes.erase_range(Keyspace::kTopics, index_prefix_, last_kept);
  const auto kept = aborted_.lower_bound(offset);
  aborted_.erase(aborted_.begin(), kept);
  changes.erase_range(Keyspace::kTopics, aborted_prefix_, keyed(aborted_prefix_, offset));
  changes.put(Keyspace::kTopics, log_start_key_, RowWriter().number(log_start_).number(start_position_).take());
}

std::int64_t Partition::retained_from(const TopicConfig& config, std::int64_t now_ms) const {
  auto out = log_start_;
  if (!config.deletes || log_start_ >= high_watermark()) return out;
  const auto limit = last_stable();  // what an open transaction has written stays
  const auto cutoff = config.retention_ms >= 0 ? now_ms - config.retention_ms : INT64_MIN;
  if (config.retention_ms >= 0 && greatest_timestamp_ < cutoff && limit == end()) return limit;
  const auto excess = config.retention_bytes >= 0 ? bytes() - config.retention_bytes : 0;
  for (auto at = store_.cursor(Keyspace::kTopics, Range::prefix(index_prefix_)); at->valid(); at->next()) {
    const auto row = read_index(index_prefix_, *at);
    if (!row || row->base > limit) break;
    const bool too_old = row->greatest_before < cutoff;
    const bool too_much = row->position - start_position_ <= excess;
    if (!too_old && !too_much) break;
    out = std::max(out, row->base);
  }
  return out;
}

void Partition::expire_producers(std::int64_t now_ms, std::int64_t age_ms, storage::Mutation& changes) {
  for (auto at = producers_.begin(); at != producers_.end();) {
    if (at->second.open_since || at->second.last_write_ms + age_ms > now_ms) {
      ++at;
      continue;
    }
    changes.erase(Keyspace::kTopics, keyed(producers_prefix_, at->first));
    at = producers_.erase(at);
  }
}

}  // namespace tidemill::topics
