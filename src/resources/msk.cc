// AWS::MSK::Cluster and AWS::MSK::ServerlessCluster: names of the broker here. How many brokers, which network and
// which disks a template asks for is of no effect.
#include <fmt/format.h>

#include "resources/reader.h"
#include "resources/resources.h"
#include "topics/named_clusters.h"

namespace tidemill::resources {
namespace {

using deploy::CreateRequest;
using deploy::RemoveRequest;
using deploy::ResourceSchema;
using deploy::UpdateRequest;
using HandlerReply = Reply<deploy::Outcome, HandlerError>;
using topics::NamedClusters;

HandlerError error_of(const Error& error) {
  switch (error.code) {
    case Errc::kAlreadyExists: return {HandlerErrc::kAlreadyExists, error.message};
    case Errc::kInvalidArgument: return {HandlerErrc::kInvalidRequest, error.message};
    case Errc::kResourceExhausted: return {HandlerErrc::kServiceLimitExceeded, error.message};
    case Errc::kNotFound: return {HandlerErrc::kNotFound, error.message};
    default: return {HandlerErrc::kInternalFailure, error.message};
  }
}

struct ClusterInput {
  std::string name;
  std::map<std::string, std::string> tags;
};

Outcome<ClusterInput> read_cluster(const json::Value& properties) {
  Reader reader(properties);
  ClusterInput input{.name = reader.text_or("ClusterName", "")};
  if (const auto* tags = reader.any("Tags"); tags != nullptr && tags->is_object()) input.tags = reader.text_map("Tags");
  reader.accept({"BrokerNodeGroupInfo", "KafkaVersion", "NumberOfBrokerNodes", "ClientAuthentication",
                 "ConfigurationInfo", "CurrentVersion", "EncryptionInfo", "EnhancedMonitoring", "LoggingInfo",
                 "OpenMonitoring", "StorageMode", "Rebalancing", "VpcConfigs"});
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return input;
}

class ClusterProvider final : public deploy::ResourceProvider {
 public:
  ClusterProvider(ResourceSchema schema, bool serverless, NamedClusters& clusters)
      : schema_(std::move(schema)), serverless_(serverless), clusters_(clusters) {}
  const ResourceSchema& schema() const override { return schema_; }

  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto input = read_cluster(properties);
    return input ? std::expected<void, HandlerError>() : std::unexpected(input.error());
  }
  void create(CreateRequest request, HandlerReply reply) override {
    auto input = read_cluster(request.properties);
    if (!input) return std::move(reply)(std::unexpected(input.error()));
    for (const auto& tag : request.context.tags) input->tags.emplace(tag.key, tag.value);
    auto made = clusters_.create(request.context.scope, input->name, serverless_, std::move(input->tags),
                                 request.context.token);
    if (!made) return std::move(reply)(std::unexpected(error_of(made.error())));
    clusters_.flushed([arn = made->arn, reply = std::move(reply)]() mutable { std::move(reply)(outcome(arn)); });
  }
  void update(UpdateRequest request, HandlerReply reply) override { std::move(reply)(outcome(request.physical_id)); }
  void remove(RemoveRequest request, HandlerReply reply) override {
    if (auto removed = clusters_.remove(request.physical_id); !removed)
      return std::move(reply)(std::unexpected(error_of(removed.error())));
    clusters_.flushed([reply = std::move(reply)]() mutable { std::move(reply)(deploy::Outcome()); });
  }

 private:
  static deploy::Outcome outcome(const std::string& arn) {
    deploy::Outcome out{.physical_id = arn};
    out.attributes["Arn"] = arn;
    out.attributes["CurrentVersion"] = "K1";
    return out;
  }
  const ResourceSchema schema_;
  const bool serverless_;
  NamedClusters& clusters_;
};

}  // namespace

Family make_msk(NamedClusters& clusters) {
  Family family;
  family.push_back(std::make_unique<ClusterProvider>(
      ResourceSchema{.type = "AWS::MSK::Cluster",
                     .required = {"BrokerNodeGroupInfo", "KafkaVersion", "NumberOfBrokerNodes", "ClusterName"},
                     .replacement = {"BrokerNodeGroupInfo/BrokerAZDistribution", "BrokerNodeGroupInfo/ClientSubnets",
                                     "BrokerNodeGroupInfo/SecurityGroups", "EncryptionInfo/EncryptionAtRest",
                                     "EncryptionInfo/EncryptionInTransit/InCluster", "ClusterName"},
                     .attributes = {"Arn", "CurrentVersion"},
                     .name = {.property = "ClusterName", .max = 64}},
      false, clusters));
  family.push_back(std::make_unique<ClusterProvider>(
      ResourceSchema{.type = "AWS::MSK::ServerlessCluster",
                     .required = {"ClusterName", "VpcConfigs", "ClientAuthentication"},
                     .replacement = {"ClusterName", "VpcConfigs", "ClientAuthentication", "Tags"},
                     .attributes = {"Arn"},
                     .name = {.property = "ClusterName", .max = 64}},
      true, clusters));
  return family;
}

}  // namespace tidemill::resources
