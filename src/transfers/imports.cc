#include "transfers/imports.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"
#include "storage/store.h"
#include "tables/engine.h"
#include "tables/operations.h"
#include "tables/schema.h"

#include <fmt/format.h>

namespace tidemill::transfers {
namespace {

constexpr auto kSpace = storage::Keyspace::kMeta;
constexpr std::string_view kRows = "transfers/import/";  // + id
constexpr std::int64_t kTokenLifeMs = 8LL * 3600 * 1000;
constexpr std::size_t kReadBytes = 512 << 10;

std::string encode(const Import& entry) {
  json::Object out;
  out["format"] = 1;
  out["account"] = entry.scope.account;
  out["region"] = entry.scope.region;
  out["arn"] = entry.arn;
  out["table"] = entry.table;
  out["table_arn"] = entry.table_arn;
  out["table_id"] = entry.table_id;
  out["client_token"] = entry.client_token;
  out["shown"] = entry.shown;
  out["bucket"] = entry.bucket;
  out["bucket_owner"] = entry.bucket_owner;
  out["prefix"] = entry.prefix;
  out["csv"] = entry.format.format == InputFormat::kCsv;
  out["compression"] = static_cast<int>(entry.format.compression);
  out["delimiter"] = std::string(1, entry.format.delimiter);
  if (entry.format.header) {
    json::Array header;
    for (const auto& name : *entry.format.header) header.emplace_back(name);
    out["header"] = std::move(header);
  }
  json::Object types;
  for (const auto& attribute : entry.format.attributes)
    types[attribute.name] = std::string(1, static_cast<char>(attribute.type));
  out["types"] = std::move(types);
  out["state"] = std::string(to_string(entry.state));
  out["started_ms"] = entry.started_ms;
  out["ended_ms"] = entry.ended_ms;
  out["bytes"] = entry.bytes;
  out["processed"] = entry.processed;
  out["imported"] = entry.imported;
  out["errors"] = entry.errors;
  out["failure_code"] = entry.failure_code;
  out["failure_message"] = entry.failure_message;
  out["after"] = entry.after;
  return json::Value(std::move(out)).text();
}

std::optional<Import> decode(std::string_view id, std::string_view text) {
  const auto value = json::Value::parse(text);
  if (!value || value->integer_or("format", 0) != 1) return std::nullopt;
  Import out;
  out.id = id;
  out.scope = {.account = value->string_or("account"), .region = value->string_or("region")};
  out.arn = value->string_or("arn");
  out.table = value->string_or("table");
  out.table_arn = value->string_or("table_arn");
  out.table_id = value->string_or("table_id");
  out.client_token = value->string_or("client_token");
  out.shown = value->string_or("shown");
  out.bucket = value->string_or("bucket");
  out.bucket_owner = value->string_or("bucket_owner");
  out.prefix = value->string_or("prefix");
  out.format.format = value->bool_or("csv", false) ? InputFormat::kCsv : InputFormat::kJson;
  out.format.compression = static_cast<Compression>(value->integer_or("compression", 0));
  out.format.delimiter = value->string_or("delimiter", ",").front();
  if (const auto* header = value->find("header"); header != nullptr && header->is_array()) {
    out.format.header.emplace();
    for (const auto& name : header->as_array()) out.format.header->push_back(name.as_string());
  }
  if (const auto* types = value->find("types"); types != nullptr && types->is_object())
    for (const auto& [name, type] : types->as_object())
      out.format.attributes.push_back({name, static_cast<tables::KeyType>(type.as_string().front())});
  const auto state = value->string_or("state");
  out.state = state == "COMPLETED" ? Import::State::kCompleted
              : state == "FAILED"  ? Import::State::kFailed
                                   : Import::State::kInProgress;
  out.started_ms = value->integer_or("started_ms", 0);
  out.ended_ms = value->integer_or("ended_ms", 0);
  out.bytes = value->integer_or("bytes", 0);
  out.processed = value->integer_or("processed", 0);
  out.imported = value->integer_or("imported", 0);
  out.errors = value->integer_or("errors", 0);
  out.failure_code = value->string_or("failure_code");
  out.failure_message = value->string_or("failure_message");
  out.after = value->string_or("after");
  return out;
}

Error error_of(const tables::Error& error) {
  switch (error.code) {
    case tables::Errc::kValidation: return {Errc::kValidation, error.message};
    case tables::Errc::kResourceInUse: return {Errc::kResourceInUse, error.message};
    case tables::Errc::kLimitExceeded: return {Errc::kLimitExceeded, error.message};
    case tables::Errc::kUnavailable: return {Errc::kUnavailable, error.message};
    default: return {Errc::kInternal, error.message};
  }
}

}  // namespace

// One object that is being read.
struct Imports::Work {
  Work(const SourceFormat& format, Buckets::Entry entry) : object(std::move(entry)), reader(format) {}
  const Buckets::Entry object;
  SourceReader reader;  // of the worker while one runs
  std::uint64_t at = 0;
  tidemill::Result<SourceReader::Batch> batch;
  std::size_t next = 0, under_way = 0;  // of the batch's items

  std::vector<item::Item> retry;
  std::int64_t bytes = 0, processed = 0, imported = 0, errors = 0;
};

std::string_view to_string(Import::State state) {
  switch (state) {
    case Import::State::kInProgress: return "IN_PROGRESS";
    case Import::State::kCompleted: return "COMPLETED";
    case Import::State::kFailed: return "FAILED";
  }
  std::unreachable();
}

Imports::Imports(Services services) : services_(services) {}
Imports::~Imports() = default;

void Imports::start() {
  auto& store = services_.tables.store();
  for (auto cursor = store.cursor(kSpace, storage::Range::prefix(kRows)); cursor->valid(); cursor->next()) {
    const std::string id(cursor->key().substr(kRows.size()));
    auto entry = decode(id, cursor->value());
    if (!entry) {
      services_.log.error("transfers.stored_import_unreadable", {{"import", id}});
      continue;
    }
    const bool running = entry->state == Import::State::kInProgress;
    imports_[id] = *std::move(entry);
    if (running) later(id, [this, id] { next_object(id); });
  }
  // A table whose import was never stored is empty, and one whose import has ended is whole: both can be used.
  std::vector<tables::TablePtr> left;
  services_.tables.catalog()->for_each([&](const tables::TablePtr& table) {
    const auto fills = [&](const auto& one) {
      return one.second.state == Import::State::kInProgress && one.second.table_id == table->definition.uuid;
    };
    if (table->definition.features.importing && std::ranges::none_of(imports_, fills)) left.push_back(table);
  });
  for (const auto& table : left) services_.tables.end_import(table->scope(), table->definition.name);
}

void Imports::store(const Import& entry) {
  storage::Mutation batch;
  batch.put(kSpace, std::string(kRows) + entry.id, encode(entry));
  services_.tables.store().write(std::move(batch));
}

void Imports::later(const std::string& id, std::function<void()> step) {
  services_.loop.at(services_.loop.clock().now() + std::chrono::milliseconds(100),
                    [this, alive = std::weak_ptr(alive_), id, step = std::move(step)] {
                      if (!alive.expired() && imports_.contains(id)) step();
                    });
}

void Imports::begin(ImportRequest request, Reply<Import, Error> reply) {
  const auto now = epoch_ms(services_.loop.clock().wall());
  for (const auto& [id, known] : imports_) {
    if (known.client_token != request.client_token || known.started_ms + kTokenLifeMs < now) continue;
    if (known.table != request.table.name)
      return std::move(reply)(
          fail(Errc::kImportConflict, "Import conflict: Duplicate request detected with conflicting parameters"));
    // Nothing else of the request is compared. Once the import has ended, its table stands in the way.
    if (known.state == Import::State::kInProgress || !services_.tables.catalog()->find(known.scope, known.table))
      return std::move(reply)(Import(known));
  }
  const auto running =
      std::ranges::count_if(imports_, [](const auto& one) { return one.second.state == Import::State::kInProgress; });
  if (running >= static_cast<std::ptrdiff_t>(kRunningMax) || imports_.size() >= kKeptMax)
    return std::move(reply)(
        fail(Errc::kLimitExceeded,
             fmt::format("Subscriber limit exceeded: There is a limit of {} concurrent import jobs per account",
                         kRunningMax)));
  auto kept = std::make_shared<ImportRequest>(std::move(request));
  kept->table.importing = true;
  auto answer = std::make_shared<Reply<Import, Error>>(std::move(reply));
  services_.tables.create_table(
      kept->scope, kept->table, services_.loop,
      tables::Reply<tables::TableDescription>([this, alive = std::weak_ptr(alive_), kept, answer,
                                               now](tables::Result<tables::TableDescription> made) {
        if (alive.expired()) return;
        if (!made) return std::move(*answer)(std::unexpected(error_of(made.error())));
        Import entry;
        entry.scope = kept->scope;
        entry.id = fmt::format("{:014}-{}", now, to_hex(services_.random.bytes(4)));
        entry.table = made->definition.name;
        entry.table_arn = tables::table_arn(kept->scope, entry.table);
        entry.table_id = made->definition.uuid;
        entry.arn = entry.table_arn + "/import/" + entry.id;
        entry.client_token = kept->client_token;
        entry.shown = kept->shown;
        entry.bucket = kept->bucket;
        entry.bucket_owner = kept->bucket_owner;
        entry.prefix = kept->prefix;
        entry.format = kept->format;
        entry.format.attributes = kept->table.attributes;
        entry.started_ms = now;
        storage::Mutation batch;
        batch.put(kSpace, std::string(kRows) + entry.id, encode(entry));
        imports_[entry.id] = entry;
        services_.log.info("transfers.import_begun", {{"import", entry.arn}});
        later(entry.id, [this, id = entry.id] { next_object(id); });
        services_.tables.store().commit(std::move(batch), services_.loop, [answer, entry = std::move(entry)]() mutable {
          std::move (*answer)(std::move(entry));
        });
      }));
}

Result<Import> Imports::describe(const std::string& arn) const {
  const auto at = imports_.find(arn.substr(arn.rfind('/') + 1));
  if (at == imports_.end() || at->second.arn != arn) return fail(Errc::kImportNotFound, "Import not found: " + arn);
  return at->second;
}

std::vector<Import> Imports::list(const Scope& scope, const std::string& table_arn, const std::string& after,
                                  std::size_t max) const {
  std::vector<Import> out;
  for (auto at = imports_.rbegin(); at != imports_.rend() && out.size() < max; ++at) {
    const auto& entry = at->second;
    if (entry.scope.account != scope.account || (!table_arn.empty() && entry.table_arn != table_arn)) continue;
    if (!after.empty() && at->first >= after) continue;
    out.push_back(entry);
  }
  return out;
}

// ---- the work

void Imports::next_object(const std::string& id) {
  auto& entry = imports_.at(id);
  const auto table = services_.tables.catalog()->find(entry.scope, entry.table);
  if (!table || table->definition.uuid != entry.table_id)
    return finish(id, "TableNotFound", "The table was deleted while it was imported");
  if (table->definition.status == tables::TableStatus::kCreating && !table->definition.features.importing) {
    services_.loop.at(services_.loop.clock().now() + std::chrono::milliseconds(50),
                      [this, alive = std::weak_ptr(alive_), id] {
                        if (!alive.expired()) next_object(id);
                      });
    return;
  }
  const auto account = entry.bucket_owner.empty() ? entry.scope.account : entry.bucket_owner;
  auto listed = services_.buckets.list(account, entry.bucket, entry.prefix, entry.after, 1);
  if (!listed && entry.after.empty()) return abandon(id, "S3" + listed.error().code, listed.error().message);
  if (!listed) return finish(id, "S3" + listed.error().code, listed.error().message);
  if (listed->empty()) {  // at once, too: what holds no object gives an empty table
    if (entry.errors == 0) return finish(id, "", "");
    return finish(id, "ItemValidationError",
                  "Some of the items failed validation checks and were not imported. Please check CloudWatch error "
                  "logs for more details.");
  }
  auto& object = listed->front();
  if (object.key.ends_with('/')) {  // a folder's place holder
    entry.after = object.key;
    return services_.loop.post([this, alive = std::weak_ptr(alive_), id] {
      if (!alive.expired()) next_object(id);
    });
  }
  read_step(id, std::make_shared<Work>(entry.format, std::move(object)));
}

void Imports::read_step(const std::string& id, WorkPtr work) {
  if (work->at == work->object.size) return parse_step(id, work);
  const auto& entry = imports_.at(id);
  const auto account = entry.bucket_owner.empty() ? entry.scope.account : entry.bucket_owner;
  services_.buckets.read(account, entry.bucket, work->object.key, work->at, kReadBytes,
                         Reply<std::string, BucketError>([this, alive = std::weak_ptr(alive_), id,
                                                          work](tidemill::Result<std::string, BucketError> bytes) {
                           if (alive.expired()) return;
                           if (!bytes && bytes.error().try_again)
                             return later(id, [this, id, work] { read_step(id, work); });
                           if (!bytes) return finish(id, "S3" + bytes.error().code, bytes.error().message);
                           work->at += bytes->size();
                           work->reader.feed(*bytes);
                           parse_step(id, work);
                         }));
}

void Imports::parse_step(const std::string& id, WorkPtr work) {
  const bool last = work->at == work->object.size;
  const bool queued = services_.offload.run(
      [work, last] { work->batch = work->reader.take(last); }, services_.loop,
      [this, alive = std::weak_ptr(alive_), id, work] {
        if (alive.expired() || !imports_.contains(id)) return;
        if (!work->batch) return finish(id, "InvalidFormat", work->object.key + ": " + work->batch.error().message);
        work->bytes += static_cast<std::int64_t>(work->batch->bytes);
        work->errors += static_cast<std::int64_t>(work->batch->errors);
        work->processed += static_cast<std::int64_t>(work->batch->errors + work->batch->items.size());
        write_items(id, work);
      });
  if (!queued) later(id, [this, id, work] { parse_step(id, work); });
}

// All items of the batch at once: it is small.
void Imports::write_items(const std::string& id, WorkPtr work) {
  const auto& entry = imports_.at(id);
  auto items = std::exchange(work->batch->items, {});
  work->under_way = items.size() + 1;
  for (auto& item : items) {
    auto kept = std::make_shared<item::Item>(item);
    tables::write_item(services_.tables,
                       {.kind = tables::WriteRequest::Kind::kPut,
                        .scope = entry.scope,
                        .table = entry.table,
                        .item = std::move(item),
                        .importing = true},
                       services_.loop,
                       tables::Reply<tables::WriteResult>([this, alive = std::weak_ptr(alive_), id, work,
                                                           kept](const tables::Result<tables::WriteResult>& result) {
                         if (alive.expired()) return;
                         if (result)
                           ++work->imported;
                         else if (result.error().code == tables::Errc::kUnavailable)
                           work->retry.push_back(std::move(*kept));
                         else
                           ++work->errors;
                         written(id, work);
                       }));
  }
  written(id, work);
}

void Imports::written(const std::string& id, WorkPtr work) {
  if (--work->under_way > 0 || !imports_.contains(id)) return;
  if (!work->retry.empty()) {
    work->batch->items = std::exchange(work->retry, {});
    return later(id, [this, id, work] { write_items(id, work); });
  }
  if (work->batch->ended) return end_object(id, work);
  if (work->batch->more) return parse_step(id, work);
  if (work->at < work->object.size) return read_step(id, work);
  end_object(id, work);
}

void Imports::end_object(const std::string& id, WorkPtr work) {
  auto& entry = imports_.at(id);
  entry.bytes += work->bytes;
  entry.processed += work->processed;
  entry.imported += work->imported;
  entry.errors += work->errors;
  entry.after = work->object.key;
  store(entry);
  services_.loop.post([this, alive = std::weak_ptr(alive_), id] {
    if (!alive.expired()) next_object(id);
  });
}

// Nothing could be read: no table is left behind.
void Imports::abandon(const std::string& id, std::string code, std::string message) {
  const auto& entry = imports_.at(id);
  services_.tables.end_import(entry.scope, entry.table);
  services_.tables.delete_table(
      entry.scope, entry.table, services_.loop,
      tables::Reply<tables::TableDescription>([this, alive = std::weak_ptr(alive_), id, code = std::move(code),
                                               message = std::move(message)](const auto&) mutable {
        if (!alive.expired()) finish(id, std::move(code), std::move(message));
      }));
}

void Imports::finish(const std::string& id, std::string code, std::string message) {
  auto& entry = imports_.at(id);
  // First, so that who sees the end of the import can use the table.
  if (const auto table = services_.tables.catalog()->find(entry.scope, entry.table);
      table && table->definition.uuid == entry.table_id)
    services_.tables.end_import(entry.scope, entry.table);
  entry.state = code.empty() ? Import::State::kCompleted : Import::State::kFailed;
  entry.ended_ms = epoch_ms(services_.loop.clock().wall());
  entry.failure_code = std::move(code);
  entry.failure_message = std::move(message);
  store(entry);
  services_.log.info(
      "transfers.import_ended",
      {{"import", entry.arn}, {"status", to_string(entry.state)}, {"items", entry.imported}, {"errors", entry.errors}});
}

}  // namespace tidemill::transfers
