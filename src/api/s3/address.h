// Which bucket and key a request means: in the path (/bucket/key) or with the bucket in the host
// (bucket.s3.region.amazonaws.com, bucket.s3.localhost, bucket.localhost).
#pragma once

#include <string>

#include "http/message.h"

namespace tidemill::s3 {

struct Address {
  std::string bucket, key;  // decoded; empty when the request names none
  std::string host_bucket;  // the bucket, when the host names it
  bool operator==(const Address&) const = default;
};

Address address_of(const http::Request& request);
// The same of "bucket/key" or "/bucket/key", percent-encoded: the source of a copy.
Address address_of_source(std::string_view source);

}  // namespace tidemill::s3
