// The body of a PUT while it arrives: on its way to the store, with its digests and checksums.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/s3/chunked.h"
#include "api/s3/error.h"
#include "auth/identity.h"
#include "http/message.h"
#include "objects/objects.h"

namespace tidemill::s3 {

// The checksum that a client announces: beside the body or behind it.
struct Announced {
  objects::Algorithm algorithm;
  std::string value;  // raw; empty: in the trailer
};
// Error: InvalidRequest when there are several or one is no checksum.
Result<std::optional<Announced>> announced_checksum(const http::Headers& headers);

class Incoming {
 public:
  struct Options {
    const http::Request& head;
    const auth::Identity::HeadLogin& login;
    objects::Algorithm keep = objects::Algorithm::kCrc64nvme;  // when the client announces none
    bool keep_own = false;                                     // keep `keep` whatever the client announces
  };
  static Result<std::shared_ptr<Incoming>> open(objects::Objects& objects, Options options);

  void take(std::string_view bytes) { upload_->take(bytes); }
  bool full() const { return upload_->full(); }
  void on_room(std::function<void()> room) { upload_->on_room(std::move(room)); }
  bool broken() const { return upload_->error().has_value(); }
  // After the last byte: the blob, when it is what the head said.
  void finish(std::move_only_function<void(Result<objects::Blob>)> done);

 private:
  Incoming() = default;
  Status check(const objects::Blob& blob) const;

  std::shared_ptr<objects::Upload> upload_;
  std::shared_ptr<Trailers> trailers_;
  std::optional<Announced> announced_;
  std::string md5_, sha256_;  // announced, raw; empty: not
  std::optional<std::uint64_t> decoded_length_;
};

// Digests of a body in memory, as the head announces them.
Status check_body(const http::Request& request, const auth::Identity::HeadLogin& login);

}  // namespace tidemill::s3
