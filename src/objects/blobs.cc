#include "objects/blobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checksums.h"

namespace tidemill::objects {
namespace {

constexpr auto kRows = storage::Keyspace::kBlobs;
constexpr auto kRefs = storage::Keyspace::kBlobs;
constexpr unsigned kFolders = 256;

std::string row_of(const std::string& id) { return "i" + id; }
std::string ref_prefix(const std::string& sha256) { return "r" + sha256; }

}  // namespace

struct Blobs::PinState {
  PinState(std::string named, std::weak_ptr<Blobs*> owner) : sha256(std::move(named)), blobs(std::move(owner)) {}
  PinState(const PinState&) = delete;
  const std::string sha256;
  const std::weak_ptr<Blobs*> blobs;
  ~PinState() {
    if (const auto alive = blobs.lock()) {
      (*alive)->pins_.erase(sha256);
      (*alive)->consider(sha256);
    }
  }
};

Blobs::Blobs(Services services, Settings settings)
    : services_(services), settings_(std::move(settings)), alive_(std::make_shared<Blobs*>(this)) {}

Blobs::~Blobs() {
  alive_.reset();
  services_.loop.cancel(timer_);
}

std::string Blobs::folder(const std::string& sha256) const {
  return settings_.directory + "/blobs/" + to_hex(std::string_view(sha256).substr(0, 1));
}
std::string Blobs::path(const std::string& sha256) const { return folder(sha256) + "/" + to_hex(sha256); }
std::string Blobs::new_temporary() { return fmt::format("{}/uploads/{}", settings_.directory, ++next_temporary_); }

Status Blobs::open() {
  auto& files = services_.files;
  // Uploads of an earlier life were never finished.
  if (auto removed = files.remove_all(settings_.directory + "/uploads"); !removed) return fail(removed.error());
  for (const auto* name : {"/uploads", "/blobs"})
    if (auto made = files.make_directories(settings_.directory + name); !made) return fail(made.error());
  services_.loop.post([weak = std::weak_ptr(alive_)] {
    if (const auto alive = weak.lock()) (*alive)->sweep(0);
  });
  return {};
}

// What a crash left behind: files that no row names. One folder at a time.
void Blobs::sweep(unsigned number) {
  if (number >= kFolders) return;
  auto names = std::make_shared<std::vector<runtime::DirectoryEntry>>();
  const auto where = settings_.directory + "/blobs/" + to_hex(std::string(1, static_cast<char>(number)));
  const bool queued = services_.offload.run(
      [names, where, &files = services_.files] {
        if (!files.exists(where)) return;
        if (auto listed = files.list(where)) *names = *std::move(listed);
      },
      services_.loop,
      [weak = std::weak_ptr(alive_), names, number] {
        const auto alive = weak.lock();
        if (!alive) return;
        for (const auto& entry : *names)
          if (const auto sha256 = from_hex(entry.name); sha256 && sha256->size() == 32) (*alive)->consider(*sha256);
        (*alive)->sweep(number + 1);
      });
  if (!queued) {
    services_.loop.at(services_.loop.clock().now() + std::chrono::seconds(1), [weak = std::weak_ptr(alive_), number] {
      if (const auto alive = weak.lock()) (*alive)->sweep(number);
    });
  }
}

Pin Blobs::pin(const std::string& sha256) {
  auto& known = pins_[sha256];
  auto state = known.lock();
  if (!state) {
    state = std::make_shared<PinState>(sha256, alive_);
    known = state;
  }
  return {state, &state->sha256};
}

bool Blobs::is_referred(const std::string& sha256) const {
  return services_.store.cursor(kRefs, storage::Range::prefix(ref_prefix(sha256)))->valid();
}

// That no row names it must be on disk before the file goes.
void Blobs::consider(const std::string& sha256) {
  if (pins_.contains(sha256) || removing_.contains(sha256) || is_referred(sha256)) return;
  services_.store.when_durable(services_.store.newest(), services_.loop, [weak = std::weak_ptr(alive_), sha256] {
    if (const auto alive = weak.lock()) (*alive)->remove_unreferred(sha256);
  });
}

void Blobs::remove_unreferred(const std::string& sha256) {
  if (pins_.contains(sha256) || removing_.contains(sha256) || is_referred(sha256)) return;
  const bool queued = services_.offload.run(
      [&files = services_.files, path = path(sha256)] { [[maybe_unused]] const auto removed = files.remove_all(path); },
      services_.loop,
      [weak = std::weak_ptr(alive_), sha256] {
        const auto alive = weak.lock();
        if (!alive) return;
        auto& self = **alive;
        auto waiting = std::move(self.removing_[sha256]);
        self.removing_.erase(sha256);
        for (auto& one : waiting) self.adopt(std::move(one.temporary), std::move(one.blob), std::move(one.reply));
      });
  if (queued) {
    removing_.try_emplace(sha256);
    return;
  }
  candidates_.insert(sha256);
  if (timer_ == 0) {
    timer_ = services_.loop.at(services_.loop.clock().now() + std::chrono::seconds(1), [this] {
      timer_ = 0;
      look_again();
    });
  }
}

void Blobs::look_again() {
  for (const auto& sha256 : std::exchange(candidates_, {})) consider(sha256);
}

void Blobs::discard(std::string path) {
  // When the queue is full it stays until the next start.
  [[maybe_unused]] const bool queued =
      services_.offload.run([&files = services_.files,
                             path = std::move(path)] { [[maybe_unused]] const auto removed = files.remove_all(path); },
                            services_.loop, [] {});
}

// Gives a synced file its name, and answers when the name is on disk, too.
void Blobs::adopt(std::string temporary, Blob blob, Reply<Blob, Error> reply) {
  const std::string sha256 = blob.sha256;
  if (const auto going = removing_.find(sha256); going != removing_.end()) {
    going->second.push_back({std::move(temporary), std::move(blob), std::move(reply)});
    return;
  }
  blob.pin = pin(sha256);
  struct Job {
    Blob blob;
    Reply<Blob, Error> reply;
    tidemill::Status status;
  };
  auto job = std::make_shared<Job>(Job{std::move(blob), std::move(reply), {}});
  const bool queued = services_.offload.run(
      [job, temporary, folder = folder(sha256), path = path(sha256), &files = services_.files] {
        const auto name_it = [&]() -> tidemill::Status {
          if (!files.exists(folder)) {
            TM_CHECK(files.make_directories(folder));
            TM_CHECK(files.sync_directory(folder + "/.."));
          }
          if (files.exists(path))
            TM_CHECK(files.remove_all(temporary));
          else
            TM_CHECK(files.rename(temporary, path));
          return files.sync_directory(folder);
        };
        job->status = name_it();
      },
      services_.loop,
      [job] {
        if (!job->status) return std::move(job->reply)(fail(job->status.error()));
        std::move(job->reply)(std::move(job->blob));
      });
  if (!queued) {
    discard(temporary);
    std::move(job->reply)(fail(Errc::kFull, "Please reduce your request rate."));
  }
}

Result<std::string> Blobs::row_bytes(const Piece& piece) const {
  auto row = services_.store.get(kRows, row_of(piece.id));
  if (!row) return fail(row.error());
  if (!*row || (*row)->size() != piece.size) return fail(Errc::kInternal, "the object's bytes are damaged");
  return **std::move(row);
}

bool FileCheck::take(const Piece& piece, std::uint64_t offset, std::string_view bytes) {
  if (offset == 0) {
    id_ = piece.id;
    next_ = 0;
    digest_.emplace(Digest::Kind::kSha256);
  }
  if (!digest_ || piece.id != id_ || offset != next_) {
    digest_.reset();
    return true;
  }
  digest_->update(bytes);
  next_ += bytes.size();
  if (next_ < piece.size) return true;
  const auto found = digest_->finish();
  digest_.reset();
  return found == id_;
}

void Blobs::read(const Piece& piece, std::uint64_t offset, std::size_t size, Reply<std::string, Error> reply,
                 std::shared_ptr<FileCheck> check) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, piece.size - offset));
  if (!piece.file) {
    auto row = row_bytes(piece);
    if (!row) return std::move(reply)(std::unexpected(row.error()));
    return std::move(reply)(row->substr(offset, wanted));
  }
  struct Job {
    tidemill::Result<std::string> bytes;
    Reply<std::string, Error> reply;
    bool whole = true;
  };
  auto job = std::make_shared<Job>(Job{std::string(), std::move(reply)});
  const bool queued = services_.offload.run(
      [job, piece, path = path(piece.id), offset, wanted, check = std::move(check), &files = services_.files] {
        job->bytes = files.read_range(path, offset, wanted);
        if (check && job->bytes) job->whole = check->take(piece, offset, *job->bytes);
      },
      services_.loop,
      [job, wanted, id = piece.id, &log = services_.log] {
        if (!job->bytes) return std::move(job->reply)(fail(Errc::kInternal, job->bytes.error().message));
        const bool all = job->bytes->size() == wanted;
        if (all && job->whole) return std::move(job->reply)(*std::move(job->bytes));
        log.error("objects.file_damaged", {{"file", to_hex(id)}});
        std::move(job->reply)(
            fail(Errc::kInternal, all ? "the object's file is damaged" : "the object's file is too short"));
      });
  if (!queued) std::move(job->reply)(fail(Errc::kFull, "Please reduce your request rate."));
}

Piece Blobs::refer(const Blob& blob, std::string_view owner, storage::Mutation& mutation) {
  Piece piece{.file = blob.is_file(), .id = blob.is_file() ? blob.sha256 : "", .size = blob.size};
  if (!piece.file) {
    piece.id = services_.random.bytes(16);
    mutation.put(kRows, row_of(piece.id), std::string(blob.bytes));
  }
  refer(piece, owner, mutation);
  return piece;
}

void Blobs::refer(const Piece& piece, std::string_view owner, storage::Mutation& mutation) {
  if (piece.file) mutation.put(kRefs, ref_prefix(piece.id) + std::string(owner), std::string());
}

void Blobs::unrefer(const Piece& piece, std::string_view owner, storage::Mutation& mutation, bool keep_row) {
  if (piece.file)
    mutation.erase(kRefs, ref_prefix(piece.id) + std::string(owner));
  else if (!keep_row)
    mutation.erase(kRows, row_of(piece.id));
}

void Blobs::released(const std::vector<Piece>& pieces) {
  for (const auto& piece : pieces)
    if (piece.file) consider(piece.id);
}

// What the worker thread has while it runs, and the loop otherwise.
struct Upload::Work {
  runtime::Files& files;
  const std::size_t inline_max;
  const std::uint64_t bytes_max;
  const std::string temporary;
  std::unique_ptr<BodyFilter> filter;
  Digest md5{Digest::Kind::kMd5}, sha256{Digest::Kind::kSha256};
  Checksummer checksum;
  std::optional<Checksummer> also;
  std::uint64_t size = 0;
  std::string bytes;  // until they are too many
  std::unique_ptr<runtime::OutputFile> file;
  bool has_file = false;
  std::optional<Error> error;
  std::string input;
  bool last = false;
  Blob blob;

  void keep(std::string_view in) {
    if (error) return;
    size += in.size();
    if (size > bytes_max) {
      error = Error{Errc::kEntityTooLarge, "Your proposed upload exceeds the maximum allowed size"};
      return;
    }
    md5.update(in);
    sha256.update(in);
    checksum.update(in);
    if (also) also->update(in);
    if (!file && bytes.size() + in.size() <= inline_max) {
      bytes += in;
      return;
    }
    if (!file) {
      auto made = files.create(temporary);
      if (!made) return failed(made.error());
      file = *std::move(made);
      has_file = true;
      if (auto written = file->append(bytes); !written) return failed(written.error());
      bytes = {};
    }
    if (auto written = file->append(in); !written) failed(written.error());
  }
  void failed(const tidemill::Error& why) { error = fail(why).error(); }

  void step() {
    const std::string in = std::move(input);
    input.clear();
    if (error) return;
    if (!filter) {
      keep(in);
    } else if (auto fed = filter->feed(in, [this](std::string_view out) { keep(out); }); !fed && !error) {
      error = fed.error();
    }
    if (!last || error) return;
    if (filter) {
      if (auto whole = filter->finish(); !whole) {
        error = whole.error();
        return;
      }
    }
    if (file) {
      if (auto synced = file->sync(); !synced) return failed(synced.error());
      file.reset();
    }
    blob.size = size;
    blob.md5 = md5.finish();
    blob.sha256 = sha256.finish();
    blob.checksum = checksum.finish();
    if (also) blob.also = also->finish();
    blob.bytes = std::move(bytes);
  }
};

Upload::Upload(Blobs& blobs, Options options)
    : blobs_(blobs),
      blobs_alive_(blobs.alive_),
      work_(new Work{.files = blobs.services_.files,
                     .inline_max = blobs.settings_.inline_max,
                     .bytes_max = options.bytes_max,
                     .temporary = blobs.new_temporary(),
                     .filter = std::move(options.filter),
                     .checksum = Checksummer(options.algorithm)}) {
  if (options.also) work_->also.emplace(*options.also);
}

Upload::~Upload() {
  // While a step runs, its end finds nobody here and clears up.
  if (running_ || blobs_alive_.expired()) return;
  if (work_->has_file) blobs_.discard(work_->temporary);
}

void Upload::take(std::string_view bytes) {
  if (error_) return;
  waiting_ += bytes;
  if (!running_ && waiting_.size() >= kStep) run();
}

void Upload::finish(Reply<Blob, Error> reply) {
  reply_.emplace(std::move(reply));
  if (running_) return;
  if (!started_ && waiting_.size() <= kAtOnce) {
    work_->input = std::move(waiting_);
    work_->last = true;
    work_->step();
    error_ = work_->error;
    return end();
  }
  run();
}

void Upload::run() {
  running_ = started_ = true;
  under_way_ = waiting_.size();
  work_->input = std::exchange(waiting_, {});
  work_->last = reply_.has_value();
  auto* blobs = &blobs_;
  const bool queued =
      blobs_.services_.offload.run([work = work_] { work->step(); }, blobs_.services_.loop,
                                   [weak = weak_from_this(), work = work_, blobs, blobs_alive = blobs_alive_] {
                                     if (const auto self = weak.lock()) return self->done();
                                     if (work->has_file && !blobs_alive.expired()) blobs->discard(work->temporary);
                                   });
  if (queued) return;
  running_ = false;
  under_way_ = 0;
  error_ = Error{Errc::kFull, "Please reduce your request rate."};
  if (reply_) end();
}

void Upload::done() {
  running_ = false;
  under_way_ = 0;
  const bool ended = work_->last;
  if (work_->error) error_ = work_->error;
  if (error_) waiting_.clear();
  if (reply_ && (ended || error_)) return end();
  if (reply_ || waiting_.size() >= kStep) run();
  if (room_ && !full()) std::exchange(room_, nullptr)();
}

void Upload::end() {
  auto reply = *std::exchange(reply_, std::nullopt);
  if (error_) return std::move(reply)(std::unexpected(*error_));
  if (!work_->has_file) return std::move(reply)(std::move(work_->blob));
  work_->has_file = false;  // it is the store's now
  blobs_.adopt(work_->temporary, std::move(work_->blob), std::move(reply));
}

}  // namespace tidemill::objects
