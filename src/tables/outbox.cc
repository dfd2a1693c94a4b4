#include "tables/outbox.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "item/encoding.h"
#include "item/json.h"
#include "tables/rows.h"

namespace tidemill::tables {

using storage::Keyspace;

namespace {

constexpr char kOutbox = 'o', kPosition = 'p';
constexpr unsigned kKindMask = 0x03, kService = 0x04, kNew = 0x08, kOld = 0x10;
constexpr std::size_t kHeadBytes = 9;  // time, flags

std::string prefix_of(char kind, TableId table, std::uint32_t generation) {
  std::string out(1, kind);
  append_be(out, table);
  append_be(out, generation);
  return out;
}

std::string encode(const Change& change) {
  std::string out;
  out.reserve(32 + change.keys.size() + (change.new_image ? change.new_image->size() : 0) +
              (change.old_image ? change.old_image->size() : 0));
  append_be(out, std::int64_t{0});
  unsigned flags = static_cast<unsigned>(change.kind);
  if (change.by_service) flags |= kService;
  if (change.new_image) flags |= kNew;
  if (change.old_image) flags |= kOld;
  out += static_cast<char>(flags);
  append_varint(out,
                change.keys_size + (change.new_image ? change.new_size : 0) + (change.old_image ? change.old_size : 0));
  append_sized(out, change.keys);
  if (change.new_image) append_sized(out, *change.new_image);
  if (change.old_image) append_sized(out, *change.old_image);
  return out;
}

std::optional<OutboxRecord> decode(std::uint64_t number, std::string_view stored) {
  if (stored.size() < kHeadBytes) return std::nullopt;
  const auto flags = static_cast<unsigned char>(stored[8]);
  OutboxRecord out{.number = number,
                   .time_us = load_be<std::int64_t>(stored.data()),
                   .kind = static_cast<ChangeKind>(flags & kKindMask),
                   .by_service = (flags & kService) != 0};
  stored.remove_prefix(kHeadBytes);
  const auto size = take_varint(stored);
  const auto keys = size ? take_sized(stored) : std::nullopt;
  if (!keys) return std::nullopt;
  out.size_bytes = *size;
  out.keys = *keys;
  for (const auto& [flag, image] : {std::pair(kNew, &out.new_image), std::pair(kOld, &out.old_image)}) {
    if ((flags & flag) == 0) continue;
    const auto bytes = take_sized(stored);
    if (!bytes) return std::nullopt;
    *image = std::string(*bytes);
  }
  return out;
}

std::string_view event_name(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kInsert: return "INSERT";
    case ChangeKind::kModify: return "MODIFY";
    case ChangeKind::kRemove: return "REMOVE";
  }
  std::unreachable();
}

}  // namespace

Outbox::Outbox(storage::Store& store, const runtime::Clock& clock, TableId table, std::uint32_t generation)
    : store_(store), clock_(clock), position_key_(prefix_of(kPosition, table, generation)) {
  const auto stored = store.get(Keyspace::kHistory, position_key_);
  if (stored && *stored && (*stored)->size() == 8) first_ = load_be<std::uint64_t>((*stored)->data());
  const auto prefix = prefix_of(kOutbox, table, generation);
  const auto last =
      store.cursor(Keyspace::kHistory, storage::Range::prefix(prefix), storage::Direction::kReverse, nullptr);
  const auto next = last->valid() ? storage::Log::number_of(last->key()) + 1 : 0;
  log_ = store.open_log(Keyspace::kHistory, prefix, std::max(first_, next));
}

void Outbox::record(const Change& change, storage::Mutation& batch) {
  batch.append(*log_, 1, encode(change), [this](std::uint64_t, std::string& stored) {
    const auto now = std::chrono::floor<std::chrono::microseconds>(clock_.wall()).time_since_epoch().count();
    store_be(stored.data(), static_cast<std::int64_t>(now));
  });
}

Result<Outbox::Page> Outbox::read(std::size_t records_max, std::size_t bytes_max) const {
  Page page{.records = {}, .next = first_};
  const auto end = log_->reached();
  if (first_ >= end) return page;
  const auto cursor = store_.cursor(Keyspace::kHistory, {log_->key(first_), log_->key(end)});
  std::size_t bytes = 0;
  for (; cursor->valid() && page.records.size() < records_max && bytes < bytes_max; cursor->next()) {
    const auto number = storage::Log::number_of(cursor->key());
    auto record = decode(number, cursor->value());
    if (!record) return fail(Errc::kInternal, "a stored change is damaged");
    bytes += cursor->value().size();
    page.records.push_back(*std::move(record));
    page.next = number + 1;
  }
  if (const auto status = cursor->status(); !status) return fail(Errc::kInternal, status.error().message);
  return page;
}

void Outbox::delivered(std::uint64_t to) {
  storage::Mutation batch;
  batch.erase_range(Keyspace::kHistory, log_->key(first_), log_->key(to));
  std::string position;
  append_be(position, to);
  batch.put(Keyspace::kHistory, position_key_, position);
  store_.write(std::move(batch));
  first_ = to;
}

storage::Subscription Outbox::watch(runtime::Executor& executor, std::function<void()> told) {
  return log_->watch(executor, [told = std::move(told)](std::uint64_t) { told(); });
}

void Outbox::erase(TableId table, std::uint32_t generation, storage::Mutation& batch) {
  const auto prefix = prefix_of(kOutbox, table, generation);
  batch.erase_range(Keyspace::kHistory, prefix, prefix_end(prefix));
  batch.erase(Keyspace::kHistory, prefix_of(kPosition, table, generation));
}

std::string key_json(const OutboxRecord& record, const KeySchema& keys) {
  const auto item = item::decode(record.keys);
  std::string out = "{";
  for (const auto* part : {&keys.hash, &keys.range}) {
    for (const auto& key : *part) {
      const auto* value = item ? item->find(key.name) : nullptr;
      if (value == nullptr) continue;
      if (out.size() > 1) out += ',';
      out += '"';
      json::append_escaped(out, key.name);
      out += "\":";
      item::append_json(out, *value);
    }
  }
  out += '}';
  return out;
}

std::string kinesis_json(const OutboxRecord& record, const TableDefinition& table, std::uint32_t generation,
                         Precision precision) {
  std::string seed = table.uuid;
  append_be(seed, generation);
  append_be(seed, record.number);
  append_be(seed, record.time_us);
  const auto hex = to_hex(md5(seed));
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("awsRegion", table.scope.region);
  writer.member("eventID", fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                                       hex.substr(16, 4), hex.substr(20, 12)));
  writer.member("eventName", event_name(record.kind));
  writer.key("userIdentity");
  if (record.by_service) {
    writer.begin_object().member("principalId", "dynamodb.amazonaws.com").member("type", "Service").end_object();
  } else {
    writer.null();
  }
  writer.member("recordFormat", "application/json").member("tableName", table.name);
  writer.key("dynamodb").begin_object();
  writer.member("ApproximateCreationDateTime",
                precision == Precision::kMicrosecond ? record.time_us : record.time_us / 1000);
  writer.key("Keys").raw(key_json(record, table.keys));
  const auto image = [&writer](std::string_view name, const std::optional<std::string>& encoded) {
    std::string text;
    if (encoded && item::append_json_of_encoded(text, *encoded)) writer.key(name).raw(text);
  };
  image("NewImage", record.new_image);
  image("OldImage", record.old_image);
  writer.member("SizeBytes", static_cast<std::int64_t>(record.size_bytes));
  writer.member("ApproximateCreationDateTimePrecision", to_string(precision)).end_object();
  writer.member("eventSource", "aws:dynamodb").end_object();
  return out;
}

}  // namespace tidemill::tables
