// AWS::Logs::LogGroup and Custom::LogRetention on the log store. CDK adds the latter with a function of its own behind
// it; the retention is set here directly, the function is not asked.
#include <fmt/format.h>

#include "functions/log_store.h"
#include "resources/reader.h"
#include "resources/resources.h"
#include "resources/steps.h"

namespace tidemill::resources {
namespace {

using deploy::CreateRequest;
using deploy::RemoveRequest;
using deploy::ResourceSchema;
using deploy::UpdateRequest;
using functions::LogError;
using functions::LogStore;
using HandlerReply = Reply<deploy::Outcome, HandlerError>;

HandlerErrc code_of(functions::LogErrc code) {
  switch (code) {
    case functions::LogErrc::kInvalidParameter: return HandlerErrc::kInvalidRequest;
    case functions::LogErrc::kNotFound: return HandlerErrc::kNotFound;
    case functions::LogErrc::kAlreadyExists: return HandlerErrc::kAlreadyExists;
    case functions::LogErrc::kLimitExceeded: return HandlerErrc::kServiceLimitExceeded;
    case functions::LogErrc::kInternal: return HandlerErrc::kInternalFailure;
  }
  std::unreachable();
}

Reply<bool, LogError> as_reply(Steps::Done done, std::optional<functions::LogErrc> fine = std::nullopt) {
  return Reply<bool, LogError>([done = std::move(done), fine](functions::LogResult<bool> result) mutable {
    if (!result && result.error().code != fine)
      return done(deploy::refuse(code_of(result.error().code), result.error().message));
    done({});
  });
}

struct GroupInput {
  std::string name;
  std::optional<int> days;
  std::map<std::string, std::string> tags;
};

Outcome<GroupInput> read_group(const json::Value& properties, const std::string& generated_name) {
  Reader reader(properties);
  GroupInput group{.name = reader.text_or("LogGroupName", generated_name)};
  if (const auto days = reader.integer("RetentionInDays")) group.days = static_cast<int>(*days);
  group.tags = reader.tags("Tags");
  reader.accept({"KmsKeyId", "LogGroupClass", "DeletionProtectionEnabled", "BearerTokenAuthenticationEnabled"});
  reader.refuse("DataProtectionPolicy", "data protection policies are not supported");
  reader.refuse("FieldIndexPolicies", "field indexes are not supported");
  reader.refuse("ResourcePolicyDocument", "policies of log groups are not supported");
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return group;
}

class LogGroups final : public deploy::ResourceProvider {
 public:
  explicit LogGroups(LogStore& logs) : logs_(logs) {}

  const ResourceSchema& schema() const override {
    static const ResourceSchema kSchema{.type = "AWS::Logs::LogGroup",
                                        .replacement = {"LogGroupName"},
                                        .attributes = {"Arn"},
                                        .name = {.property = "LogGroupName", .max = 512}};
    return kSchema;
  }
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto group = read_group(properties, "");
    return group ? std::expected<void, HandlerError>() : std::unexpected(group.error());
  }
  void create(CreateRequest request, HandlerReply reply) override {
    auto group = read_group(request.properties, request.generated_name);
    if (!group) return std::move(reply)(std::unexpected(group.error()));
    const auto scope = request.context.scope;
    bool ours = false;
    for (const auto& there : logs_.groups(scope)) {
      if (there.name == group->name) ours = request.may_be_ours(group->name, from_epoch_ms(there.created_ms));
    }
    auto steps = Steps::make();
    for (const auto& tag : request.context.tags) group->tags.emplace(tag.key, tag.value);
    steps->add([this, scope, name = group->name, tags = group->tags, ours](Steps::Done done) {
      logs_.create_group(
          scope, name, tags,
          as_reply(std::move(done), ours ? std::optional(functions::LogErrc::kAlreadyExists) : std::nullopt));
    });
    add_retention(*steps, scope, *group);
    steps->run(answer(std::move(reply), [scope, name = group->name] { return outcome(scope, name); }));
  }
  void update(UpdateRequest request, HandlerReply reply) override {
    auto group = read_group(request.properties, request.physical_id);
    if (!group) return std::move(reply)(std::unexpected(group.error()));
    for (const auto& tag : request.context.tags) group->tags.emplace(tag.key, tag.value);
    auto steps = Steps::make();
    steps->add([this, scope = request.context.scope, group = *group](Steps::Done done) {
      logs_.set_tags(scope, group.name, group.tags, as_reply(std::move(done)));
    });
    add_retention(*steps, request.context.scope, *group);
    steps->run(
        answer(std::move(reply), [scope = request.context.scope, name = group->name] { return outcome(scope, name); }));
  }
  void remove(RemoveRequest request, HandlerReply reply) override {
    auto steps = Steps::make();
    steps->add([this, scope = request.context.scope, name = request.physical_id](Steps::Done done) {
      logs_.remove_group(scope, name, as_reply(std::move(done), functions::LogErrc::kNotFound));
    });
    steps->run(answer(std::move(reply), [] { return Outcome<deploy::Outcome>(deploy::Outcome()); }));
  }

 private:
  void add_retention(Steps& steps, const Scope& scope, const GroupInput& group) {
    steps.add([this, scope, group](Steps::Done done) {
      logs_.set_retention(scope, group.name, group.days, as_reply(std::move(done)));
    });
  }
  static Outcome<deploy::Outcome> outcome(const Scope& scope, const std::string& name) {
    deploy::Outcome out{.physical_id = name};
    out.attributes["Arn"] = fmt::format("arn:aws:logs:{}:{}:log-group:{}:*", scope.region, scope.account, name);
    return out;
  }
  LogStore& logs_;
};

class LogRetentions final : public deploy::ResourceProvider {
 public:
  explicit LogRetentions(LogStore& logs) : logs_(logs) {}

  const ResourceSchema& schema() const override {
    static const ResourceSchema kSchema{.type = "Custom::LogRetention",
                                        .required = {"LogGroupName"},
                                        .replacement = {"LogGroupName", "ServiceToken"},
                                        .attributes = {"*"}};
    return kSchema;
  }
  void create(CreateRequest request, HandlerReply reply) override {
    apply(request.context.scope, request.properties, std::move(reply));
  }
  void update(UpdateRequest request, HandlerReply reply) override {
    apply(request.context.scope, request.properties, std::move(reply));
  }
  void remove(RemoveRequest request, HandlerReply reply) override {
    auto steps = Steps::make();
    if (request.properties.string_or("RemovalPolicy") == "destroy") {
      steps->add([this, scope = request.context.scope, name = request.physical_id](Steps::Done done) {
        logs_.remove_group(scope, name, as_reply(std::move(done), functions::LogErrc::kNotFound));
      });
    }
    steps->run(answer(std::move(reply), [] { return Outcome<deploy::Outcome>(deploy::Outcome()); }));
  }

 private:
  void apply(const Scope& scope, const json::Value& properties, HandlerReply reply) {
    Reader reader(properties);
    const auto name = reader.text_or("LogGroupName", "");
    const auto days = reader.integer("RetentionInDays");
    reader.accept({"ServiceToken", "LogGroupRegion", "SdkRetry", "RemovalPolicy", "Tags"});
    if (auto fine = reader.finish(); !fine) return std::move(reply)(std::unexpected(fine.error()));
    auto steps = Steps::make();
    steps->add([this, scope, name](Steps::Done done) {
      logs_.create_group(scope, name, {}, as_reply(std::move(done), functions::LogErrc::kAlreadyExists));
    });
    steps->add([this, scope, name, days](Steps::Done done) {
      logs_.set_retention(scope, name, days ? std::optional<int>(static_cast<int>(*days)) : std::nullopt,
                          as_reply(std::move(done)));
    });
    steps->run(answer(std::move(reply), [name] {
      deploy::Outcome out{.physical_id = name};
      out.attributes["LogGroupName"] = name;
      return Outcome<deploy::Outcome>(std::move(out));
    }));
  }
  LogStore& logs_;
};

}  // namespace

Family make_logs(LogStore& logs) {
  Family family;
  family.push_back(std::make_unique<LogGroups>(logs));
  family.push_back(std::make_unique<LogRetentions>(logs));
  return family;
}

}  // namespace tidemill::resources
