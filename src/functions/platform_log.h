// The platform's own lines in a function's log: exact in text, records in JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time_text.h"
#include "functions/function.h"
#include "functions/runtimes.h"

namespace tidemill::functions {

using Milliseconds = std::chrono::duration<double, std::milli>;

struct Report {
  std::string_view request_id;
  Milliseconds duration;
  std::optional<Milliseconds> init;  // of a cold start
  bool bill_init = true;
  int memory_mb = 0;
  int memory_used_mb = 0;
  std::string_view status;      // empty: success; timeout, error
  std::string_view error_type;  // of error
};

// Each ends with a newline.
std::string init_start_line(const Function& function, const RuntimeName& runtime, WallTime at);
std::string init_report_line(const Function& function, WallTime at, Milliseconds took, std::string_view phase,
                             std::string_view status, std::string_view error_type);
std::string start_line(const Function& function, WallTime at, std::string_view request_id);
std::string end_line(const Function& function, WallTime at, std::string_view request_id, std::string_view status);
std::string report_line(const Function& function, WallTime at, const Report& report);
std::string timeout_line(const Function& function, WallTime at, std::string_view request_id);

// YYYY/MM/DD/[$LATEST]<32 hex>, or YYYY/MM/DD/{fn}[$LATEST][<32 hex>] in a group of the owner's choice.
std::string log_stream_name(const Function& function, WallTime at, std::string_view id_hex);

}  // namespace tidemill::functions
