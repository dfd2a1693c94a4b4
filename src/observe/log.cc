#include "observe/log.h"

#include <unistd.h>

#include "base/json.h"
#include "base/time_text.h"

namespace tidemill::observe {
namespace {

constexpr std::string_view name(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarn: return "warn";
    case Level::kError: return "error";
  }
  std::unreachable();
}

void append(json::Writer& out, const Field& field) {
  out.key(field.name);
  if (const auto* text = std::get_if<std::string>(&field.value))
    out.string(*text);
  else if (const auto* number = std::get_if<std::int64_t>(&field.value))
    out.integer(*number);
  else if (const auto* real = std::get_if<double>(&field.value))
    out.real(*real);
  else
    out.boolean(std::get<bool>(field.value));
}

void append_text(std::string& line, const Field& field) {
  line += ' ';
  line += field.name;
  line += '=';
  std::string value;
  json::Writer writer(value);
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    const bool plain = !text->empty() && text->find_first_of(" \"\n\r\t=") == text->npos;
    if (plain)
      value = *text;
    else
      writer.string(*text);
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    writer.integer(*number);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    writer.real(*real);
  } else {
    writer.boolean(std::get<bool>(field.value));
  }
  line += value;
}

}  // namespace

Log::Log(const runtime::Clock& clock, Level level, Format format, Sink sink)
    : clock_(clock), level_(level), format_(format), sink_(std::move(sink)) {}

Log::Sink Log::standard_error() {
  return [](Level, std::string_view line) {
    while (!line.empty()) {
      const auto written = ::write(STDERR_FILENO, line.data(), line.size());
      if (written <= 0) return;
      line.remove_prefix(static_cast<std::size_t>(written));
    }
  };
}

void Log::write(Level level, std::string_view event, Fields fields) {
  if (level == Level::kError) errors_.fetch_add(1);
  if (level < level_) return;
  std::string line;
  if (format_ == Format::kJson) {
    json::Writer out(line);
    out.begin_object().member("time", iso8601_ms(clock_.wall())).member("level", name(level)).member("event", event);
    for (const auto& field : fields) append(out, field);
    out.end_object();
  } else {
    line += iso8601_ms(clock_.wall());
    line += ' ';
    line += name(level);
    line += ' ';
    line += event;
    for (const auto& field : fields) append_text(line, field);
  }
  line += '\n';
  const std::lock_guard lock(mutex_);
  sink_(level, line);
}

}  // namespace tidemill::observe
