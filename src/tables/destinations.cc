#include "tables/destinations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "tables/engine.h"

namespace tidemill::tables {

namespace {

constexpr std::size_t kRecordsMax = 256;
constexpr std::size_t kBytesMax = 1 << 20;
constexpr std::chrono::milliseconds kPauseFirst{100}, kPauseMax{10'000};
// What a stream that cannot be reached is owed at most; as long as a stream of the table would keep it.
constexpr std::int64_t kKeptUs = 24LL * 3600 * 1'000'000;

constexpr std::string_view kNotValid = "Table is not in a valid state to enable Kinesis Streaming Destination: ";

bool is_live(DestinationStatus status) {
  return status != DestinationStatus::kDisabled && status != DestinationStatus::kEnableFailed;
}
bool takes_changes(DestinationStatus status) { return is_live(status) && status != DestinationStatus::kDisabling; }

// Row: table id and generation; value: the definition of a table that is gone while its destination is owed changes.
constexpr std::string_view kDeletedPrefix = "tables/deleted-destination/";
std::string deleted_row(TableId table, std::uint32_t generation) {
  std::string out(kDeletedPrefix);
  append_be(out, table);
  append_be(out, generation);
  return out;
}

std::unexpected<Error> no_table(const std::string& name) {
  return fail(Errc::kResourceNotFound, fmt::format("Requested resource not found: Table: {} not found", name));
}

StreamingDestination* find(TableDefinition& table, std::string_view stream_arn) {
  const auto at = std::ranges::find(table.features.destinations, stream_arn, &StreamingDestination::stream_arn);
  return at == table.features.destinations.end() ? nullptr : &*at;
}

}  // namespace

std::optional<std::string> kinesis_stream_name(std::string_view arn, const Scope& scope) {
  const std::string front = fmt::format(":kinesis:{}:{}:stream/", scope.region, scope.account);
  const auto at = arn.find(front);
  if (!arn.starts_with("arn:aws") || at == std::string_view::npos || arn.substr(4, at - 4).find(':') != arn.npos)
    return std::nullopt;
  const auto name = arn.substr(at + front.size());
  if (name.empty() || name.size() > 128 || name == "." || name == "..") return std::nullopt;
  if (!std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
               c == '-';
      })) {
    return std::nullopt;
  }
  return std::string(name);
}

Destinations::Destinations(Tables& tables, StreamingSink* sink) : tables_(tables), sink_(sink) {}

Destinations::~Destinations() {
  *alive_ = false;
  for (auto& [id, one] : deliveries_) {
    one.watching = {};
    if (one.outbox) one.outbox->close();
  }
}

Destinations::Delivery& Destinations::delivery(const TableDefinition& table, const StreamingDestination& destination) {
  auto& one = deliveries_[{table.id, destination.generation}];
  if (!one.outbox) {
    one.scope = table.scope;
    one.table = table.name;
    one.stream = kinesis_stream_name(destination.stream_arn, table.scope).value_or("");
    one.outbox = std::make_shared<Outbox>(tables_.store(), tables_.clock(), table.id, destination.generation);
  }
  return one;
}

void Destinations::add_taps(const TableDefinition& table, std::vector<std::shared_ptr<ChangeStream>>& taps) {
  for (const auto& destination : table.features.destinations) {
    if (takes_changes(destination.status)) taps.push_back(delivery(table, destination).outbox);
  }
}

void Destinations::start() {
  started_ = true;
  std::vector<Id> all;
  storage::Mutation leftovers;
  tables_.catalog()->for_each([&](const TablePtr& table) {
    if (table->definition.status == TableStatus::kDeleting) return;
    for (const auto& destination : table->definition.features.destinations) {
      if (!is_live(destination.status)) {
        // Ended, perhaps just before the server stopped.
        Outbox::erase(table->definition.id, destination.generation, leftovers);
        continue;
      }
      (void)delivery(table->definition, destination);
      all.push_back({table->definition.id, destination.generation});
    }
  });
  tables_.store().write(std::move(leftovers));
  for (auto cursor = tables_.store().cursor(storage::Keyspace::kMeta, storage::Range::prefix(kDeletedPrefix));
       cursor->valid(); cursor->next()) {
    const auto table = table_from_stored(cursor->value());
    const auto generation = load_be<std::uint32_t>(cursor->key().substr(cursor->key().size() - 4).data());
    if (!table) {
      tables_.log().error("tables.stored_destination_unreadable", {{"generation", generation}});
      continue;
    }
    for (const auto& destination : table->features.destinations) {
      if (destination.generation == generation) delivery(*table, destination).deleted = *table;
    }
    run({table->id, generation});
  }
  for (const auto& id : all) {
    switch (entry(id)->status) {
      case DestinationStatus::kEnabling: prepare(id); break;
      case DestinationStatus::kUpdating:
        change(id, [](StreamingDestination& one) { one.status = DestinationStatus::kActive; });
        run(id);
        break;
      case DestinationStatus::kActive:
      case DestinationStatus::kDisabling: run(id); break;
      case DestinationStatus::kDisabled:
      case DestinationStatus::kEnableFailed: break;
    }
  }
}

TablePtr Destinations::current(Id id) const {
  const auto one = deliveries_.find(id);
  if (one == deliveries_.end()) return nullptr;
  auto table = tables_.catalog()->find(one->second.scope, one->second.table);
  if (!table || table->definition.id != id.first || table->definition.status == TableStatus::kDeleting) return nullptr;
  return table;
}

std::optional<StreamingDestination> Destinations::entry(Id id) const {
  const auto table = current(id);
  if (!table) return std::nullopt;
  for (const auto& one : table->definition.features.destinations) {
    if (one.generation == id.second) return one;
  }
  return std::nullopt;
}

TablePtr Destinations::change(Id id, const std::function<void(StreamingDestination&)>& how, storage::Mutation batch) {
  const auto table = current(id);
  if (!table) return nullptr;
  auto next = table->definition;
  for (auto& one : next.features.destinations) {
    if (one.generation == id.second) how(one);
  }
  return tables_.replace(std::move(next), table, std::move(batch));
}

void Destinations::enable(const Scope& scope, const std::string& name, const std::string& stream_arn,
                          std::optional<Precision> precision, Reply<StreamingDestination> reply) {
  const auto table = tables_.usable(scope, name);
  if (!table) return std::move(reply)(no_table(name));
  if (sink_ == nullptr) return std::move(reply)(invalid("Streaming destinations are not supported by this server"));
  if (!kinesis_stream_name(stream_arn, table->scope()))
    return std::move(reply)(invalid("User does not have a permission to use kinesis stream"));
  auto next = table->definition;
  auto& list = next.features.destinations;
  if (std::ranges::any_of(list, [](const auto& one) { return is_live(one.status); })) {
    return std::move(reply)(
        invalid(std::string(kNotValid) +
                "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."));
  }
  std::erase_if(list, [&](const auto& one) { return one.stream_arn == stream_arn; });
  StreamingDestination destination{
      .stream_arn = stream_arn, .precision = precision, .generation = next.features.next_generation++};
  list.push_back(destination);
  // A handful of ended ones stay to be seen.
  if (list.size() > 8) list.erase(list.begin());
  const Id id{next.id, destination.generation};
  tables_.replace(std::move(next), table);
  // Every change after the answer is delivered.
  auto answer = std::make_shared<Reply<StreamingDestination>>(std::move(reply));
  tables_.barrier([this, id, destination, answer] {
    tables_.store().when_durable(tables_.store().newest(), tables_.home(),
                                 [destination, answer]() mutable { std::move (*answer)(std::move(destination)); });
    tables_.after(tables_.options().transition, guarded([this, id] {
                    if (started_) prepare(id);
                  }));
  });
}

void Destinations::prepare(Id id) {
  const auto one = deliveries_.find(id);
  if (one == deliveries_.end() || sink_ == nullptr) return;
  sink_->prepare(one->second.stream, tidemill::Reply<bool>(guarded([this, id](tidemill::Result<bool> ready) {
                   const auto now = entry(id);
                   if (!now || now->status != DestinationStatus::kEnabling) return;
                   if (!ready) return end(id, DestinationStatus::kEnableFailed, ready.error().message);
                   change(id, [](StreamingDestination& to) { to.status = DestinationStatus::kActive; });
                   run(id);
                 })));
}

void Destinations::disable(const Scope& scope, const std::string& name, const std::string& stream_arn,
                           Reply<StreamingDestination> reply) {
  const auto table = tables_.usable(scope, name);
  if (!table) return std::move(reply)(no_table(name));
  auto next = table->definition;
  auto* destination = find(next, stream_arn);
  if (destination == nullptr || destination->status != DestinationStatus::kActive) {
    return std::move(reply)(
        invalid(std::string(kNotValid) + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."));
  }
  destination->status = DestinationStatus::kDisabling;
  const auto told = *destination;
  const Id id{next.id, told.generation};
  tables_.replace(std::move(next), table);
  auto answer = std::make_shared<Reply<StreamingDestination>>(std::move(reply));
  // Once no writer knows the outbox, its end is fixed; what it holds is still delivered.
  tables_.barrier([this, id, told, answer] {
    tables_.store().when_durable(tables_.store().newest(), tables_.home(),
                                 [told, answer] { std::move (*answer)(told); });
    tables_.after(tables_.options().transition, guarded([this, id] { pump(id); }));
  });
}

void Destinations::update(const Scope& scope, const std::string& name, const std::string& stream_arn,
                          std::optional<Precision> precision, Reply<StreamingDestination> reply) {
  const auto table = tables_.usable(scope, name);
  if (!table) return std::move(reply)(no_table(name));
  if (!precision) {
    return std::move(reply)(
        invalid("Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration "
                "cannot be null or contain only null values"));
  }
  auto next = table->definition;
  auto* destination = find(next, stream_arn);
  if (destination == nullptr) {
    return std::move(reply)(
        invalid(fmt::format("{}No streaming destination with streamArn: {} found for table with tableName: {}",
                            kNotValid, stream_arn, name)));
  }
  if (destination->status != DestinationStatus::kActive) {
    return std::move(reply)(invalid(std::string(kNotValid) +
                                    "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE "
                                    "state."));
  }
  if (destination->precision.value_or(Precision::kMillisecond) == *precision) {
    return std::move(reply)(
        invalid(fmt::format("Invalid Request: Precision is already set to the desired value of {} for tableId: {}, "
                            "kdsArn: {}",
                            to_string(*precision), table->definition.uuid, stream_arn)));
  }
  destination->precision = precision;
  destination->status = DestinationStatus::kUpdating;
  const auto told = *destination;
  const Id id{next.id, told.generation};
  tables_.replace(std::move(next), table);
  tables_.after(tables_.options().transition, guarded([this, id] {
                  if (const auto now = entry(id); now && now->status == DestinationStatus::kUpdating)
                    change(id, [](StreamingDestination& to) { to.status = DestinationStatus::kActive; });
                }));
  tables_.store().when_durable(tables_.store().newest(), tables_.home(),
                               [told, reply = std::move(reply)]() mutable { std::move(reply)(told); });
}

void Destinations::run(Id id) {
  const auto found = deliveries_.find(id);
  if (found == deliveries_.end()) return;
  found->second.running = true;
  found->second.watching = found->second.outbox->watch(tables_.home(), guarded([this, id] { pump(id); }));
  pump(id);
}

void Destinations::pump(Id id) {
  const auto found = deliveries_.find(id);
  if (found == deliveries_.end() || !found->second.running || found->second.sending) return;
  auto& one = found->second;
  const auto table = current(id);
  if (!table && !one.deleted) return;
  const auto& definition = one.deleted ? *one.deleted : table->definition;
  const auto setting =
      std::ranges::find(definition.features.destinations, id.second, &StreamingDestination::generation);
  if (setting == definition.features.destinations.end()) return;
  auto page = one.outbox->read(kRecordsMax, kBytesMax);
  if (!page) {
    // A damaged change is named and passed over; those behind it are whole.
    tables_.log().error("tables.destination_record_unreadable",
                        {{"table", one.table}, {"number", one.outbox->first()}, {"error", page.error().message}});
    one.outbox->delivered(one.outbox->first() + 1);
    return pump(id);
  }
  if (page->next == one.outbox->first()) {
    if (one.deleted) return end_of_deleted(id);
    // All delivered. A destination that is being disabled ends here: nothing is written to its outbox any more.
    if (setting->status == DestinationStatus::kDisabling && one.outbox->next() == one.outbox->first())
      end(id, DestinationStatus::kDisabled, "");
    return;
  }
  const auto now = std::chrono::floor<std::chrono::microseconds>(tables_.clock().wall()).time_since_epoch().count();
  std::vector<StreamingRecord> records;
  for (const auto& record : page->records) {
    if (record.time_us < now - kKeptUs) continue;
    records.push_back(
        {.key = key_json(record, definition.keys),
         .data = kinesis_json(record, definition, id.second, setting->precision.value_or(Precision::kMillisecond))});
  }
  if (records.size() < page->records.size()) {
    tables_.log().warn(
        "tables.destination_lost_records",
        {{"table", one.table}, {"stream", one.stream}, {"records", page->records.size() - records.size()}});
  }
  one.sending = true;
  const auto done = guarded([this, id, next = page->next](tidemill::Result<bool> sent) {
    const auto at = deliveries_.find(id);
    if (at == deliveries_.end()) return;
    at->second.sending = false;
    if (!sent) return retry(id, sent.error().message);
    at->second.pause = {};
    at->second.told_failure = false;
    at->second.outbox->delivered(next);
    // Not called here: a sink that answers at once would nest as deep as the outbox is long.
    tables_.home().post(guarded([this, id] { pump(id); }));
  });
  if (records.empty()) return tidemill::Reply<bool>(done)(true);
  sink_->append(one.stream, std::move(records), tidemill::Reply<bool>(done));
}

void Destinations::retry(Id id, std::string_view error) {
  auto& one = deliveries_.at(id);
  if (!std::exchange(one.told_failure, true)) {
    tables_.log().warn("tables.destination_unreachable",
                       {{"table", one.table}, {"stream", one.stream}, {"error", error}});
  }
  one.pause = std::clamp(one.pause * 2, kPauseFirst, kPauseMax);
  tables_.after(one.pause, guarded([this, id] { pump(id); }));
}

void Destinations::end(Id id, DestinationStatus status, const std::string& problem) {
  const auto set = [&](StreamingDestination& one) {
    one.status = status;
    one.problem = problem;
  };
  if (!change(id, set)) return;
  // No writer may know the outbox when its rows go.
  tables_.barrier([this, id] {
    const auto at = deliveries_.find(id);
    if (at == deliveries_.end()) return;
    at->second.watching = {};
    at->second.outbox->close();
    deliveries_.erase(at);
    storage::Mutation batch;
    Outbox::erase(id.first, id.second, batch);
    tables_.store().write(std::move(batch));
  });
}

void Destinations::end_of_deleted(Id id) {
  const auto at = deliveries_.find(id);
  at->second.watching = {};
  at->second.outbox->close();
  deliveries_.erase(at);
  storage::Mutation batch;
  Outbox::erase(id.first, id.second, batch);
  batch.erase(storage::Keyspace::kMeta, deleted_row(id.first, id.second));
  tables_.store().write(std::move(batch));
}

void Destinations::forget(const TableDefinition& table, storage::Mutation& batch) {
  for (const auto& destination : table.features.destinations) {
    const Id id{table.id, destination.generation};
    const bool reached = is_live(destination.status) && destination.status != DestinationStatus::kEnabling;
    if (auto* one = reached ? &delivery(table, destination) : nullptr;
        one != nullptr && one->outbox->next() > one->outbox->first()) {
      one->deleted = table;
      batch.put(storage::Keyspace::kMeta, deleted_row(id.first, id.second), to_stored(table));
      // Before the start of deliveries, that finds the row.
      if (started_) tables_.home().post(guarded([this, id] { run(id); }));
      continue;
    }
    Outbox::erase(id.first, id.second, batch);
    const auto at = deliveries_.find(id);
    if (at == deliveries_.end()) continue;
    at->second.watching = {};
    at->second.outbox->close();
    deliveries_.erase(at);
  }
}

}  // namespace tidemill::tables
