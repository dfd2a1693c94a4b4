// What the server is told: by flags, TIDEMILL_... variables and a configuration file, in that order of strength.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/scope.h"
#include "observe/log.h"
#include "runtime/network.h"
#include "storage/store.h"

namespace tidemill::server {

struct Config {
  enum class Mode : unsigned char { kDev, kStart };
  Mode mode = Mode::kDev;
  std::string data_dir;
  std::vector<runtime::Address> listen = {{"127.0.0.1", 4566}};
  std::size_t loops = 1;  // event loops of the edge; the first is home
  runtime::Address kafka_listen = {"127.0.0.1", 9092};
  std::string kafka_advertised;  // HOST:PORT that Kafka clients are told; empty: where we listen
  std::string kafka_bootstrap;   // a real cluster takes the broker's place; empty: the broker inside
  Scope scope;
  storage::Durability durability = storage::Durability::kRelaxed;
  bool iam = false;
  std::string access_key_id, secret_access_key;
  bool insecure = false;  // listen beyond loopback although credentials or TLS are off
  observe::Level log_level = observe::Level::kInfo;
  observe::Log::Format log_format = observe::Log::Format::kText;
  std::string runtimes_dir;   // folders node_modules and python: the SDKs that functions expect to find; empty: none
  std::string node = "node";  // looked up in PATH
  std::string python = "python3";
  std::uint64_t disk_reserve_bytes = 64ULL << 20;  // below it writes are refused
  std::uint64_t block_cache_bytes = 64ULL << 20;
  std::uint64_t item_cache_bytes = 16ULL << 20;

  bool limited_throughput = false;                  // throughput and changes of settings are limited as AWS does it
  std::uint64_t stream_split_records = 0;           // a shard that takes more a second is split; 0: never
  std::int64_t item_collection_bytes = 10LL << 30;  // of the items of one key, of tables with local indexes

  // How long things take that AWS makes take long; tests shorten or stretch them.
  std::chrono::milliseconds recovery_lag{0};         // the newest restorable time lies so far behind the present
  std::chrono::milliseconds control_plane_delay{0};  // CREATING, UPDATING and DELETING are held at least so long
  std::chrono::milliseconds transaction_delay{0};    // between a transaction's commit and its answer
  std::vector<std::chrono::milliseconds> event_retry_delays = {std::chrono::minutes(1), std::chrono::minutes(2)};
  std::chrono::milliseconds mapping_retry_delay{1000};  // the first; doubled up to a minute
  bool virtual_clock = false;                           // POST /_admin/clock moves the server's time; dev only
  bool force_cold_starts = false;
  int spares = 1;  // environments kept ready per runtime
};

// True when a server is to be run; the other subcommands are the command line's own and leave their exit code in
// `exit_code`.
struct Invocation {
  bool run_server = false;
  int exit_code = 0;
  Config config;
};

// Reads the whole command line (with --help and --version). Errors are told on standard error.
Invocation read_command_line(int argc, char** argv);

}  // namespace tidemill::server
