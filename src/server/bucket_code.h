// Function code from buckets.
#pragma once

#include "functions/seams.h"
#include "objects/objects.h"

namespace tidemill::server {

class BucketCode final : public functions::CodeSource {
 public:
  // Larger archives are refused before they are read.
  BucketCode(objects::Objects& objects, std::uint64_t bytes_max) : objects_(objects), bytes_max_(bytes_max) {}
  void fetch(const functions::CodeLocation& location, Reply<std::string, functions::CodeSourceError> reply) override;

 private:
  objects::Objects& objects_;
  const std::uint64_t bytes_max_;
};

}  // namespace tidemill::server
