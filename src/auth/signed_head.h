// What a signature's check needs of a request's head, kept for the requests that have the same head but for its
// changing values (Request::head_id): the canonical request and the string to sign stand ready, and only those values
// are put into them. The signature itself is computed for each request, of the same bytes as verify() would make.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/sigv4.h"
#include "base/digest.h"
#include "http/message.h"

namespace tidemill::auth {

// Of one thread: a check writes into its texts.
class SignedHead {
 public:
  // Of a request that verify() has passed. Nothing when its form is not one that clients of the JSON protocols send (a
  // signature in the Authorization header, a basic date in X-Amz-Date, the path "/", each signed header once).
  static std::optional<SignedHead> of(const http::Request& request, const SignatureClaim& claim, const HmacSha256& key);

  // Is the time of the request within `skew` of `now`, its body what was signed, and its signature right? `request` has
  // the head_id of the one above. False: check_scope() and verify() say what is wrong, if anything is.
  bool admits(const http::Request& request, WallTime now, std::chrono::seconds skew);

 private:
  // A header's value, or a part of it. Its size does not change.
  struct Place {
    std::size_t header = 0, at = 0, size = 0;
    std::string_view in(const http::Request& request) const;
  };
  struct Spot {
    Place from;
    std::size_t to;
  };

  explicit SignedHead(const HmacSha256& key) : key_(key) {}

  HmacSha256 key_;
  Place date_, signature_;
  std::optional<Place> said_hash_;  // of x-amz-content-sha256
  std::string day_;                 // of the credential's scope
  std::vector<Spot> spots_;         // the signed headers' values in canonical_
  std::string canonical_;           // ends with the body's digest
  std::string to_sign_;             // ends with that of canonical_
};

}  // namespace tidemill::auth
