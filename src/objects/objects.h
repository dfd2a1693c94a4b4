// Buckets and what is in them, with S3's behaviour and without its wire. What is answered is durable; what is read was
// durable before. Everything runs on the home loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply.h"
#include "base/scope.h"
#include "objects/blobs.h"
#include "objects/checksum.h"
#include "objects/error.h"
#include "objects/record.h"

namespace tidemill::objects {

using Tags = std::vector<std::pair<std::string, std::string>>;

struct Bucket {
  std::string name;
  Scope scope;  // the owner's account and the bucket's region
  std::int64_t created_ms = 0;
  Tags tags;  // as they were told
};

// Of a write: what must be true of the object that it replaces.
struct WriteCondition {
  std::optional<std::string> if_match;  // an ETag without quotes, or "*"
  bool if_absent = false;
};

struct PutRequest {
  std::string bucket, key;
  Attributes attributes;
  WriteCondition condition;
};

// An object that is being read, one read at a time: its files stay until this goes.
struct Opened {
  Object object;
  std::vector<Pin> pins;
  std::shared_ptr<FileCheck> check = std::make_shared<FileCheck>();
};

struct ListQuery {
  std::string bucket, prefix, delimiter;
  std::string after;  // keys and common prefixes greater than this one
  std::size_t max = 1000;
};
struct Listed {
  struct Entry {
    std::string key;
    bool is_prefix = false;  // a common prefix: no object
    Object object;
  };
  std::vector<Entry> entries;
  bool truncated = false;
};

struct CreateUpload {
  std::string bucket, key;
  UploadRecord record;
};
struct UploadName {
  std::string bucket, key, id;
};
struct UploadEntry {
  UploadName name;
  UploadRecord record;
};
struct PartEntry {
  std::uint32_t number = 0;
  Part part;
};
struct PartToComplete {
  std::uint32_t number = 0;
  std::string etag;                                          // without quotes
  std::vector<std::pair<Algorithm, std::string>> checksums;  // raw
};
struct CompleteRequest {
  UploadName upload;
  std::vector<PartToComplete> parts;
  WriteCondition condition;
  std::optional<std::uint64_t> size;                          // as the client expects it
  std::optional<std::pair<Algorithm, std::string>> checksum;  // of the whole object, as the client expects it; text
};
struct CopyRequest {
  std::string bucket, key;
  Attributes attributes;
  WriteCondition condition;
};

class Objects {
 public:
  struct Services {
    storage::Store& store;
    runtime::Loop& loop;
    runtime::Offload& offload;
    runtime::Files& files;
    runtime::Random& random;
    observe::Log& log;
  };
  struct Settings {
    std::string directory;
    std::size_t inline_max = 1 << 20;
    std::uint64_t part_min = 5 << 20;
  };
  static constexpr std::size_t kBucketsMax = 10'000;  // of an account
  static constexpr std::uint32_t kPartsMax = 10'000;

  Objects(Services services, Settings settings);
  ~Objects();
  Status open();

  // --- Buckets. Their names are one space for all accounts.
  void create_bucket(Bucket bucket, Reply<void, Error> reply);
  void delete_bucket(const std::string& name, Reply<void, Error> reply);
  // In place of all that it has.
  void tag_bucket(const std::string& name, Tags tags, Reply<void, Error> reply);
  const Bucket* bucket(const std::string& name) const;
  Result<const Bucket*> need_bucket(const std::string& name) const;
  const std::map<std::string, Bucket>& buckets() const { return buckets_; }
  bool is_empty(const std::string& bucket) const;

  // --- Objects.
  std::shared_ptr<Upload> upload(Upload::Options options = {});
  // Refusal before a body is taken: no space.
  Status admit() const;
  void put(PutRequest request, Blob blob, Reply<Object, Error> reply);
  Result<Opened> open_object(const std::string& bucket, const std::string& key) const;
  // Some bytes of it from `offset` on: at least one, at most `size`.
  void read(const Opened& opened, std::uint64_t offset, std::size_t size, Reply<std::string, Error> reply);
  void copy(const Opened& from, CopyRequest request, Reply<Object, Error> reply);
  // Of what is not there: fine.
  void remove(const std::string& bucket, const std::string& key, Reply<void, Error> reply);
  Result<Listed> list(const ListQuery& query) const;

  // --- Multipart uploads.
  void create_upload(CreateUpload request, Reply<std::string, Error> reply);  // the upload's id
  Result<UploadRecord> find_upload(const UploadName& name) const;
  void put_part(const UploadName& upload, std::uint32_t number, Blob blob, Reply<Part, Error> reply);
  void complete(CompleteRequest request, Reply<Object, Error> reply);
  void abort(const UploadName& upload, Reply<void, Error> reply);
  Result<std::vector<PartEntry>> parts(const UploadName& upload, std::uint32_t after, std::size_t max) const;
  // By key, then by age; those greater than (key, id).
  Result<std::vector<UploadEntry>> uploads(const std::string& bucket, const std::string& prefix,
                                           const std::string& after_key, const std::string& after_id,
                                           std::size_t max) const;

  // What was read is answered when that is durable.
  void when_settled(std::function<void()> then) const;
  std::int64_t now_ms() const;

 private:
  std::optional<Object> find(const std::string& bucket, const std::string& key) const;
  Status check(const std::optional<Object>& old, const WriteCondition& condition) const;
  void commit(storage::Mutation mutation, std::vector<Piece> released, std::function<void()> done);
  void forget(const std::optional<Object>& old, const std::string& row, storage::Mutation& mutation,
              std::vector<Piece>& released) const;
  void store_object(const std::string& bucket, const std::string& key, Object object, storage::Mutation mutation,
                    std::vector<Piece> released, Reply<Object, Error> reply);
  Result<Object> assemble(const CompleteRequest& request, const UploadRecord& upload,
                          const std::map<std::uint32_t, Part>& parts) const;
  std::map<std::uint32_t, Part> all_parts(const std::string& upload_id) const;
  void drop_upload(const std::string& id, const std::map<std::uint32_t, Part>& parts, const std::vector<Piece>& kept,
                   storage::Mutation& mutation, std::vector<Piece>& released);

  const Services services_;
  const Settings settings_;
  mutable Blobs blobs_;
  std::map<std::string, Bucket> buckets_;
  storage::Ticket newest_{};
};

}  // namespace tidemill::objects
