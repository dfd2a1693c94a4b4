// AWS::S3::Bucket on objects.
#include <fmt/format.h>

#include "objects/objects.h"
#include "resources/reader.h"
#include "resources/resources.h"

namespace tidemill::resources {
namespace {

using deploy::CreateRequest;
using deploy::RemoveRequest;
using deploy::ResourceSchema;
using deploy::UpdateRequest;
using HandlerReply = Reply<deploy::Outcome, HandlerError>;
using objects::Objects;

HandlerError error_of(const objects::Error& error) {
  switch (error.code) {
    case objects::Errc::kNoSuchBucket: return {HandlerErrc::kNotFound, error.message};
    case objects::Errc::kBucketAlreadyExists:
    case objects::Errc::kBucketAlreadyOwnedByYou: return {HandlerErrc::kAlreadyExists, error.message};
    case objects::Errc::kBucketNotEmpty: return {HandlerErrc::kResourceConflict, error.message};
    case objects::Errc::kTooManyBuckets: return {HandlerErrc::kServiceLimitExceeded, error.message};
    case objects::Errc::kInternal: return {HandlerErrc::kInternalFailure, error.message};
    default: return {HandlerErrc::kInvalidRequest, error.message};
  }
}

Outcome<std::string> read_bucket(const json::Value& properties, const std::string& generated_name) {
  Reader reader(properties);
  auto name = reader.text_or("BucketName", generated_name);
  if (auto versioning = reader.object("VersioningConfiguration");
      versioning && versioning->text_or("Status", "Suspended") == "Enabled")
    reader.refuse("VersioningConfiguration", "buckets do not keep versions");
  for (const auto* property : {"LifecycleConfiguration", "NotificationConfiguration", "WebsiteConfiguration",
                               "CorsConfiguration", "ReplicationConfiguration", "ObjectLockConfiguration",
                               "AccelerateConfiguration", "IntelligentTieringConfigurations"})
    reader.refuse(property, "buckets do not have this feature");
  if (reader.boolean_or("ObjectLockEnabled", false)) reader.refuse("ObjectLockEnabled", "buckets have no object lock");
  // What every bucket here has anyway, or what only tells.
  reader.accept({"BucketEncryption", "PublicAccessBlockConfiguration", "OwnershipControls", "AccessControl", "Tags",
                 "LoggingConfiguration", "MetricsConfigurations", "InventoryConfigurations",
                 "AnalyticsConfigurations"});
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return name;
}

class BucketProvider final : public deploy::ResourceProvider {
 public:
  explicit BucketProvider(Objects& objects) : objects_(objects) {}

  const ResourceSchema& schema() const override {
    static const ResourceSchema kSchema{
        .type = "AWS::S3::Bucket",
        .replacement = {"BucketName"},
        .attributes = {"Arn", "DomainName", "RegionalDomainName", "DualStackDomainName", "WebsiteURL"},
        .name = {.property = "BucketName", .max = 63, .lower_case = true}};
    return kSchema;
  }
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto name = read_bucket(properties, "");
    return name ? std::expected<void, HandlerError>() : std::unexpected(name.error());
  }
  void create(CreateRequest request, HandlerReply reply) override {
    auto name = read_bucket(request.properties, request.generated_name);
    if (!name) return std::move(reply)(std::unexpected(name.error()));
    const auto& scope = request.context.scope;
    if (const auto* there = objects_.bucket(*name)) {
      if (there->scope == scope && request.may_be_ours(*name, from_epoch_ms(there->created_ms)))
        return std::move(reply)(outcome(*name, scope));
      return std::move(reply)(deploy::refuse(HandlerErrc::kAlreadyExists, *name + " already exists"));
    }
    objects_.create_bucket(
        {.name = *name, .scope = scope},
        Reply<void, objects::Error>([name = *name, scope, reply = std::move(reply)](objects::Status made) mutable {
          if (!made) return std::move(reply)(std::unexpected(error_of(made.error())));
          std::move(reply)(outcome(name, scope));
        }));
  }
  void update(UpdateRequest request, HandlerReply reply) override {
    auto name = read_bucket(request.properties, request.physical_id);
    if (!name) return std::move(reply)(std::unexpected(name.error()));
    std::move(reply)(outcome(request.physical_id, request.context.scope));
  }
  void remove(RemoveRequest request, HandlerReply reply) override {
    objects_.delete_bucket(request.physical_id,
                           Reply<void, objects::Error>([reply = std::move(reply)](objects::Status done) mutable {
                             if (!done && done.error().code != objects::Errc::kNoSuchBucket)
                               return std::move(reply)(std::unexpected(error_of(done.error())));
                             std::move(reply)(deploy::Outcome());
                           }));
  }

 private:
  static deploy::Outcome outcome(const std::string& name, const Scope& scope) {
    deploy::Outcome out{.physical_id = name, .attributes = {}};
    out.attributes["Arn"] = "arn:aws:s3:::" + name;
    out.attributes["DomainName"] = name + ".s3.amazonaws.com";
    out.attributes["RegionalDomainName"] = fmt::format("{}.s3.{}.amazonaws.com", name, scope.region);
    out.attributes["DualStackDomainName"] = fmt::format("{}.s3.dualstack.{}.amazonaws.com", name, scope.region);
    out.attributes["WebsiteURL"] = fmt::format("http://{}.s3-website-{}.amazonaws.com", name, scope.region);
    return out;
  }
  Objects& objects_;
};

}  // namespace

Family make_buckets(Objects& objects) {
  Family family;
  family.push_back(std::make_unique<BucketProvider>(objects));
  return family;
}

}  // namespace tidemill::resources
