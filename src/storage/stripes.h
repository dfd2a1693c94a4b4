// Ordered asynchronous locks by key hash. A stripe is held from the read of the old item until the mutation is written,
// never until it is durable; it remembers the last ticket written through it, so that a read knows what it must wait
// for.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/executor.h"
#include "storage/store.h"

namespace tidemill::storage {

class Stripes {
 public:
  // The stripes of one plan; released when destroyed. Held on one thread.
  class Held {
   public:
    Held() = default;
    Held(Held&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), indexes_(std::move(other.indexes_)) {}
    Held& operator=(Held&& other) noexcept {
      if (this != &other) {
        release();
        owner_ = std::exchange(other.owner_, nullptr);
        indexes_ = std::move(other.indexes_);
      }
      return *this;
    }
    ~Held() { release(); }
    void release();
    // Writes through these stripes: they remember the ticket before any reader can see the batch.
    Ticket write(Store& store, Mutation mutation);
    // The newest ticket written through any of these stripes: what a failed condition waits for.
    Ticket last() const;

   private:
    friend class Stripes;
    Stripes* owner_ = nullptr;
    std::vector<std::uint32_t> indexes_;
  };
  using Acquired = std::move_only_function<void(Held)>;
  using Written = std::move_only_function<void(Ticket)>;

  explicit Stripes(std::size_t count = 4096);  // a power of two
  ~Stripes();                                  // drops what was to be written soon: nobody has been told of it
  Stripes(const Stripes&) = delete;

  // Takes the stripes of all hashes, in one global order, so that no two plans wait for each other. Runs `then` inline
  // when all are free, else later on `executor`; waiters get a stripe in the order in which they came.
  void acquire(std::vector<std::uint64_t> hashes, runtime::Executor& executor, Acquired then);
  void acquire(std::uint64_t hash, runtime::Executor& executor, Acquired then);

  // The batch of the loop's current turn: what single writes add to it is written together, under one ticket, when the
  // loop has handled what is ready. On the loop's thread.
  Mutation& soon(runtime::Executor& loop);
  // For whoever has added to it under these stripes. They stay held until it is written; then `written(ticket)` runs.
  void write_soon(Store& store, Held held, runtime::Executor& loop, Written written);

  // For a reader without the lock: read the item first, then this; wait for the ticket before answering.
  Ticket last(std::uint64_t hash) const;

 private:
  struct Request {
    std::vector<std::uint32_t> indexes;
    std::size_t taken = 0;
    runtime::Executor* executor;
    Acquired then;
  };
  struct Stripe {
    std::mutex mutex;
    bool held = false;                            // guarded by mutex
    std::list<std::shared_ptr<Request>> waiting;  // guarded by mutex; an empty list owns no memory, an empty deque does
    std::atomic<std::uint64_t> last = 0;
  };
  std::uint32_t index(std::uint64_t hash) const { return static_cast<std::uint32_t>(hash & mask_); }
  bool try_take(std::uint32_t index, const std::shared_ptr<Request>& request);
  void proceed(std::shared_ptr<Request> request, bool posted);
  void release(std::uint32_t index);
  void note(const Held& held, Ticket ticket);

  struct Part {
    Held held;
    Written written;
  };
  struct Turn {
    Mutation batch;
    std::vector<Part> parts;
  };
  Turn& turn_of(runtime::Executor& loop);
  void write_turn(Store& store, Turn& turn);

  const std::uint64_t mask_;
  std::unique_ptr<Stripe[]> stripes_;
  std::mutex turns_mutex_;
  std::map<runtime::Executor*, Turn> turns_;  // the map is guarded by turns_mutex_, each turn is its loop's
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidemill::storage
