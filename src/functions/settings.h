// Limits and delays of the functions engine. The defaults are the service's where it documents one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/lull.h"

namespace tidemill::functions {

struct Settings {
  using Duration = runtime::Duration;

  // ---- places -----------------------------------------------------------------------------------------------------
  std::string directory;     // archives, unpacked code, private /tmp folders; made when absent
  std::string endpoint_url;  // AWS_ENDPOINT_URL of function code, and the base of Code.Location
  std::string node_path;     // a node_modules folder with @aws-sdk/* and aws-sdk; empty: none
  std::string python_path;   // a folder with boto3; empty: none
  std::string node = "/usr/bin/node";
  std::string python = "/usr/bin/python3";
  std::vector<std::string>
      extra_environment;  // NAME=value for every function (e.g. where the brokers are); a function's own win
  // PATH of function processes starts with the folders of node and python, then these.
  std::string system_path = "/usr/local/bin:/usr/bin:/bin";

  // ---- environments -----------------------------------------------------------------------------------------------
  int environments_per_function = 10;  // more invocations than that wait for one of them
  int environments_total = 64;         // idle ones of other functions give way
  int concurrency_account = 1000;      // invocations running or waiting; above: 429
  int concurrency_unreserved_min = 100;
  Duration freeze_after = std::chrono::milliseconds(20);
  Duration idle_stop_after = std::chrono::minutes(10);
  Duration init_limit = std::chrono::seconds(10);
  Duration stop_grace = std::chrono::milliseconds(500);  // between SIGTERM and SIGKILL
  Duration memory_sample_every = std::chrono::milliseconds(100);
  std::uint64_t memory_slack_bytes = 64ull << 20;  // pages of the interpreter's own files count as resident here
  int spares_per_runtime = 1;                      // started ahead, the SDK loaded; 0: none
  // A spare that was taken is replaced when no other has been for so long: it must not compete with what it lets start.
  runtime::Lull::Times spare_lull = {.quiet = std::chrono::milliseconds(30), .at_most = std::chrono::milliseconds(300)};
  bool force_cold_starts = false;  // every invocation gets a new environment, and no spare
  bool isolate = true;             // private namespaces and /tmp, where the host allows them
  bool strict_runtimes = false;    // refuse runtimes that the service has withdrawn

  // ---- sizes ------------------------------------------------------------------------------------------------------
  std::uint64_t zipped_max = 52'428'800;
  std::uint64_t unzipped_max = 262'144'000;
  std::uint64_t request_max = 6'291'456;        // of an event, synchronous
  std::uint64_t event_request_max = 1'048'576;  // asynchronous
  std::uint64_t response_max = 6'291'556;

  // ---- asynchronous invocations -----------------------------------------------------------------------------------
  int event_retries = 2;
  std::vector<Duration> event_retry_delays = {std::chrono::minutes(1), std::chrono::minutes(2)};
  Duration event_age_max = std::chrono::seconds(21'600);
  std::size_t event_queue_max = 100'000;  // events of one function; more are refused with 429
  int event_concurrency = 10;             // of one function, taken from the queue

  // ---- states -----------------------------------------------------------------------------------------------------
  Duration activation_delay = Duration(0);  // how long Pending and InProgress last at least

  // ---- logs -------------------------------------------------------------------------------------------------------
  bool bill_init = true;  // Billed Duration includes a cold start's init
};

}  // namespace tidemill::functions
