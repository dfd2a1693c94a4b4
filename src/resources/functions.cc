// AWS::Lambda::Function and AWS::Lambda::Permission on functions.
#include "functions/functions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/zip.h"
#include "resources/reader.h"
#include "resources/resources.h"
#include "resources/steps.h"

namespace tidemill::resources {
namespace {

using deploy::CreateRequest;
using deploy::RemoveRequest;
using deploy::ResourceSchema;
using deploy::UpdateRequest;
using functions::Functions;
using HandlerReply = Reply<deploy::Outcome, HandlerError>;

HandlerErrc code_of(functions::Errc code) {
  switch (code) {
    case functions::Errc::kNotFound: return HandlerErrc::kNotFound;
    case functions::Errc::kConflict: return HandlerErrc::kAlreadyExists;
    case functions::Errc::kPreconditionFailed: return HandlerErrc::kResourceConflict;
    case functions::Errc::kThrottled:
    case functions::Errc::kRequestTooLarge:
    case functions::Errc::kPolicyTooLong:
    case functions::Errc::kCodeStorageExceeded: return HandlerErrc::kServiceLimitExceeded;
    case functions::Errc::kAccessDenied: return HandlerErrc::kAccessDenied;
    case functions::Errc::kInvalidParameter:
    case functions::Errc::kInvalidRequestContent:
    case functions::Errc::kValidation: return HandlerErrc::kInvalidRequest;
    case functions::Errc::kInternal: return HandlerErrc::kInternalFailure;
  }
  std::unreachable();
}

HandlerError error_of(const functions::Error& error) { return {code_of(error.code), error.message}; }

struct FunctionInput {
  std::string name;
  functions::ConfigurationChange configuration;
  std::map<std::string, std::string> tags;
  std::string package_type;
  std::optional<std::int64_t> reserved_concurrency;
  // Code: text of one file, or an uploaded archive.
  std::optional<std::string> source_text;
  std::string bucket, key;
};

Outcome<FunctionInput> read_function(const json::Value& properties, const std::string& generated_name) {
  Reader reader(properties);
  FunctionInput input;
  input.name = reader.text_or("FunctionName", generated_name);
  input.package_type = reader.text_or("PackageType", "Zip");
  auto& change = input.configuration;
  change.runtime = reader.text("Runtime");
  change.handler = reader.text("Handler");
  change.role = reader.text("Role");
  change.description = reader.text_or("Description", "");
  change.timeout_s = reader.integer("Timeout").value_or(3);
  change.memory_mb = reader.integer("MemorySize").value_or(128);
  change.environment = std::map<std::string, std::string>();
  if (auto environment = reader.object("Environment")) change.environment = environment->text_map("Variables");
  if (auto storage = reader.object("EphemeralStorage")) change.ephemeral_storage_mb = storage->integer("Size");
  if (auto architectures = reader.texts("Architectures"); !architectures.empty())
    change.architectures = std::move(architectures);
  if (auto tracing = reader.object("TracingConfig")) change.tracing_mode = tracing->text("Mode");
  if (auto dead_letter = reader.object("DeadLetterConfig")) change.dead_letter_target = dead_letter->text("TargetArn");
  change.kms_key = reader.text("KmsKeyArn");
  if (const auto* vpc = reader.any("VpcConfig")) change.vpc = *vpc;
  if (auto logging = reader.object("LoggingConfig")) {
    functions::LoggingConfig config;
    config.json = logging->text_or("LogFormat", "Text") == "JSON";
    config.application_level = logging->text_or("ApplicationLogLevel", "");
    config.system_level = logging->text_or("SystemLogLevel", "");
    config.log_group = logging->text_or("LogGroup", "");
    change.logging = std::move(config);
  }
  if (auto layers = reader.texts("Layers"); !layers.empty()) change.layers = std::move(layers);
  input.tags = reader.tags("Tags");
  input.reserved_concurrency = reader.integer("ReservedConcurrentExecutions");
  if (auto code = reader.object("Code")) {
    input.source_text = code->text("ZipFile");
    input.bucket = code->text_or("S3Bucket", "");
    input.key = code->text_or("S3Key", "");
    code->accept({"S3ObjectVersion", "SourceKMSKeyArn"});
    code->refuse("ImageUri", "container images are not supported");
  }
  reader.refuse("ImageConfig", "container images are not supported");
  reader.refuse("FileSystemConfigs", "file systems are not supported");
  reader.refuse("SnapStart", "snapshots of functions are not supported");
  reader.refuse("CodeSigningConfigArn", "code signing is not supported");
  reader.refuse("TenancyConfig", "tenancy is not supported");
  // Which patch of a runtime runs, and how a child function is found, is the host's matter here.
  reader.accept({"RuntimeManagementConfig", "RecursiveLoop"});
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return input;
}

class FunctionProvider final : public deploy::ResourceProvider {
 public:
  FunctionProvider(Functions& functions, const deploy::Assets& assets) : functions_(functions), assets_(assets) {}

  const ResourceSchema& schema() const override {
    static const ResourceSchema kSchema{.type = "AWS::Lambda::Function",
                                        .required = {"Code", "Role"},
                                        .replacement = {"FunctionName", "PackageType", "TenancyConfig"},
                                        .attributes = {"Arn"},
                                        .name = {.property = "FunctionName", .max = 64}};
    return kSchema;
  }
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto input = read_function(properties, "");
    return input ? std::expected<void, HandlerError>() : std::unexpected(input.error());
  }

  void create(CreateRequest request, HandlerReply reply) override {
    auto input = read_function(request.properties, request.generated_name);
    if (!input) return std::move(reply)(std::unexpected(input.error()));
    auto code = code_of_input(*input);
    if (!code) return std::move(reply)(std::unexpected(code.error()));
    const auto scope = request.context.scope;
    const auto name = input->name;
    const auto there = functions_.get(scope, name);
    const bool ours = there && request.may_be_ours(name, there->modified);
    if (ours) return update_all(request.context, *std::move(input), *std::move(code), std::move(reply));
    functions::CreateRequest create{.scope = scope,
                                    .name = name,
                                    .configuration = input->configuration,
                                    .code = *std::move(code),
                                    .tags = tags_of(*input, request.context),
                                    .package_type = input->package_type};
    functions_.create(
        std::move(create),
        Reply<functions::Function, functions::Error>([this, scope, name, reserved = input->reserved_concurrency,
                                                      reply = std::move(reply)](
                                                         functions::Result<functions::Function> made) mutable {
          if (!made) return std::move(reply)(std::unexpected(error_of(made.error())));
          auto steps = Steps::make();
          add_concurrency(*steps, scope, name, reserved);
          add_wait(*steps, scope, name);
          steps->run([this, scope, name, reply = std::move(reply)](std::expected<void, HandlerError> result) mutable {
            if (result) return std::move(reply)(outcome(scope, name));
            // Not made whole: taken away again, since what failed has no physical id to roll back.
            functions_.remove(scope, name, "",
                              Reply<bool, functions::Error>(
                                  [error = result.error(), reply = std::move(reply)](functions::Result<bool>) mutable {
                                    std::move(reply)(std::unexpected(std::move(error)));
                                  }));
          });
        }));
  }

  void update(UpdateRequest request, HandlerReply reply) override {
    auto input = read_function(request.properties, request.physical_id);
    if (!input) return std::move(reply)(std::unexpected(input.error()));
    auto code = code_of_input(*input);
    if (!code) return std::move(reply)(std::unexpected(code.error()));
    update_all(request.context, *std::move(input), *std::move(code), std::move(reply));
  }

  void remove(RemoveRequest request, HandlerReply reply) override {
    functions_.remove(request.context.scope, request.physical_id, "",
                      Reply<bool, functions::Error>([reply = std::move(reply)](functions::Result<bool> result) mutable {
                        if (!result) return std::move(reply)(std::unexpected(error_of(result.error())));
                        std::move(reply)(deploy::Outcome());
                      }));
  }

 private:
  Outcome<functions::Code> code_of_input(const FunctionInput& input) const {
    functions::Code code;
    if (input.source_text) {
      // The service names the file after the handler's module, by the runtime's language.
      const auto runtime = input.configuration.runtime.value_or("");
      if (!runtime.starts_with("python") && !runtime.starts_with("nodejs")) {
        return deploy::refuse(HandlerErrc::kInvalidRequest,
                              "ZipFile can only be used when Runtime is set to either of nodejs or python.");
      }
      ZipWriter zip;
      zip.add(runtime.starts_with("python") ? "index.py" : "index.js", *input.source_text);
      code.zip = zip.finish();
      return code;
    }
    if (input.bucket.empty() || input.key.empty())
      return deploy::refuse(HandlerErrc::kInvalidRequest, "Please provide a source for function code.");
    const auto name = deploy::asset_name(input.bucket, input.key);
    if (assets_.contains(name)) {
      auto bytes = assets_.get(name);
      if (!bytes) return deploy::refuse(HandlerErrc::kInternalFailure, bytes.error().message);
      code.zip = *std::move(bytes);
      return code;
    }
    code.bucket = input.bucket;
    code.key = input.key;
    return code;
  }

  static std::map<std::string, std::string> tags_of(const FunctionInput& input,
                                                    const deploy::ResourceContext& context) {
    auto tags = input.tags;
    for (const auto& tag : context.tags) tags.emplace(tag.key, tag.value);
    tags["aws:cloudformation:stack-name"] = context.stack_name;
    tags["aws:cloudformation:stack-id"] = context.stack_id;
    tags["aws:cloudformation:logical-id"] = context.logical_id;
    return tags;
  }

  // Configuration, code, tags, concurrency; between them the function gets ready again.
  void update_all(const deploy::ResourceContext& context, FunctionInput input, functions::Code code,
                  HandlerReply reply) {
    const auto scope = context.scope;
    const auto name = input.name;
    auto& change = input.configuration;
    // What the template does not name goes back to its default.
    if (!change.ephemeral_storage_mb) change.ephemeral_storage_mb = 512;
    if (!change.tracing_mode) change.tracing_mode = "PassThrough";
    if (!change.dead_letter_target) change.dead_letter_target = "";
    if (!change.kms_key) change.kms_key = "";
    if (!change.logging) change.logging = functions::LoggingConfig();
    const auto architectures = std::exchange(change.architectures, std::nullopt);

    auto steps = Steps::make();
    steps->add([this, scope, name, change](Steps::Done done) {
      functions_.update_configuration({.scope = scope, .name = name, .change = change},
                                      as_reply<functions::Function>(std::move(done)));
    });
    add_wait(*steps, scope, name);
    steps->add([this, scope, name, code = std::move(code), architectures](Steps::Done done) mutable {
      functions_.update_code({.scope = scope, .name = name, .code = std::move(code), .architectures = architectures},
                             as_reply<functions::Function>(std::move(done)));
    });
    add_wait(*steps, scope, name);
    if (const auto current = functions_.get(scope, name)) {
      const auto tags = tags_of(input, context);
      std::vector<std::string> gone;
      for (const auto& [key, value] : current->tags) {
        if (!tags.contains(key)) gone.push_back(key);
      }
      if (!gone.empty()) {
        steps->add([this, scope, arn = current->arn(), gone](Steps::Done done) {
          functions_.untag(scope, arn, gone, as_reply<bool>(std::move(done)));
        });
      }
      if (tags != current->tags) {
        steps->add([this, scope, arn = current->arn(), tags](Steps::Done done) {
          functions_.tag(scope, arn, tags, as_reply<bool>(std::move(done)));
        });
      }
    }
    add_concurrency(*steps, scope, name, input.reserved_concurrency);
    steps->run(answer(std::move(reply), [this, scope, name] { return outcome(scope, name); }));
  }

  void add_wait(Steps& steps, const Scope& scope, const std::string& name) {
    steps.add([this, scope, name](Steps::Done done) {
      functions_.when_ready(scope, name, as_reply<functions::Function>(std::move(done)));
    });
  }

  void add_concurrency(Steps& steps, const Scope& scope, const std::string& name,
                       std::optional<std::int64_t> reserved) {
    steps.add([this, scope, name, reserved](Steps::Done done) {
      if (reserved)
        return functions_.put_concurrency(scope, name, *reserved, as_reply<functions::Function>(std::move(done)));
      const auto current = functions_.get(scope, name);
      if (current && current->reserved_concurrency)
        return functions_.remove_concurrency(scope, name, as_reply<bool>(std::move(done)));
      done({});
    });
  }

  template <class T>
  static Reply<T, functions::Error> as_reply(Steps::Done done) {
    return Reply<T, functions::Error>([done = std::move(done)](functions::Result<T> result) mutable {
      if (!result) return done(std::unexpected(error_of(result.error())));
      done({});
    });
  }

  Outcome<deploy::Outcome> outcome(const Scope& scope, const std::string& name) const {
    const auto function = functions_.get(scope, name);
    if (!function) return std::unexpected(error_of(function.error()));
    deploy::Outcome out{.physical_id = function->name};
    out.attributes["Arn"] = function->arn();
    return out;
  }

  Functions& functions_;
  const deploy::Assets& assets_;
};

// --- AWS::Lambda::Permission
// --------------------------------------------------------------------------------------------

Outcome<functions::PermissionRequest> read_permission(const json::Value& properties, const std::string& id) {
  Reader reader(properties);
  functions::PermissionRequest permission;
  permission.name = reader.text_or("FunctionName", "");
  permission.statement_id = id;
  permission.action = reader.text_or("Action", "");
  permission.principal = reader.text_or("Principal", "");
  permission.source_arn = reader.text_or("SourceArn", "");
  permission.source_account = reader.text_or("SourceAccount", "");
  permission.principal_org_id = reader.text_or("PrincipalOrgID", "");
  permission.event_source_token = reader.text_or("EventSourceToken", "");
  permission.function_url_auth_type = reader.text_or("FunctionUrlAuthType", "");
  reader.accept({"InvokedViaFunctionUrl"});
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return permission;
}

class Permissions final : public deploy::ResourceProvider {
 public:
  explicit Permissions(Functions& functions) : functions_(functions) {}

  const ResourceSchema& schema() const override {
    static const ResourceSchema kSchema{.type = "AWS::Lambda::Permission",
                                        .required = {"FunctionName", "Action", "Principal"},
                                        .replacement = {"*"},
                                        .attributes = {"Id"},
                                        .name = {.property = "", .max = 100}};
    return kSchema;
  }
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto permission = read_permission(properties, "");
    return permission ? std::expected<void, HandlerError>() : std::unexpected(permission.error());
  }
  void create(CreateRequest request, HandlerReply reply) override {
    auto permission = read_permission(request.properties, request.generated_name);
    if (!permission) return std::move(reply)(std::unexpected(permission.error()));
    permission->scope = request.context.scope;
    functions_.add_permission(
        *std::move(permission),
        Reply<json::Value, functions::Error>([id = request.generated_name, resumed = request.resumed,
                                              reply = std::move(reply)](functions::Result<json::Value> result) mutable {
          // The statement's id is of our making: one that is there after a restart is this one.
          if (!result && !(resumed && result.error().code == functions::Errc::kConflict))
            return std::move(reply)(std::unexpected(error_of(result.error())));
          deploy::Outcome out{.physical_id = id};
          out.attributes["Id"] = id;
          std::move(reply)(std::move(out));
        }));
  }
  void update(UpdateRequest request, HandlerReply reply) override {
    std::move(reply)(deploy::Outcome{request.physical_id, request.old_attributes});
  }
  void remove(RemoveRequest request, HandlerReply reply) override {
    functions_.remove_permission(
        request.context.scope, request.properties.string_or("FunctionName"), "", request.physical_id, "",
        Reply<bool, functions::Error>([reply = std::move(reply)](functions::Result<bool> result) mutable {
          if (!result) return std::move(reply)(std::unexpected(error_of(result.error())));
          std::move(reply)(deploy::Outcome());
        }));
  }

 private:
  Functions& functions_;
};

}  // namespace

Family make_functions(Functions& functions, const deploy::Assets& assets) {
  Family family;
  family.push_back(std::make_unique<FunctionProvider>(functions, assets));
  family.push_back(std::make_unique<Permissions>(functions));
  return family;
}

}  // namespace tidemill::resources
