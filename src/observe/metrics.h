// Metrics in Prometheus' text form. A module declares its metrics once, when it is built; updating one is a relaxed
// atomic add. Labels are bounded (operation, table, function), never item keys.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::observe {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

class Gauge {
 public:
  void set(std::int64_t v) { value_.store(v, std::memory_order_relaxed); }
  void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_ = 0;
};

// Buckets in seconds: powers of two from 16 microseconds to about 134 seconds.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 24;
  void observe_ns(std::int64_t ns);
  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  friend class Metrics;
  std::array<std::atomic<std::uint64_t>, kBuckets + 1> buckets_{};
  std::atomic<std::uint64_t> count_ = 0;
  std::atomic<std::uint64_t> sum_ns_ = 0;
};

class Metrics {
 public:
  // `labels` as Prometheus writes them, without braces: `operation="PutItem"`. The same name and labels give the same
  // object.
  Counter& counter(std::string_view name, std::string_view help, std::string_view labels = "");
  Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = "");
  Histogram& histogram(std::string_view name, std::string_view help, std::string_view labels = "");
  // A gauge that is read when asked for.
  void sampled(std::string_view name, std::string_view help, std::function<double()> read);
  std::string text() const;

 private:
  template <class T>
  struct Family {
    std::string help;
    std::map<std::string, std::unique_ptr<T>, std::less<>> by_labels;
  };
  template <class T>
  T& find(std::map<std::string, Family<T>, std::less<>>& families, std::string_view name, std::string_view help,
          std::string_view labels);

  mutable std::mutex mutex_;  // guards the maps, not the values
  std::map<std::string, Family<Counter>, std::less<>> counters_;
  std::map<std::string, Family<Gauge>, std::less<>> gauges_;
  std::map<std::string, Family<Histogram>, std::less<>> histograms_;
  std::map<std::string, std::pair<std::string, std::function<double()>>, std::less<>> sampled_;
};

}  // namespace tidemill::observe
