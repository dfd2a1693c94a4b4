#include "functions/log_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "base/bytes.h"
#include "base/json.h"

namespace tidemill::functions {
namespace {

using storage::Keyspace;
using storage::Mutation;
using storage::Range;

constexpr std::int64_t kTooOldMs = 14ll * 24 * 3600 * 1000;
constexpr std::int64_t kTooNewMs = 2ll * 3600 * 1000;
constexpr std::size_t kPutEventsMax = 10'000;
constexpr std::size_t kPutBytesMax = 1'048'576;
constexpr std::size_t kEventOverhead = 26;
constexpr std::size_t kMessageMax = 1 << 20;

// Keys: 'G' id, 'S' group id, stream number; 'E' group id, time, event number. Integers are eight big-endian bytes.
std::string group_key(std::uint64_t id) {
  std::string key = "G";
  append_be(key, id);
  return key;
}
std::string streams_prefix(std::uint64_t group) {
  std::string key = "S";
  append_be(key, group);
  return key;
}
std::string stream_key(std::uint64_t group, std::uint64_t stream) {
  auto key = streams_prefix(group);
  append_be(key, stream);
  return key;
}
std::string events_prefix(std::uint64_t group) {
  std::string key = "E";
  append_be(key, group);
  return key;
}

struct Position {
  std::uint64_t time_ms = 0;
  std::uint64_t number = 0;
  auto operator<=>(const Position&) const = default;
  Position after() const {
    return number == std::numeric_limits<std::uint64_t>::max() ? Position{time_ms + 1, 0}
                                                               : Position{time_ms, number + 1};
  }
};

std::string event_key(std::uint64_t group, Position at) {
  auto key = events_prefix(group);
  append_be(key, at.time_ms);
  append_be(key, at.number);
  return key;
}

constexpr std::size_t kEventKeySize = 1 + 8 + 8 + 8;

Position position_of(std::string_view key) {
  return {load_be<std::uint64_t>(key.data() + 9), load_be<std::uint64_t>(key.data() + 17)};
}

std::string digits(Position at) { return fmt::format("{:020}{:020}{:016}", at.time_ms, at.number, 0); }

std::optional<Position> parse_digits(std::string_view text) {
  if (text.size() != 56) return std::nullopt;
  Position at;
  const auto read = [](std::string_view part, std::uint64_t& into) {
    const auto got = std::from_chars(part.data(), part.data() + part.size(), into);
    return got.ec == std::errc() && got.ptr == part.data() + part.size();
  };
  if (!read(text.substr(0, 20), at.time_ms) || !read(text.substr(20, 20), at.number)) return std::nullopt;
  return at;
}

struct Stored {
  std::uint64_t stream = 0;
  std::int64_t ingested_ms = 0;
  std::string_view message;
};

std::optional<Stored> decode_event(std::string_view value) {
  Stored stored;
  const auto stream = take_varint(value);
  const auto ingested = take_varint(value);
  if (!stream || !ingested) return std::nullopt;
  stored.stream = *stream;
  stored.ingested_ms = static_cast<std::int64_t>(*ingested);
  stored.message = value;
  return stored;
}

LogEvent make_event(const std::string& stream, Position at, const Stored& stored) {
  return {stream, static_cast<std::int64_t>(at.time_ms), stored.ingested_ms, std::string(stored.message), digits(at)};
}

std::unexpected<LogError> log_fail(LogErrc code, std::string message) {
  return std::unexpected(LogError{code, std::move(message)});
}
std::unexpected<LogError> no_group() { return log_fail(LogErrc::kNotFound, "The specified log group does not exist."); }
std::unexpected<LogError> no_stream() {
  return log_fail(LogErrc::kNotFound, "The specified log stream does not exist.");
}
std::unexpected<LogError> bad_token() {
  return log_fail(LogErrc::kInvalidParameter, "The specified nextToken is invalid.");
}

}  // namespace

LogStore::LogStore(storage::Store& store, runtime::Loop& loop, Settings settings)
    : store_(store), loop_(loop), settings_(settings), flush_soon_(loop, settings_.gather, [this] { flush(); }) {}

LogStore::~LogStore() {
  flush();
  if (retention_timer_ != 0) loop_.cancel(retention_timer_);
}

std::int64_t LogStore::now_ms() const { return epoch_ms(loop_.clock().wall()); }

tidemill::Status LogStore::open() {
  std::map<std::uint64_t, Group*> by_id;
  for (auto cursor = store_.cursor(Keyspace::kFunctionLogs, Range::prefix("G"));; cursor->next()) {
    if (!cursor->valid()) {
      TM_CHECK(cursor->status());
      break;
    }
    TM_TRY(const auto value, json::Value::parse(cursor->value()));
    Group group;
    group.id = load_be<std::uint64_t>(cursor->key().data() + 1);
    group.scope = {value.string_or("account"), value.string_or("region")};
    group.view.name = value.string_or("name");
    group.view.created_ms = value.integer_or("created_ms", 0);
    if (value.find("retention_days") != nullptr)
      group.view.retention_days = static_cast<int>(value.integer_or("retention_days", 0));
    if (const auto* tags = value.find("tags"); tags != nullptr && tags->is_object())
      for (const auto& [key, text] : tags->as_object())
        if (text.is_string()) group.view.tags[key] = text.as_string();
    group.bytes = store_.engine().approximate_bytes(Keyspace::kFunctionLogs, Range::prefix(events_prefix(group.id)));
    next_group_ = std::max(next_group_, group.id + 1);
    auto [at, added] = groups_.emplace(GroupKey{group.scope, group.view.name}, std::move(group));
    by_id[at->second.id] = &at->second;
  }
  for (auto cursor = store_.cursor(Keyspace::kFunctionLogs, Range::prefix("S"));; cursor->next()) {
    if (!cursor->valid()) {
      TM_CHECK(cursor->status());
      break;
    }
    const auto found = by_id.find(load_be<std::uint64_t>(cursor->key().data() + 1));
    if (found == by_id.end()) continue;
    TM_TRY(const auto value, json::Value::parse(cursor->value()));
    Stream stream;
    stream.number = load_be<std::uint64_t>(cursor->key().data() + 9);
    stream.view.name = value.string_or("name");
    stream.view.created_ms = value.integer_or("created_ms", 0);
    const auto optional = [&](std::string_view name) -> std::optional<std::int64_t> {
      if (value.find(name) == nullptr) return std::nullopt;
      return value.integer_or(name, 0);
    };
    stream.view.first_ms = optional("first_ms");
    stream.view.last_ms = optional("last_ms");
    stream.view.ingested_ms = optional("ingested_ms");
    auto& group = *found->second;
    group.next_stream = std::max(group.next_stream, stream.number + 1);
    group.names[stream.number] = stream.view.name;
    group.streams.emplace(stream.view.name, std::move(stream));
  }
  // Numbers only have to differ within one millisecond of one group: starting from the wall clock keeps them apart over
  // restarts.
  next_event_ = static_cast<std::uint64_t>(loop_.clock().wall().time_since_epoch().count());
  retention_timer_ = loop_.at(loop_.clock().now() + settings_.retention_every, [this] { retain(); });
  return {};
}

LogStore::Group* LogStore::find(const Scope& scope, const std::string& group) {
  const auto found = groups_.find(GroupRef{scope, group});
  return found == groups_.end() ? nullptr : &found->second;
}
const LogStore::Group* LogStore::find(const Scope& scope, const std::string& group) const {
  const auto found = groups_.find(GroupRef{scope, group});
  return found == groups_.end() ? nullptr : &found->second;
}

void LogStore::write_group(const Group& group, Mutation& batch) const {
  json::Object o;
  o["account"] = group.scope.account;
  o["region"] = group.scope.region;
  o["name"] = group.view.name;
  o["created_ms"] = group.view.created_ms;
  if (group.view.retention_days) o["retention_days"] = *group.view.retention_days;
  json::Object tags;
  for (const auto& [key, value] : group.view.tags) tags[key] = value;
  if (!tags.empty()) o["tags"] = std::move(tags);
  batch.put(Keyspace::kFunctionLogs, group_key(group.id), json::Value(std::move(o)).text());
}

void LogStore::write_stream(const Group& group, const Stream& stream, Mutation& batch) const {
  json::Object o;
  o["name"] = stream.view.name;
  o["created_ms"] = stream.view.created_ms;
  if (stream.view.first_ms) o["first_ms"] = *stream.view.first_ms;
  if (stream.view.last_ms) o["last_ms"] = *stream.view.last_ms;
  if (stream.view.ingested_ms) o["ingested_ms"] = *stream.view.ingested_ms;
  batch.put(Keyspace::kFunctionLogs, stream_key(group.id, stream.number), json::Value(std::move(o)).text());
}

LogStore::Group& LogStore::make_group(const Scope& scope, const std::string& name, Mutation& batch) {
  Group group;
  group.id = next_group_++;
  group.scope = scope;
  group.view = {name, now_ms(), std::nullopt, {}};
  write_group(group, batch);
  return groups_.emplace(GroupKey{scope, name}, std::move(group)).first->second;
}

LogStore::Stream& LogStore::make_stream(Group& group, const std::string& name) {
  Stream stream;
  stream.number = group.next_stream++;
  stream.view.name = name;
  stream.view.created_ms = now_ms();
  group.names[stream.number] = name;
  return group.streams.emplace(name, std::move(stream)).first->second;
}

void LogStore::add(Group& group, Stream& stream, std::int64_t timestamp_ms, std::string_view message, Mutation& batch) {
  message = message.substr(0, kMessageMax);
  const auto ingested = now_ms();
  std::string value;
  value.reserve(message.size() + 16);
  append_varint(value, stream.number);
  append_varint(value, static_cast<std::uint64_t>(ingested));
  value.append(message);
  const auto size = value.size() + kEventKeySize;
  batch.put(Keyspace::kFunctionLogs,
            event_key(group.id, {static_cast<std::uint64_t>(std::max<std::int64_t>(timestamp_ms, 0)), next_event_++}),
            std::move(value));
  group.bytes += size;
  auto& view = stream.view;
  view.first_ms = std::min(view.first_ms.value_or(timestamp_ms), timestamp_ms);
  view.last_ms = std::max(view.last_ms.value_or(timestamp_ms), timestamp_ms);
  view.ingested_ms = ingested;
  if (!stream.dirty) {
    stream.dirty = true;
    dirty_.emplace_back(&group, &stream);
  }
}

void LogStore::append(const Scope& scope, const std::string& group_name, const std::string& stream_name,
                      std::int64_t timestamp_ms, std::string message) {
  auto* group = find(scope, group_name);
  if (group == nullptr) group = &make_group(scope, group_name, gathered_);
  const auto found = group->streams.find(stream_name);
  auto& stream = found != group->streams.end() ? found->second : make_stream(*group, stream_name);
  add(*group, stream, timestamp_ms, message, gathered_);
  gathered_bytes_ += message.size() + 64;
  if (gathered_bytes_ >= settings_.gather_bytes) return flush();
  flush_soon_.stir();
}

void LogStore::write_dirty(Mutation& batch) {
  for (const auto& [group, stream] : dirty_) {
    stream->dirty = false;
    write_stream(*group, *stream, batch);
  }
}

void LogStore::flush() {
  flush_soon_.cancel();
  if (gathered_.empty() && dirty_.empty()) return;
  write_dirty(gathered_);
  const auto written = std::exchange(dirty_, {});
  store_.write(std::exchange(gathered_, Mutation{}));
  gathered_bytes_ = 0;
  std::set<Group*> touched;
  for (const auto& [group, stream] : written) touched.insert(group);
  for (auto* group : touched) enforce_bound(*group);
}

// ---- the API's changes
// ---------------------------------------------------------------------------------------------------

void LogStore::create_group(const Scope& scope, const std::string& name, std::map<std::string, std::string> tags,
                            Reply<bool, LogError> reply) {
  flush();
  if (find(scope, name) != nullptr)
    return std::move(reply)(log_fail(LogErrc::kAlreadyExists, "The specified log group already exists"));
  if (groups_.size() >= settings_.groups_max)
    return std::move(reply)(
        log_fail(LogErrc::kLimitExceeded, fmt::format("There are {} log groups already", groups_.size())));
  Mutation batch;
  auto& group = make_group(scope, name, batch);
  group.view.tags = std::move(tags);
  write_group(group, batch);
  store_.commit(std::move(batch), loop_, [reply = std::move(reply)]() mutable { std::move(reply)(true); });
}

void LogStore::remove_group(const Scope& scope, const std::string& name, Reply<bool, LogError> reply) {
  flush();
  const auto* group = find(scope, name);
  if (group == nullptr) return std::move(reply)(no_group());
  Mutation batch;
  batch.erase(Keyspace::kFunctionLogs, group_key(group->id));
  for (const auto& prefix : {streams_prefix(group->id), events_prefix(group->id)})
    batch.erase_range(Keyspace::kFunctionLogs, prefix, prefix_end(prefix));
  groups_.erase(GroupKey{scope, name});
  store_.commit(std::move(batch), loop_, [reply = std::move(reply)]() mutable { std::move(reply)(true); });
}

void LogStore::create_stream(const Scope& scope, const std::string& name, const std::string& stream,
                             Reply<bool, LogError> reply) {
  flush();
  auto* group = find(scope, name);
  if (group == nullptr) return std::move(reply)(no_group());
  if (group->streams.contains(stream))
    return std::move(reply)(log_fail(LogErrc::kAlreadyExists, "The specified log stream already exists"));
  Mutation batch;
  write_stream(*group, make_stream(*group, stream), batch);
  store_.commit(std::move(batch), loop_, [reply = std::move(reply)]() mutable { std::move(reply)(true); });
}

void LogStore::remove_stream(const Scope& scope, const std::string& name, const std::string& stream,
                             Reply<bool, LogError> reply) {
  flush();
  auto* group = find(scope, name);
  if (group == nullptr) return std::move(reply)(no_group());
  const auto found = group->streams.find(stream);
  if (found == group->streams.end()) return std::move(reply)(no_stream());
  // Its events stay until they are trimmed; without a name in the group they are not shown any more.
  Mutation batch;
  batch.erase(Keyspace::kFunctionLogs, stream_key(group->id, found->second.number));
  group->names.erase(found->second.number);
  group->streams.erase(found);
  store_.commit(std::move(batch), loop_, [reply = std::move(reply)]() mutable { std::move(reply)(true); });
}

void LogStore::set_retention(const Scope& scope, const std::string& name, std::optional<int> days,
                             Reply<bool, LogError> reply) {
  flush();
  auto* group = find(scope, name);
  if (group == nullptr) return std::move(reply)(no_group());
  group->view.retention_days = days;
  Mutation batch;
  write_group(*group, batch);
  store_.commit(std::move(batch), loop_, [this, scope, name, reply = std::move(reply)]() mutable {
    if (auto* kept = find(scope, name); kept != nullptr && kept->view.retention_days)
      trim(*kept, now_ms() - std::int64_t{*kept->view.retention_days} * 24 * 3600 * 1000);
    std::move(reply)(true);
  });
}

void LogStore::set_tags(const Scope& scope, const std::string& name, std::map<std::string, std::string> tags,
                        Reply<bool, LogError> reply) {
  flush();
  auto* group = find(scope, name);
  if (group == nullptr) return std::move(reply)(no_group());
  group->view.tags = std::move(tags);
  Mutation batch;
  write_group(*group, batch);
  store_.commit(std::move(batch), loop_, [reply = std::move(reply)]() mutable { std::move(reply)(true); });
}

void LogStore::put(const Scope& scope, const std::string& name, const std::string& stream_name,
                   std::vector<NewLogEvent> events, Reply<PutOutcome, LogError> reply) {
  flush();
  auto* group = find(scope, name);
  if (group == nullptr) return std::move(reply)(no_group());
  const auto found = group->streams.find(stream_name);
  if (found == group->streams.end()) return std::move(reply)(no_stream());
  if (events.empty() || events.size() > kPutEventsMax)
    return std::move(reply)(
        log_fail(LogErrc::kInvalidParameter,
                 fmt::format("1 validation error detected: Value at 'logEvents' failed to satisfy constraint: "
                             "Member must have length between 1 and {}",
                             kPutEventsMax)));
  if (!std::ranges::is_sorted(events, {}, &NewLogEvent::timestamp_ms))
    return std::move(reply)(log_fail(LogErrc::kInvalidParameter,
                                     "Log events in a single PutLogEvents request must be in chronological order."));
  std::size_t bytes = 0;
  for (const auto& event : events) bytes += event.message.size() + kEventOverhead;
  if (bytes > kPutBytesMax)
    return std::move(reply)(
        log_fail(LogErrc::kInvalidParameter,
                 fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, kPutBytesMax)));
  const auto now = now_ms();
  PutOutcome outcome;
  Mutation batch;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].timestamp_ms < now - kTooOldMs)
      outcome.too_old_to = i + 1;
    else if (events[i].timestamp_ms > now + kTooNewMs)
      outcome.too_new_from = outcome.too_new_from.value_or(i);
    else
      add(*group, found->second, events[i].timestamp_ms, events[i].message, batch);
  }
  write_dirty(batch);
  dirty_.clear();
  store_.commit(std::move(batch), loop_, [this, scope, name, outcome, reply = std::move(reply)]() mutable {
    if (auto* kept = find(scope, name)) enforce_bound(*kept);
    std::move(reply)(outcome);
  });
}

// ---- bounds
// ------------------------------------------------------------------------------------------------------------------

void LogStore::trim(Group& group, std::int64_t before_ms) {
  if (before_ms <= 0) return;
  Mutation batch;
  batch.erase_range(Keyspace::kFunctionLogs, events_prefix(group.id),
                    event_key(group.id, {static_cast<std::uint64_t>(before_ms), 0}));
  for (auto& [name, stream] : group.streams) {
    if (!stream.view.last_ms || stream.view.first_ms >= before_ms) continue;
    if (stream.view.last_ms < before_ms)
      stream.view.first_ms = stream.view.last_ms = std::nullopt;
    else
      stream.view.first_ms = before_ms;
    write_stream(group, stream, batch);
  }
  // A stream that has nothing left goes when there are too many.
  for (auto at = group.streams.begin();
       at != group.streams.end() && group.streams.size() > settings_.streams_per_group_max;) {
    if (at->second.view.last_ms || at->second.dirty) {
      ++at;
      continue;
    }
    batch.erase(Keyspace::kFunctionLogs, stream_key(group.id, at->second.number));
    group.names.erase(at->second.number);
    at = group.streams.erase(at);
  }
  store_.write(std::move(batch));
  group.bytes = std::min(
      group.bytes, store_.engine().approximate_bytes(Keyspace::kFunctionLogs, Range::prefix(events_prefix(group.id))));
}

void LogStore::enforce_bound(Group& group) {
  if (group.bytes <= settings_.group_bytes_max) return;
  // A tenth goes at once, so that this is rare.
  const auto goal = settings_.group_bytes_max / 10 * 9;
  auto surplus = group.bytes - goal;
  const auto prefix = events_prefix(group.id);
  std::optional<std::string> end;
  for (auto cursor = store_.cursor(Keyspace::kFunctionLogs, Range::prefix(prefix)); cursor->valid() && surplus > 0;
       cursor->next()) {
    surplus -= std::min<std::uint64_t>(surplus, cursor->key().size() + cursor->value().size());
    end = std::string(cursor->key());
  }
  if (!end) return;
  const auto until = position_of(*end);
  Mutation batch;
  batch.erase_range(Keyspace::kFunctionLogs, prefix, event_key(group.id, until.after()));
  for (auto& [name, stream] : group.streams) {
    if (!stream.view.last_ms || *stream.view.first_ms >= static_cast<std::int64_t>(until.time_ms)) continue;
    if (*stream.view.last_ms < static_cast<std::int64_t>(until.time_ms))
      stream.view.first_ms = stream.view.last_ms = std::nullopt;
    else
      stream.view.first_ms = static_cast<std::int64_t>(until.time_ms);
    write_stream(group, stream, batch);
  }
  store_.write(std::move(batch));
  group.bytes = goal;
}

void LogStore::retain() {
  retention_timer_ = loop_.at(loop_.clock().now() + settings_.retention_every, [this] { retain(); });
  flush();
  for (auto& [key, group] : groups_)
    if (group.view.retention_days) trim(group, now_ms() - std::int64_t{*group.view.retention_days} * 24 * 3600 * 1000);
}

// ---- reads
// -------------------------------------------------------------------------------------------------------------------

std::vector<LogGroupView> LogStore::groups(const Scope& scope) const {
  std::vector<LogGroupView> views;
  for (const auto& [key, group] : groups_)
    if (key.first == scope) views.push_back(group.view);
  return views;
}

LogResult<std::vector<LogStreamView>> LogStore::streams(const Scope& scope, const std::string& name) const {
  const auto* group = find(scope, name);
  if (group == nullptr) return no_group();
  std::vector<LogStreamView> views;
  views.reserve(group->streams.size());
  for (const auto& [stream_name, stream] : group->streams) views.push_back(stream.view);
  return views;
}

LogResult<LogPage> LogStore::filter(const LogQuery& query) {
  flush();
  const auto* group = find(query.scope, query.group);
  if (group == nullptr) return no_group();
  const auto filter = LogFilter::parse(query.pattern);
  if (!filter) return log_fail(LogErrc::kInvalidParameter, filter.error().message);
  std::optional<std::set<std::uint64_t>> wanted;
  if (!query.streams.empty() || !query.stream_prefix.empty()) {
    wanted.emplace();
    for (const auto& name : query.streams) {
      const auto found = group->streams.find(name);
      if (found == group->streams.end()) return no_stream();
      wanted->insert(found->second.number);
    }
    if (query.streams.empty())
      for (const auto& [name, stream] : group->streams)
        if (name.starts_with(query.stream_prefix)) wanted->insert(stream.number);
  }
  Position from{static_cast<std::uint64_t>(std::max<std::int64_t>(query.from_ms.value_or(0), 0)), 0};
  if (!query.token.empty()) {
    const auto at = parse_digits(query.token);
    if (!at) return bad_token();
    from = std::max(from, *at);
  }
  Range range{event_key(group->id, from), prefix_end(events_prefix(group->id))};
  if (query.to_ms) {
    if (*query.to_ms < 0) return LogPage{};
    range.to = event_key(group->id, {static_cast<std::uint64_t>(*query.to_ms) + 1, 0});
    if (range.to <= range.from) return LogPage{};
  }
  LogPage page;
  std::size_t bytes = 0;
  std::size_t scanned = 0;
  auto cursor = store_.cursor(Keyspace::kFunctionLogs, range);
  for (; cursor->valid(); cursor->next()) {
    const auto at = position_of(cursor->key());
    if (page.events.size() >= query.limit || bytes >= settings_.page_bytes || scanned >= settings_.scan_max) {
      page.next_token = digits(at);
      break;
    }
    ++scanned;
    const auto stored = decode_event(cursor->value());
    if (!stored || (wanted && !wanted->contains(stored->stream))) continue;
    const auto name = group->names.find(stored->stream);
    if (name == group->names.end() || !filter->matches(stored->message)) continue;
    bytes += stored->message.size() + kEventOverhead;
    page.events.push_back(make_event(name->second, at, *stored));
  }
  if (auto status = cursor->status(); !status) return log_fail(LogErrc::kInternal, status.error().message);
  return page;
}

LogResult<StreamPage> LogStore::read(const StreamQuery& query) {
  flush();
  const auto* group = find(query.scope, query.group);
  if (group == nullptr) return no_group();
  const auto found = group->streams.find(query.stream);
  if (found == group->streams.end()) return no_stream();
  const auto& stream = found->second;

  bool forward = query.from_head;
  std::optional<Position> at;
  if (!query.token.empty()) {
    const std::string_view token = query.token;
    if (token.size() != 60 || !token.ends_with("/s") || (!token.starts_with("f/") && !token.starts_with("b/")))
      return bad_token();
    at = parse_digits(token.substr(2, 56));
    if (!at) return bad_token();
    forward = token[0] == 'f';
  }
  // A forward token is where the next page begins; a backward token is where the page before ends.
  Position low{static_cast<std::uint64_t>(
                   std::max<std::int64_t>({query.from_ms.value_or(0), stream.view.first_ms.value_or(0), 0})),
               0};
  Position high{static_cast<std::uint64_t>(stream.view.last_ms.value_or(0)) + 1, 0};
  if (query.to_ms)
    high = std::min(high, Position{static_cast<std::uint64_t>(std::max<std::int64_t>(*query.to_ms, 0)), 0});
  if (at && forward) low = std::max(low, *at);
  if (at && !forward) high = std::min(high, *at);

  StreamPage page;
  std::vector<Position> places;
  if (low < high) {
    auto cursor = store_.cursor(Keyspace::kFunctionLogs, {event_key(group->id, low), event_key(group->id, high)},
                                forward ? storage::Direction::kForward : storage::Direction::kReverse);
    std::size_t bytes = 0;
    for (; cursor->valid() && page.events.size() < query.limit && bytes < settings_.page_bytes; cursor->next()) {
      const auto stored = decode_event(cursor->value());
      if (!stored || stored->stream != stream.number) continue;
      places.push_back(position_of(cursor->key()));
      bytes += stored->message.size() + kEventOverhead;
      page.events.push_back(make_event(query.stream, places.back(), *stored));
    }
    if (auto status = cursor->status(); !status) return log_fail(LogErrc::kInternal, status.error().message);
  }
  if (!forward) {
    std::ranges::reverse(page.events);
    std::ranges::reverse(places);
  }
  const auto begin = places.empty() ? (at ? *at : forward ? low : high) : places.front();
  const auto end = places.empty() ? (at ? *at : forward ? low : high) : places.back().after();
  page.forward_token = "f/" + digits(end) + "/s";
  page.backward_token = "b/" + digits(begin) + "/s";
  return page;
}

}  // namespace tidemill::functions
