#include "functions/configuration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/json.h"
#include "base/utf8.h"
#include "functions/runtimes.h"

namespace tidemill::functions {
namespace {

constexpr std::string_view kReserved[] = {"_HANDLER",
                                          "_X_AMZN_TRACE_ID",
                                          "AWS_DEFAULT_REGION",
                                          "AWS_REGION",
                                          "AWS_EXECUTION_ENV",
                                          "AWS_LAMBDA_FUNCTION_NAME",
                                          "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                          "AWS_LAMBDA_FUNCTION_VERSION",
                                          "AWS_LAMBDA_INITIALIZATION_TYPE",
                                          "AWS_LAMBDA_LOG_GROUP_NAME",
                                          "AWS_LAMBDA_LOG_STREAM_NAME",
                                          "AWS_ACCESS_KEY",
                                          "AWS_ACCESS_KEY_ID",
                                          "AWS_SECRET_ACCESS_KEY",
                                          "AWS_SESSION_TOKEN",
                                          "AWS_LAMBDA_RUNTIME_API",
                                          "LAMBDA_TASK_ROOT",
                                          "LAMBDA_RUNTIME_DIR"};
constexpr std::size_t kEnvironmentMax = 4096;
constexpr std::string_view kRolePattern = R"(arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+)";

std::unexpected<Error> constraint(std::string_view value, std::string_view member, std::string_view text) {
  return fail(Errc::kValidation,
              fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: {}", value,
                          member, text));
}
std::unexpected<Error> missing(std::string_view member) {
  return fail(Errc::kValidation,
              fmt::format("1 validation error detected: Value null at '{}' failed to satisfy constraint: Member "
                          "must not be null",
                          member));
}

Status check_range(std::int64_t value, std::string_view member, std::int64_t least, std::int64_t most) {
  if (value < least)
    return constraint(std::to_string(value), member,
                      fmt::format("Member must have value greater than or equal to {}", least));
  if (value > most)
    return constraint(std::to_string(value), member,
                      fmt::format("Member must have value less than or equal to {}", most));
  return {};
}

bool is_role(std::string_view text) {
  if (!text.starts_with("arn:aws")) return false;
  const auto iam = text.find(":iam::");
  if (iam == std::string_view::npos) return false;
  const auto partition = text.substr(4, iam - 4);
  if (!std::ranges::all_of(partition, [](unsigned char c) { return std::isalpha(c) || c == '-'; })) return false;
  auto rest = text.substr(iam + 6);
  if (rest.size() < 12 ||
      !std::ranges::all_of(rest.substr(0, 12), [](unsigned char c) { return std::isdigit(c) != 0; }))
    return false;
  rest.remove_prefix(12);
  if (!rest.starts_with(":role")) return false;
  rest.remove_prefix(5);
  return !rest.empty() && std::ranges::all_of(rest, [](unsigned char c) {
    return std::isalnum(c) || std::string_view("_+=,.@-/").contains(static_cast<char>(c));
  });
}

Status check_runtime(const std::string& name, const Settings& settings) {
  if (is_withdrawn_runtime(name) && (settings.strict_runtimes || !find_runtime(name)))
    return fail(
        Errc::kInvalidParameter,
        fmt::format(
            "The runtime parameter of {} is no longer supported for creating or updating AWS Lambda functions. We "
            "recommend you use a supported runtime while creating or updating functions.",
            name));
  if (!is_known_runtime(name))
    return fail(
        Errc::kInvalidParameter,
        fmt::format(
            "Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: {} or be a "
            "valid ARN",
            name, supported_runtimes()));
  if (!find_runtime(name))
    return fail(Errc::kInvalidParameter,
                fmt::format("The runtime {} is not available on this server: nodejs*, python* and "
                            "provided.* run here",
                            name));
  return {};
}

Status check_environment(const std::map<std::string, std::string>& variables) {
  std::vector<std::string_view> reserved;
  json::Object measured;
  for (const auto& [key, value] : variables) {
    if (std::ranges::find(kReserved, key) != std::end(kReserved)) reserved.push_back(key);
    const bool good = key.size() >= 2 && std::isalpha(static_cast<unsigned char>(key[0])) &&
                      std::ranges::all_of(key, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
    const bool named = std::ranges::find(kReserved, key) != std::end(kReserved);
    if (!good && !named)
      return fail(
          Errc::kValidation,
          fmt::format("1 validation error detected: Value '{{{}={}}}' at 'environment.variables' failed to satisfy "
                      "constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "
                      "[a-zA-Z]([a-zA-Z0-9_])+]",
                      key, value));
    if (value.find('\0') != std::string::npos)
      return fail(Errc::kInvalidParameter, "The value of environment variable " + key + " holds a NUL character");
    measured[key] = value;
  }
  if (!reserved.empty())
    return fail(
        Errc::kInvalidParameter,
        fmt::format(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used "
            "in this request: {}",
            fmt::join(reserved, ", ")));
  const auto text = json::Value(std::move(measured)).text();
  if (text.size() > kEnvironmentMax)
    return fail(
        Errc::kInvalidParameter,
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "exceeded the 4KB limit. String measured: " +
            text);
  return {};
}

Status check_logging(const LoggingConfig& logging) {
  if (!logging.application_level.empty()) {
    constexpr std::array<std::string_view, 6> kLevels = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    if (std::ranges::find(kLevels, logging.application_level) == kLevels.end())
      return constraint(logging.application_level, "loggingConfig.applicationLogLevel",
                        "Member must satisfy enum value set: [TRACE, DEBUG, INFO, WARN, ERROR, FATAL]");
  }
  if (!logging.system_level.empty() && logging.system_level != "DEBUG" && logging.system_level != "INFO" &&
      logging.system_level != "WARN")
    return constraint(logging.system_level, "loggingConfig.systemLogLevel",
                      "Member must satisfy enum value set: [DEBUG, INFO, WARN]");
  return {};
}

Status check_layers(const std::vector<std::string>& layers) {
  if (layers.empty()) return {};
  if (layers.size() > 5) return fail(Errc::kInvalidParameter, "Cannot reference more than 5 layers.");
  return fail(
      Errc::kInvalidParameter,
      "Layers are not available on this server: put the layer's files into the function's archive (requested: " +
          layers.front() + ")");
}

}  // namespace

Status check_required(const ConfigurationChange& c) {
  if (!c.role) return missing("role");
  if (!is_role(*c.role))
    return constraint(*c.role, "role", fmt::format("Member must satisfy regular expression pattern: {}", kRolePattern));
  if (!c.runtime)
    return fail(Errc::kInvalidParameter,
                "Runtime and Handler are mandatory parameters for functions created with deployment packages.");
  if (!c.handler)
    return fail(Errc::kInvalidParameter,
                "Runtime and Handler are mandatory parameters for functions created with deployment packages.");
  return {};
}

Result<Configuration> apply(Configuration base, const ConfigurationChange& change, const Settings& settings) {
  if (change.role) {
    if (!is_role(*change.role))
      return constraint(*change.role, "role",
                        fmt::format("Member must satisfy regular expression pattern: {}", kRolePattern));
    base.role = *change.role;
  }
  if (change.architectures) {
    const auto& list = *change.architectures;
    if (list.size() > 1)
      return constraint(fmt::format("[{}]", fmt::join(list, ", ")), "architectures",
                        "Member must have length less than or equal to 1");
    if (!list.empty() && list[0] != "x86_64" && list[0] != "arm64")
      return constraint(fmt::format("[{}]", list[0]), "architectures",
                        "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]");
    if (!list.empty()) base.architecture = list[0];
  }
  if (change.runtime) {
    TM_CHECK(check_runtime(*change.runtime, settings));
    base.runtime = *change.runtime;
  }
  if (change.handler) {
    if (change.handler->size() > 128)
      return constraint(*change.handler, "handler", "Member must have length less than or equal to 128");
    if (std::ranges::any_of(*change.handler, [](unsigned char c) { return std::isspace(c) != 0; }))
      return constraint(*change.handler, "handler", "Member must satisfy regular expression pattern: [^\\s]+");
    base.handler = *change.handler;
  }
  if (change.description) {
    if (utf8_characters(*change.description) > 256)
      return constraint(*change.description, "description", "Member must have length less than or equal to 256");
    base.description = *change.description;
  }
  if (change.timeout_s) {
    TM_CHECK(check_range(*change.timeout_s, "timeout", 1, 900));
    base.timeout_s = static_cast<int>(*change.timeout_s);
  }
  if (change.memory_mb) {
    TM_CHECK(check_range(*change.memory_mb, "memorySize", 128, 10240));
    base.memory_mb = static_cast<int>(*change.memory_mb);
  }
  if (change.ephemeral_storage_mb) {
    TM_CHECK(check_range(*change.ephemeral_storage_mb, "ephemeralStorage.size", 512, 10240));
    base.ephemeral_storage_mb = static_cast<int>(*change.ephemeral_storage_mb);
  }
  if (change.environment) {
    TM_CHECK(check_environment(*change.environment));
    base.environment = *change.environment;
  }
  if (change.tracing_mode) {
    if (*change.tracing_mode != "Active" && *change.tracing_mode != "PassThrough")
      return constraint(*change.tracing_mode, "tracingConfig.mode",
                        "Member must satisfy enum value set: [Active, PassThrough]");
    base.tracing_mode = *change.tracing_mode;
  }
  if (change.logging) {
    TM_CHECK(check_logging(*change.logging));
    base.logging = *change.logging;
    if (base.logging.json && base.logging.application_level.empty()) base.logging.application_level = "INFO";
    if (base.logging.json && base.logging.system_level.empty()) base.logging.system_level = "INFO";
  }
  if (change.layers) TM_CHECK(check_layers(*change.layers));
  if (change.dead_letter_target) base.dead_letter_target = *change.dead_letter_target;
  if (change.kms_key) base.kms_key = *change.kms_key;
  if (change.vpc) base.vpc = change.vpc;
  return base;
}

Status check_tags(const std::map<std::string, std::string>& tags) {
  if (tags.size() > kTagsMax) return fail(Errc::kInvalidParameter, "Number of tags exceeds resource tag limit.");
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > 128)
      return fail(Errc::kInvalidParameter, "The tag key '" + key + "' must have 1 to 128 characters");
    if (value.size() > 256)
      return fail(Errc::kInvalidParameter, "The value of tag '" + key + "' has more than 256 characters");
  }
  return {};
}

}  // namespace tidemill::functions
