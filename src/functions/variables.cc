#include "functions/variables.h"

#include <fmt/format.h>

#include <map>

namespace tidemill::functions {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string search_path(const Settings& settings) {
  auto path = folder_of(settings.node);
  if (const auto python = folder_of(settings.python); python != path) path += ":" + python;
  return path + ":" + settings.system_path;
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const auto part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += ':';
    text += part;
  }
  return text;
}

std::vector<std::string> to_list(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> list;
  list.reserve(variables.size());
  for (const auto& [name, value] : variables) list.push_back(name + "=" + value);
  return list;
}

}  // namespace

std::vector<std::string> function_variables(const VariableInputs& in) {
  const auto& function = in.function;
  const auto& configuration = function.configuration;
  std::map<std::string, std::string> v;
  v["AWS_LAMBDA_FUNCTION_NAME"] = function.name;
  v["AWS_LAMBDA_FUNCTION_VERSION"] = "$LATEST";
  v["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = std::to_string(configuration.memory_mb);
  v["AWS_LAMBDA_LOG_GROUP_NAME"] = function.log_group();
  v["AWS_LAMBDA_LOG_STREAM_NAME"] = in.log_stream;
  v["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand";
  v["AWS_REGION"] = v["AWS_DEFAULT_REGION"] = function.scope.region;
  v["AWS_ACCESS_KEY_ID"] = in.credentials.access_key_id;
  v["AWS_SECRET_ACCESS_KEY"] = in.credentials.secret_access_key;
  v["AWS_SESSION_TOKEN"] = in.credentials.session_token;
  v["AWS_XRAY_CONTEXT_MISSING"] = "LOG_ERROR";
  v["AWS_XRAY_DAEMON_ADDRESS"] = "127.0.0.1:2000";
  v["_AWS_XRAY_DAEMON_ADDRESS"] = "127.0.0.1";
  v["_AWS_XRAY_DAEMON_PORT"] = "2000";
  v["LAMBDA_TASK_ROOT"] = in.task_root;
  v["LAMBDA_RUNTIME_DIR"] = in.runtime_directory;
  v["LANG"] = "en_US.UTF-8";
  v["TZ"] = ":UTC";
  v["PATH"] = search_path(in.settings);
  v["LD_LIBRARY_PATH"] = joined({"/var/lang/lib", "/lib64", "/usr/lib64", "/var/runtime", "/var/runtime/lib",
                                 in.task_root, in.task_root + "/lib", "/opt/lib"});
  v["PWD"] = in.task_root;
  if (!in.temporary.empty()) v["TMPDIR"] = in.temporary;
  if (!in.settings.endpoint_url.empty()) v["AWS_ENDPOINT_URL"] = in.settings.endpoint_url;
  switch (in.runtime.language) {
    case Language::kNode:
      v["NODE_PATH"] = joined({fmt::format("/opt/nodejs/node{}/node_modules", in.runtime.version),
                               "/opt/nodejs/node_modules", in.settings.node_path, in.runtime_directory, in.task_root});
      break;
    case Language::kPython:
      v["PYTHONPATH"] = joined({in.settings.python_path, in.runtime_directory});
      v["LC_CTYPE"] = "C.UTF-8";
      break;
    case Language::kProvided: break;
  }
  if (in.runtime.language != Language::kProvided) {
    v["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + configuration.runtime;
    v["SHLVL"] = "0";
  }
  if (configuration.logging.json) {
    v["AWS_LAMBDA_LOG_FORMAT"] = "JSON";
    v["AWS_LAMBDA_LOG_LEVEL"] = configuration.logging.application_level;
  }
  for (const auto& entry : in.settings.extra_environment)
    if (const auto equals = entry.find('='); equals != std::string::npos)
      v[entry.substr(0, equals)] = entry.substr(equals + 1);
  if (configuration.environment)
    for (const auto& [name, value] : *configuration.environment) v[name] = value;
  // What names the environment itself cannot be set by its owner (the registry refuses the reserved names).
  v["AWS_LAMBDA_RUNTIME_API"] = in.runtime_api;
  v["_HANDLER"] = configuration.handler;
  return to_list(v);
}

std::vector<std::string> spare_variables(Language language, const Settings& settings, std::string_view runtime_api) {
  std::map<std::string, std::string> v;
  v["TIDEMILL_SPARE"] = "1";
  v["AWS_LAMBDA_RUNTIME_API"] = runtime_api;
  v["PATH"] = search_path(settings);
  v["TZ"] = ":UTC";
  v["LANG"] = "en_US.UTF-8";
  if (language == Language::kNode && !settings.node_path.empty()) v["NODE_PATH"] = settings.node_path;
  if (language == Language::kPython) {
    v["LC_CTYPE"] = "C.UTF-8";
    if (!settings.python_path.empty()) v["PYTHONPATH"] = settings.python_path;
  }
  return to_list(v);
}

}  // namespace tidemill::functions
