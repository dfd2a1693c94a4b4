// Structured events, one line each: `log.info("esm.batch_failed", {{"mapping", id}, {"records", n}})`. Stable names, no
// prose, never item contents or secrets. debug: for us; info: state changed; warn: degraded; error: a bug or lost work.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/time.h"

namespace tidemill::observe {

enum class Level : unsigned char { kDebug, kInfo, kWarn, kError };

struct Field {
  std::string_view name;
  std::variant<std::string, std::int64_t, double, bool> value;
  Field(std::string_view n, std::string_view v) : name(n), value(std::string(v)) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string(v)) {}
  Field(std::string_view n, const std::string& v) : name(n), value(v) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  template <std::integral T>
  Field(std::string_view n, T v) : name(n), value(static_cast<std::int64_t>(v)) {}
};
using Fields = std::initializer_list<Field>;

class Log {
 public:
  // `sink` takes one whole line with its newline; called under the log's lock, from any thread.
  using Sink = std::function<void(Level, std::string_view)>;
  enum class Format : unsigned char { kText, kJson };
  Log(const runtime::Clock& clock, Level level, Format format, Sink sink);
  // To standard error.
  static Sink standard_error();

  void debug(std::string_view event, Fields fields = {}) { write(Level::kDebug, event, fields); }
  void info(std::string_view event, Fields fields = {}) { write(Level::kInfo, event, fields); }
  void warn(std::string_view event, Fields fields = {}) { write(Level::kWarn, event, fields); }
  void error(std::string_view event, Fields fields = {}) { write(Level::kError, event, fields); }
  bool enabled(Level level) const { return level >= level_; }
  // Error events so far; a test that expects none checks this.
  std::uint64_t errors() const { return errors_.load(); }

 private:
  void write(Level level, std::string_view event, Fields fields);
  const runtime::Clock& clock_;
  const Level level_;
  const Format format_;
  const Sink sink_;
  std::mutex mutex_;
  std::atomic<std::uint64_t> errors_ = 0;
};

}  // namespace tidemill::observe
