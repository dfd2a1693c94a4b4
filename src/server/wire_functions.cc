// Functions: the engine, its Runtime API, its logs and their fronts.
#include "server/parts.h"
#include "server/programs.h"

namespace tidemill::server {

Status Server::Parts::open_functions() {
  const auto path = runtime::environment_variable("PATH", "/usr/local/bin:/usr/bin:/bin");
  functions::Settings settings;
  settings.directory = config.data_dir + "/functions";
  settings.endpoint_url = "http://" + http->address().text();
  if (!config.runtimes_dir.empty()) {
    settings.node_path = config.runtimes_dir + "/node_modules";
    settings.python_path = config.runtimes_dir + "/python";
    for (auto* folder : {&settings.node_path, &settings.python_path}) {
      if (files.exists(*folder)) continue;
      log.warn("functions.no_sdk", {{"folder", *folder}, {"effect", "functions of that language find no SDK"}});
      folder->clear();
    }
  } else {
    log.info("functions.no_sdk", {{"effect", "functions find the SDKs that they bring"}, {"see", "--runtimes-dir"}});
  }
  settings.node = find_program(config.node, path, files);
  settings.python = find_python(config.python, path, files);
  settings.spares_per_runtime = config.spares;
  settings.force_cold_starts = config.force_cold_starts;
  settings.event_retry_delays.assign(config.event_retry_delays.begin(), config.event_retry_delays.end());
  settings.activation_delay = config.control_plane_delay;
  // Kafka-minded code gets the brokers from its environment; a function's own variables win.
  settings.extra_environment = {"KAFKA_BOOTSTRAP_SERVERS=" + kafka_bootstrap_servers()};
  if (settings.node.empty())
    log.warn("functions.no_node", {{"looked_for", config.node}, {"effect", "Node functions cannot run"}});
  if (settings.python.empty()) {
    log.warn("functions.no_python", {{"looked_for", config.python}, {"effect", "Python functions cannot run"}});
  }

  function_logs.emplace(*store, loop, functions::LogStore::Settings{});
  TM_CHECK(function_logs->open());
  runtime_front.emplace(loop, *network);
  function_credentials.emplace(*identity);
  bucket_code.emplace(*objects, settings.unzipped_max);
  functions.emplace(functions::Functions::Services{.loop = loop,
                                                   .offload = offload,
                                                   .files = files,
                                                   .processes = *processes,
                                                   .random = random,
                                                   .store = *store,
                                                   .endpoints = *runtime_front,
                                                   .credentials = *function_credentials,
                                                   .code_source = &*bucket_code,
                                                   .sink = &*destinations,
                                                   .logs = *function_logs,
                                                   .log = log,
                                                   .metrics = metrics},
                    std::move(settings));
  TM_CHECK(functions->open());
  lambda_front.emplace(*functions, *identity, request_ids);
  lambda_front->mount(edge);
  logs_front.emplace(*function_logs, *identity, request_ids);
  logs_front->mount(edge);
  return {};
}

}  // namespace tidemill::server
