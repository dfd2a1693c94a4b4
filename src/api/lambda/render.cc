#include "api/lambda/render.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"

namespace tidemill::lambda {

using functions::Function;
using functions::State;
using functions::UpdateStatus;

void write_configuration(json::Writer& out, const Function& f, std::string_view qualifier, bool with_state) {
  const auto& c = f.configuration;
  out.begin_object();
  out.member("FunctionName", f.name);
  out.member("FunctionArn", functions::function_arn(f.scope, f.name, qualifier));
  out.member("Runtime", c.runtime).member("Role", c.role).member("Handler", c.handler);
  out.member("CodeSize", static_cast<std::int64_t>(f.code_size));
  out.member("Description", c.description).member("Timeout", c.timeout_s).member("MemorySize", c.memory_mb);
  out.member("LastModified", iso8601_offset(f.modified));
  out.key("CodeSha256").base64(f.code_sha256);
  out.member("Version", "$LATEST");
  if (c.vpc) out.key("VpcConfig").value(*c.vpc);
  if (!c.dead_letter_target.empty())
    out.key("DeadLetterConfig").begin_object().member("TargetArn", c.dead_letter_target).end_object();
  if (c.environment) {
    out.key("Environment").begin_object().key("Variables").begin_object();
    for (const auto& [name, value] : *c.environment) out.member(name, value);
    out.end_object().end_object();
  }
  if (!c.kms_key.empty()) out.member("KMSKeyArn", c.kms_key);
  out.key("TracingConfig").begin_object().member("Mode", c.tracing_mode).end_object();
  out.member("RevisionId", f.revision_id);
  if (with_state) {
    if (f.state == State::kPending)
      out.member("State", "Pending")
          .member("StateReason", "The function is being created.")
          .member("StateReasonCode", "Creating");
    else
      out.member("State", "Active");
    if (f.update == UpdateStatus::kInProgress)
      out.member("LastUpdateStatus", "InProgress")
          .member("LastUpdateStatusReason", "The function is being created.")
          .member("LastUpdateStatusReasonCode", "Creating");
    else if (f.update == UpdateStatus::kSuccessful)
      out.member("LastUpdateStatus", "Successful");
  }
  out.member("PackageType", "Zip");
  out.key("Architectures").begin_array().string(c.architecture).end_array();
  out.key("EphemeralStorage").begin_object().member("Size", c.ephemeral_storage_mb).end_object();
  out.key("SnapStart").begin_object().member("ApplyOn", "None").member("OptimizationStatus", "Off").end_object();
  out.key("RuntimeVersionConfig")
      .begin_object()
      .member("RuntimeVersionArn", fmt::format("arn:aws:lambda:{}::runtime:{}", f.scope.region, sha256_hex(c.runtime)))
      .end_object();
  out.key("LoggingConfig").begin_object().member("LogFormat", c.logging.json ? "JSON" : "Text");
  if (!c.logging.application_level.empty()) out.member("ApplicationLogLevel", c.logging.application_level);
  if (!c.logging.system_level.empty()) out.member("SystemLogLevel", c.logging.system_level);
  out.member("LogGroup", f.log_group()).end_object();
  out.end_object();
}

std::string render_configuration(const Function& function, std::string_view qualifier) {
  std::string text;
  json::Writer out(text);
  write_configuration(out, function, qualifier);
  return text;
}

std::string render_policy(const Function& function) {
  std::string text;
  json::Writer out(text);
  out.begin_object().member("Version", "2012-10-17").member("Id", "default").key("Statement").begin_array();
  for (const auto& statement : function.policy) out.value(statement.document);
  out.end_array().end_object();
  return text;
}

std::string render_event_invoke(const Function& function) {
  const auto& config = *function.event_invoke;
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("LastModified").real(static_cast<double>(epoch_ms(config.modified)) / 1000);
  out.member("FunctionArn", functions::function_arn(function.scope, function.name, "$LATEST"));
  if (config.retries_max) out.member("MaximumRetryAttempts", *config.retries_max);
  if (config.event_age_s) out.member("MaximumEventAgeInSeconds", *config.event_age_s);
  out.key("DestinationConfig").begin_object();
  const auto target = [&](std::string_view name, const std::string& arn) {
    out.key(name).begin_object();
    if (!arn.empty()) out.member("Destination", arn);
    out.end_object();
  };
  target("OnSuccess", config.on_success);
  target("OnFailure", config.on_failure);
  out.end_object().end_object();
  return text;
}

}  // namespace tidemill::lambda
