#include "api/lambda/configuration_request.h"

#include "base/bytes.h"

namespace tidemill::lambda {

Result<functions::ConfigurationChange> parse_configuration(const Body& body) {
  functions::ConfigurationChange change;
  TM_TRY(change.runtime, body.text("Runtime"));
  TM_TRY(change.handler, body.text("Handler"));
  TM_TRY(change.role, body.text("Role"));
  TM_TRY(change.description, body.text("Description"));
  TM_TRY(change.timeout_s, body.integer("Timeout"));
  TM_TRY(change.memory_mb, body.integer("MemorySize"));
  TM_TRY(change.architectures, body.texts("Architectures"));
  TM_TRY(change.layers, body.texts("Layers"));
  TM_TRY(change.kms_key, body.text("KMSKeyArn"));
  TM_TRY(const auto environment, body.object("Environment"));
  if (environment) {
    TM_TRY(auto variables, environment->text_map("Variables"));
    change.environment = variables ? *std::move(variables) : std::map<std::string, std::string>();
  }
  TM_TRY(const auto storage, body.object("EphemeralStorage"));
  if (storage) {
    TM_TRY(change.ephemeral_storage_mb, storage->integer("Size"));
  }
  TM_TRY(const auto tracing, body.object("TracingConfig"));
  if (tracing) {
    TM_TRY(change.tracing_mode, tracing->text("Mode"));
  }
  TM_TRY(const auto dead_letters, body.object("DeadLetterConfig"));
  if (dead_letters) {
    TM_TRY(auto target, dead_letters->text("TargetArn"));
    change.dead_letter_target = target.value_or("");
  }
  TM_TRY(const auto vpc, body.object("VpcConfig"));
  if (vpc) change.vpc = json::Value(*vpc->node());
  TM_TRY(const auto logging, body.object("LoggingConfig"));
  if (logging) {
    functions::LoggingConfig config;
    TM_TRY(const auto format, logging->text("LogFormat"));
    if (format && *format != "JSON" && *format != "Text")
      return functions::fail(functions::Errc::kValidation,
                             "1 validation error detected: Value '" + *format +
                                 "' at 'loggingConfig.logFormat' failed to satisfy constraint: Member must satisfy "
                                 "enum value set: [JSON, Text]");
    config.json = format == "JSON";
    TM_TRY(const auto application, logging->text("ApplicationLogLevel"));
    TM_TRY(const auto system, logging->text("SystemLogLevel"));
    TM_TRY(const auto group, logging->text("LogGroup"));
    config.application_level = application.value_or("");
    config.system_level = system.value_or("");
    config.log_group = group.value_or("");
    change.logging = std::move(config);
  }
  TM_TRY(const auto snap_start, body.object("SnapStart"));
  if (snap_start) {
    TM_TRY(const auto apply_on, snap_start->text("ApplyOn"));
    if (apply_on && *apply_on != "None")
      return functions::fail(functions::Errc::kInvalidParameter,
                             "SnapStart is not available on this server (ApplyOn " + *apply_on + ")");
  }
  for (const auto* member :
       {"FileSystemConfigs", "ImageConfig", "DurableConfig", "TenancyConfig", "CapacityProviderConfig"}) {
    const auto* given = body.node() == nullptr ? nullptr : body.node()->find_present(member);
    if (given == nullptr || (given->is_array() && given->elements().empty()) ||
        (given->is_object() && given->members().empty()))
      continue;
    return functions::fail(functions::Errc::kInvalidParameter,
                           std::string(member) + " is not available on this server");
  }
  return change;
}

Result<functions::Code> parse_code(const Body& body) {
  functions::Code code;
  TM_TRY(const auto zip, body.text("ZipFile"));
  if (zip) {
    auto bytes = from_base64(*zip);
    if (!bytes)
      return functions::fail(functions::Errc::kInvalidRequestContent,
                             "Could not parse request body into json: ZipFile is not base64");
    code.zip = *std::move(bytes);
  }
  TM_TRY(const auto bucket, body.text("S3Bucket"));
  TM_TRY(const auto key, body.text("S3Key"));
  TM_TRY(const auto version, body.text("S3ObjectVersion"));
  TM_TRY(const auto image, body.text("ImageUri"));
  code.bucket = bucket.value_or("");
  code.key = key.value_or("");
  code.object_version = version.value_or("");
  code.is_image = image.has_value();
  return code;
}

}  // namespace tidemill::lambda
