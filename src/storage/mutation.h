// One atomic batch, on its way to the store.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/engine.h"

namespace tidemill::storage {

class Log;

class Mutation {
 public:
  using Stamp = std::move_only_function<void(std::uint64_t number, std::string& value)>;

  void put(Keyspace keyspace, std::string_view key, std::string_view value) {
    put(keyspace, std::string(key), std::string(value));
  }
  void put(Keyspace keyspace, std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    writes_.push_back({Write::Kind::kPut, keyspace, std::move(key), std::move(value)});
  }
  void erase(Keyspace keyspace, std::string_view key) {
    writes_.push_back({Write::Kind::kErase, keyspace, std::string(key), {}});
  }
  // [from, to)
  void erase_range(Keyspace keyspace, std::string_view from, std::string_view to) {
    writes_.push_back({Write::Kind::kEraseRange, keyspace, std::string(from), std::string(to)});
  }
  // At commit the log gives the entry the number n = next and moves on by `count`; the key is the log's prefix and n in
  // eight big-endian bytes. `stamp` may change the value then; it runs under the commit lock: short, no I/O.
  void append(Log& log, std::uint64_t count, std::string value, Stamp stamp = nullptr) {
    bytes_ += value.size();
    appends_.push_back({&log, count, std::move(value), std::move(stamp)});
  }
  // Runs under the commit lock, after the appends have their numbers and before the batch is written: for rows that
  // hold such a number (producer state, indexes by time).
  void at_commit(std::move_only_function<void(Mutation&)> step) { steps_.push_back(std::move(step)); }

  bool empty() const { return writes_.empty() && appends_.empty() && steps_.empty(); }
  std::size_t size() const { return writes_.size() + appends_.size(); }
  std::size_t bytes() const { return bytes_; }  // of what is put and appended
  const std::vector<Write>& writes() const { return writes_; }

 private:
  friend class Store;
  struct Append {
    Log* log;
    std::uint64_t count;
    std::string value;
    Stamp stamp;
  };
  std::size_t bytes_ = 0;
  std::vector<Write> writes_;
  std::vector<Append> appends_;
  std::vector<std::move_only_function<void(Mutation&)>> steps_;
};

}  // namespace tidemill::storage
