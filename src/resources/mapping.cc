// AWS::Lambda::EventSourceMapping on triggers. Properties become the body of the API's own calls, so both are checked
// alike.
#include <fmt/format.h>

#include "resources/reader.h"
#include "resources/resources.h"
#include "runtime/executor.h"
#include "triggers/mappings.h"

namespace tidemill::resources {
namespace {

using deploy::CreateRequest;
using deploy::RemoveRequest;
using deploy::ResourceSchema;
using deploy::UpdateRequest;
using HandlerReply = Reply<deploy::Outcome, HandlerError>;
using triggers::Mapping;
using triggers::Mappings;

HandlerErrc code_of(triggers::Errc code) {
  switch (code) {
    case triggers::Errc::kValidation:
    case triggers::Errc::kInvalidParameter: return HandlerErrc::kInvalidRequest;
    case triggers::Errc::kNotFound: return HandlerErrc::kNotFound;
    case triggers::Errc::kConflict: return HandlerErrc::kAlreadyExists;
    case triggers::Errc::kInUse: return HandlerErrc::kResourceConflict;
    case triggers::Errc::kInternal: return HandlerErrc::kInternalFailure;
  }
  std::unreachable();
}
HandlerError error_of(const triggers::Error& error) { return {code_of(error.code), error.message}; }

// Settings that the template does not name are those of a new mapping: an update sets them back.
void put_defaults(json::Object& body, bool is_kafka) {
  const auto fallback = [&body](std::string_view name, json::Value value) {
    if (body.find(name) == nullptr) body[name] = std::move(value);
  };
  fallback("BatchSize", 100);
  fallback("MaximumRetryAttempts", -1);
  fallback("MaximumRecordAgeInSeconds", -1);
  fallback("BisectBatchOnFunctionError", false);
  fallback("FunctionResponseTypes", json::Array());
  fallback("DestinationConfig", json::Object());
  fallback("FilterCriteria", json::Object());
  if (is_kafka) return;
  fallback("MaximumBatchingWindowInSeconds", 0);
  fallback("ParallelizationFactor", 1);
  fallback("TumblingWindowInSeconds", 0);
}

Outcome<json::Value> read_body(const json::Value& properties) {
  Reader reader(properties);
  json::Object body;
  for (const auto* name : {"EventSourceArn", "FunctionName", "StartingPosition", "KmsKeyArn"}) {
    if (auto text = reader.text(name))
      body[std::string_view(name) == "KmsKeyArn" ? "KMSKeyArn" : name] = *std::move(text);
  }
  for (const auto* name :
       {"BatchSize", "MaximumBatchingWindowInSeconds", "ParallelizationFactor", "MaximumRetryAttempts",
        "MaximumRecordAgeInSeconds", "TumblingWindowInSeconds", "StartingPositionTimestamp"}) {
    if (const auto number = reader.integer(name)) body[name] = *number;
  }
  for (const auto* name : {"Enabled", "BisectBatchOnFunctionError"}) {
    if (const auto truth = reader.boolean(name)) body[name] = *truth;
  }
  for (const auto* name : {"Topics", "Queues", "FunctionResponseTypes"}) {
    if (!reader.has(name)) continue;
    json::Array list;
    for (auto& one : reader.texts(name)) list.emplace_back(std::move(one));
    body[name] = std::move(list);
  }
  for (const auto* name :
       {"FilterCriteria", "DestinationConfig", "SourceAccessConfigurations", "AmazonManagedKafkaEventSourceConfig",
        "SelfManagedKafkaEventSourceConfig", "ScalingConfig", "MetricsConfig", "LoggingConfig",
        "ProvisionedPollerConfig", "DocumentDBEventSourceConfig"}) {
    if (const auto* value = reader.any(name)) body[name] = *value;
  }
  if (auto self_managed = reader.object("SelfManagedEventSource")) {
    if (auto endpoints = self_managed->object("Endpoints")) {
      json::Array servers;
      for (auto& server : endpoints->texts("KafkaBootstrapServers")) servers.emplace_back(std::move(server));
      json::Object by_name, source;
      by_name["KAFKA_BOOTSTRAP_SERVERS"] = std::move(servers);
      source["Endpoints"] = std::move(by_name);
      body["SelfManagedEventSource"] = std::move(source);
    }
  }
  json::Object tags;
  for (const auto& [key, value] : reader.tags("Tags")) tags[key] = value;
  if (!tags.empty()) body["Tags"] = std::move(tags);
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return json::Value(std::move(body));
}

class MappingProvider final : public deploy::ResourceProvider {
 public:
  MappingProvider(Mappings& mappings, runtime::Loop& loop) : mappings_(mappings), loop_(loop) {}

  const ResourceSchema& schema() const override {
    static const ResourceSchema kSchema{
        .type = "AWS::Lambda::EventSourceMapping",
        .required = {"FunctionName"},
        .replacement = {"EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "SelfManagedEventSource",
                        "Topics", "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig"},
        .attributes = {"Id", "EventSourceMappingArn"}};
    return kSchema;
  }
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto body = read_body(properties);
    return body ? std::expected<void, HandlerError>() : std::unexpected(body.error());
  }

  void create(CreateRequest request, HandlerReply reply) override {
    auto body = read_body(request.properties);
    if (!body) return std::move(reply)(std::unexpected(body.error()));
    // Its token is kept among the tags: a mapping made before a restart is found by it.
    json::Object tags;
    if (const auto* given = body->find("Tags")) tags = given->as_object();
    tags[kTokenTag] = request.context.token;
    body->as_object()["Tags"] = std::move(tags);
    auto create = triggers::parse_create(request.context.scope, *body);
    if (!create) return std::move(reply)(std::unexpected(error_of(create.error())));
    if (request.resumed) {
      for (const auto& mapping :
           mappings_.list({.scope = request.context.scope, .source_arn = create->mapping.source_arn}).mappings) {
        const auto tag = mapping.tags.find(kTokenTag);
        if (tag != mapping.tags.end() && tag->second == request.context.token)
          return std::move(reply)(outcome(mapping));
      }
    }
    mappings_.create(*std::move(create), Reply<Mapping, triggers::Error>(
                                             [reply = std::move(reply)](triggers::Result<Mapping> made) mutable {
                                               if (!made)
                                                 return std::move(reply)(std::unexpected(error_of(made.error())));
                                               std::move(reply)(outcome(*made));
                                             }));
  }

  void update(UpdateRequest request, HandlerReply reply) override {
    auto body = read_body(request.properties);
    if (!body) return std::move(reply)(std::unexpected(body.error()));
    auto& members = body->as_object();
    for (const auto* name :
         {"EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "SelfManagedEventSource", "Topics",
          "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig", "Tags"}) {
      members.erase(name);
    }
    const auto mapping = mappings_.get(request.physical_id);
    if (!mapping) return std::move(reply)(std::unexpected(error_of(mapping.error())));
    put_defaults(members, mapping->is_kafka());
    if (members.find("Enabled") == nullptr) members["Enabled"] = true;
    change(request.physical_id, *std::move(body), kTriesMax, std::move(reply));
  }

  void remove(RemoveRequest request, HandlerReply reply) override {
    erase(request.physical_id, kTriesMax, std::move(reply));
  }

 private:
  static constexpr const char* kTokenTag = "tidemill:token";
  // A mapping that is being changed refuses another change: it is asked again.
  static constexpr int kTriesMax = 600;
  static constexpr auto kTryAgain = std::chrono::milliseconds(50);

  void change(const std::string& id, json::Value body, int tries, HandlerReply reply) {
    auto update = triggers::parse_update(id, body);
    if (!update) return std::move(reply)(std::unexpected(error_of(update.error())));
    mappings_.update(
        *std::move(update),
        Reply<Mapping, triggers::Error>([this, id, body = std::move(body), tries,
                                         reply = std::move(reply)](triggers::Result<Mapping> made) mutable {
          if (made) return std::move(reply)(outcome(*made));
          if (made.error().code != triggers::Errc::kInUse || tries == 0)
            return std::move(reply)(std::unexpected(error_of(made.error())));
          loop_.at(loop_.clock().now() + kTryAgain,
                   [this, id, body = std::move(body), tries, reply = std::move(reply)]() mutable {
                     change(id, std::move(body), tries - 1, std::move(reply));
                   });
        }));
  }

  void erase(const std::string& id, int tries, HandlerReply reply) {
    const auto again = [this, id, tries](HandlerReply later) {
      loop_.at(loop_.clock().now() + kTryAgain,
               [this, id, tries, later = std::move(later)]() mutable { erase(id, tries - 1, std::move(later)); });
    };
    const auto mapping = mappings_.get(id);
    if (!mapping) return std::move(reply)(deploy::Outcome());
    if (tries == 0)
      return std::move(reply)(deploy::refuse(HandlerErrc::kNotStabilized, "The mapping was not deleted in time"));
    if (mapping->state == triggers::State::kDeleting) return again(std::move(reply));
    mappings_.remove(id, Reply<Mapping, triggers::Error>(
                             [again, reply = std::move(reply)](triggers::Result<Mapping> result) mutable {
                               if (result || result.error().code == triggers::Errc::kInUse)
                                 return again(std::move(reply));  // until it is gone
                               if (result.error().code == triggers::Errc::kNotFound)
                                 return std::move(reply)(deploy::Outcome());
                               std::move(reply)(std::unexpected(error_of(result.error())));
                             }));
  }

  static deploy::Outcome outcome(const Mapping& mapping) {
    deploy::Outcome out{.physical_id = mapping.uuid};
    out.attributes["Id"] = mapping.uuid;
    out.attributes["EventSourceMappingArn"] = mapping.arn();
    return out;
  }

  Mappings& mappings_;
  runtime::Loop& loop_;
};

}  // namespace

Family make_mappings(Mappings& mappings, runtime::Loop& loop) {
  Family family;
  family.push_back(std::make_unique<MappingProvider>(mappings, loop));
  return family;
}

}  // namespace tidemill::resources
