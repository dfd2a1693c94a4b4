#include "server/bucket_transfers.h"

namespace tidemill::server {
namespace {

using transfers::BucketError;

BucketError error_of(const objects::Error& error) {
  using objects::Errc;
  switch (error.code) {
    case Errc::kNoSuchBucket: return {"NoSuchBucket", error.message, false};
    case Errc::kNoSuchKey: return {"NoSuchKey", error.message, false};
    case Errc::kKeyTooLong: return {"KeyTooLongError", error.message, false};
    case Errc::kFull: return {"ServiceUnavailable", error.message, true};
    default: return {"InternalError", error.message, false};
  }
}

}  // namespace

Result<void, BucketError> BucketTransfers::check(const std::string& account, const std::string& bucket) const {
  const auto found = objects_.need_bucket(bucket);
  if (!found) return std::unexpected(error_of(found.error()));
  if ((*found)->scope.account != account) return std::unexpected(BucketError{"AccessDenied", "Access Denied", false});
  return {};
}

void BucketTransfers::put(NewObject object, Reply<std::string, BucketError> reply) {
  if (auto allowed = check(object.account, object.bucket); !allowed)
    return std::move(reply)(std::unexpected(std::move(allowed).error()));
  auto upload = objects_.upload();
  upload->take(object.bytes);
  objects::PutRequest request{.bucket = std::move(object.bucket), .key = std::move(object.key)};
  request.attributes.content_type = std::move(object.content_type);
  upload->finish(
      Reply<objects::Blob, objects::Error>([this, upload, request = std::move(request),
                                            reply = std::move(reply)](objects::Result<objects::Blob> blob) mutable {
        if (!blob) return std::move(reply)(std::unexpected(error_of(blob.error())));
        objects_.put(std::move(request), *std::move(blob),
                     Reply<objects::Object, objects::Error>(
                         [reply = std::move(reply)](objects::Result<objects::Object> stored) mutable {
                           if (!stored) return std::move(reply)(std::unexpected(error_of(stored.error())));
                           std::move(reply)(std::move(stored->etag));
                         }));
      }));
}

Result<std::vector<transfers::Buckets::Entry>, BucketError> BucketTransfers::list(const std::string& account,
                                                                                  const std::string& bucket,
                                                                                  const std::string& prefix,
                                                                                  const std::string& after,
                                                                                  std::size_t max) {
  TM_CHECK(check(account, bucket));
  const auto listed = objects_.list({.bucket = bucket, .prefix = prefix, .delimiter = {}, .after = after, .max = max});
  if (!listed) return std::unexpected(error_of(listed.error()));
  std::vector<Entry> out;
  for (const auto& entry : listed->entries) out.push_back({entry.key, entry.object.size});
  return out;
}

void BucketTransfers::read(const std::string& account, const std::string& bucket, const std::string& key,
                           std::uint64_t offset, std::size_t size, Reply<std::string, BucketError> reply) {
  if (auto allowed = check(account, bucket); !allowed)
    return std::move(reply)(std::unexpected(std::move(allowed).error()));
  auto opened = objects_.open_object(bucket, key);
  if (!opened) return std::move(reply)(std::unexpected(error_of(opened.error())));
  auto kept = std::make_shared<objects::Opened>(*std::move(opened));
  objects_.read(
      *kept, offset, size,
      Reply<std::string, objects::Error>([kept, reply = std::move(reply)](objects::Result<std::string> bytes) mutable {
        if (!bytes) return std::move(reply)(std::unexpected(error_of(bytes.error())));
        std::move(reply)(*std::move(bytes));
      }));
}

}  // namespace tidemill::server
