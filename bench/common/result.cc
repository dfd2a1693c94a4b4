#include "common/result.h"

#include <cstdio>

#include "base/json.h"

namespace tidemill::bench {

void print(const Measured& m) {
  const auto us = [&](double share) { return static_cast<double>(m.latency.percentile(share)) / 1000; };
  const auto units = static_cast<double>(m.units > 0 ? m.units : m.latency.count());
  std::string out;
  json::Writer writer(out);
  writer.begin_object()
      .member("operations", static_cast<std::int64_t>(m.latency.count()))
      .member("errors", static_cast<std::int64_t>(m.errors));
  writer.key("ops_s").real(m.seconds > 0 ? units / m.seconds : 0);
  writer.key("p50_us").real(us(0.5)).key("p99_us").real(us(0.99)).key("p999_us").real(us(0.999)).key("max_us").real(
      us(1));
  if (m.count_cpu) writer.key("cpu_us").real(units > 0 ? m.cpu_ns / 1000 / units : 0);
  if (m.errors > 0) writer.member("last_error", m.last_error);
  writer.end_object();
  std::printf("%s\n", out.c_str());
}

}  // namespace tidemill::bench
