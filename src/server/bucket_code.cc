#include "server/bucket_code.h"

namespace tidemill::server {
namespace {

using functions::CodeSourceError;

// Reads a whole object, some bytes at a time.
class Fetch : public std::enable_shared_from_this<Fetch> {
 public:
  Fetch(objects::Objects& objects, objects::Opened opened, Reply<std::string, CodeSourceError> reply)
      : objects_(objects), opened_(std::move(opened)), reply_(std::move(reply)) {}
  void step() {
    if (bytes_.size() == opened_.object.size) return std::move(reply_)(std::move(bytes_));
    objects_.read(
        opened_, bytes_.size(), 1 << 20,
        Reply<std::string, objects::Error>([self = shared_from_this()](objects::Result<std::string> part) {
          if (!part)
            return std::move(self->reply_)(std::unexpected(CodeSourceError{"InternalError", part.error().message}));
          self->bytes_ += *part;
          self->step();
        }));
  }

 private:
  objects::Objects& objects_;
  const objects::Opened opened_;
  Reply<std::string, CodeSourceError> reply_;
  std::string bytes_;
};

std::string_view code_of(objects::Errc code) {
  switch (code) {
    case objects::Errc::kNoSuchBucket: return "NoSuchBucket";
    case objects::Errc::kNoSuchKey: return "NoSuchKey";
    default: return "InternalError";
  }
}

}  // namespace

void BucketCode::fetch(const functions::CodeLocation& location, Reply<std::string, CodeSourceError> reply) {
  const auto refuse = [&](std::string_view code, std::string message) {
    std::move(reply)(std::unexpected(CodeSourceError{std::string(code), std::move(message)}));
  };
  const auto* bucket = objects_.bucket(location.bucket);
  if (bucket != nullptr && bucket->scope.account != location.scope.account)
    return refuse("AccessDenied", "Access Denied");
  if (!location.version.empty() && location.version != "null")
    return refuse("NoSuchVersion", "The specified version does not exist.");
  auto opened = objects_.open_object(location.bucket, location.key);
  if (!opened) return refuse(code_of(opened.error().code), opened.error().message);
  if (opened->object.size > bytes_max_)
    return refuse("EntityTooLarge", "The object is larger than a function's archive may be.");
  std::make_shared<Fetch>(objects_, *std::move(opened), std::move(reply))->step();
}

}  // namespace tidemill::server
