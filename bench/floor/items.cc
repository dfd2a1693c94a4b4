#include "floor/items.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <simdjson.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "common/clock.h"
#include "common/result.h"
#include "floor/server.h"

namespace tidemill::bench {
namespace {

// What anybody would choose; the caches are as large as the server's.
std::unique_ptr<rocksdb::DB> open(const std::string& folder) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(64 << 20);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::DB* db = nullptr;
  if (const auto status = rocksdb::DB::Open(options, folder, &db); !status.ok()) die(status.ToString());
  return std::unique_ptr<rocksdb::DB>(db);
}

void check(const rocksdb::Status& status) {
  if (!status.ok()) die(status.ToString());
}

class Items {
 public:
  explicit Items(rocksdb::DB& db) : db_(db) {}

  void handle(const FloorRequest& request, std::string& body) {
    const auto target = request.header("x-amz-target");
    auto document =
        parser_.iterate(request.body.data(), request.body.size(), request.body.size() + simdjson::SIMDJSON_PADDING);
    if (target.ends_with(".GetItem")) return get(document, body);
    if (target.ends_with(".PutItem")) return put(document, body);
    if (target.ends_with(".Query")) return query(document, body);
    die("the floor knows no " + std::string(target));
  }

 private:
  using Document = simdjson::simdjson_result<simdjson::ondemand::document>;

  void get(Document& document, std::string& body) {
    const std::string_view key = document["Key"]["pk"]["S"];
    rocksdb::PinnableSlice value;
    const auto status = db_.Get(rocksdb::ReadOptions(), db_.DefaultColumnFamily(), {key.data(), key.size()}, &value);
    if (status.IsNotFound()) {
      body = "{}";
      return;
    }
    check(status);
    body = R"({"Item":)";
    body.append(value.data(), value.size());
    body += '}';
  }

  void put(Document& document, std::string& body) {
    simdjson::ondemand::object item = document["Item"];
    key_ = std::string_view(item["pk"]["S"]);
    if (std::string_view row; item["sk"]["S"].get(row) == simdjson::SUCCESS) {
      key_ += '/';
      key_ += row;
    }
    item.reset();
    const std::string_view raw = item.raw_json();
    check(db_.Put(rocksdb::WriteOptions(), key_, {raw.data(), raw.size()}));
    body = "{}";
  }

  void query(Document& document, std::string& body) {
    key_ = std::string_view(document["ExpressionAttributeValues"][":p"]["S"]);
    key_ += '/';
    body = R"({"Items":[)";
    int count = 0;
    const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator(rocksdb::ReadOptions()));
    for (rows->Seek(key_); rows->Valid() && rows->key().starts_with(key_); rows->Next(), ++count) {
      if (count > 0) body += ',';
      body.append(rows->value().data(), rows->value().size());
    }
    check(rows->status());
    body += R"(],"Count":)" + std::to_string(count) + R"(,"ScannedCount":)" + std::to_string(count) + '}';
  }

  rocksdb::DB& db_;
  simdjson::ondemand::parser parser_;
  std::string key_;
};

}  // namespace

void serve_items(const std::string& address, const std::string& folder) {
  const auto db = open(folder);
  Items items(*db);
  serve_http(address, [&](const FloorRequest& request, std::string& body) { items.handle(request, body); });
}

int group_commit(const std::string& folder, int threads, double seconds) {
  const auto db = open(folder);
  const std::string item(1024, 'x');
  Histogram all;
  std::mutex mutex;
  std::atomic<bool> stop = false;
  const auto cpu_before = read_clock(CLOCK_PROCESS_CPUTIME_ID);
  const auto began = now_ns();
  std::vector<std::thread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      rocksdb::WriteOptions synced;
      synced.sync = true;
      std::vector<std::int64_t> latencies;
      for (std::uint64_t i = 0; !stop; ++i) {
        const auto start = now_ns();
        check(db->Put(synced, "k" + std::to_string((i * 64 + static_cast<std::uint64_t>(thread)) % 10'000), item));
        latencies.push_back(now_ns() - start);
      }
      const std::lock_guard lock(mutex);
      for (const auto each : latencies) all.record(each);
    });
  }
  while (now_ns() - began < static_cast<std::int64_t>(seconds * 1e9))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  stop = true;
  for (auto& thread : running) thread.join();
  print({.latency = all,
         .seconds = static_cast<double>(now_ns() - began) / 1e9,
         .cpu_ns = static_cast<double>(read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_before),
         .count_cpu = true});
  return 0;
}

}  // namespace tidemill::bench
