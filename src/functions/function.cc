#include "functions/function.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/json_texts.h"

namespace tidemill::functions {
namespace {

using json::text_map;
using json::texts;

constexpr std::int64_t kFormat = 1;

json::Value encode_configuration(const Configuration& c) {
  json::Object o;
  o["runtime"] = c.runtime;
  o["handler"] = c.handler;
  o["role"] = c.role;
  o["description"] = c.description;
  o["timeout_s"] = c.timeout_s;
  o["memory_mb"] = c.memory_mb;
  if (c.environment) o["environment"] = texts(*c.environment);
  o["ephemeral_storage_mb"] = c.ephemeral_storage_mb;
  o["architecture"] = c.architecture;
  o["tracing_mode"] = c.tracing_mode;
  o["dead_letter_target"] = c.dead_letter_target;
  o["kms_key"] = c.kms_key;
  if (c.vpc) o["vpc"] = *c.vpc;
  json::Object logging;
  logging["json"] = c.logging.json;
  logging["application_level"] = c.logging.application_level;
  logging["system_level"] = c.logging.system_level;
  logging["log_group"] = c.logging.log_group;
  o["logging"] = std::move(logging);
  return o;
}

Configuration decode_configuration(const json::Value& v) {
  Configuration c;
  c.runtime = v.string_or("runtime");
  c.handler = v.string_or("handler");
  c.role = v.string_or("role");
  c.description = v.string_or("description");
  c.timeout_s = static_cast<int>(v.integer_or("timeout_s", c.timeout_s));
  c.memory_mb = static_cast<int>(v.integer_or("memory_mb", c.memory_mb));
  if (const auto* environment = v.find("environment")) c.environment = text_map(environment);
  c.ephemeral_storage_mb = static_cast<int>(v.integer_or("ephemeral_storage_mb", c.ephemeral_storage_mb));
  c.architecture = v.string_or("architecture", c.architecture);
  c.tracing_mode = v.string_or("tracing_mode", c.tracing_mode);
  c.dead_letter_target = v.string_or("dead_letter_target");
  c.kms_key = v.string_or("kms_key");
  if (const auto* vpc = v.find("vpc")) c.vpc = *vpc;
  if (const auto* logging = v.find("logging")) {
    c.logging.json = logging->bool_or("json", false);
    c.logging.application_level = logging->string_or("application_level");
    c.logging.system_level = logging->string_or("system_level");
    c.logging.log_group = logging->string_or("log_group");
  }
  return c;
}

}  // namespace

std::string function_arn(const Scope& scope, std::string_view name, std::string_view qualifier) {
  auto arn = fmt::format("arn:aws:lambda:{}:{}:function:{}", scope.region, scope.account, name);
  if (!qualifier.empty()) arn.append(":").append(qualifier);
  return arn;
}

std::string Function::arn() const { return function_arn(scope, name); }

std::string Function::log_group() const {
  return configuration.logging.log_group.empty() ? "/aws/lambda/" + name : configuration.logging.log_group;
}

std::string encode(const Function& f) {
  json::Object o;
  o["format"] = kFormat;
  o["account"] = f.scope.account;
  o["region"] = f.scope.region;
  o["name"] = f.name;
  o["configuration"] = encode_configuration(f.configuration);
  o["code_sha256"] = to_hex(f.code_sha256);
  o["code_size"] = f.code_size;
  o["modified_ms"] = epoch_ms(f.modified);
  o["revision_id"] = f.revision_id;
  o["active"] = f.state == State::kActive;
  o["update"] = f.update == UpdateStatus::kNone         ? "none"
                : f.update == UpdateStatus::kInProgress ? "in_progress"
                                                        : "successful";
  o["tags"] = texts(f.tags);
  json::Array policy;
  for (const auto& statement : f.policy) policy.push_back(statement.document);
  o["policy"] = std::move(policy);
  o["policy_revision_id"] = f.policy_revision_id;
  if (f.reserved_concurrency) o["reserved_concurrency"] = *f.reserved_concurrency;
  if (f.event_invoke) {
    json::Object e;
    if (f.event_invoke->retries_max) e["retries_max"] = *f.event_invoke->retries_max;
    if (f.event_invoke->event_age_s) e["event_age_s"] = *f.event_invoke->event_age_s;
    e["on_success"] = f.event_invoke->on_success;
    e["on_failure"] = f.event_invoke->on_failure;
    e["modified_ms"] = epoch_ms(f.event_invoke->modified);
    o["event_invoke"] = std::move(e);
  }
  o["generation"] = f.generation;
  return json::Value(std::move(o)).text();
}

tidemill::Result<Function> decode_function(std::string_view bytes) {
  TM_TRY(const auto v, json::Value::parse(bytes));
  if (v.integer_or("format", 0) != kFormat)
    return tidemill::fail(tidemill::Errc::kCorruption,
                          fmt::format("a stored function has format {}", v.integer_or("format", 0)));
  Function f;
  f.scope = {v.string_or("account"), v.string_or("region")};
  f.name = v.string_or("name");
  const auto* configuration = v.find("configuration");
  const auto sha = from_hex(v.string_or("code_sha256"));
  if (f.name.empty() || configuration == nullptr || !sha || sha->size() != 32)
    return tidemill::fail(tidemill::Errc::kCorruption, "a stored function lacks its name, configuration or archive");
  f.configuration = decode_configuration(*configuration);
  f.code_sha256 = *sha;
  f.code_size = static_cast<std::uint64_t>(v.integer_or("code_size", 0));
  f.modified = from_epoch_ms(v.integer_or("modified_ms", 0));
  f.revision_id = v.string_or("revision_id");
  f.state = v.bool_or("active", false) ? State::kActive : State::kPending;
  const auto update = v.string_or("update");
  f.update = update == "in_progress"  ? UpdateStatus::kInProgress
             : update == "successful" ? UpdateStatus::kSuccessful
                                      : UpdateStatus::kNone;
  f.tags = text_map(v.find("tags"));
  if (const auto* policy = v.find("policy"); policy != nullptr && policy->is_array())
    for (const auto& document : policy->as_array()) f.policy.push_back({document.string_or("Sid"), document});
  f.policy_revision_id = v.string_or("policy_revision_id");
  if (v.find("reserved_concurrency") != nullptr)
    f.reserved_concurrency = static_cast<int>(v.integer_or("reserved_concurrency", 0));
  if (const auto* e = v.find("event_invoke")) {
    EventInvokeConfig config;
    if (e->find("retries_max") != nullptr) config.retries_max = static_cast<int>(e->integer_or("retries_max", 0));
    if (e->find("event_age_s") != nullptr) config.event_age_s = static_cast<int>(e->integer_or("event_age_s", 0));
    config.on_success = e->string_or("on_success");
    config.on_failure = e->string_or("on_failure");
    config.modified = from_epoch_ms(e->integer_or("modified_ms", 0));
    f.event_invoke = std::move(config);
  }
  f.generation = static_cast<std::uint64_t>(v.integer_or("generation", 0));
  return f;
}

}  // namespace tidemill::functions
