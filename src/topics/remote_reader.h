// Reads partitions of a remote cluster: fetches ahead in the background, answers at once with what has come.
//
// A partition may be read at several places (two mappings with groups of their own). Each place is a cursor; librdkafka
// keeps one position of a partition per handle, so the cursors of one partition live on different handles. Home loop
// only.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/executor.h"
#include "runtime/system.h"
#include "topics/cluster.h"
#include "topics/rdkafka.h"

namespace tidemill::topics {

class RemoteReader {
 public:
  // A further handle for cursors, made when a partition is read at one more place than before.
  using OpenHandle = std::function<Result<rd::Handle>()>;

  RemoteReader(runtime::Loop& home, OpenHandle open) : home_(home), open_(std::move(open)) {}
  ~RemoteReader();
  RemoteReader(const RemoteReader&) = delete;

  Result<ReadResult> read(const ReadRequest& request);
  std::unique_ptr<Watch> watch(const std::string& topic, std::int32_t partition, std::function<void()> advanced);
  // Stops cursors that nobody has used for a while. Called every few seconds.
  void sweep();
  bool empty() const { return places_.empty(); }
  // What was there at `asked`: librdkafka waits for partitions that do not exist; their readers are told so instead.
  void compare(const std::vector<TopicSummary>& there, runtime::Instant asked);

 private:
  struct Key {
    std::string topic;
    std::int32_t partition = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Cursor;
  struct Place {  // a partition
    std::vector<std::shared_ptr<Cursor>> cursors;
    std::map<std::uint64_t, std::function<void()>> watchers;
  };
  struct PartitionWatch;

  Result<Cursor*> cursor_at(Place& place, const Key& key, std::int64_t offset);
  void start(Cursor& cursor, std::int64_t offset);
  void stop(std::shared_ptr<Cursor> cursor);
  void fill(Cursor& cursor, const ReadRequest& request);
  void tell(const Key& key);
  static void on_filled(rd_kafka_t*, void* cursor);  // on a thread of librdkafka

  runtime::Loop& home_;
  const OpenHandle open_;
  std::vector<rd::Handle> handles_;  // by the cursors' slots
  std::map<Key, Place> places_;
  std::uint64_t next_watch_ = 1;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  // Starting and stopping wait for librdkafka's threads. One worker: the steps of one cursor stay in order.
  std::unique_ptr<runtime::ThreadPool> switches_ =
      std::make_unique<runtime::ThreadPool>(runtime::ThreadPool::Options{.threads = 1, .queue_max = 100'000});
};

}  // namespace tidemill::topics
