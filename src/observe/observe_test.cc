#include <gtest/gtest.h>

#include "observe/log.h"
#include "observe/metrics.h"

namespace tidemill::observe {
namespace {

class StoppedClock final : public runtime::Clock {
 public:
  runtime::Instant now() const override { return {}; }
  runtime::WallTime wall() const override { return from_epoch_ms(1764085660123); }
};

TEST(Log, WritesOneLineAnEventInBothForms) {
  StoppedClock clock;
  std::string out;
  const auto sink = [&out](Level, std::string_view line) { out += line; };
  Log(clock, Level::kInfo, Log::Format::kText, sink).info("a.b", {{"n", 3}, {"text", "x y"}, {"ok", true}});
  EXPECT_EQ(out, "2025-11-25T15:47:40.123Z info a.b n=3 text=\"x y\" ok=true\n");
  out.clear();
  Log json_log(clock, Level::kInfo, Log::Format::kJson, sink);
  json_log.error("a.b", {{"n", 3}});
  json_log.debug("hidden");
  EXPECT_EQ(out, "{\"time\":\"2025-11-25T15:47:40.123Z\",\"level\":\"error\",\"event\":\"a.b\",\"n\":3}\n");
  EXPECT_EQ(json_log.errors(), 1U);
}

TEST(Metrics, PrintsPrometheusText) {
  Metrics metrics;
  metrics.counter("tidemill_requests_total", "Requests.", "operation=\"PutItem\"").add(2);
  metrics.counter("tidemill_requests_total", "Requests.", "operation=\"PutItem\"").add(1);
  metrics.histogram("tidemill_seconds", "Time.").observe_ns(1'000'000);
  const auto text = metrics.text();
  EXPECT_NE(text.find("tidemill_requests_total{operation=\"PutItem\"} 3\n"), text.npos) << text;
  EXPECT_NE(text.find("tidemill_seconds_bucket{le=\"+Inf\"} 1\n"), text.npos) << text;
  EXPECT_NE(text.find("tidemill_seconds_sum 0.001\n"), text.npos) << text;
}

}  // namespace
}  // namespace tidemill::observe
