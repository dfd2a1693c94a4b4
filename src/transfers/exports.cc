#include "transfers/exports.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/time_text.h"
#include "item/encoding.h"
#include "item/json.h"
#include "storage/store.h"
#include "tables/engine.h"
#include "tables/recovery.h"
#include "tables/schema.h"
#include "transfers/compression.h"

#include <fmt/format.h>

namespace tidemill::transfers {
namespace {

constexpr auto kSpace = storage::Keyspace::kMeta;
constexpr std::string_view kRows = "transfers/export/";        // + id
constexpr std::string_view kFiles = "transfers/export-file/";  // + id + "/" + number
constexpr std::int64_t kTokenLifeMs = 8LL * 3600 * 1000;
constexpr std::int64_t kWindowMinMs = 15LL * 60 * 1000, kWindowMaxMs = 24LL * 3600 * 1000;

std::string row_of(const std::string& id) { return std::string(kRows) + id; }
std::string files_of(const std::string& id) { return std::string(kFiles) + id + "/"; }
std::string file_row(const std::string& id, std::int64_t number) {
  std::string out = files_of(id);
  append_be(out, static_cast<std::uint64_t>(number));
  return out;
}

json::Value point_value(const tables::PastPoint& point) {
  json::Object out;
  out["table"] = static_cast<std::int64_t>(point.table);
  out["generation"] = static_cast<std::int64_t>(point.generation);
  out["number"] = static_cast<std::int64_t>(point.number);
  out["time_ms"] = point.time_ms;
  return out;
}

tables::PastPoint point_from(const json::Value* value) {
  if (value == nullptr) return {};
  return {.table = static_cast<tables::TableId>(value->integer_or("table", 0)),
          .generation = static_cast<std::uint32_t>(value->integer_or("generation", 0)),
          .number = static_cast<std::uint64_t>(value->integer_or("number", 0)),
          .time_ms = value->integer_or("time_ms", 0)};
}

std::string encode(const Export& entry) {
  json::Object out;
  const auto& request = entry.request;
  out["format"] = 1;
  out["account"] = request.scope.account;
  out["region"] = request.scope.region;
  out["table_arn"] = request.table_arn;
  out["client_token"] = request.client_token;
  out["bucket"] = request.bucket;
  out["bucket_owner"] = request.bucket_owner;
  out["prefix"] = request.prefix;
  out["encryption"] = request.encryption;
  out["kms_key"] = request.kms_key;
  out["incremental"] = request.incremental;
  out["type_told"] = request.type_told;
  out["from_ms"] = request.from_ms;
  out["to_ms"] = request.to_ms.value_or(0);
  out["new_images_only"] = request.new_images_only;
  out["fingerprint"] = request.fingerprint;
  out["arn"] = entry.arn;
  out["table"] = entry.table;
  out["table_id"] = entry.table_id;
  out["state"] = std::string(to_string(entry.state));
  out["started_ms"] = entry.started_ms;
  out["ended_ms"] = entry.ended_ms;
  out["time_ms"] = entry.time_ms;
  out["items"] = entry.items;
  out["bytes"] = entry.bytes;
  out["failure_code"] = entry.failure_code;
  out["failure_message"] = entry.failure_message;
  out["from"] = point_value(entry.from);
  out["to"] = point_value(entry.to);
  out["next"] = to_hex(entry.next);
  json::Array keys;
  for (const auto& key : entry.keys) keys.emplace_back(key);
  out["keys"] = std::move(keys);
  out["begun"] = entry.begun;
  out["read"] = entry.read;
  out["files"] = entry.files;
  return json::Value(std::move(out)).text();
}

std::optional<Export> decode(std::string_view id, std::string_view text) {
  const auto value = json::Value::parse(text);
  if (!value || value->integer_or("format", 0) != 1) return std::nullopt;
  Export out;
  auto& request = out.request;
  request.scope = {.account = value->string_or("account"), .region = value->string_or("region")};
  request.table_arn = value->string_or("table_arn");
  request.client_token = value->string_or("client_token");
  request.bucket = value->string_or("bucket");
  request.bucket_owner = value->string_or("bucket_owner");
  request.prefix = value->string_or("prefix");
  request.encryption = value->string_or("encryption");
  request.kms_key = value->string_or("kms_key");
  request.incremental = value->bool_or("incremental", false);
  request.type_told = value->bool_or("type_told", request.incremental);
  request.from_ms = value->integer_or("from_ms", 0);
  request.to_ms = value->integer_or("to_ms", 0);
  request.new_images_only = value->bool_or("new_images_only", false);
  request.fingerprint = value->string_or("fingerprint");
  out.id = id;
  out.arn = value->string_or("arn");
  out.table = value->string_or("table");
  out.table_id = value->string_or("table_id");
  const auto state = value->string_or("state");
  out.state = state == "COMPLETED" ? Export::State::kCompleted
              : state == "FAILED"  ? Export::State::kFailed
                                   : Export::State::kInProgress;
  out.started_ms = value->integer_or("started_ms", 0);
  out.ended_ms = value->integer_or("ended_ms", 0);
  out.time_ms = value->integer_or("time_ms", 0);
  out.items = value->integer_or("items", 0);
  out.bytes = value->integer_or("bytes", 0);
  out.failure_code = value->string_or("failure_code");
  out.failure_message = value->string_or("failure_message");
  out.from = point_from(value->find("from"));
  out.to = point_from(value->find("to"));
  out.next = from_hex(value->string_or("next")).value_or("");
  if (const auto* keys = value->find("keys"); keys != nullptr && keys->is_array())
    for (const auto& key : keys->as_array()) out.keys.push_back(key.as_string());
  out.begun = value->bool_or("begun", false);
  out.read = value->bool_or("read", false);
  out.files = value->integer_or("files", 0);
  return out;
}

Error error_of(const tables::Error& error, const std::string& name) {
  if (error.code == tables::Errc::kPointInTimeUnavailable)
    return {Errc::kPointInTimeUnavailable, fmt::format("Point in time recovery is not enabled for table '{}'", name)};
  if (error.code == tables::Errc::kInvalidRestoreTime) {
    auto text = error.message;
    if (const auto at = text.find("RestoreDateTime"); at == 0) text.replace(0, 15, "ExportTime");
    return {Errc::kInvalidExportTime, std::move(text)};
  }
  return {Errc::kInternal, error.message};
}

// In the order in which AWS looks at them: the first that is wrong is told.
Status check_window(std::int64_t from, std::int64_t to, std::int64_t created, std::int64_t now) {
  const auto wrong = [](std::string text) -> Status { return fail(Errc::kInvalidExportTime, std::move(text)); };
  if (from < created)
    return wrong("Incremental export period from time cannot be less than the table creation time : " +
                 iso8601_s(from_epoch_ms(from)));
  if (to > now)
    return wrong("Incremental export period to time cannot be greater than the current time : " +
                 iso8601_s(from_epoch_ms(to)));
  if (from >= to)
    return wrong(
        "Incremental export period from time should not be greater or equal to incremental export period to time");
  if (to - from < kWindowMinMs)
    return wrong("Difference between export period from time and export period to time is less than 15 minutes");
  if (to - from > kWindowMaxMs)
    return wrong("Difference between export period from time and export period to time is greater than 24 hours");
  return {};
}

}  // namespace

std::string_view to_string(Export::State state) {
  switch (state) {
    case Export::State::kInProgress: return "IN_PROGRESS";
    case Export::State::kCompleted: return "COMPLETED";
    case Export::State::kFailed: return "FAILED";
  }
  std::unreachable();
}

std::string Export::folder() const {
  std::string out = request.prefix;
  if (!out.empty() && !out.ends_with('/')) out += '/';
  return out + "AWSDynamoDB/" + id + "/";
}

Exports::Exports(Services services, Settings settings) : services_(services), settings_(settings) {}
Exports::~Exports() = default;

void Exports::start() {
  auto& store = services_.tables.store();
  for (auto cursor = store.cursor(kSpace, storage::Range::prefix(kRows)); cursor->valid(); cursor->next()) {
    const std::string id(cursor->key().substr(kRows.size()));
    auto entry = decode(id, cursor->value());
    if (!entry) {
      services_.log.error("transfers.stored_export_unreadable", {{"export", id}});
      continue;
    }
    const bool running = entry->state == Export::State::kInProgress;
    exports_[id] = *std::move(entry);
    if (running) again(id, &Exports::run);
  }
}

void Exports::store(const Export& entry) {
  storage::Mutation batch;
  batch.put(kSpace, row_of(entry.id), encode(entry));
  services_.tables.store().write(std::move(batch));
}

void Exports::again(const std::string& id, void (Exports::*step)(const std::string&), bool later) {
  auto next = [this, alive = std::weak_ptr(alive_), id, step] {
    if (!alive.expired() && exports_.contains(id)) (this->*step)(id);
  };
  if (later)
    services_.loop.at(services_.loop.clock().now() + std::chrono::seconds(1), std::move(next));
  else
    services_.loop.post(std::move(next));
}

void Exports::begin(ExportRequest request, Reply<Export, Error> reply) {
  const auto arn = tables::parse_table_arn(request.table_arn);
  const auto table = arn ? services_.tables.usable(arn->scope, arn->table) : nullptr;
  if (!table || table->scope().account != request.scope.account)
    return std::move(reply)(fail(Errc::kTableNotFound, "Table not found: " + request.table_arn));
  const auto now = epoch_ms(services_.loop.clock().wall());
  const auto running =
      std::ranges::count_if(exports_, [](const auto& one) { return one.second.state == Export::State::kInProgress; });
  for (const auto& [id, known] : exports_) {
    if (request.client_token.empty() || known.request.client_token != request.client_token ||
        known.started_ms + kTokenLifeMs < now)
      continue;
    if (known.request.fingerprint == request.fingerprint) return std::move(reply)(Export(known));
    return std::move(reply)(
        fail(Errc::kExportConflict, "Export conflict: Duplicate request detected with conflicting parameters"));
  }
  if (running >= static_cast<std::ptrdiff_t>(kRunningMax) || exports_.size() >= kKeptMax)
    return std::move(reply)(fail(Errc::kLimitExceeded, "Subscriber limit exceeded: too many exports"));
  if (auto admitted = services_.tables.store().admit(); !admitted)
    return std::move(reply)(fail(Errc::kUnavailable, admitted.error().message));

  auto& recovery = services_.tables.recovery();
  const auto& definition = table->definition;
  Export entry;
  if (request.incremental) {
    const auto end = request.to_ms.value_or(now);
    // Clients tell whole seconds: the second in which the table was created belongs to its life.
    const auto created = epoch_ms(definition.created) / 1000 * 1000;
    if (auto checked = check_window(request.from_ms, end, created, now); !checked)
      return std::move(reply)(std::unexpected(checked.error()));
    const auto from = recovery.point(definition, request.from_ms);
    if (!from) return std::move(reply)(std::unexpected(error_of(from.error(), arn->table)));
    // What lies behind the newest restorable time is not there yet: the export ends at what is.
    const auto latest = recovery.describe(definition).latest_ms;
    const auto to = recovery.point(definition, end < latest ? std::optional(end) : std::nullopt);
    if (!to) return std::move(reply)(std::unexpected(error_of(to.error(), arn->table)));
    entry.from = *from;
    entry.to = *to;
    request.to_ms = end;
    entry.time_ms = end;
  } else {
    const auto to = recovery.point(definition, request.time_ms);
    if (!to && to.error().code == tables::Errc::kInvalidRestoreTime && request.time_ms.value_or(0) >= 0)
      return std::move(reply)(fail(Errc::kInvalidExportTime, "Export Time is invalid"));
    if (!to) return std::move(reply)(std::unexpected(error_of(to.error(), arn->table)));
    entry.to = *to;
    entry.time_ms = request.time_ms.value_or(now);
  }
  if (request.client_token.empty()) request.client_token = services_.random.uuid();
  entry.request = std::move(request);
  entry.id = fmt::format("{:014}-{}", now, to_hex(services_.random.bytes(4)));
  entry.table = arn->table;
  entry.table_id = definition.uuid;
  entry.arn = tables::table_arn(arn->scope, arn->table) + "/export/" + entry.id;
  entry.started_ms = now;
  for (const auto* keys : {&definition.keys.hash, &definition.keys.range})
    for (const auto& key : *keys) entry.keys.push_back(key.name);
  storage::Mutation batch;
  batch.put(kSpace, row_of(entry.id), encode(entry));
  exports_[entry.id] = entry;
  services_.log.info("transfers.export_begun", {{"export", entry.arn}});
  again(entry.id, &Exports::run);
  auto answer = std::make_shared<Reply<Export, Error>>(std::move(reply));
  services_.tables.store().commit(std::move(batch), services_.loop, [answer, entry = std::move(entry)]() mutable {
    std::move (*answer)(std::move(entry));
  });
}

Result<Export> Exports::describe(const std::string& arn) const {
  const auto at = exports_.find(arn.substr(arn.rfind('/') + 1));
  if (at == exports_.end() || at->second.arn != arn) return fail(Errc::kExportNotFound, "Export not found: " + arn);
  return at->second;
}

std::vector<Export> Exports::list(const Scope& scope, const std::string& table_arn, const std::string& after,
                                  std::size_t max) const {
  std::vector<Export> out;
  std::string table_id;
  if (!table_arn.empty()) {
    const auto arn = tables::parse_table_arn(table_arn);
    const auto table = arn ? services_.tables.catalog()->find(arn->scope, arn->table) : nullptr;
    if (!table) return out;
    table_id = table->definition.uuid;
  }
  for (auto at = exports_.rbegin(); at != exports_.rend() && out.size() < max; ++at) {
    const auto& entry = at->second;
    if (entry.request.scope.account != scope.account || (!table_id.empty() && entry.table_id != table_id)) continue;
    if (!after.empty() && at->first >= after) continue;
    out.push_back(entry);
  }
  return out;
}

// ---- the work

void Exports::put(const std::string& id, std::string key, std::string bytes, std::string type,
                  std::function<void(std::string)> then) {
  const auto& request = exports_.at(id).request;
  const auto account = request.bucket_owner.empty() ? request.scope.account : request.bucket_owner;
  auto kept = std::make_shared<Buckets::NewObject>(Buckets::NewObject{
      .account = account, .bucket = request.bucket, .key = std::move(key), .content_type = type, .bytes = bytes});
  services_.buckets.put(*kept, Reply<std::string, BucketError>([this, alive = std::weak_ptr(alive_), id, kept,
                                                                then](tidemill::Result<std::string, BucketError> etag) {
    if (alive.expired()) return;
    if (etag) return then(*std::move(etag));
    if (!etag.error().try_again) return fail_with(id, "S3" + etag.error().code, etag.error().message);
    services_.loop.at(services_.loop.clock().now() + std::chrono::seconds(1), [this, alive, id, kept, then] {
      if (!alive.expired()) put(id, kept->key, kept->bytes, kept->content_type, then);
    });
  }));
}

void Exports::run(const std::string& id) {
  auto& entry = exports_.at(id);
  if (entry.read) return finish(id);
  if (entry.begun) return read_step(id);
  put(id, entry.folder() + "_started", "", "application/octet-stream", [this, id](const std::string&) {
    auto& begun = exports_.at(id);
    begun.begun = true;
    store(begun);
    read_step(id);
  });
}

// Appends a page of rows to the file. True when they were the last.
tables::Result<bool> Exports::append_rows(Export& entry, Work& work) {
  const auto& from = work.text.empty() && work.next.empty() ? entry.next : work.next;
  auto& store = services_.tables.store();
  const auto image = [&](std::string_view name, const std::optional<std::string>& encoded) -> bool {
    if (!encoded) return true;
    work.text += fmt::format(",\"{}\":", name);
    return item::append_json_of_encoded(work.text, *encoded).has_value();
  };
  if (!entry.request.incremental) {
    TM_TRY(const auto page, tables::read_past(store, entry.to, from));
    for (const auto& item : page.items) {
      work.text += "{\"Item\":";
      if (!item::append_json_of_encoded(work.text, item.encoded))
        return tables::fail(tables::Errc::kInternal, "an item is damaged");
      work.text += "}\n";
      ++work.items;
    }
    work.next = page.next;
    return page.next.empty();
  }
  TM_TRY(const auto page, tables::read_changes(store, entry.from, entry.to, from));
  for (const auto& change : page.changes) {
    if (change.before == change.after) continue;  // came and went, or ended as it was
    std::vector<std::string_view> names(entry.keys.begin(), entry.keys.end());
    const auto keys = item::decode_some(change.after ? *change.after : *change.before, names);
    if (!keys) return tables::fail(tables::Errc::kInternal, "an item is damaged");
    work.text +=
        fmt::format("{{\"Metadata\":{{\"WriteTimestampMicros\":{{\"N\":\"{}\"}}}},\"Keys\":", entry.time_ms * 1000);
    item::append_json(work.text, *keys);
    const bool whole =
        (entry.request.new_images_only || image("OldImage", change.before)) && image("NewImage", change.after);
    if (!whole) return tables::fail(tables::Errc::kInternal, "an item is damaged");
    work.text += "}\n";
    ++work.items;
  }
  work.next = page.next;
  return page.next.empty();
}

void Exports::read_step(const std::string& id) {
  auto& entry = exports_.at(id);
  auto& work = work_[id];
  if (!services_.tables.store().admit()) return again(id, &Exports::read_step, true);
  const auto last = append_rows(entry, work);
  if (!last) return fail_with(id, "UNKNOWN", last.error().message);
  work.last = *last;
  if (work.last || work.text.size() >= settings_.file_bytes) return write_file(id);
  again(id, &Exports::read_step);
}

void Exports::write_file(const std::string& id) {
  struct Job {
    std::string text, compressed, md5;
  };
  auto job = std::make_shared<Job>(Job{std::move(work_.at(id).text), {}, {}});
  const bool queued = services_.offload.run(
      [job] {
        job->compressed = gzip(job->text);
        job->md5 = to_base64(md5(job->compressed));
      },
      services_.loop,
      [this, alive = std::weak_ptr(alive_), id, job] {
        if (alive.expired() || !exports_.contains(id)) return;
        auto& entry = exports_.at(id);
        // The same name when a restart writes the file once more.
        const auto name = sha256(id + std::to_string(entry.files));
        std::string text;
        for (std::size_t i = 0; i < 26; ++i) text += "abcdefghijklmnopqrstuvwxyz234567"[name[i] & 31];
        const auto key = entry.folder() + "data/" + text + ".json.gz";
        const auto bytes = static_cast<std::int64_t>(job->text.size());
        job->text.clear();
        put(id, key, std::move(job->compressed), "application/octet-stream",
            [this, id, key, bytes, sum = job->md5](const std::string& etag) {
              auto& done = exports_.at(id);
              auto& work = work_.at(id);
              json::Object file;
              file["itemCount"] = work.items;
              file["md5Checksum"] = sum;
              file["etag"] = etag;
              file["dataFileS3Key"] = key;
              storage::Mutation batch;
              batch.put(kSpace, file_row(id, done.files), json::Value(std::move(file)).text());
              ++done.files;
              done.items += work.items;
              done.bytes += bytes;
              done.next = work.next;
              done.read = work.last;
              batch.put(kSpace, row_of(id), encode(done));
              services_.tables.store().write(std::move(batch));
              const bool last = work.last;
              work_.erase(id);
              again(id, last ? &Exports::finish : &Exports::read_step);
            });
      });
  if (!queued) {
    work_.at(id).text = std::move(job->text);
    again(id, &Exports::write_file, true);
  }
}

// The manifests: the files, what was exported, and their digests.
void Exports::finish(const std::string& id) {
  const auto& entry = exports_.at(id);
  const auto& request = entry.request;
  std::string files;
  for (auto cursor = services_.tables.store().cursor(kSpace, storage::Range::prefix(files_of(id))); cursor->valid();
       cursor->next()) {
    files += cursor->value();
    files += '\n';
  }
  // An export takes time, however little there was to do.
  const auto now = std::max(epoch_ms(services_.loop.clock().wall()), entry.started_ms + 1);
  std::string summary;
  json::Writer out(summary);
  const auto text_or_null = [&](std::string_view name, const std::string& text) {
    out.key(name);
    if (text.empty())
      out.null();
    else
      out.string(text);
  };
  out.begin_object()
      .member("version", request.incremental ? "2023-08-01" : "2020-06-30")
      .member("exportArn", entry.arn)
      .member("startTime", iso8601_ms(from_epoch_ms(entry.started_ms)))
      .member("endTime", iso8601_ms(from_epoch_ms(now)))
      .member("tableArn", request.table_arn)
      .member("tableId", entry.table_id);
  if (request.incremental)
    out.member("exportFromTime", iso8601_ms(from_epoch_ms(request.from_ms)))
        .member("exportToTime", iso8601_ms(from_epoch_ms(entry.time_ms)));
  else
    out.member("exportTime", iso8601_ms(from_epoch_ms(entry.time_ms)));
  out.member("s3Bucket", request.bucket);
  text_or_null("s3Prefix", request.prefix);
  out.member("s3SseAlgorithm", request.encryption.empty() ? "AES256" : request.encryption);
  text_or_null("s3SseKmsKeyId", request.kms_key);
  out.member("manifestFilesS3Key", entry.folder() + "manifest-files.json")
      .member("billedSizeBytes", entry.bytes)
      .member("itemCount", entry.items)
      .member("outputFormat", "DYNAMODB_JSON");
  if (request.incremental)
    out.member("outputView", request.new_images_only ? "NEW_IMAGE" : "NEW_AND_OLD_IMAGES")
        .member("exportType", "INCREMENTAL_EXPORT");
  else
    out.member("exportType", "FULL_EXPORT");
  out.end_object();

  auto left = std::make_shared<std::vector<std::pair<std::string, std::string>>>();
  left->emplace_back("manifest-summary.json", summary);
  left->emplace_back("manifest-summary.md5", to_base64(md5(summary)));
  left->emplace_back("manifest-files.md5", to_base64(md5(files)));
  left->emplace_back("manifest-files.json", files);
  write_manifests(id, left, now);
}

void Exports::write_manifests(const std::string& id,
                              std::shared_ptr<std::vector<std::pair<std::string, std::string>>> left,
                              std::int64_t now) {
  auto& entry = exports_.at(id);
  if (!left->empty()) {
    auto [name, bytes] = std::move(left->back());
    left->pop_back();
    return put(id, entry.folder() + name, std::move(bytes), "application/json",
               [this, id, left, now](const std::string&) { write_manifests(id, left, now); });
  }
  entry.state = Export::State::kCompleted;
  entry.ended_ms = now;
  storage::Mutation batch;
  batch.put(kSpace, row_of(id), encode(entry));
  const auto prefix = files_of(id);
  batch.erase_range(kSpace, prefix, prefix_end(prefix));
  services_.tables.store().write(std::move(batch));
  services_.log.info("transfers.export_completed", {{"export", entry.arn}, {"items", entry.items}});
}

void Exports::fail_with(const std::string& id, std::string code, std::string message) {
  auto& entry = exports_.at(id);
  work_.erase(id);
  entry.state = Export::State::kFailed;
  entry.ended_ms = epoch_ms(services_.loop.clock().wall());
  entry.failure_code = std::move(code);
  entry.failure_message = std::move(message);
  storage::Mutation batch;
  batch.put(kSpace, row_of(id), encode(entry));
  const auto prefix = files_of(id);
  batch.erase_range(kSpace, prefix, prefix_end(prefix));
  services_.tables.store().write(std::move(batch));
  services_.log.warn("transfers.export_failed", {{"export", entry.arn}, {"code", entry.failure_code}});
}

}  // namespace tidemill::transfers
