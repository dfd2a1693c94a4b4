// AWS::IAM::Role, AWS::IAM::Policy and AWS::IAM::ManagedPolicy on the directory.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>

#include "auth/directory.h"
#include "resources/reader.h"
#include "resources/resources.h"
#include "resources/steps.h"

namespace tidemill::resources {
namespace {

using deploy::CreateRequest;
using deploy::RemoveRequest;
using deploy::UpdateRequest;
using HandlerReply = Reply<deploy::Outcome, HandlerError>;
using auth::Directory;

HandlerErrc code_of(auth::Errc code) {
  switch (code) {
    case auth::Errc::kNoSuchEntity: return HandlerErrc::kNotFound;
    case auth::Errc::kEntityAlreadyExists: return HandlerErrc::kAlreadyExists;
    case auth::Errc::kDeleteConflict: return HandlerErrc::kResourceConflict;
    case auth::Errc::kInternal: return HandlerErrc::kInternalFailure;
    default: return HandlerErrc::kInvalidRequest;
  }
}

HandlerError error_of(auth::Error error) { return {code_of(error.code), std::move(error.message)}; }

// The reply of a directory call as the end of a step.
template <class T>
Reply<T, auth::Error> as_reply(Steps::Done done, bool missing_is_fine = false) {
  return Reply<T, auth::Error>([done = std::move(done), missing_is_fine](std::expected<T, auth::Error> result) mutable {
    if (!result && !(missing_is_fine && result.error().code == auth::Errc::kNoSuchEntity))
      return done(std::unexpected(error_of(std::move(result).error())));
    done({});
  });
}

struct NamedDocument {
  std::string name, document;
};

auth::Tags to_tags(const std::map<std::string, std::string>& from) { return auth::Tags(from.begin(), from.end()); }

// --- AWS::IAM::Role
// -----------------------------------------------------------------------------------------------------

struct RoleInput {
  std::string name, path, trust, description;
  std::int64_t max_session_s = 3600;
  std::vector<std::string> managed;
  std::vector<NamedDocument> policies;
  auth::Tags tags;
};

Outcome<RoleInput> read_role(const json::Value& properties, const std::string& generated_name) {
  Reader reader(properties);
  RoleInput role;
  role.name = reader.text_or("RoleName", generated_name);
  role.path = reader.text_or("Path", "/");
  role.description = reader.text_or("Description", "");
  role.max_session_s = reader.integer("MaxSessionDuration").value_or(3600);
  if (const auto* trust = reader.any("AssumeRolePolicyDocument"))
    role.trust = trust->is_string() ? trust->as_string() : trust->text();
  role.managed = reader.texts("ManagedPolicyArns");
  for (auto& policy : reader.objects("Policies")) {
    const auto* document = policy.any("PolicyDocument");
    role.policies.push_back({policy.text_or("PolicyName", ""), document == nullptr ? "" : document->text()});
  }
  role.tags = to_tags(reader.tags("Tags"));
  reader.refuse("PermissionsBoundary", "permissions boundaries are not supported");
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return role;
}

class Roles final : public deploy::ResourceProvider {
 public:
  explicit Roles(Directory& directory) : directory_(directory) {}

  const deploy::ResourceSchema& schema() const override {
    static const deploy::ResourceSchema kSchema{.type = "AWS::IAM::Role",
                                                .required = {"AssumeRolePolicyDocument"},
                                                .replacement = {"Path", "RoleName"},
                                                .attributes = {"Arn", "RoleId"},
                                                .name = {.property = "RoleName", .max = 64},
                                                .needs_capability = true};
    return kSchema;
  }
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto role = read_role(properties, "");
    return role ? std::expected<void, HandlerError>() : std::unexpected(role.error());
  }

  void create(CreateRequest request, HandlerReply reply) override {
    auto role = read_role(request.properties, request.generated_name);
    if (!role) return std::move(reply)(std::unexpected(role.error()));
    const auto account = request.context.scope.account;
    auto steps = Steps::make();
    const auto there = directory_.role(account, role->name);
    const bool ours = there && request.may_be_ours(role->name, there->created);
    if (!ours) {
      steps->add([this, account, role = *role](Steps::Done done) {
        directory_.create_role({.account = account,
                                .name = role.name,
                                .path = role.path,
                                .trust_policy = role.trust,
                                .description = role.description,
                                .max_session_s = role.max_session_s,
                                .tags = role.tags},
                               as_reply<auth::Role>(std::move(done)));
      });
    }
    add_grants(*steps, account, *role, {});
    // A role that could not be made whole is taken away again: what failed here has no physical id to roll back.
    steps->run([this, account, role = *std::move(role),
                reply = std::move(reply)](std::expected<void, HandlerError> result) mutable {
      if (result) return std::move(reply)(outcome(account, role.name));
      if (result.error().code == HandlerErrc::kAlreadyExists) return std::move(reply)(std::unexpected(result.error()));
      remove_all(account, role.name,
                 [error = result.error(), reply = std::move(reply)](std::expected<void, HandlerError>) mutable {
                   std::move(reply)(std::unexpected(std::move(error)));
                 });
    });
  }

  void update(UpdateRequest request, HandlerReply reply) override {
    auto role = read_role(request.properties, request.physical_id);
    if (!role) return std::move(reply)(std::unexpected(role.error()));
    const auto account = request.context.scope.account;
    auto stored = directory_.role(account, request.physical_id);
    if (!stored) return std::move(reply)(std::unexpected(error_of(stored.error())));
    const auto before = read_role(request.old_properties, request.physical_id);
    auto steps = Steps::make();
    steps->add([this, stored = *stored, role = *role](Steps::Done done) mutable {
      stored.trust_policy = role.trust;
      stored.description = role.description;
      stored.max_session_s = role.max_session_s;
      stored.tags = role.tags;
      directory_.update_role(std::move(stored), as_reply<auth::Role>(std::move(done)));
    });
    add_grants(*steps, account, *role, before ? *before : RoleInput());
    steps->run([this, account, name = request.physical_id,
                reply = std::move(reply)](std::expected<void, HandlerError> result) mutable {
      if (!result) return std::move(reply)(std::unexpected(result.error()));
      std::move(reply)(outcome(account, name));
    });
  }

  void remove(RemoveRequest request, HandlerReply reply) override {
    remove_all(request.context.scope.account, request.physical_id,
               [reply = std::move(reply)](std::expected<void, HandlerError> result) mutable {
                 if (!result) return std::move(reply)(std::unexpected(result.error()));
                 std::move(reply)(deploy::Outcome());
               });
  }

 private:
  // What the role grants now; what it granted `before` and does not any more goes.
  void add_grants(Steps& steps, const std::string& account, const RoleInput& role, const RoleInput& before) {
    const Directory::HolderName holder{Directory::Holder::kRole, account, role.name};
    for (const auto& arn : before.managed) {
      if (std::find(role.managed.begin(), role.managed.end(), arn) != role.managed.end()) continue;
      steps.add([this, holder, arn](Steps::Done done) {
        directory_.detach_policy(holder, arn, as_reply<auth::Grants>(std::move(done), true));
      });
    }
    for (const auto& policy : before.policies) {
      const bool stays = std::any_of(role.policies.begin(), role.policies.end(),
                                     [&](const auto& one) { return one.name == policy.name; });
      if (!stays)
        steps.add([this, holder, name = policy.name](Steps::Done done) {
          directory_.delete_inline_policy(holder, name, as_reply<auth::Grants>(std::move(done), true));
        });
    }
    for (const auto& arn : role.managed) {
      steps.add([this, holder, arn](Steps::Done done) {
        directory_.attach_policy(holder, arn, as_reply<auth::Grants>(std::move(done)));
      });
    }
    for (const auto& policy : role.policies) {
      steps.add([this, holder, policy](Steps::Done done) {
        directory_.put_inline_policy(holder, policy.name, policy.document, as_reply<auth::Grants>(std::move(done)));
      });
    }
  }

  void remove_all(const std::string& account, const std::string& name, Steps::Done done) {
    const Directory::HolderName holder{Directory::Holder::kRole, account, name};
    auto steps = Steps::make();
    if (const auto grants = directory_.grants(holder)) {
      for (const auto& arn : grants->attached) {
        steps->add([this, holder, arn](Steps::Done next) {
          directory_.detach_policy(holder, arn, as_reply<auth::Grants>(std::move(next), true));
        });
      }
      for (const auto& [policy, document] : grants->inline_policies) {
        steps->add([this, holder, policy = policy](Steps::Done next) {
          directory_.delete_inline_policy(holder, policy, as_reply<auth::Grants>(std::move(next), true));
        });
      }
    }
    steps->add([this, account, name](Steps::Done next) {
      directory_.delete_role(account, name, as_reply<auth::Role>(std::move(next), true));
    });
    steps->run(std::move(done));
  }

  Outcome<deploy::Outcome> outcome(const std::string& account, const std::string& name) const {
    const auto role = directory_.role(account, name);
    if (!role) return std::unexpected(error_of(role.error()));
    deploy::Outcome out{.physical_id = name};
    out.attributes["Arn"] = role->arn;
    out.attributes["RoleId"] = role->id;
    return out;
  }

  Directory& directory_;
};

// --- AWS::IAM::Policy
// -----------------------------------------------------------------------------------------------------

struct PolicyInput {
  std::string name, document;
  std::vector<Directory::HolderName> holders;
};

Outcome<PolicyInput> read_policy(const json::Value& properties, const std::string& account) {
  Reader reader(properties);
  PolicyInput policy;
  policy.name = reader.text_or("PolicyName", "");
  if (const auto* document = reader.any("PolicyDocument"))
    policy.document = document->is_string() ? document->as_string() : document->text();
  for (const auto& role : reader.texts("Roles")) policy.holders.push_back({Directory::Holder::kRole, account, role});
  for (const auto& user : reader.texts("Users")) policy.holders.push_back({Directory::Holder::kUser, account, user});
  reader.refuse("Groups", "groups are not supported");
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return policy;
}

bool operator_same(const Directory::HolderName& a, const Directory::HolderName& b) {
  return a.kind == b.kind && a.name == b.name;
}

// An inline policy on the roles and users that it names.
class Policies final : public deploy::ResourceProvider {
 public:
  explicit Policies(Directory& directory) : directory_(directory) {}

  const deploy::ResourceSchema& schema() const override {
    static const deploy::ResourceSchema kSchema{.type = "AWS::IAM::Policy",
                                                .required = {"PolicyDocument", "PolicyName"},
                                                .attributes = {"Id"},
                                                .needs_capability = true};
    return kSchema;
  }
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto policy = read_policy(properties, "");
    if (!policy) return std::unexpected(policy.error());
    if (properties.find("Roles") == nullptr && properties.find("Users") == nullptr) {
      return deploy::refuse(HandlerErrc::kInvalidRequest, "#: At least one of [Groups,Roles,Users] must be non-empty.");
    }
    return {};
  }

  void create(CreateRequest request, HandlerReply reply) override {
    put(request.context.scope.account, request.generated_name, request.properties, json::Object(), std::move(reply));
  }
  void update(UpdateRequest request, HandlerReply reply) override {
    put(request.context.scope.account, request.physical_id, request.properties, request.old_properties,
        std::move(reply));
  }
  void remove(RemoveRequest request, HandlerReply reply) override {
    const auto policy = read_policy(request.properties, request.context.scope.account);
    auto steps = Steps::make();
    if (policy) {
      for (const auto& holder : policy->holders) {
        steps->add([this, holder, name = policy->name](Steps::Done done) {
          directory_.delete_inline_policy(holder, name, as_reply<auth::Grants>(std::move(done), true));
        });
      }
    }
    steps->run([reply = std::move(reply)](std::expected<void, HandlerError> result) mutable {
      if (!result) return std::move(reply)(std::unexpected(result.error()));
      std::move(reply)(deploy::Outcome());
    });
  }

 private:
  void put(const std::string& account, const std::string& id, const json::Value& properties,
           const json::Value& old_properties, HandlerReply reply) {
    auto policy = read_policy(properties, account);
    if (!policy) return std::move(reply)(std::unexpected(policy.error()));
    auto steps = Steps::make();
    if (const auto before = read_policy(old_properties, account)) {
      for (const auto& holder : before->holders) {
        const bool stays =
            before->name == policy->name && std::any_of(policy->holders.begin(), policy->holders.end(),
                                                        [&](const auto& one) { return operator_same(one, holder); });
        if (!stays)
          steps->add([this, holder, name = before->name](Steps::Done done) {
            directory_.delete_inline_policy(holder, name, as_reply<auth::Grants>(std::move(done), true));
          });
      }
    }
    for (const auto& holder : policy->holders) {
      steps->add([this, holder, policy = *policy](Steps::Done done) {
        directory_.put_inline_policy(holder, policy.name, policy.document, as_reply<auth::Grants>(std::move(done)));
      });
    }
    steps->run([id, reply = std::move(reply)](std::expected<void, HandlerError> result) mutable {
      if (!result) return std::move(reply)(std::unexpected(result.error()));
      deploy::Outcome out{.physical_id = id};
      out.attributes["Id"] = id;
      std::move(reply)(std::move(out));
    });
  }
  Directory& directory_;
};

// --- AWS::IAM::ManagedPolicy
// --------------------------------------------------------------------------------------------

struct ManagedInput {
  std::string name, path, description, document;
  std::vector<Directory::HolderName> holders;
  auth::Tags tags;
};

Outcome<ManagedInput> read_managed(const json::Value& properties, const std::string& generated_name,
                                   const std::string& account) {
  Reader reader(properties);
  ManagedInput policy;
  policy.name = reader.text_or("ManagedPolicyName", generated_name);
  policy.path = reader.text_or("Path", "/");
  policy.description = reader.text_or("Description", "");
  if (const auto* document = reader.any("PolicyDocument"))
    policy.document = document->is_string() ? document->as_string() : document->text();
  for (const auto& role : reader.texts("Roles")) policy.holders.push_back({Directory::Holder::kRole, account, role});
  for (const auto& user : reader.texts("Users")) policy.holders.push_back({Directory::Holder::kUser, account, user});
  policy.tags = to_tags(reader.tags("Tags"));
  reader.refuse("Groups", "groups are not supported");
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return policy;
}

class ManagedPolicies final : public deploy::ResourceProvider {
 public:
  explicit ManagedPolicies(Directory& directory) : directory_(directory) {}

  // The directory keeps one version of a policy, so a new document makes a new policy.
  const deploy::ResourceSchema& schema() const override {
    static const deploy::ResourceSchema kSchema{
        .type = "AWS::IAM::ManagedPolicy",
        .required = {"PolicyDocument"},
        .replacement = {"ManagedPolicyName", "Description", "Path", "PolicyDocument"},
        .attributes = {"PolicyArn", "PolicyId", "DefaultVersionId"},
        .name = {.property = "ManagedPolicyName", .max = 128},
        .needs_capability = true};
    return kSchema;
  }
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto policy = read_managed(properties, "", "");
    return policy ? std::expected<void, HandlerError>() : std::unexpected(policy.error());
  }

  void create(CreateRequest request, HandlerReply reply) override {
    const auto account = request.context.scope.account;
    auto policy = read_managed(request.properties, request.generated_name, account);
    if (!policy) return std::move(reply)(std::unexpected(policy.error()));
    const auto arn = fmt::format("arn:aws:iam::{}:policy{}{}", account, policy->path, policy->name);
    auto steps = Steps::make();
    const auto there = directory_.policy(arn);
    if (!there || !request.may_be_ours(policy->name, there->created)) {
      steps->add([this, account, policy = *policy](Steps::Done done) {
        directory_.create_policy(account, policy.name, policy.path, policy.description, policy.document, policy.tags,
                                 as_reply<auth::ManagedPolicy>(std::move(done)));
      });
    }
    attach(*steps, arn, policy->holders, {});
    steps->run([this, arn, reply = std::move(reply)](std::expected<void, HandlerError> result) mutable {
      if (!result) return std::move(reply)(std::unexpected(result.error()));
      std::move(reply)(outcome(arn));
    });
  }
  void update(UpdateRequest request, HandlerReply reply) override {
    const auto account = request.context.scope.account;
    auto policy = read_managed(request.properties, "", account);
    if (!policy) return std::move(reply)(std::unexpected(policy.error()));
    const auto before = read_managed(request.old_properties, "", account);
    auto steps = Steps::make();
    attach(*steps, request.physical_id, policy->holders,
           before ? before->holders : std::vector<Directory::HolderName>());
    steps->run(
        [this, arn = request.physical_id, reply = std::move(reply)](std::expected<void, HandlerError> result) mutable {
          if (!result) return std::move(reply)(std::unexpected(result.error()));
          std::move(reply)(outcome(arn));
        });
  }
  void remove(RemoveRequest request, HandlerReply reply) override {
    const auto policy = read_managed(request.properties, "", request.context.scope.account);
    auto steps = Steps::make();
    if (policy) attach(*steps, request.physical_id, {}, policy->holders);
    steps->add([this, arn = request.physical_id](Steps::Done done) {
      directory_.delete_policy(arn, as_reply<auth::ManagedPolicy>(std::move(done), true));
    });
    steps->run([reply = std::move(reply)](std::expected<void, HandlerError> result) mutable {
      if (!result) return std::move(reply)(std::unexpected(result.error()));
      std::move(reply)(deploy::Outcome());
    });
  }

 private:
  void attach(Steps& steps, const std::string& arn, const std::vector<Directory::HolderName>& holders,
              const std::vector<Directory::HolderName>& before) {
    for (const auto& holder : before) {
      const bool stays =
          std::any_of(holders.begin(), holders.end(), [&](const auto& one) { return operator_same(one, holder); });
      if (!stays)
        steps.add([this, holder, arn](Steps::Done done) {
          directory_.detach_policy(holder, arn, as_reply<auth::Grants>(std::move(done), true));
        });
    }
    for (const auto& holder : holders) {
      steps.add([this, holder, arn](Steps::Done done) {
        directory_.attach_policy(holder, arn, as_reply<auth::Grants>(std::move(done)));
      });
    }
  }
  Outcome<deploy::Outcome> outcome(const std::string& arn) const {
    const auto policy = directory_.policy(arn);
    if (!policy) return std::unexpected(error_of(policy.error()));
    deploy::Outcome out{.physical_id = arn};
    out.attributes["PolicyArn"] = arn;
    out.attributes["PolicyId"] = policy->id;
    out.attributes["DefaultVersionId"] = policy->version;
    return out;
  }
  Directory& directory_;
};

}  // namespace

Family make_iam(Directory& directory) {
  Family family;
  family.push_back(std::make_unique<Roles>(directory));
  family.push_back(std::make_unique<Policies>(directory));
  family.push_back(std::make_unique<ManagedPolicies>(directory));
  return family;
}

}  // namespace tidemill::resources
