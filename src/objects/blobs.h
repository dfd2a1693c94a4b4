// The bytes of objects. More than `inline_max` are a file named by its content (SHA-256), synced before anything refers
// to it and removed when no row refers to it any more, no reader holds it and that is durable; what a crash leaves
// behind is found at the next start. Fewer bytes are a row of the store.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/checksums.h"
#include "base/reply.h"
#include "objects/checksum.h"
#include "objects/error.h"
#include "objects/record.h"
#include "observe/log.h"
#include "runtime/executor.h"
#include "runtime/files.h"
#include "runtime/random.h"
#include "storage/store.h"

namespace tidemill::objects {

// While it lives its file stays, whoever removes the last object that names it. Of the home loop.
using Pin = std::shared_ptr<const std::string>;

// Bytes that are put away but not yet part of an object.
struct Blob {
  std::uint64_t size = 0;
  std::string md5, sha256;  // raw
  Checksum checksum;
  std::optional<Checksum> also;
  std::string bytes;  // when they are few
  Pin pin;            // else
  bool is_file() const { return pin != nullptr; }
};

// Follows a file that is read from its beginning to its end, one read at a time. Used by one thread at a time.
class FileCheck {
 public:
  // False at the file's end, when its bytes are not those that it is named by. Reads in another order are not followed.
  bool take(const Piece& piece, std::uint64_t offset, std::string_view bytes);

 private:
  std::string id_;
  std::uint64_t next_ = 0;
  std::optional<Digest> digest_;
};

// Between the body as it comes and the bytes to keep (a transfer coding). Used by one thread at a time.
class BodyFilter {
 public:
  using Out = std::function<void(std::string_view)>;
  virtual ~BodyFilter() = default;
  virtual Status feed(std::string_view in, const Out& out) = 0;
  virtual Status finish() = 0;
};

class Blobs {
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
  };
  Blobs(Services services, Settings settings);
  ~Blobs();
  Blobs(const Blobs&) = delete;

  Status open();
  Pin pin(const std::string& sha256);
  // At most `size` bytes of the piece from `offset` on. The caller holds its pin. With a check a file that is read to
  // its end is known to be whole.
  void read(const Piece& piece, std::uint64_t offset, std::size_t size, Reply<std::string, Error> reply,
            std::shared_ptr<FileCheck> check = nullptr);
  // Of a piece that is a row.
  Result<std::string> row_bytes(const Piece& piece) const;
  // The piece that these bytes become when `mutation` is written, referred to by the row `owner`.
  Piece refer(const Blob& blob, std::string_view owner, storage::Mutation& mutation);
  void refer(const Piece& piece, std::string_view owner, storage::Mutation& mutation);
  // The row `owner` does not name the piece any more; its bytes go too when they are a row and `keep_row` is not said.
  // When the mutation is written, `released` is called with the pieces.
  void unrefer(const Piece& piece, std::string_view owner, storage::Mutation& mutation, bool keep_row = false);
  void released(const std::vector<Piece>& pieces);

 private:
  friend class Upload;
  struct PinState;
  struct Waiting {
    std::string temporary;
    Blob blob;
    Reply<Blob, Error> reply;
  };
  std::string path(const std::string& sha256) const;
  std::string folder(const std::string& sha256) const;
  std::string new_temporary();
  void discard(std::string path);
  void adopt(std::string temporary, Blob blob, Reply<Blob, Error> reply);
  bool is_referred(const std::string& sha256) const;
  void consider(const std::string& sha256);
  void remove_unreferred(const std::string& sha256);
  void look_again();
  void sweep(unsigned folder);

  const Services services_;
  const Settings settings_;
  std::map<std::string, std::weak_ptr<PinState>> pins_;
  std::map<std::string, std::vector<Waiting>> removing_;  // files that are going, and who waits to bring them back
  std::set<std::string> candidates_;                      // to be looked at again: the queue for slow work was full
  runtime::TimerId timer_ = 0;
  std::uint64_t next_temporary_ = 0;
  std::shared_ptr<Blobs*> alive_;
};

// One body on its way to being a blob, with bounded memory. Of the home loop.
class Upload : public std::enable_shared_from_this<Upload> {
 public:
  struct Options {
    Algorithm algorithm = Algorithm::kCrc64nvme;
    std::optional<Algorithm> also;
    std::uint64_t bytes_max = 5ULL << 30;
    std::unique_ptr<BodyFilter> filter;
  };
  Upload(Blobs& blobs, Options options);
  ~Upload();
  Upload(const Upload&) = delete;

  void take(std::string_view bytes);
  bool full() const { return waiting_.size() + under_way_ > kBufferMax; }
  void on_room(std::function<void()> room) { room_ = std::move(room); }
  const std::optional<Error>& error() const { return error_; }
  // After the last take.
  void finish(Reply<Blob, Error> reply);

 private:
  static constexpr std::size_t kBufferMax = 2 << 20;
  static constexpr std::size_t kStep = 512 << 10;   // bytes that are worth a hop to another thread
  static constexpr std::size_t kAtOnce = 64 << 10;  // a body of so few bytes is dealt with on the loop
  struct Work;
  void run();
  void done();
  void end();

  Blobs& blobs_;
  const std::weak_ptr<Blobs*> blobs_alive_;
  std::shared_ptr<Work> work_;
  std::string waiting_;
  std::size_t under_way_ = 0;
  bool running_ = false, started_ = false;
  std::function<void()> room_;
  std::optional<Error> error_;
  std::optional<Reply<Blob, Error>> reply_;
};

}  // namespace tidemill::objects
