// The newest changes of a slot as they were stored, for a reader that follows it: woken by a change, it reads that
// change at once, and does not have to look for it in the store. Nothing is kept while nobody reads, and never much.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace tidemill::streams {

class Recent {
 public:
  static constexpr std::size_t kRecordsMax = 32, kBytesMax = 256 << 10;

  // By the writer, in the order of the numbers.
  void add(std::uint64_t number, std::string_view stored) {
    const std::lock_guard lock(mutex_);
    if (!followed_) return;
    if (stored_.empty()) first_ = number;
    bytes_ += stored.size();
    stored_.emplace_back(stored);
    // The reader is not near: it finds them in the store when it comes.
    if (number != first_ + stored_.size() - 1 || stored_.size() > kRecordsMax || bytes_ > kBytesMax) forget();
  }

  // All in [from, end), in order, or none: false when not all are known. Records before `from` are forgotten: there may
  // be other readers, but the one that is ahead is the one that follows.
  bool read(std::uint64_t from, std::uint64_t end, const std::function<void(std::uint64_t, std::string_view)>& each) {
    const std::lock_guard lock(mutex_);
    followed_ = true;
    if (stored_.empty() || from < first_ || end > first_ + stored_.size()) return false;
    for (; first_ < from; ++first_) {
      bytes_ -= stored_.front().size();
      stored_.pop_front();
    }
    for (std::uint64_t number = from; number < end; ++number) each(number, stored_[number - first_]);
    return true;
  }

 private:
  void forget() {
    stored_.clear();
    bytes_ = 0;
    followed_ = false;
  }

  std::mutex mutex_;
  bool followed_ = false;
  std::deque<std::string> stored_;
  std::uint64_t first_ = 0;  // the number of the front one
  std::size_t bytes_ = 0;
};

}  // namespace tidemill::streams
