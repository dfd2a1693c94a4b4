#include "storage/store.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "storage/row_cache.h"

namespace tidemill::storage {

Range Range::prefix(std::string_view prefix) { return {std::string(prefix), prefix_end(prefix)}; }

struct Log::Watcher {
  runtime::Executor& executor;
  std::function<void(std::uint64_t)> told;
  const Log* log;
  std::atomic<bool> posted = false;
};

Log::Log(Store& store, Keyspace keyspace, std::string prefix, std::uint64_t next)
    : store_(store), keyspace_(keyspace), prefix_(std::move(prefix)), next_(next), reached_(next) {}

Log::~Log() { store_.forget(*this); }

std::string Log::key(std::uint64_t number) const {
  std::string key;
  key.reserve(prefix_.size() + 8);
  key += prefix_;
  append_be(key, number);
  return key;
}

std::uint64_t Log::number_of(std::string_view key) {
  TM_ASSERT(key.size() >= 8);
  return load_be<std::uint64_t>(key.data() + key.size() - 8);
}

Subscription Log::watch(runtime::Executor& executor, std::function<void(std::uint64_t)> told) {
  auto watcher = std::make_shared<Watcher>(executor, std::move(told), this);
  const std::lock_guard lock(mutex_);
  std::erase_if(watchers_, [](const auto& weak) { return weak.expired(); });
  watchers_.push_back(watcher);
  return Subscription(std::move(watcher));
}

void Log::advance(std::uint64_t reached) {
  reached_.store(reached, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  for (const auto& weak : watchers_) {
    const auto watcher = weak.lock();
    // One posted call is enough for any number of moves: it reads reached() when it runs.
    if (!watcher || watcher->posted.exchange(true)) continue;
    watcher->executor.post([weak] {
      const auto alive = weak.lock();
      if (!alive) return;
      alive->posted.store(false);
      alive->told(alive->log->reached());
    });
  }
}

Store::Store(std::unique_ptr<Engine> engine, Options options)
    : engine_(std::move(engine)),
      options_(std::move(options)),
      items_(options_.item_cache_bytes > 0 ? std::make_unique<RowCache>(options_.item_cache_bytes) : nullptr) {
  if (options_.sync_thread && options_.durability == Durability::kDurable) thread_ = std::thread([this] { lane(); });
}

Store::~Store() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(gate_mutex_);
      stopping_ = true;
    }
    wanted_.notify_all();
    thread_.join();
  }
}

Result<std::optional<std::string>> Store::get(Keyspace keyspace, std::string_view key, const Snapshot* snapshot) const {
  return engine_->get(keyspace, key, snapshot);
}

Result<bool> Store::see_item(std::string_view key, bool (*whole)(std::string_view row),
                             const std::function<void(std::string_view row)>& see) const {
  RowCache::Missed missed;
  if (items_ && items_->get(key, missed, see)) return true;
  TM_TRY(const auto read, engine_->get(Keyspace::kItems, key, nullptr));
  if (!read) return false;
  if (!whole(*read)) return tidemill::fail(Errc::kCorruption, "a stored row is damaged");
  if (items_) items_->fill(key, *read, missed);
  see(*read);
  return true;
}

void Store::begin_items(const std::vector<Write>& writes) {
  if (!items_) return;
  for (const auto& write : writes) {
    if (write.keyspace != Keyspace::kItems) continue;
    if (write.kind == Write::Kind::kEraseRange)
      items_->begin_clear();
    else
      items_->begin_write(write.key);
  }
}

void Store::end_items(const std::vector<Write>& writes) {
  if (!items_) return;
  for (const auto& write : writes) {
    if (write.keyspace != Keyspace::kItems) continue;
    if (write.kind == Write::Kind::kEraseRange)
      items_->end_clear();
    else if (write.kind == Write::Kind::kPut)
      items_->end_write(write.key, write.value);
    else
      items_->end_write(write.key, std::nullopt);
  }
}

Ticket Store::write(Mutation mutation, const std::function<void(Ticket)>& before_visible) {
  if (mutation.empty()) return newest();
  std::uint64_t ticket = 0;
  {
    const std::lock_guard lock(commit_mutex_);
    if (failed_.load()) return {~0ULL};
    ticket = issued_.load(std::memory_order_relaxed) + 1;
    for (auto& append : mutation.appends_) {
      Log& log = *append.log;
      const auto number = log.next_.load(std::memory_order_relaxed);
      if (append.stamp) append.stamp(number, append.value);
      mutation.writes_.push_back({Write::Kind::kPut, log.keyspace_, log.key(number), std::move(append.value)});
      log.next_.store(number + append.count, std::memory_order_release);
    }
    for (auto& step : mutation.steps_) step(mutation);
    if (before_visible) before_visible({ticket});
    issued_.store(ticket, std::memory_order_release);
    begin_items(mutation.writes_);
    if (auto written = engine_->write(mutation.writes_); !written) {
      fail(written.error());
      return {~0ULL};
    }
    end_items(mutation.writes_);
    if (!mutation.appends_.empty()) {
      const std::lock_guard gate(gate_mutex_);
      for (const auto& append : mutation.appends_) {
        advances_.push_back({ticket, append.log, append.log->next_.load(std::memory_order_relaxed)});
      }
    }
  }
  if (options_.durability == Durability::kRelaxed) {
    publish(ticket);
  } else if (options_.sync_thread) {
    // The empty critical section keeps the wake-up from falling between the lane's look and its sleep.
    {
      const std::lock_guard gate(gate_mutex_);
    }
    wanted_.notify_one();
  }
  return {ticket};
}

void Store::when_durable(Ticket ticket, runtime::Executor& executor, runtime::Task done) {
  if (ticket.number <= durable_.load(std::memory_order_acquire)) {
    if (executor.on_this_thread()) return done();
    return executor.post(std::move(done));
  }
  {
    const std::lock_guard lock(gate_mutex_);
    if (ticket.number > durable_.load(std::memory_order_acquire)) {
      waiters_[&executor].push_back({ticket.number, std::move(done)});
      return;
    }
  }
  executor.post(std::move(done));
}

std::unique_ptr<Log> Store::open_log(Keyspace keyspace, std::string prefix, std::uint64_t next) {
  return std::unique_ptr<Log>(new Log(*this, keyspace, std::move(prefix), next));
}

void Store::forget(Log& log) {
  const std::lock_guard publishing(publish_mutex_);
  const std::lock_guard lock(gate_mutex_);
  std::erase_if(advances_, [&log](const Advance& advance) { return advance.log == &log; });
}

bool Store::sync_once() {
  std::uint64_t target = 0;
  {
    // Under the commit lock no batch is half way: every ticket up to `target` is in the engine's log.
    const std::lock_guard lock(commit_mutex_);
    target = issued_.load(std::memory_order_relaxed);
    if (failed_.load() || target == durable_.load(std::memory_order_relaxed)) return false;
  }
  if (auto synced = engine_->sync(); !synced) {
    fail(synced.error());
    return false;
  }
  syncs_.fetch_add(1, std::memory_order_relaxed);
  publish(target);
  return true;
}

void Store::publish(std::uint64_t target) {
  const std::lock_guard publishing(publish_mutex_);
  if (target <= durable_.load(std::memory_order_relaxed)) return;
  // Logs first, replies second: whoever has an answer finds its record readable.
  std::vector<Advance> reached;
  {
    const std::lock_guard lock(gate_mutex_);
    while (!advances_.empty() && advances_.front().ticket <= target) {
      reached.push_back(advances_.front());
      advances_.pop_front();
    }
  }
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const bool later = std::any_of(reached.begin() + static_cast<std::ptrdiff_t>(i) + 1, reached.end(),
                                   [&](const Advance& other) { return other.log == reached[i].log; });
    if (!later) reached[i].log->advance(reached[i].end);
  }
  std::vector<std::pair<runtime::Executor*, std::vector<runtime::Task>>> answers;
  {
    const std::lock_guard lock(gate_mutex_);
    durable_.store(target, std::memory_order_release);
    for (auto& [executor, queue] : waiters_) {
      std::vector<runtime::Task> ready;
      for (auto& waiter : queue) {
        if (waiter.ticket <= target) ready.push_back(std::exchange(waiter.done, nullptr));
      }
      if (ready.empty()) continue;
      std::erase_if(queue, [](const Waiter& waiter) { return !waiter.done; });
      answers.emplace_back(executor, std::move(ready));
    }
  }
  for (auto& [executor, tasks] : answers) {
    executor->post([tasks = std::move(tasks)]() mutable {
      for (auto& task : tasks) task();
    });
  }
}

void Store::lane() {
  for (;;) {
    {
      std::unique_lock lock(gate_mutex_);
      wanted_.wait(lock, [this] {
        return stopping_ || issued_.load(std::memory_order_acquire) != durable_.load(std::memory_order_acquire);
      });
      if (failed_.load()) return;
      if (stopping_ && issued_.load() == durable_.load()) return;
    }
    sync_once();
  }
}

void Store::fail(const Error& error) {
  if (failed_.exchange(true)) return;
  if (options_.on_failure) options_.on_failure(error);
}

}  // namespace tidemill::storage
