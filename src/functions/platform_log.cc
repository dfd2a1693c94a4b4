#include "functions/platform_log.h"

#include <fmt/format.h>

#include <cmath>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/json.h"

namespace tidemill::functions {
namespace {

double hundredths(Milliseconds ms) { return std::round(ms.count() * 100) / 100; }

std::string record(WallTime at, std::string_view type, json::Object fields) {
  json::Object o;
  o["time"] = iso8601_ms(at);
  o["type"] = type;
  o["record"] = std::move(fields);
  return json::Value(std::move(o)).text() + "\n";
}

std::string runtime_arn(const Function& function) {
  return fmt::format("arn:aws:lambda:{}::runtime:{}", function.scope.region,
                     sha256_hex(function.configuration.runtime));
}

std::string runtime_version(const RuntimeName& runtime) {
  switch (runtime.language) {
    case Language::kNode: return fmt::format("nodejs:{}.v1", runtime.version);
    case Language::kPython: return fmt::format("python:{}.v1", runtime.version);
    case Language::kProvided: return fmt::format("provided:{}.v1", runtime.version);
  }
  std::unreachable();
}

}  // namespace

std::string init_start_line(const Function& function, const RuntimeName& runtime, WallTime at) {
  if (!function.configuration.logging.json)
    return fmt::format("INIT_START Runtime Version: {}\tRuntime Version ARN: {}\n", runtime_version(runtime),
                       runtime_arn(function));
  json::Object o;
  o["initializationType"] = "on-demand";
  o["phase"] = "init";
  o["runtimeVersion"] = runtime_version(runtime);
  o["runtimeVersionArn"] = runtime_arn(function);
  o["functionName"] = function.name;
  o["functionVersion"] = "$LATEST";
  return record(at, "platform.initStart", std::move(o));
}

std::string init_report_line(const Function& function, WallTime at, Milliseconds took, std::string_view phase,
                             std::string_view status, std::string_view error_type) {
  if (!function.configuration.logging.json) {
    auto line = fmt::format("INIT_REPORT Init Duration: {:.2f} ms\tPhase: {}\tStatus: {}", took.count(), phase, status);
    if (!error_type.empty()) line += fmt::format("\tError Type: {}", error_type);
    return line + "\n";
  }
  json::Object metrics;
  metrics["durationMs"] = hundredths(took);
  json::Object o;
  o["initializationType"] = "on-demand";
  o["phase"] = phase;
  o["status"] = status;
  if (!error_type.empty()) o["errorType"] = error_type;
  o["metrics"] = std::move(metrics);
  return record(at, "platform.initReport", std::move(o));
}

std::string start_line(const Function& function, WallTime at, std::string_view request_id) {
  if (!function.configuration.logging.json) return fmt::format("START RequestId: {} Version: $LATEST\n", request_id);
  json::Object o;
  o["requestId"] = request_id;
  o["version"] = "$LATEST";
  return record(at, "platform.start", std::move(o));
}

std::string end_line(const Function& function, WallTime at, std::string_view request_id, std::string_view status) {
  if (!function.configuration.logging.json) return fmt::format("END RequestId: {}\n", request_id);
  json::Object o;
  o["requestId"] = request_id;
  o["status"] = status.empty() ? "success" : status;
  return record(at, "platform.runtimeDone", std::move(o));
}

std::string report_line(const Function& function, WallTime at, const Report& report) {
  const auto billed = static_cast<std::int64_t>(
      std::ceil(report.duration.count() + (report.bill_init && report.init ? report.init->count() : 0)));
  if (!function.configuration.logging.json) {
    auto line = fmt::format(
        "REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} "
        "MB\t",
        report.request_id, report.duration.count(), billed, report.memory_mb, report.memory_used_mb);
    if (report.init) line += fmt::format("Init Duration: {:.2f} ms\t", report.init->count());
    if (!report.status.empty()) line += fmt::format("Status: {}", report.status);
    if (!report.error_type.empty()) line += fmt::format("\tError Type: {}", report.error_type);
    return line + "\n";
  }
  json::Object metrics;
  metrics["durationMs"] = hundredths(report.duration);
  metrics["billedDurationMs"] = billed;
  metrics["memorySizeMB"] = report.memory_mb;
  metrics["maxMemoryUsedMB"] = report.memory_used_mb;
  if (report.init) metrics["initDurationMs"] = hundredths(*report.init);
  json::Object o;
  o["requestId"] = report.request_id;
  o["metrics"] = std::move(metrics);
  o["status"] = report.status.empty() ? std::string_view("success") : report.status;
  if (!report.error_type.empty()) o["errorType"] = report.error_type;
  return record(at, "platform.report", std::move(o));
}

std::string timeout_line(const Function& function, WallTime at, std::string_view request_id) {
  return fmt::format("{} {} Task timed out after {:.2f} seconds\n\n", iso8601_ms(at), request_id,
                     static_cast<double>(function.configuration.timeout_s));
}

std::string log_stream_name(const Function& function, WallTime at, std::string_view id_hex) {
  if (function.configuration.logging.log_group.empty()) return fmt::format("{}/[$LATEST]{}", date_path(at), id_hex);
  return fmt::format("{}/{}[$LATEST][{}]", date_path(at), function.name, id_hex);
}

}  // namespace tidemill::functions
