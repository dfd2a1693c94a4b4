// What exports and imports need from below: buckets. Implemented on objects in server/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply.h"

namespace tidemill::transfers {

struct BucketError {
  std::string code, message;  // in S3's words
  bool try_again = false;     // no space, too much under way
  static BucketError internal(std::string_view text) { return {"InternalError", std::string(text), false}; }
};

// Of the home loop; answers later.
class Buckets {
 public:
  virtual ~Buckets() = default;
  struct NewObject {
    std::string account, bucket, key;
    std::string content_type = "application/octet-stream";
    std::string bytes;
  };
  virtual void put(NewObject object, Reply<std::string, BucketError> reply) = 0;  // its ETag
  struct Entry {
    std::string key;
    std::uint64_t size = 0;
  };
  // In the order of the keys, those greater than `after`.
  virtual tidemill::Result<std::vector<Entry>, BucketError> list(const std::string& account, const std::string& bucket,
                                                                 const std::string& prefix, const std::string& after,
                                                                 std::size_t max) = 0;
  // At most `size` bytes from `offset` on, at least one; fewer than asked for is not the end.
  virtual void read(const std::string& account, const std::string& bucket, const std::string& key, std::uint64_t offset,
                    std::size_t size, Reply<std::string, BucketError> reply) = 0;
};

}  // namespace tidemill::transfers
