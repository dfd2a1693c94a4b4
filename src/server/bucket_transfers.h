// Exports and imports of tables, on buckets.
#pragma once

#include "objects/objects.h"
#include "transfers/seams.h"

namespace tidemill::server {

class BucketTransfers final : public transfers::Buckets {
 public:
  explicit BucketTransfers(objects::Objects& objects) : objects_(objects) {}
  void put(NewObject object, Reply<std::string, transfers::BucketError> reply) override;
  Result<std::vector<Entry>, transfers::BucketError> list(const std::string& account, const std::string& bucket,
                                                          const std::string& prefix, const std::string& after,
                                                          std::size_t max) override;
  void read(const std::string& account, const std::string& bucket, const std::string& key, std::uint64_t offset,
            std::size_t size, Reply<std::string, transfers::BucketError> reply) override;

 private:
  Result<void, transfers::BucketError> check(const std::string& account, const std::string& bucket) const;

  objects::Objects& objects_;
};

}  // namespace tidemill::server
