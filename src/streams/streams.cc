#include "streams/streams.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/json.h"

namespace tidemill::streams {

using storage::Keyspace;

namespace {
constexpr std::string_view kMetaPrefix = "streams/";
constexpr std::size_t kSlotsMax = 1024;
// More than all writes can append that are under way at one moment: numbers of a new shard are above those that its
// parent still gets while it is being closed.
constexpr std::uint64_t kSplitGap = 1 << 20;

// The keys of a slot: those whose hash is `from` or more, up to the next route.
struct Route {
  std::uint32_t from = 0;
  std::size_t slot = 0;
};

std::vector<Route> even_routes(std::size_t slots) {
  std::vector<Route> routes;
  routes.reserve(slots);
  for (std::size_t i = 0; i < slots; ++i)
    routes.push_back({.from = static_cast<std::uint32_t>((i << 32) / slots), .slot = i});
  return routes;
}

bool is_routed(const std::vector<Route>& routes, std::size_t slot) {
  return std::ranges::find(routes, slot, &Route::slot) != routes.end();
}
}  // namespace

struct Streams::Stream {
  std::uint32_t id = 0;
  StreamInfo info;
  std::vector<std::shared_ptr<Slot>> slots;  // a slot that was split stays, and gets nothing more
  std::vector<Route> routes;                 // ascending; the first begins at 0
};

// What the tables hold while a stream is enabled.
class Streams::Writer final : public tables::ChangeStream {
 public:
  Writer(const Stream& stream, const runtime::Clock& clock)
      : slots_(stream.slots), routes_(stream.routes), view_(stream.info.view), clock_(clock) {}

  void record(const tables::Change& change, storage::Mutation& batch) override {
    Slot& slot = *slots_[routes_.size() == 1 ? routes_[0].slot : route(change.partition)];
    slot.append(encode_record(change, view_), epoch_ms(clock_.wall()), batch);
  }

 private:
  std::size_t route(std::uint64_t partition) const {
    const auto behind =
        std::ranges::upper_bound(routes_, static_cast<std::uint32_t>(partition >> 32), {}, &Route::from);
    return std::prev(behind)->slot;
  }
  const std::vector<std::shared_ptr<Slot>> slots_;
  const std::vector<Route> routes_;
  const tables::StreamView view_;
  const runtime::Clock& clock_;
};

class Streams::Watch {
 public:
  Watch(runtime::Executor& executor, std::function<void(const std::string&)> changed)
      : executor(executor), changed(std::move(changed)) {}
  runtime::Executor& executor;
  const std::function<void(const std::string&)> changed;
};

Streams::Streams(Dependencies dependencies, Options options)
    : deps_(dependencies),
      options_(options),
      limits_(dependencies.home.clock(), options.limited),
      heat_(options.split_records) {
  load();
}

Streams::~Streams() {
  if (timer_ != 0) deps_.home.cancel(timer_);
  // Replies that are still on their way hold tables, and those their slots: the logs must not outlive the store with
  // them.
  for (const auto& weak : slots_) {
    if (const auto slot = weak.lock()) slot->close();
  }
}

std::shared_ptr<Slot> Streams::make_slot(std::string prefix, std::uint64_t first, std::uint64_t next,
                                         std::int64_t last_timestamp_ms) {
  auto slot = std::make_shared<Slot>(deps_.store, std::move(prefix), first, next, last_timestamp_ms);
  std::erase_if(slots_, [](const auto& weak) { return weak.expired(); });
  slots_.push_back(slot);
  return slot;
}

void Streams::start() { schedule(); }

void Streams::schedule() {
  timer_ = deps_.home.at(deps_.home.clock().now() + options_.tick, [this] {
    sweep();
    schedule();
  });
}

std::string Streams::meta_key(std::uint32_t id) {
  std::string key(kMetaPrefix);
  append_be(key, id);
  return key;
}

std::string Streams::slot_prefix(std::uint32_t id, std::size_t slot) {
  std::string prefix;
  append_be(prefix, id);
  append_be(prefix, static_cast<std::uint16_t>(slot));
  return prefix;
}

std::string Streams::to_stored(const Stream& stream) {
  const StreamInfo& info = stream.info;
  json::Object out;
  out["v"] = 1;
  out["id"] = stream.id;
  out["table"] = info.table;
  out["label"] = info.label;
  out["account"] = info.scope.account;
  out["region"] = info.scope.region;
  out["uuid"] = info.uuid;
  out["view"] = std::string(tables::to_string(info.view));
  const auto keys = [](const std::vector<tables::KeyAttribute>& attributes) {
    json::Array list;
    for (const auto& key : attributes)
      list.push_back(json::Array{key.name, std::string(1, static_cast<char>(key.type))});
    return json::Value(std::move(list));
  };
  out["hash"] = keys(info.keys.hash);
  out["range"] = keys(info.keys.range);
  out["created"] = info.created_ms;
  out["enabled"] = info.enabled;
  if (info.closed_ms) out["closed"] = *info.closed_ms;
  json::Array shards;
  for (const auto& shard : info.shards) {
    json::Object one;
    one["id"] = shard.id;
    one["parent"] = shard.parent;
    one["slot"] = shard.slot;
    one["first"] = shard.first;
    if (shard.end) one["end"] = *shard.end;
    one["created"] = shard.created_ms;
    if (shard.closed_ms) one["closed"] = *shard.closed_ms;
    shards.push_back(std::move(one));
  }
  out["shards"] = std::move(shards);
  json::Array oldest;
  for (const auto& slot : stream.slots) oldest.push_back(slot->oldest());
  out["oldest"] = std::move(oldest);
  json::Array routes;
  for (const auto& route : stream.routes) routes.push_back(json::Array{route.from, route.slot});
  out["routes"] = std::move(routes);
  return json::Value(std::move(out)).text();
}

void Streams::store_stream(const Stream& stream, storage::Mutation& batch) const {
  batch.put(Keyspace::kMeta, meta_key(stream.id), to_stored(stream));
}

void Streams::load() {
  const auto cursor = deps_.store.cursor(Keyspace::kMeta, storage::Range::prefix(kMetaPrefix));
  for (; cursor->valid(); cursor->next()) {
    const auto value = json::Value::parse(cursor->value());
    if (!value || value->integer_or("v", 0) != 1) {
      deps_.log.error("streams.stored_stream_unreadable", {{"key", to_hex(cursor->key())}});
      continue;
    }
    auto stream = std::make_shared<Stream>();
    stream->id = static_cast<std::uint32_t>(value->integer_or("id", 0));
    StreamInfo& info = stream->info;
    info.table = value->string_or("table");
    info.label = value->string_or("label");
    info.scope = {.account = value->string_or("account"), .region = value->string_or("region")};
    info.arn = tables::stream_arn(info.scope, info.table, info.label);
    info.uuid = value->string_or("uuid");
    info.view = tables::stream_view_from(value->string_or("view")).value_or(tables::StreamView::kNewAndOldImages);
    const auto keys = [&](std::string_view member, std::vector<tables::KeyAttribute>& to) {
      const json::Value* list = value->find(member);
      if (list == nullptr || !list->is_array()) return;
      for (const auto& key : list->as_array()) {
        to.push_back(
            {key.as_array()[0].as_string(), static_cast<tables::KeyType>(key.as_array()[1].as_string().at(0))});
      }
    };
    keys("hash", info.keys.hash);
    keys("range", info.keys.range);
    info.created_ms = value->integer_or("created", 0);
    info.enabled = value->bool_or("enabled", false);
    if (const auto* closed = value->find("closed"); closed != nullptr && closed->is_integer())
      info.closed_ms = closed->as_integer();
    if (const auto* shards = value->find("shards"); shards != nullptr && shards->is_array()) {
      for (const auto& one : shards->as_array()) {
        ShardInfo shard{.id = one.string_or("id"),
                        .parent = one.string_or("parent"),
                        .slot = static_cast<std::size_t>(one.integer_or("slot", 0)),
                        .first = static_cast<std::uint64_t>(one.integer_or("first", 0)),
                        .created_ms = one.integer_or("created", 0)};
        if (const auto* end = one.find("end"); end != nullptr && end->is_integer())
          shard.end = static_cast<std::uint64_t>(end->as_integer());
        if (const auto* closed = one.find("closed"); closed != nullptr && closed->is_integer())
          shard.closed_ms = closed->as_integer();
        info.shards.push_back(std::move(shard));
      }
    }
    if (const auto* oldest = value->find("oldest"); oldest != nullptr && oldest->is_array()) {
      for (const auto& one : oldest->as_array()) {
        const auto first = static_cast<std::uint64_t>(one.as_integer());
        const std::string prefix = slot_prefix(stream->id, stream->slots.size());
        std::uint64_t next = first;
        std::int64_t last_ms = 0;
        const auto last =
            deps_.store.cursor(Keyspace::kChanges, storage::Range::prefix(prefix), storage::Direction::kReverse);
        if (last->valid()) {
          next = std::max(next, storage::Log::number_of(last->key()) + 1);
          last_ms = timestamp_of_record(last->value());
        }
        stream->slots.push_back(make_slot(prefix, first, next, last_ms));
      }
    }
    if (const auto* routes = value->find("routes"); routes != nullptr && routes->is_array()) {
      for (const auto& one : routes->as_array()) {
        stream->routes.push_back({.from = static_cast<std::uint32_t>(one.as_array()[0].as_integer()),
                                  .slot = static_cast<std::size_t>(one.as_array()[1].as_integer())});
      }
    }
    if (stream->routes.empty()) stream->routes = even_routes(stream->slots.size());
    // A server that ended in the middle of a split ends it now: nobody writes yet.
    if (close_retired(*stream, now_ms())) {
      storage::Mutation batch;
      store_stream(*stream, batch);
      deps_.store.write(std::move(batch));
    }
    next_id_ = std::max(next_id_, stream->id + 1);
    streams_[info.arn] = std::move(stream);
  }
}

std::vector<StreamInfo> Streams::list(const Scope& scope) const {
  std::vector<StreamInfo> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [arn, stream] : streams_) {
    if (stream->info.scope == scope) out.push_back(stream->info);
  }
  return out;
}

std::optional<StreamInfo> Streams::find_stream(std::string_view arn) const {
  const std::lock_guard lock(mutex_);
  const auto it = streams_.find(arn);
  if (it == streams_.end()) return std::nullopt;
  return it->second->info;
}

Result<std::shared_ptr<const Streams::Stream>> Streams::lookup(std::string_view arn) const {
  {
    const std::lock_guard lock(mutex_);
    const auto it = streams_.find(arn);
    if (it != streams_.end()) return it->second;
  }
  const auto parsed = tables::parse_table_arn(arn);
  if (!parsed || !parsed->rest.starts_with("/stream/") || parsed->rest.size() <= 8) {
    return fail(Errc::kValidation, fmt::format("Invalid StreamArn: {}", arn));
  }
  return fail(Errc::kResourceNotFound, fmt::format("Requested resource not found: Stream: {} not found", arn));
}

Result<StreamInfo> Streams::describe(std::string_view arn) const {
  TM_TRY(const auto stream, lookup(arn));
  return stream->info;
}

Result<Shard> Streams::look_up_shard(std::string_view stream_arn, std::string_view shard_id) const {
  TM_TRY(const auto stream, lookup(stream_arn));
  const auto it = std::ranges::find(stream->info.shards, shard_id, &ShardInfo::id);
  if (it == stream->info.shards.end()) {
    return fail(Errc::kResourceNotFound,
                fmt::format("Requested resource not found: Shard does not exist: {}", shard_id));
  }
  return Shard{
      .info = *it, .slot = stream->slots[it->slot], .context = stream->info.context(), .keys = stream->info.keys};
}

// The end of a shard is published before anything is written behind it (roll_over). So whoever first looks how far the
// slot can be read, and then at the shard, knows about every end below that.
Result<Shard> Streams::shard(std::string_view stream_arn, std::string_view shard_id) const {
  TM_TRY(const auto before, look_up_shard(stream_arn, shard_id));
  const auto reached = before.slot->reached();
  TM_TRY(auto shard, look_up_shard(stream_arn, shard_id));
  shard.reached = reached;
  return shard;
}

Result<std::vector<std::shared_ptr<Slot>>> Streams::slots(std::string_view stream_arn) const {
  TM_TRY(const auto stream, lookup(stream_arn));
  return stream->slots;
}

Result<std::string> Streams::make_iterator(const IteratorRequest& request) const {
  const bool by_number =
      request.type == IteratorType::kAtSequenceNumber || request.type == IteratorType::kAfterSequenceNumber;
  if (by_number && !request.sequence_number) {
    return fail(Errc::kValidation, "One or more parameter values were invalid: Invalid SequenceNumber");
  }
  if (!by_number && request.sequence_number) {
    return fail(
        Errc::kValidation,
        "One or more parameter values were invalid: SequenceNumber should not be passed for this iterator type");
  }
  TM_TRY(const auto shard, this->shard(request.stream_arn, request.shard_id));
  std::uint64_t number = 0;
  switch (request.type) {
    case IteratorType::kTrimHorizon: number = shard.oldest(); break;
    case IteratorType::kLatest: number = std::min(shard.reached, shard.info.end.value_or(~0ULL)); break;
    case IteratorType::kAtSequenceNumber:
    case IteratorType::kAfterSequenceNumber: {
      const auto given = number_of_sequence(*request.sequence_number);
      if (!given || *given < shard.info.first || *given > shard.info.end.value_or(shard.slot->next())) {
        return fail(Errc::kValidation, "One or more parameter values were invalid: Invalid SequenceNumber");
      }
      number = *given + (request.type == IteratorType::kAfterSequenceNumber ? 1 : 0);
      if (number < shard.slot->oldest())
        return fail(Errc::kTrimmed, "The data you are trying to access has been trimmed");
      break;
    }
  }
  return to_text(
      {.stream_arn = request.stream_arn, .shard_id = request.shard_id, .number = number, .created_ms = now_ms()});
}

Result<RecordsPage> Streams::get_records(std::string_view iterator, std::size_t limit) const {
  const auto position = iterator_from_text(iterator);
  if (!position) return fail(Errc::kValidation, "Invalid ShardIterator");
  const std::int64_t now = now_ms();
  if (now - position->created_ms > options_.iterator_life.count()) {
    return fail(
        Errc::kExpiredIterator,
        fmt::format(
            "Iterator expired. The iterator was created at time {} while right now it is {} which is further in the "
            "future than the tolerated delay of {} milliseconds.",
            iso8601_ms(from_epoch_ms(position->created_ms)), iso8601_ms(from_epoch_ms(now)),
            options_.iterator_life.count()));
  }
  TM_TRY(const auto shard, this->shard(position->stream_arn, position->shard_id));
  if (position->number < shard.slot->oldest() && position->number < shard.info.end.value_or(~0ULL) &&
      shard.slot->oldest() > shard.info.first) {
    return fail(Errc::kTrimmed, "The data you are trying to access has been trimmed");
  }
  TM_TRY(auto batch, shard.read(position->number, {.max_records = limit, .max_bytes = 1 << 20}));
  RecordsPage page{.records = std::move(batch.records), .context = shard.context, .next_iterator = std::nullopt};
  if (!shard.info.end || batch.next < *shard.info.end) {
    page.next_iterator = to_text(
        {.stream_arn = position->stream_arn, .shard_id = position->shard_id, .number = batch.next, .created_ms = now});
  }
  return page;
}

std::shared_ptr<Streams::Watch> Streams::watch(runtime::Executor& executor,
                                               std::function<void(const std::string&)> changed) {
  auto watch = std::make_shared<Watch>(executor, std::move(changed));
  const std::lock_guard lock(mutex_);
  std::erase_if(watches_, [](const auto& weak) { return weak.expired(); });
  watches_.push_back(watch);
  return watch;
}

void Streams::publish(const std::string& arn, std::shared_ptr<const Stream> stream) {
  const std::lock_guard lock(mutex_);
  if (stream)
    streams_[arn] = std::move(stream);
  else
    streams_.erase(arn);
  changes_.fetch_add(1, std::memory_order_release);
}

Result<const Shard*> ShardReader::now() {
  if (shard_) {
    // First how far the slot can be read, then whether something has changed: see Streams::shard.
    const auto reached = shard_->slot->reached();
    if (streams_.changes() == seen_) {
      shard_->reached = reached;
      return &*shard_;
    }
    shard_.reset();
  }
  seen_ = streams_.changes();
  TM_TRY(auto shard, streams_.shard(arn_, id_));
  return &shard_.emplace(std::move(shard));
}

void Streams::tell(const std::string& arn) {
  const std::lock_guard lock(mutex_);
  for (const auto& weak : watches_) {
    const auto watch = weak.lock();
    if (!watch) continue;
    watch->executor.post([weak, arn] {
      if (const auto alive = weak.lock()) alive->changed(arn);
    });
  }
}

ShardInfo Streams::new_shard(std::size_t slot, std::uint64_t first, std::int64_t now, std::string parent) {
  // Shards of several slots are made in the same millisecond: the slot comes first in the suffix, chance behind it.
  const auto suffix = static_cast<std::uint32_t>(slot << 16) | static_cast<std::uint32_t>(deps_.random.below(1 << 16));
  return {.id = fmt::format("shardId-{:020}-{:08x}", now, suffix),
          .parent = std::move(parent),
          .slot = slot,
          .first = first,
          .created_ms = now};
}

std::shared_ptr<tables::ChangeStream> Streams::open(const tables::TableDefinition& table, storage::Mutation& batch) {
  auto stream = std::make_shared<Stream>();
  stream->id = next_id_++;
  const std::int64_t now = now_ms();
  stream->info = {.arn = tables::stream_arn(table.scope, table.name, table.stream.label),
                  .label = table.stream.label,
                  .table = table.name,
                  .scope = table.scope,
                  .uuid = deps_.random.uuid(),
                  .view = table.stream.view,
                  .keys = table.keys,
                  .created_ms = now};
  // Numbers go on where the table's last stream ended, so that offsets of its Kafka view never start again.
  const auto tag = table.tags.find(std::string(tables::kSlotsTag));
  const auto slots = tag == table.tags.end() ? std::nullopt : tables::slots_from(tag->second);
  std::vector<std::uint64_t> first(slots.value_or(options_.slots_per_table), 0);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [arn, other] : streams_) {
      if (other->info.scope != table.scope || other->info.table != table.name) continue;
      for (std::size_t i = 0; i < first.size() && i < other->slots.size(); ++i)
        first[i] = std::max(first[i], other->slots[i]->next());
    }
  }
  for (std::size_t i = 0; i < first.size(); ++i) {
    stream->slots.push_back(make_slot(slot_prefix(stream->id, i), first[i], first[i], 0));
    stream->info.shards.push_back(new_shard(i, first[i], now, ""));
  }
  stream->routes = even_routes(first.size());
  store_stream(*stream, batch);
  auto writer = std::make_shared<Writer>(*stream, deps_.home.clock());
  const std::string arn = stream->info.arn;
  publish(arn, std::move(stream));
  tell(arn);
  return writer;
}

std::shared_ptr<tables::ChangeStream> Streams::find(const tables::TableDefinition& table) {
  const auto stream = lookup(tables::stream_arn(table.scope, table.name, table.stream.label));
  if (!stream || !(*stream)->info.enabled) return nullptr;
  return std::make_shared<Writer>(**stream, deps_.home.clock());
}

// Ends the open shards of slots that get no more keys.
bool Streams::close_retired(Stream& stream, std::int64_t now) {
  bool any = false;
  for (auto& shard : stream.info.shards) {
    if (shard.end || is_routed(stream.routes, shard.slot)) continue;
    shard.end = stream.slots[shard.slot]->next();
    shard.closed_ms = now;
    any = true;
  }
  return any;
}

tables::Result<std::shared_ptr<tables::ChangeStream>> Streams::begin_split(const tables::TableDefinition& table,
                                                                           std::string_view shard_id,
                                                                           storage::Mutation& batch) {
  const std::string arn = tables::stream_arn(table.scope, table.name, table.stream.label);
  const auto current = lookup(arn);
  if (!current || !(*current)->info.enabled)
    return tables::fail(tables::Errc::kResourceNotFound, "the table has no stream that is enabled");
  auto next = std::make_shared<Stream>(**current);
  const auto parent = std::ranges::find(next->info.shards, shard_id, &ShardInfo::id);
  if (parent == next->info.shards.end())
    return tables::fail(tables::Errc::kResourceNotFound, fmt::format("the stream has no shard {}", shard_id));
  const auto route = std::ranges::find(next->routes, parent->slot, &Route::slot);
  if (parent->end || route == next->routes.end())
    return tables::fail(tables::Errc::kValidation, fmt::format("the shard {} is closed", shard_id));
  const std::uint64_t to = std::next(route) == next->routes.end() ? 1ULL << 32 : std::next(route)->from;
  const auto middle = static_cast<std::uint32_t>((route->from + to) / 2);
  if (next->slots.size() + 2 > kSlotsMax || middle == route->from)
    return tables::fail(tables::Errc::kLimitExceeded, "the stream cannot have more shards");
  // Ids order shards by creation: a child is never of its parent's millisecond.
  std::int64_t now = now_ms();
  for (const auto& shard : next->info.shards) now = std::max(now, shard.created_ms + 1);
  const std::uint64_t first = next->slots[parent->slot]->next() + kSplitGap;
  const std::string parent_id = parent->id;
  const std::size_t slot = next->slots.size();
  for (std::size_t i = slot; i < slot + 2; ++i) {
    next->slots.push_back(make_slot(slot_prefix(next->id, i), first, first, 0));
    next->info.shards.push_back(new_shard(i, first, now, parent_id));
  }
  route->slot = slot;
  next->routes.insert(std::next(route), {.from = middle, .slot = slot + 1});
  store_stream(*next, batch);
  auto writer = std::make_shared<Writer>(*next, deps_.home.clock());
  publish(arn, std::move(next));
  return writer;
}

void Streams::end_split(const tables::TableDefinition& table, storage::Mutation& batch) {
  const std::string arn = tables::stream_arn(table.scope, table.name, table.stream.label);
  const auto current = lookup(arn);
  if (!current) return;
  auto next = std::make_shared<Stream>(**current);
  if (!close_retired(*next, now_ms())) return;
  store_stream(*next, batch);
  publish(arn, std::move(next));
  tell(arn);
}

void Streams::close(const tables::TableDefinition& table, storage::Mutation& batch) {
  const std::string arn = tables::stream_arn(table.scope, table.name, table.stream.label);
  const auto current = lookup(arn);
  if (!current || !(*current)->info.enabled) return;
  auto next = std::make_shared<Stream>(**current);
  const std::int64_t now = now_ms();
  next->info.enabled = false;
  next->info.closed_ms = now;
  for (auto& shard : next->info.shards) {
    if (shard.end) continue;
    shard.end = next->slots[shard.slot]->next();
    shard.closed_ms = now;
  }
  store_stream(*next, batch);
  publish(arn, std::move(next));
  tell(arn);
}

Status Streams::roll_over(std::string_view arn) {
  TM_TRY(const auto current, lookup(arn));
  if (!current->info.enabled) return {};
  auto next = std::make_shared<Stream>(*current);
  // A shard's id holds its creation time, and ids order shards by creation: a child is never of its parent's
  // millisecond.
  std::int64_t now = now_ms();
  for (const auto& shard : next->info.shards) now = std::max(now, shard.created_ms + 1);
  const std::string name = next->info.arn;
  storage::Mutation batch;
  // Under the commit lock: no loop writes between the look at where a shard ends and the moment when all know of it.
  batch.at_commit([this, now, &name, &next](storage::Mutation& into) {
    std::vector<ShardInfo> children;
    for (auto& shard : next->info.shards) {
      if (shard.end || !is_routed(next->routes, shard.slot)) continue;
      shard.end = next->slots[shard.slot]->next();
      shard.closed_ms = now;
      children.push_back(new_shard(shard.slot, *shard.end, now, shard.id));
    }
    for (auto& child : children) next->info.shards.push_back(std::move(child));
    store_stream(*next, into);
    publish(name, std::move(next));
  });
  deps_.store.write(std::move(batch));
  tell(name);
  return {};
}

void Streams::sweep() {
  const std::int64_t now = now_ms();
  const std::int64_t cutoff = now - options_.retention.count();
  std::vector<std::shared_ptr<const Stream>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [arn, stream] : streams_) all.push_back(stream);
  }
  for (const auto& stream : all) {
    const std::string& arn = stream->info.arn;
    storage::Mutation batch;
    if (stream->info.closed_ms && *stream->info.closed_ms <= cutoff) {
      for (const auto& slot : stream->slots) {
        batch.erase_range(Keyspace::kChanges, slot->prefix(), prefix_end(slot->prefix()));
      }
      batch.erase(Keyspace::kMeta, meta_key(stream->id));
      publish(arn, nullptr);
      deps_.store.write(std::move(batch));
      deps_.log.info("streams.expired", {{"stream", arn}});
      tell(arn);
      continue;
    }
    for (const auto& slot : stream->slots) {
      const auto oldest = slot->trim(cutoff, slot->reached(), batch);
      // Readers must see the border before the records go, so that a trimmed position is never an empty page.
      if (oldest > slot->oldest()) slot->trimmed_to(oldest);
    }
    auto next = std::make_shared<Stream>(*stream);
    const auto gone = std::erase_if(next->info.shards, [&](const ShardInfo& shard) {
      return shard.closed_ms && *shard.closed_ms <= cutoff && stream->slots[shard.slot]->oldest() >= *shard.end;
    });
    if (!batch.empty() || gone != 0) {
      store_stream(*next, batch);
      publish(arn, next);
      deps_.store.write(std::move(batch));
      if (gone != 0) tell(arn);
    }
    const bool due = std::ranges::any_of(next->info.shards, [&](const ShardInfo& shard) {
      return !shard.end && now - shard.created_ms >= options_.rollover.count() &&
             next->slots[shard.slot]->next() > shard.first;
    });
    if (due) {
      (void)roll_over(arn);
    } else if (split_) {
      for (const auto& shard : heat_.look(next->info, next->slots, deps_.home.clock().wall()))
        split_(next->info, shard);
    }
  }
  heat_.end_round();
}

}  // namespace tidemill::streams
