#include "topics/remote_reader.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>

namespace tidemill::topics {
namespace {

constexpr std::size_t kBufferedRecords = 10'000;  // per cursor; librdkafka holds at most 16 MiB more
constexpr std::size_t kBufferedBytes = 8 * 1024 * 1024;
constexpr std::size_t kStep = 32;        // messages taken from librdkafka at a time
constexpr std::size_t kCursorsMax = 16;  // of one partition
constexpr auto kIdle = std::chrono::seconds(10);

std::size_t bytes_of(const Record& record) {
  auto out = record.key.value_or("").size() + record.value.value_or("").size();
  for (const auto& header : record.headers) out += header.key.size() + header.value.value_or("").size();
  return out;
}

std::optional<std::string> bytes(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(data), size);
}

Record to_record(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type{};
  Record out{.offset = message.offset, .timestamp_ms = rd_kafka_message_timestamp(&message, &type)};
  out.timestamp_type =
      type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? TimestampType::kLogAppendTime : TimestampType::kCreateTime;
  out.key = bytes(message.key, message.key_len);
  out.value = bytes(message.payload, message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i)
      out.headers.push_back({.key = name, .value = bytes(value, size)});
  }
  return out;
}

}  // namespace

struct RemoteReader::Cursor : std::enable_shared_from_this<Cursor> {
  enum class State : unsigned char { kNew, kStarting, kFetching, kFailed };
  Cursor(RemoteReader& r, Key k, std::size_t s)
      : reader(r), alive(r.alive_), home(r.home_), key(std::move(k)), slot(s) {}
  ~Cursor() { halt(); }
  Cursor(const Cursor&) = delete;

  // Never changed: librdkafka's threads read these.
  RemoteReader& reader;
  const std::weak_ptr<int> alive;
  runtime::Loop& home;
  const Key key;
  const std::size_t slot;

  // The home loop's.
  State state = State::kNew;
  std::int64_t position = 0;  // the next offset that its reader is to ask for
  std::deque<Record> buffer;  // at or above `position`
  std::size_t buffered_bytes = 0;
  std::optional<Error> error;
  std::uint64_t started = 0;         // counts the starts
  runtime::Instant used{}, since{};  // last read; last start
  // Made and unmade by the worker while the state is kStarting or the cursor is being stopped; read by the home loop
  // otherwise.
  rd::Topic topic;
  rd::Queue queue;

  // On the worker.
  Status switch_to(rd_kafka_t* handle, std::int64_t offset) {
    halt();
    if (!topic) topic.reset(rd_kafka_topic_new(handle, key.topic.c_str(), nullptr));
    if (!topic) return std::unexpected(rd::to_error(rd_kafka_last_error()));
    rd::Queue fresh(rd_kafka_queue_new(handle));
    if (rd_kafka_consume_start_queue(topic.get(), key.partition, offset, fresh.get()) != 0)
      return std::unexpected(rd::to_error(rd_kafka_last_error()));
    queue = std::move(fresh);
    rd_kafka_queue_cb_event_enable(queue.get(), on_filled, this);
    return {};
  }
  void halt() {
    if (!queue) return;
    rd_kafka_queue_cb_event_enable(queue.get(), nullptr, nullptr);
    rd_kafka_consume_stop(topic.get(), key.partition);
    queue.reset();
  }
};

struct RemoteReader::PartitionWatch final : Watch {
  PartitionWatch(RemoteReader& r, Key k, std::uint64_t i) : reader(r), alive(r.alive_), key(std::move(k)), id(i) {}
  ~PartitionWatch() override {
    if (alive.expired()) return;
    if (const auto place = reader.places_.find(key); place != reader.places_.end()) place->second.watchers.erase(id);
  }
  RemoteReader& reader;
  const std::weak_ptr<int> alive;
  const Key key;
  const std::uint64_t id;
};

RemoteReader::~RemoteReader() {
  alive_.reset();
  switches_.reset();  // nothing is started or stopped from here on but by us
  places_.clear();    // a cursor stops when it goes
}

// From inside librdkafka, with a lock of its queue held: only hands over.
void RemoteReader::on_filled(rd_kafka_t*, void* opaque) {
  auto& cursor = *static_cast<Cursor*>(opaque);
  cursor.home.post([alive = cursor.alive, cursor = cursor.weak_from_this()] {
    if (alive.expired()) return;
    if (const auto there = cursor.lock()) there->reader.tell(there->key);
  });
}

void RemoteReader::tell(const Key& key) {
  const auto place = places_.find(key);
  if (place == places_.end()) return;
  std::vector<std::uint64_t> ids;
  for (const auto& [id, watcher] : place->second.watchers) ids.push_back(id);
  for (const auto id : ids) {
    // One of them may end another, or all.
    const auto still = places_.find(key);
    if (still == places_.end()) return;
    const auto found = still->second.watchers.find(id);
    if (found == still->second.watchers.end()) continue;
    const auto watcher = found->second;
    watcher();
  }
}

std::unique_ptr<Watch> RemoteReader::watch(const std::string& topic, std::int32_t partition,
                                           std::function<void()> advanced) {
  Key key{topic, partition};
  const auto id = next_watch_++;
  places_[key].watchers[id] = std::move(advanced);
  // Fetching starts with the first read: that is asked for, but not from inside this call.
  home_.post([this, alive = std::weak_ptr(alive_), key, id] {
    if (alive.expired()) return;
    const auto place = places_.find(key);
    if (place == places_.end()) return;
    const auto found = place->second.watchers.find(id);
    if (found == place->second.watchers.end()) return;
    const auto watcher = found->second;
    watcher();
  });
  return std::make_unique<PartitionWatch>(*this, std::move(key), id);
}

Result<ReadResult> RemoteReader::read(const ReadRequest& request) {
  const Key key{request.topic, request.partition};
  TM_TRY(auto* found, cursor_at(places_[key], key, request.offset));
  Cursor& cursor = *found;
  cursor.used = home_.clock().now();
  ReadResult out{.records = {}, .next_offset = request.offset};
  if (cursor.state == Cursor::State::kFetching) fill(cursor, request);
  std::size_t size = 0;
  while (!cursor.buffer.empty() && out.records.size() < request.max_records) {
    const auto next = bytes_of(cursor.buffer.front());
    if (!out.records.empty() && size + next > request.max_bytes) break;
    size += next;
    cursor.buffered_bytes -= next;
    out.records.push_back(std::move(cursor.buffer.front()));
    cursor.buffer.pop_front();
    out.next_offset = cursor.position = out.records.back().offset + 1;
  }
  // What failed is said after what had come before it; the next read starts anew.
  if (out.records.empty() && cursor.state == Cursor::State::kFailed) {
    cursor.state = Cursor::State::kNew;
    return std::unexpected(*std::exchange(cursor.error, std::nullopt));
  }
  std::int64_t low = 0, high = 0;
  rd_kafka_get_watermark_offsets(handles_.at(cursor.slot).get(), key.topic.c_str(), key.partition, &low, &high);
  out.log_start = std::max<std::int64_t>(low, 0);
  out.high_watermark = std::max(high, out.next_offset);
  return out;
}

Result<RemoteReader::Cursor*> RemoteReader::cursor_at(Place& place, const Key& key, std::int64_t offset) {
  for (auto& cursor : place.cursors) {
    if (cursor->position != offset) continue;
    if (cursor->state == Cursor::State::kNew) start(*cursor, offset);
    return cursor.get();
  }
  const auto wanted = std::min(std::max<std::size_t>(place.watchers.size(), 1), kCursorsMax);
  if (place.cursors.size() < wanted) {
    std::size_t slot = 0;
    while (std::ranges::any_of(place.cursors, [slot](const auto& cursor) { return cursor->slot == slot; })) ++slot;
    while (handles_.size() <= slot) {
      TM_TRY(auto handle, open_());
      handles_.push_back(std::move(handle));
    }
    place.cursors.push_back(std::make_shared<Cursor>(*this, key, slot));
    start(*place.cursors.back(), offset);
    return place.cursors.back().get();
  }
  auto& oldest = *std::ranges::min_element(place.cursors, {}, [](const auto& cursor) { return cursor->used; });
  start(*oldest, offset);
  return oldest.get();
}

void RemoteReader::start(Cursor& cursor, std::int64_t offset) {
  cursor.state = Cursor::State::kStarting;
  cursor.position = offset;
  cursor.buffer.clear();
  cursor.buffered_bytes = 0;
  cursor.error.reset();
  cursor.since = home_.clock().now();
  const auto start = ++cursor.started;
  auto outcome = std::make_shared<Status>();
  const bool taken = switches_->run([cursor = cursor.shared_from_this(), handle = handles_.at(cursor.slot).get(),
                                     offset, outcome] { *outcome = cursor->switch_to(handle, offset); },
                                    home_,
                                    [alive = std::weak_ptr(alive_), weak = cursor.weak_from_this(), start, outcome] {
                                      const auto cursor = weak.lock();
                                      if (alive.expired() || !cursor || cursor->started != start) return;
                                      cursor->state = *outcome ? Cursor::State::kFetching : Cursor::State::kFailed;
                                      if (!*outcome) cursor->error = outcome->error();
                                      cursor->reader.tell(cursor->key);
                                    });
  if (taken) return;
  cursor.state = Cursor::State::kFailed;
  cursor.error = Error{Errc::kThrottlingQuotaExceeded, "Too many partitions are being opened."};
}

void RemoteReader::stop(std::shared_ptr<Cursor> cursor) {
  ++cursor->started;
  // Where the worker has no room, the last owner stops it: this call.
  (void)switches_->run([cursor = std::move(cursor)] { cursor->halt(); }, home_, [] {});
}

void RemoteReader::fill(Cursor& cursor, const ReadRequest& request) {
  const auto records = std::min(request.max_records, kBufferedRecords);
  const auto size = std::min(request.max_bytes, kBufferedBytes);
  std::array<rd_kafka_message_t*, kStep> messages{};
  while (cursor.state == Cursor::State::kFetching && cursor.buffer.size() < records && cursor.buffered_bytes < size) {
    const auto count = rd_kafka_consume_batch_queue(cursor.queue.get(), 0, messages.data(), messages.size());
    if (count <= 0) return;
    for (ssize_t i = 0; i < count; ++i) {
      const auto& message = *messages.at(static_cast<std::size_t>(i));
      if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (cursor.state == Cursor::State::kFetching) {
          cursor.buffer.push_back(to_record(message));
          cursor.buffered_bytes += bytes_of(cursor.buffer.back());
        }
      } else if (message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF && cursor.state == Cursor::State::kFetching) {
        cursor.error = rd::to_error(message.err, rd_kafka_message_errstr(&message));
        cursor.state = Cursor::State::kFailed;
      }
      rd_kafka_message_destroy(messages.at(static_cast<std::size_t>(i)));
    }
  }
}

void RemoteReader::compare(const std::vector<TopicSummary>& there, runtime::Instant asked) {
  std::vector<Key> missing;
  for (auto& [key, place] : places_) {
    const auto topic = std::ranges::find(there, key.topic, &TopicSummary::name);
    if (topic != there.end() && key.partition < topic->partitions) continue;
    for (auto& cursor : place.cursors) {
      if (cursor->state != Cursor::State::kFetching || cursor->since > asked) continue;
      cursor->state = Cursor::State::kFailed;
      cursor->error = Error{Errc::kUnknownTopicOrPartition,
                            "Partition " + key.topic + "-" + std::to_string(key.partition) + " does not exist."};
      if (missing.empty() || missing.back() != key) missing.push_back(key);
    }
  }
  for (const auto& key : missing) tell(key);
}

void RemoteReader::sweep() {
  const auto now = home_.clock().now();
  for (auto place = places_.begin(); place != places_.end();) {
    auto& [key, at] = *place;
    // A watched partition keeps a cursor per watch, used or not: nothing may come for days.
    const auto kept = at.watchers.size();
    std::ranges::sort(at.cursors, std::greater(), [](const auto& cursor) { return cursor->used; });
    while (at.cursors.size() > kept && now - at.cursors.back()->used > kIdle) {
      stop(std::move(at.cursors.back()));
      at.cursors.pop_back();
    }
    place = at.cursors.empty() && at.watchers.empty() ? places_.erase(place) : std::next(place);
  }
}

}  // namespace tidemill::topics
