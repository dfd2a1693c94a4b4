#include "server/config.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "cli/cli.h"
#include "runtime/system.h"

namespace tidemill::server {
namespace {

using std::chrono::milliseconds;

// The flags as they are written, before they are checked.
struct Raw {
  std::string config;
  std::string data_dir;
  std::vector<std::string> listen;
  std::string kafka_listen = "127.0.0.1:9092";
  std::string kafka_advertised, kafka_bootstrap;
  std::string account = "000000000000", region = "us-east-1";
  std::string durability, iam;
  std::string access_key_id, secret_access_key;
  std::string log_level = "info", log_format = "text";
  std::string runtimes_dir, node = "node", python = "python3";
  bool insecure = false, force_cold_starts = false, virtual_clock = false;
  std::uint64_t disk_reserve_mb = 64, block_cache_mb = 64, item_cache_mb = 16;
  std::string throughput = "unlimited";
  std::int64_t item_collection_limit_mb = 10240;
  std::uint64_t stream_split_records = 0;
  std::int64_t control_plane_delay_ms = 0, transaction_delay_ms = 0, mapping_retry_delay_ms = 1000;
  std::int64_t recovery_lag_ms = 0;
  std::vector<std::int64_t> event_retry_delays_ms;
  int spares = 1, loops = 1;
};

void add_options(CLI::App& app, Raw& raw) {
  app.add_option("--data-dir", raw.data_dir, "Folder of all state (dev: ./.tidemill/data, start: /var/lib/tidemill)")
      ->envname("TIDEMILL_DATA_DIR");
  app.add_option("--listen", raw.listen, "HOST:PORT of the edge; may be repeated (127.0.0.1:4566)")
      ->envname("TIDEMILL_LISTEN");
  app.add_option("--loops", raw.loops,
                 "Event loops, each on a thread: 1 to 64. What tables and streams are asked runs on all of them, the "
                 "rest on the first")
      ->envname("TIDEMILL_LOOPS");
  app.add_option("--kafka-listen", raw.kafka_listen, "HOST:PORT of the Kafka broker")->envname("TIDEMILL_KAFKA_LISTEN");
  app.add_option("--kafka-advertised", raw.kafka_advertised, "HOST:PORT that Kafka clients are told to connect to")
      ->envname("TIDEMILL_KAFKA_ADVERTISED");
  app.add_option("--kafka-bootstrap", raw.kafka_bootstrap,
                 "HOST:PORT[,...] of a real Kafka cluster to use instead of the broker inside")
      ->envname("TIDEMILL_KAFKA_BOOTSTRAP");
  app.add_option("--account", raw.account, "Account id, 12 digits")->envname("TIDEMILL_ACCOUNT");
  app.add_option("--region", raw.region, "Region name")->envname("TIDEMILL_REGION");
  app.add_option("--durability", raw.durability,
                 "durable: fsync before each answer; relaxed: survives the process, not the machine")
      ->envname("TIDEMILL_DURABILITY")
      ->check(CLI::IsMember({"durable", "relaxed"}));
  app.add_option("--iam", raw.iam, "on: signatures and policies are enforced")
      ->envname("TIDEMILL_IAM")
      ->check(CLI::IsMember({"on", "off"}));
  app.add_option("--access-key-id", raw.access_key_id, "The administrator's access key id")
      ->envname("TIDEMILL_ACCESS_KEY_ID");
  app.add_option("--secret-access-key", raw.secret_access_key, "The administrator's secret key")
      ->envname("TIDEMILL_SECRET_ACCESS_KEY");
  app.add_option("--log-level", raw.log_level)
      ->envname("TIDEMILL_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  app.add_option("--log-format", raw.log_format)
      ->envname("TIDEMILL_LOG_FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option(
         "--runtimes-dir", raw.runtimes_dir,
         "Folder with node_modules and python: the SDKs that functions expect to find (dev: ./.tidemill/runtimes "
         "where there is one)")
      ->envname("TIDEMILL_RUNTIMES_DIR");
  app.add_option("--node", raw.node, "The Node.js program for functions")->envname("TIDEMILL_NODE");
  app.add_option("--python", raw.python, "The Python program for functions")->envname("TIDEMILL_PYTHON");
  app.add_flag("--insecure", raw.insecure, "Listen beyond loopback without TLS")->envname("TIDEMILL_INSECURE");
  app.add_option("--disk-reserve-mb", raw.disk_reserve_mb, "Writes are refused when less is free")
      ->envname("TIDEMILL_DISK_RESERVE_MB");
  const auto cache = [&app](const char* name, std::uint64_t& value, const char* what, const char* environment) {
    app.add_option(name, value, what)->envname(environment)->check(CLI::Range(0, 1 << 20));
  };
  cache("--block-cache-mb", raw.block_cache_mb, "Memory for blocks of files that were read lately",
        "TIDEMILL_BLOCK_CACHE_MB");
  cache("--item-cache-mb", raw.item_cache_mb, "Memory for items that were read or written lately; 0: none",
        "TIDEMILL_ITEM_CACHE_MB");
  app.add_option("--control-plane-delay-ms", raw.control_plane_delay_ms,
                 "How long CREATING, UPDATING and DELETING last at least")
      ->envname("TIDEMILL_CONTROL_PLANE_DELAY_MS");
  app.add_option(
         "--throughput", raw.throughput,
         "enforced: provisioned throughput, quotas and how often settings change are limited as AWS limits them")
      ->envname("TIDEMILL_THROUGHPUT")
      ->check(CLI::IsMember({"unlimited", "enforced"}));
  app.add_option("--item-collection-limit-mb", raw.item_collection_limit_mb,
                 "The most that the items of one key hold together, of tables with local indexes")
      ->envname("TIDEMILL_ITEM_COLLECTION_LIMIT_MB")
      ->check(CLI::PositiveNumber);
  app.add_option("--stream-split-records", raw.stream_split_records,
                 "A stream's shard that takes more records (or KB) a second over a minute is split in two (AWS: about "
                 "1000); 0: never")
      ->envname("TIDEMILL_STREAM_SPLIT_RECORDS");
  app.add_option("--transaction-delay-ms", raw.transaction_delay_ms,
                 "How long a transaction holds its items before it is answered: shows conflicts in tests")
      ->envname("TIDEMILL_TRANSACTION_DELAY_MS")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--recovery-lag-ms", raw.recovery_lag_ms,
                 "How far LatestRestorableDateTime lies behind the present (AWS: five minutes)")
      ->envname("TIDEMILL_RECOVERY_LAG_MS")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--event-retry-delays-ms", raw.event_retry_delays_ms,
                 "Delays between the attempts of asynchronous invocations")
      ->envname("TIDEMILL_EVENT_RETRY_DELAYS_MS")
      ->delimiter(',');
  app.add_option("--mapping-retry-delay-ms", raw.mapping_retry_delay_ms,
                 "First delay between retries of a mapping's batch")
      ->envname("TIDEMILL_MAPPING_RETRY_DELAY_MS");
  app.add_option("--spares", raw.spares, "Execution environments kept ready per runtime")->envname("TIDEMILL_SPARES");
  app.add_flag("--force-cold-starts", raw.force_cold_starts, "Every invocation starts a new environment")
      ->envname("TIDEMILL_FORCE_COLD_STARTS");
  app.add_flag("--virtual-clock", raw.virtual_clock, "dev only: POST /_admin/clock moves the server's time forward")
      ->envname("TIDEMILL_VIRTUAL_CLOCK");
  app.add_option("--config", raw.config, "Configuration file (TOML): the same names without dashes in front")
      ->envname("TIDEMILL_CONFIG");
}

// What neither a flag nor a variable has set is taken from the file.
void apply_file(CLI::App& command, const std::string& path) {
  for (const auto& item : CLI::ConfigTOML().from_file(path)) {
    auto* option = command.get_option_no_throw("--" + item.name);
    if (option == nullptr || item.name == "config" || !item.parents.empty())
      throw CLI::ConfigError::Extras(item.fullname());
    if (option->count() > 0) continue;
    for (const auto& value : item.inputs) option->add_result(value);
    option->run_callback();
  }
}

bool is_account(const std::string& text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == text.npos;
}

bool is_host_and_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0 || text.find_first_of(" \t") != text.npos) return false;
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data() + colon + 1, end, port);
  return code == std::errc() && rest == end && port != 0;
}

constexpr const char* kDevRuntimes = ".tidemill/runtimes";

// Functions run in folders of their own, where a relative name would mean another place.
std::string absolute(const std::string& folder) {
  return std::filesystem::absolute(folder).lexically_normal().string();
}

Result<Config> check(Raw raw, Config::Mode mode) {
  Config config;
  config.mode = mode;
  const bool dev = mode == Config::Mode::kDev;
  config.data_dir = absolute(raw.data_dir.empty() ? (dev ? ".tidemill/data" : "/var/lib/tidemill") : raw.data_dir);
  if (!raw.listen.empty()) {
    config.listen.clear();
    for (const auto& text : raw.listen) {
      TM_TRY(auto address, runtime::parse_address(text));
      config.listen.push_back(std::move(address));
    }
  }
  if (raw.loops < 1 || raw.loops > 64)
    return fail(Errc::kInvalidArgument, "--loops takes a number from 1 to 64, not " + std::to_string(raw.loops));
  config.loops = static_cast<std::size_t>(raw.loops);
  TM_TRY(config.kafka_listen, runtime::parse_address(raw.kafka_listen));
  config.kafka_advertised = raw.kafka_advertised;
  config.kafka_bootstrap = raw.kafka_bootstrap;
  for (std::size_t at = 0; !raw.kafka_bootstrap.empty() && at <= raw.kafka_bootstrap.size();) {
    const auto comma = std::min(raw.kafka_bootstrap.find(',', at), raw.kafka_bootstrap.size());
    if (!is_host_and_port(std::string_view(raw.kafka_bootstrap).substr(at, comma - at))) {
      return fail(Errc::kInvalidArgument,
                  "--kafka-bootstrap takes HOST:PORT[,HOST:PORT...], not '" + raw.kafka_bootstrap + "'");
    }
    at = comma + 1;
  }
  if (!is_account(raw.account))
    return fail(Errc::kInvalidArgument, "--account takes 12 digits, not '" + raw.account + "'");
  if (raw.region.empty()) return fail(Errc::kInvalidArgument, "--region must not be empty");
  config.scope = {raw.account, raw.region};
  const std::string durability = raw.durability.empty() ? (dev ? "relaxed" : "durable") : raw.durability;
  config.durability = durability == "durable" ? storage::Durability::kDurable : storage::Durability::kRelaxed;
  config.iam = raw.iam.empty() ? !dev : raw.iam == "on";
  config.access_key_id = raw.access_key_id;
  config.secret_access_key = raw.secret_access_key;
  if (config.access_key_id.empty() && config.secret_access_key.empty()) {
    config.access_key_id = runtime::environment_variable("AWS_ACCESS_KEY_ID");
    config.secret_access_key = runtime::environment_variable("AWS_SECRET_ACCESS_KEY");
  }
  if (config.access_key_id.empty() != config.secret_access_key.empty()) {
    return fail(Errc::kInvalidArgument, "the administrator needs both an access key id and a secret access key");
  }
  if (config.access_key_id.empty()) {
    if (config.iam) {
      return fail(
          Errc::kInvalidArgument,
          "identity is on and there is no administrator: give --access-key-id and --secret-access-key (or the AWS_ "
          "variables), or turn it off with --iam off");
    }
    config.access_key_id = "test";
    config.secret_access_key = "test";
  }
  config.insecure = raw.insecure;
  for (const auto& address : config.listen) {
    if (!address.is_loopback() && !config.insecure) {
      return fail(Errc::kInvalidArgument,
                  "the address " + address.text() +
                      " is not loopback and the edge has no TLS: put a TLS proxy before it, or say --insecure");
    }
  }
  if (!config.kafka_listen.is_loopback() && !config.insecure) {
    return fail(Errc::kInvalidArgument,
                "the Kafka address " + config.kafka_listen.text() + " is not loopback: say --insecure to allow it");
  }
  config.log_level = raw.log_level == "debug"   ? observe::Level::kDebug
                     : raw.log_level == "warn"  ? observe::Level::kWarn
                     : raw.log_level == "error" ? observe::Level::kError
                                                : observe::Level::kInfo;
  config.log_format = raw.log_format == "json" ? observe::Log::Format::kJson : observe::Log::Format::kText;
  // `./dev setup` puts the SDKs there.
  if (std::error_code error; dev && raw.runtimes_dir.empty() && std::filesystem::is_directory(kDevRuntimes, error))
    raw.runtimes_dir = kDevRuntimes;
  if (!raw.runtimes_dir.empty()) config.runtimes_dir = absolute(raw.runtimes_dir);
  config.node = raw.node;
  config.python = raw.python;
  config.disk_reserve_bytes = raw.disk_reserve_mb << 20;
  config.block_cache_bytes = raw.block_cache_mb << 20;
  config.item_cache_bytes = raw.item_cache_mb << 20;
  config.control_plane_delay = milliseconds(raw.control_plane_delay_ms);
  config.transaction_delay = milliseconds(raw.transaction_delay_ms);
  config.limited_throughput = raw.throughput == "enforced";
  config.stream_split_records = raw.stream_split_records;
  config.item_collection_bytes = raw.item_collection_limit_mb << 20;
  config.recovery_lag = milliseconds(raw.recovery_lag_ms);
  if (!raw.event_retry_delays_ms.empty()) {
    config.event_retry_delays.clear();
    for (const auto ms : raw.event_retry_delays_ms) config.event_retry_delays.emplace_back(ms);
  }
  config.mapping_retry_delay = milliseconds(raw.mapping_retry_delay_ms);
  config.force_cold_starts = raw.force_cold_starts;
  if (raw.virtual_clock && !dev)
    return fail(Errc::kInvalidArgument, "--virtual-clock is for `tidemill dev`: a service keeps the machine's time");
  config.virtual_clock = raw.virtual_clock;
  config.spares = raw.spares;
  return config;
}

}  // namespace

Invocation read_command_line(int argc, char** argv) {
  CLI::App app{"Tidemill: tables turn functions, as tides turn a mill."};
  app.set_version_flag("--version", "tidemill " TIDEMILL_VERSION);
  app.require_subcommand(1);
  app.footer(std::string("Against a running server:\n") + cli::kSubcommands);
  // Each command has values of its own: CLI11 gives variables to the command that was not asked for too.
  Raw for_dev, for_start;
  auto* dev = app.add_subcommand("dev", "Run a server for this folder: relaxed durability, identity off");
  auto* start = app.add_subcommand("start", "Run a server as a service: durable, identity on");
  add_options(*dev, for_dev);
  add_options(*start, for_start);
  Invocation invocation;
  try {
    app.parse(argc, argv);
    const auto& raw = dev->parsed() ? for_dev : for_start;
    if (!raw.config.empty()) apply_file(dev->parsed() ? *dev : *start, raw.config);
  } catch (const CLI::ParseError& error) {
    invocation.exit_code = app.exit(error);
    return invocation;
  }
  if (dev->parsed() || start->parsed()) {
    auto config = dev->parsed() ? check(std::move(for_dev), Config::Mode::kDev)
                                : check(std::move(for_start), Config::Mode::kStart);
    if (!config) {
      fmt::print(stderr, "tidemill: {}\n", config.error().message);
      invocation.exit_code = 2;
      return invocation;
    }
    invocation.run_server = true;
    invocation.config = *std::move(config);
  }
  return invocation;
}

}  // namespace tidemill::server
