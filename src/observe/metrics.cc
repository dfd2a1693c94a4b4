#include "observe/metrics.h"

#include <bit>

#include "base/json.h"

namespace tidemill::observe {
namespace {

constexpr std::uint64_t kFirstBucketNs = 16'384;

void append_number(std::string& out, double value) { json::Writer(out).real(value); }

void head(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void sample(std::string& out, std::string_view name, std::string_view labels) {
  out += name;
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out += ' ';
}

}  // namespace

void Histogram::observe_ns(std::int64_t ns) {
  const auto value = static_cast<std::uint64_t>(ns < 0 ? 0 : ns);
  const std::uint64_t scaled = value / kFirstBucketNs;
  const auto bucket = std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(scaled)), kBuckets);
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  sum_ns_.fetch_add(value, std::memory_order_relaxed);
}

template <class T>
T& Metrics::find(std::map<std::string, Family<T>, std::less<>>& families, std::string_view name, std::string_view help,
                 std::string_view labels) {
  const std::lock_guard lock(mutex_);
  auto family = families.find(name);
  if (family == families.end()) family = families.emplace(std::string(name), Family<T>{std::string(help), {}}).first;
  auto& slot = family->second.by_labels[std::string(labels)];
  if (!slot) slot = std::make_unique<T>();
  return *slot;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
  return find(counters_, name, help, labels);
}
Gauge& Metrics::gauge(std::string_view name, std::string_view help, std::string_view labels) {
  return find(gauges_, name, help, labels);
}
Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::string_view labels) {
  return find(histograms_, name, help, labels);
}

void Metrics::sampled(std::string_view name, std::string_view help, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  sampled_[std::string(name)] = {std::string(help), std::move(read)};
}

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : counters_) {
    head(out, name, family.help, "counter");
    for (const auto& [labels, counter] : family.by_labels) {
      sample(out, name, labels);
      out.append(std::to_string(counter->value())).append("\n");
    }
  }
  for (const auto& [name, family] : gauges_) {
    head(out, name, family.help, "gauge");
    for (const auto& [labels, gauge] : family.by_labels) {
      sample(out, name, labels);
      out.append(std::to_string(gauge->value())).append("\n");
    }
  }
  for (const auto& [name, entry] : sampled_) {
    head(out, name, entry.first, "gauge");
    sample(out, name, "");
    append_number(out, entry.second());
    out += '\n';
  }
  for (const auto& [name, family] : histograms_) {
    head(out, name, family.help, "histogram");
    for (const auto& [labels, histogram] : family.by_labels) {
      const std::string separator = labels.empty() ? "" : ",";
      std::uint64_t below = 0;
      for (std::size_t i = 0; i <= Histogram::kBuckets; ++i) {
        below += histogram->buckets_[i].load(std::memory_order_relaxed);
        std::string le = "+Inf";
        if (i < Histogram::kBuckets) {
          le.clear();
          append_number(le, static_cast<double>(kFirstBucketNs << i) / 1e9);
        }
        sample(out, name + "_bucket", labels + separator + "le=\"" + le + "\"");
        out.append(std::to_string(below)).append("\n");
      }
      sample(out, name + "_sum", labels);
      append_number(out, static_cast<double>(histogram->sum_ns_.load(std::memory_order_relaxed)) / 1e9);
      out += '\n';
      sample(out, name + "_count", labels);
      out.append(std::to_string(histogram->count())).append("\n");
    }
  }
  return out;
}

}  // namespace tidemill::observe
