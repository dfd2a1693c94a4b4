#include "objects/objects.h"

#include <algorithm>

#include "base/json.h"
#include "objects/names.h"
#include "objects/rows.h"
#include "storage/store.h"

namespace tidemill::objects {

std::unexpected<Error> no_key(std::string_view) { return fail(Errc::kNoSuchKey, "The specified key does not exist."); }
std::unexpected<Error> damaged(std::string_view row) {
  return fail(Errc::kInternal, "the stored entry '" + std::string(row) + "' is damaged");
}

namespace {

std::string encode(const Bucket& bucket) {
  json::Object row;
  row["account"] = bucket.scope.account;
  row["region"] = bucket.scope.region;
  row["created_ms"] = bucket.created_ms;
  json::Array tags;
  for (const auto& [key, value] : bucket.tags) {
    json::Object tag;
    tag["key"] = key;
    tag["value"] = value;
    tags.emplace_back(std::move(tag));
  }
  if (!tags.empty()) row["tags"] = std::move(tags);
  return json::Value(std::move(row)).text();
}

}  // namespace

Objects::Objects(Services services, Settings settings)
    : services_(services),
      settings_(std::move(settings)),
      blobs_({.store = services.store,
              .loop = services.loop,
              .offload = services.offload,
              .files = services.files,
              .random = services.random,
              .log = services.log},
             {.directory = settings_.directory, .inline_max = settings_.inline_max}) {}
Objects::~Objects() = default;

Status Objects::open() {
  auto cursor = services_.store.cursor(kSpace, storage::Range::prefix("b"));
  for (; cursor->valid(); cursor->next()) {
    const auto value = json::Value::parse(cursor->value());
    if (!value) return damaged(cursor->key());
    Bucket bucket{.name = std::string(cursor->key().substr(1)),
                  .scope = {.account = value->string_or("account"), .region = value->string_or("region")},
                  .created_ms = value->integer_or("created_ms", 0),
                  .tags = {}};
    if (const auto* tags = value->find("tags"); tags != nullptr && tags->is_array())
      for (const auto& tag : tags->as_array()) bucket.tags.emplace_back(tag.string_or("key"), tag.string_or("value"));
    buckets_[bucket.name] = std::move(bucket);
  }
  if (auto status = cursor->status(); !status) return fail(Errc::kInternal, status.error().message);
  return blobs_.open();
}

std::int64_t Objects::now_ms() const { return epoch_ms(services_.loop.clock().wall()); }

Status Objects::admit() const {
  if (auto admitted = services_.store.admit(); !admitted) return fail(admitted.error());
  return {};
}

void Objects::commit(storage::Mutation mutation, std::vector<Piece> released, std::function<void()> done) {
  newest_ = services_.store.write(std::move(mutation));
  blobs_.released(released);
  services_.store.when_durable(newest_, services_.loop, std::move(done));
}

void Objects::when_settled(std::function<void()> then) const {
  services_.store.when_durable(newest_, services_.loop, std::move(then));
}

const Bucket* Objects::bucket(const std::string& name) const {
  const auto at = buckets_.find(name);
  return at == buckets_.end() ? nullptr : &at->second;
}

Result<const Bucket*> Objects::need_bucket(const std::string& name) const {
  if (const auto* found = bucket(name)) return found;
  return fail(Errc::kNoSuchBucket, "The specified bucket does not exist");
}

bool Objects::is_empty(const std::string& name) const {
  return !services_.store.cursor(kSpace, storage::Range::prefix(objects_prefix(name)))->valid();
}

void Objects::create_bucket(Bucket bucket, Reply<void, Error> reply) {
  if (!is_bucket_name(bucket.name))
    return std::move(reply)(fail(Errc::kInvalidBucketName, "The specified bucket is not valid."));
  if (const auto* there = this->bucket(bucket.name)) {
    if (there->scope.account != bucket.scope.account)
      return std::move(reply)(fail(Errc::kBucketAlreadyExists,
                                   "The requested bucket name is not available. The bucket namespace is shared by all "
                                   "users of the system. Please select a different name and try again."));
    // The oldest region answers success to whoever makes a bucket again there.
    if (there->scope.region == "us-east-1" && bucket.scope.region == "us-east-1")
      return when_settled([reply = std::make_shared<Reply<void, Error>>(std::move(reply))] { std::move (*reply)({}); });
    return std::move(reply)(fail(Errc::kBucketAlreadyOwnedByYou,
                                 "Your previous request to create the named bucket succeeded and you already own it."));
  }
  if (std::ranges::count_if(buckets_, [&](const auto& entry) {
        return entry.second.scope.account == bucket.scope.account;
      }) >= static_cast<std::ptrdiff_t>(kBucketsMax))
    return std::move(reply)(fail(Errc::kTooManyBuckets, "You have attempted to create more buckets than allowed"));
  if (auto admitted = admit(); !admitted) return std::move(reply)(std::unexpected(admitted.error()));
  bucket.created_ms = now_ms();
  storage::Mutation mutation;
  mutation.put(kSpace, bucket_row(bucket.name), encode(bucket));
  buckets_[bucket.name] = bucket;
  commit(std::move(mutation), {},
         [reply = std::make_shared<Reply<void, Error>>(std::move(reply))] { std::move (*reply)({}); });
}

void Objects::tag_bucket(const std::string& name, Tags tags, Reply<void, Error> reply) {
  if (const auto found = need_bucket(name); !found) return std::move(reply)(std::unexpected(found.error()));
  if (auto admitted = admit(); !admitted && !tags.empty()) return std::move(reply)(std::unexpected(admitted.error()));
  auto& bucket = buckets_[name];
  bucket.tags = std::move(tags);
  storage::Mutation mutation;
  mutation.put(kSpace, bucket_row(name), encode(bucket));
  commit(std::move(mutation), {},
         [reply = std::make_shared<Reply<void, Error>>(std::move(reply))] { std::move (*reply)({}); });
}

void Objects::delete_bucket(const std::string& name, Reply<void, Error> reply) {
  if (const auto found = need_bucket(name); !found) return std::move(reply)(std::unexpected(found.error()));
  if (!is_empty(name))
    return std::move(reply)(fail(Errc::kBucketNotEmpty, "The bucket you tried to delete is not empty"));
  storage::Mutation mutation;
  std::vector<Piece> released;
  mutation.erase(kSpace, bucket_row(name));
  const auto prefix = uploads_prefix(name);
  for (auto cursor = services_.store.cursor(kSpace, storage::Range::prefix(prefix)); cursor->valid(); cursor->next()) {
    const auto row = cursor->key();
    const std::string id(row.substr(row.rfind('\0') + 1));
    mutation.erase(kSpace, row);
    drop_upload(id, all_parts(id), {}, mutation, released);
  }
  buckets_.erase(name);
  commit(std::move(mutation), std::move(released),
         [reply = std::make_shared<Reply<void, Error>>(std::move(reply))] { std::move (*reply)({}); });
}

std::shared_ptr<Upload> Objects::upload(Upload::Options options) {
  return std::make_shared<Upload>(blobs_, std::move(options));
}

std::optional<Object> Objects::find(const std::string& bucket, const std::string& key) const {
  const auto row = services_.store.get(kSpace, object_row(bucket, key));
  if (!row || !*row) return std::nullopt;
  return Object::decode(**row);
}

Status Objects::check(const std::optional<Object>& old, const WriteCondition& condition) const {
  constexpr std::string_view kFailed = "At least one of the pre-conditions you specified did not hold";
  if (condition.if_absent && old) return fail(Errc::kPreconditionFailed, std::string(kFailed));
  if (!condition.if_match) return {};
  if (!old) return no_key("");
  if (*condition.if_match != "*" && *condition.if_match != old->etag)
    return fail(Errc::kPreconditionFailed, std::string(kFailed));
  return {};
}

void Objects::forget(const std::optional<Object>& old, const std::string& row, storage::Mutation& mutation,
                     std::vector<Piece>& released) const {
  if (!old) return;
  for (const auto& piece : old->pieces) blobs_.unrefer(piece, row, mutation);
  released.insert(released.end(), old->pieces.begin(), old->pieces.end());
}

void Objects::store_object(const std::string& bucket, const std::string& key, Object object, storage::Mutation mutation,
                           std::vector<Piece> released, Reply<Object, Error> reply) {
  object.modified_ms = now_ms();
  const auto row = object_row(bucket, key);
  mutation.put(kSpace, row, object.encode());
  struct Answer {
    Reply<Object, Error> reply;
    Object object;
  };
  auto answer = std::make_shared<Answer>(Answer{std::move(reply), std::move(object)});
  commit(std::move(mutation), std::move(released), [answer] { std::move(answer->reply)(std::move(answer->object)); });
}

namespace {

Status check_key(const std::string& key) {
  if (key.size() > kKeyBytesMax) return fail(Errc::kKeyTooLong, "Your key is too long");
  if (key.empty() || key.find('\0') != key.npos) return fail(Errc::kInvalidArgument, "Invalid key");
  return {};
}

}  // namespace

void Objects::put(PutRequest request, Blob blob, Reply<Object, Error> reply) {
  const auto plan = [&]() -> Status {
    TM_TRY([[maybe_unused]] const auto* bucket, need_bucket(request.bucket));
    TM_CHECK(check_key(request.key));
    return admit();
  };
  if (auto planned = plan(); !planned) return std::move(reply)(std::unexpected(planned.error()));
  const auto row = object_row(request.bucket, request.key);
  const auto old = find(request.bucket, request.key);
  if (auto met = check(old, request.condition); !met) return std::move(reply)(std::unexpected(met.error()));
  storage::Mutation mutation;
  std::vector<Piece> released;
  forget(old, row, mutation, released);
  Object object{.attributes = std::move(request.attributes),
                .etag = to_hex(blob.md5),
                .size = blob.size,
                .checksum = blob.checksum,
                .pieces = {}};
  if (blob.size > 0) object.pieces.push_back(blobs_.refer(blob, row, mutation));
  store_object(request.bucket, request.key, std::move(object), std::move(mutation), std::move(released),
               std::move(reply));
}

Result<Opened> Objects::open_object(const std::string& bucket, const std::string& key) const {
  TM_TRY([[maybe_unused]] const auto* owner, need_bucket(bucket));
  const auto row = services_.store.get(kSpace, object_row(bucket, key));
  if (!row) return fail(row.error());
  if (!*row) return no_key(key);
  auto object = Object::decode(**row);
  if (!object) return damaged(key);
  Opened opened{.object = *std::move(object), .pins = {}};
  for (const auto& piece : opened.object.pieces)
    if (piece.file) opened.pins.push_back(blobs_.pin(piece.id));
  return opened;
}

void Objects::read(const Opened& opened, std::uint64_t offset, std::size_t size, Reply<std::string, Error> reply) {
  std::uint64_t begin = 0;
  for (const auto& piece : opened.object.pieces) {
    if (offset < begin + piece.size) return blobs_.read(piece, offset - begin, size, std::move(reply), opened.check);
    begin += piece.size;
  }
  std::move(reply)(fail(Errc::kInternal, "read behind the object's end"));
}

void Objects::copy(const Opened& from, CopyRequest request, Reply<Object, Error> reply) {
  const auto plan = [&]() -> Status {
    TM_TRY([[maybe_unused]] const auto* bucket, need_bucket(request.bucket));
    TM_CHECK(check_key(request.key));
    return admit();
  };
  if (auto planned = plan(); !planned) return std::move(reply)(std::unexpected(planned.error()));
  const auto row = object_row(request.bucket, request.key);
  const auto old = find(request.bucket, request.key);
  if (auto met = check(old, request.condition); !met) return std::move(reply)(std::unexpected(met.error()));
  storage::Mutation mutation;
  std::vector<Piece> released;
  // What a row holds is copied (it may be the row of the object that is replaced), what a file holds is named once
  // more.
  Object object = from.object;
  object.attributes = std::move(request.attributes);
  std::vector<std::pair<std::size_t, std::string>> bytes;
  for (std::size_t i = 0; i < object.pieces.size(); ++i) {
    if (object.pieces[i].file) continue;
    auto row_bytes = blobs_.row_bytes(object.pieces[i]);
    if (!row_bytes) return std::move(reply)(std::unexpected(row_bytes.error()));
    bytes.emplace_back(i, *std::move(row_bytes));
  }
  forget(old, row, mutation, released);
  for (auto& [i, content] : bytes) {
    Blob blob;
    blob.size = content.size();
    blob.bytes = std::move(content);
    object.pieces[i] = blobs_.refer(blob, row, mutation);
  }
  for (const auto& piece : object.pieces) blobs_.refer(piece, row, mutation);
  store_object(request.bucket, request.key, std::move(object), std::move(mutation), std::move(released),
               std::move(reply));
}

void Objects::remove(const std::string& bucket, const std::string& key, Reply<void, Error> reply) {
  if (const auto found = need_bucket(bucket); !found) return std::move(reply)(std::unexpected(found.error()));
  const auto row = object_row(bucket, key);
  const auto old = find(bucket, key);
  storage::Mutation mutation;
  std::vector<Piece> released;
  forget(old, row, mutation, released);
  if (old) mutation.erase(kSpace, row);
  auto answer = std::make_shared<Reply<void, Error>>(std::move(reply));
  if (!old) return when_settled([answer] { std::move (*answer)({}); });
  commit(std::move(mutation), std::move(released), [answer] { std::move (*answer)({}); });
}

Result<Listed> Objects::list(const ListQuery& query) const {
  TM_TRY([[maybe_unused]] const auto* bucket, need_bucket(query.bucket));
  Listed out;
  if (query.max == 0) return out;
  const auto base = objects_prefix(query.bucket);
  const auto end = prefix_end(base + query.prefix);
  const auto from_key = [&](std::string_view key) { return base + std::string(key); };
  std::string from = from_key(query.prefix);
  if (!query.after.empty()) {
    // Behind a common prefix everything that has it is skipped.
    const bool is_prefix = !query.delimiter.empty() && query.after.ends_with(query.delimiter) &&
                           query.after.starts_with(query.prefix) && query.after.size() > query.prefix.size();
    std::string behind = from_key(query.after);
    if (is_prefix)
      behind = prefix_end(behind);
    else
      behind += '\0';
    from = std::max(from, behind);
  }
  auto cursor = services_.store.cursor(kSpace, {from, end});
  while (cursor->valid()) {
    const auto key = cursor->key().substr(base.size());
    const auto cut = query.delimiter.empty() ? key.npos : key.find(query.delimiter, query.prefix.size());
    if (out.entries.size() == query.max) {
      out.truncated = true;
      break;
    }
    if (cut != key.npos) {
      std::string common(key.substr(0, cut + query.delimiter.size()));
      const auto next = prefix_end(from_key(common));
      out.entries.push_back({.key = std::move(common), .is_prefix = true, .object = {}});
      cursor = services_.store.cursor(kSpace, {next, end});
      continue;
    }
    auto object = Object::decode(cursor->value());
    if (!object) return damaged(key);
    object->pieces.clear();
    out.entries.push_back({.key = std::string(key), .object = *std::move(object)});
    cursor->next();
  }
  if (auto status = cursor->status(); !status) return fail(status.error());
  return out;
}

}  // namespace tidemill::objects
