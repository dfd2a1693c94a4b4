#include "auth/directory.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "auth/directory_codec.h"
#include "storage/mutation.h"
#include "storage/store.h"

#include <fmt/format.h>

namespace tidemill::auth {
namespace {

constexpr auto kSpace = storage::Keyspace::kIdentity;
constexpr std::size_t kEntitiesMax = 10'000;  // of one kind
constexpr std::size_t kKeysPerUserMax = 2;
constexpr std::size_t kAttachedMax = 20;
constexpr std::size_t kInlineCharactersMax = 131'072;  // more than IAM's 10,240, which templates of demos exceed
constexpr std::string_view kIdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kSecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using Key = std::pair<std::string, std::string>;  // account, name

bool is_name(std::string_view name, std::size_t size_max) {
  return !name.empty() && name.size() <= size_max && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+=,.@-").find(c) != std::string_view::npos;
  });
}

Status check_name(std::string_view member, std::string_view name, std::size_t size_max) {
  if (is_name(name, size_max)) return {};
  return fail(Errc::kValidation,
              fmt::format("The specified value for {} is invalid. It must contain only alphanumeric characters "
                          "and/or the following: +=,.@_-",
                          member));
}

Status check_path(std::string_view path) {
  if (path.starts_with('/') && path.ends_with('/') && path.size() <= 512) return {};
  return fail(Errc::kValidation,
              "The specified value for path is invalid. It must begin and end with / and contain only "
              "alphanumeric characters and/or / characters.");
}

std::unexpected<Error> no_role(std::string_view name) {
  return fail(Errc::kNoSuchEntity, fmt::format("The role with name {} cannot be found.", name));
}
std::unexpected<Error> no_user(std::string_view name) {
  return fail(Errc::kNoSuchEntity, fmt::format("The user with name {} cannot be found.", name));
}
std::unexpected<Error> no_policy(std::string_view arn) {
  return fail(Errc::kNoSuchEntity, fmt::format("Policy {} was not found.", arn));
}

}  // namespace

struct Directory::State {
  std::map<Key, Role> roles;
  std::map<Key, User> users;
  std::unordered_map<std::string, AccessKey> keys;
  std::map<std::string, ManagedPolicy, std::less<>> policies;
  std::unordered_map<std::string, Session> sessions;

  using Documents = std::vector<std::shared_ptr<const Policy>>;
  std::map<Key, Documents> role_documents, user_documents;  // parsed once for each change

  std::string_view document(std::string_view arn) const {
    if (const auto built_in = managed_policy_document(arn); !built_in.empty()) return built_in;
    const auto at = policies.find(arn);
    return at == policies.end() ? std::string_view() : std::string_view(at->second.document);
  }

  Documents parse(const Grants& grants) const {
    Documents out;
    const auto add = [&out](std::string_view text) {
      if (auto policy = Policy::parse_identity(text)) out.push_back(std::make_shared<const Policy>(*std::move(policy)));
    };
    for (const auto& [name, text] : grants.inline_policies) add(text);
    for (const std::string& arn : grants.attached) add(document(arn));
    return out;
  }
  void put(Role role) {
    const Key key{role.account, role.name};
    role_documents[key] = parse(role.grants);
    roles[key] = std::move(role);
  }
  void put(User user) {
    const Key key{user.account, user.name};
    user_documents[key] = parse(user.grants);
    users[key] = std::move(user);
  }
};

Directory::Directory(storage::Store& store, runtime::Executor& home, const runtime::Clock& clock,
                     runtime::Random& random)
    : store_(store), home_(home), clock_(clock), random_(random), state_(std::make_unique<State>()) {}
Directory::~Directory() = default;

std::unique_lock<std::shared_mutex> Directory::begin_change() {
  std::unique_lock lock(mutex_);
  version_.fetch_add(1, std::memory_order_release);
  return lock;
}

Status Directory::load() {
  const std::unique_lock lock = begin_change();
  std::vector<Role> roles;
  std::vector<User> users;
  auto cursor = store_.cursor(kSpace, storage::Range{});
  for (; cursor->valid(); cursor->next()) {
    const std::string_view key = cursor->key();
    auto value = json::Value::parse(cursor->value());
    if (!value) return fail(Errc::kInternal, fmt::format("the stored identity entry '{}' is damaged", key));
    if (key.starts_with("role/"))
      from_json(*value, roles.emplace_back());
    else if (key.starts_with("user/"))
      from_json(*value, users.emplace_back());
    else if (key.starts_with("key/")) {
      AccessKey entry;
      from_json(*value, entry);
      state_->keys[entry.id] = entry;
    } else if (key.starts_with("policy/")) {
      ManagedPolicy policy;
      from_json(*value, policy);
      state_->policies[policy.arn] = policy;
    } else if (key.starts_with("session/")) {
      Session session;
      from_json(*value, session);
      state_->sessions[session.access_key] = session;
    }
  }
  if (auto status = cursor->status(); !status) return fail(Errc::kInternal, status.error().message);
  // After the managed policies, which their documents may come from.
  for (Role& role : roles) state_->put(std::move(role));
  for (User& user : users) state_->put(std::move(user));
  return {};
}

template <class T>
void Directory::commit(storage::Mutation mutation, T value, Reply<T, Error> reply) {
  store_.commit(std::move(mutation), home_,
                [value = std::move(value), reply = std::move(reply)]() mutable { std::move(reply)(std::move(value)); });
}

namespace {

template <class Entity>
storage::Mutation put_mutation(const Entity& entity) {
  storage::Mutation mutation;
  mutation.put(kSpace, stored_key(entity), to_json(entity).text());
  return mutation;
}
template <class Entity>
storage::Mutation erase_mutation(const Entity& entity) {
  storage::Mutation mutation;
  mutation.erase(kSpace, stored_key(entity));
  return mutation;
}

}  // namespace

std::string Directory::make_id(std::string_view prefix) {
  return std::string(prefix) + random_.text(20 - prefix.size(), kIdAlphabet);
}
std::string Directory::make_secret() { return random_.text(40, kSecretAlphabet); }

// --- Roles

void Directory::create_role(NewRole in, Reply<Role, Error> reply) {
  const auto check = [&]() -> Status {
    TM_CHECK(check_name("roleName", in.name, 64));
    TM_CHECK(check_path(in.path));
    if (auto policy = Policy::parse_resource(in.trust_policy); !policy) return std::unexpected(policy.error());
    if (in.max_session_s < 3600 || in.max_session_s > 43200)
      return fail(Errc::kValidation,
                  "1 validation error detected: Value at 'maxSessionDuration' failed to satisfy constraint: "
                  "Member must have value between 3600 and 43200");
    return {};
  };
  if (auto status = check(); !status) return std::move(reply)(std::unexpected(status.error()));
  Role role{.account = std::move(in.account),
            .name = std::move(in.name),
            .path = std::move(in.path),
            .id = make_id("AROA"),
            .trust_policy = std::move(in.trust_policy),
            .description = std::move(in.description),
            .max_session_s = in.max_session_s,
            .created = clock_.wall(),
            .tags = std::move(in.tags)};
  role.arn = fmt::format("arn:aws:iam::{}:role{}{}", role.account, role.path, role.name);
  {
    const std::unique_lock lock = begin_change();
    if (state_->roles.contains({role.account, role.name}))
      return std::move(reply)(
          fail(Errc::kEntityAlreadyExists, fmt::format("Role with name {} already exists.", role.name)));
    if (state_->roles.size() >= kEntitiesMax)
      return std::move(reply)(
          fail(Errc::kLimitExceeded, fmt::format("Cannot exceed quota for RolesPerAccount: {}", kEntitiesMax)));
    state_->put(role);
  }
  auto mutation = put_mutation(role);
  commit(std::move(mutation), std::move(role), std::move(reply));
}

void Directory::update_role(Role in, Reply<Role, Error> reply) {
  if (auto policy = Policy::parse_resource(in.trust_policy); !policy)
    return std::move(reply)(std::unexpected(policy.error()));
  Role role;
  {
    const std::unique_lock lock = begin_change();
    const auto at = state_->roles.find({in.account, in.name});
    if (at == state_->roles.end()) return std::move(reply)(no_role(in.name));
    at->second.description = std::move(in.description);
    at->second.max_session_s = in.max_session_s;
    at->second.trust_policy = std::move(in.trust_policy);
    at->second.tags = std::move(in.tags);
    role = at->second;
  }
  auto mutation = put_mutation(role);
  commit(std::move(mutation), std::move(role), std::move(reply));
}

void Directory::delete_role(std::string_view account, std::string_view name, Reply<Role, Error> reply) {
  Role role;
  {
    const std::unique_lock lock = begin_change();
    const Key key{account, name};
    const auto at = state_->roles.find(key);
    if (at == state_->roles.end()) return std::move(reply)(no_role(name));
    if (!at->second.grants.attached.empty())
      return std::move(reply)(fail(Errc::kDeleteConflict, "Cannot delete entity, must detach all policies first."));
    if (!at->second.grants.inline_policies.empty())
      return std::move(reply)(fail(Errc::kDeleteConflict, "Cannot delete entity, must delete policies first."));
    role = std::move(at->second);
    state_->roles.erase(at);
    state_->role_documents.erase(key);
  }
  auto mutation = erase_mutation(role);
  commit(std::move(mutation), std::move(role), std::move(reply));
}

Result<Role> Directory::role(std::string_view account, std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto at = state_->roles.find({std::string(account), std::string(name)});
  if (at == state_->roles.end()) return no_role(name);
  return at->second;
}

std::optional<Role> Directory::role_of_arn(std::string_view arn) const {
  // arn:aws:iam::{account}:role{path}{name}
  const auto at = arn.find(":role/");
  if (at == std::string_view::npos || at < 12) return std::nullopt;
  const std::string_view account = arn.substr(at - 12, 12), name = arn.substr(arn.rfind('/') + 1);
  auto found = role(account, name);
  if (!found || found->arn != arn) return std::nullopt;
  return *std::move(found);
}

std::vector<Role> Directory::roles(std::string_view account, std::string_view path_prefix) const {
  const std::shared_lock lock(mutex_);
  std::vector<Role> out;
  for (const auto& [key, role] : state_->roles)
    if (role.account == account && role.path.starts_with(path_prefix)) out.push_back(role);
  return out;
}

// --- Users

void Directory::create_user(std::string account, std::string name, std::string path, Tags tags,
                            Reply<User, Error> reply) {
  if (auto status = check_name("userName", name, 64); !status) return std::move(reply)(std::unexpected(status.error()));
  if (auto status = check_path(path); !status) return std::move(reply)(std::unexpected(status.error()));
  User user{.account = std::move(account),
            .name = std::move(name),
            .path = std::move(path),
            .id = make_id("AIDA"),
            .created = clock_.wall(),
            .tags = std::move(tags)};
  user.arn = fmt::format("arn:aws:iam::{}:user{}{}", user.account, user.path, user.name);
  {
    const std::unique_lock lock = begin_change();
    if (state_->users.contains({user.account, user.name}))
      return std::move(reply)(
          fail(Errc::kEntityAlreadyExists, fmt::format("User with name {} already exists.", user.name)));
    if (state_->users.size() >= kEntitiesMax)
      return std::move(reply)(
          fail(Errc::kLimitExceeded, fmt::format("Cannot exceed quota for UsersPerAccount: {}", kEntitiesMax)));
    state_->put(user);
  }
  auto mutation = put_mutation(user);
  commit(std::move(mutation), std::move(user), std::move(reply));
}

void Directory::delete_user(std::string_view account, std::string_view name, Reply<User, Error> reply) {
  User user;
  {
    const std::unique_lock lock = begin_change();
    const Key key{account, name};
    const auto at = state_->users.find(key);
    if (at == state_->users.end()) return std::move(reply)(no_user(name));
    if (!at->second.grants.attached.empty())
      return std::move(reply)(fail(Errc::kDeleteConflict, "Cannot delete entity, must detach all policies first."));
    if (!at->second.grants.inline_policies.empty())
      return std::move(reply)(fail(Errc::kDeleteConflict, "Cannot delete entity, must delete policies first."));
    if (std::ranges::any_of(state_->keys, [&](const auto& entry) {
          return entry.second.account == account && entry.second.user == name;
        }))
      return std::move(reply)(fail(Errc::kDeleteConflict, "Cannot delete entity, must delete access keys first."));
    user = std::move(at->second);
    state_->users.erase(at);
    state_->user_documents.erase(key);
  }
  auto mutation = erase_mutation(user);
  commit(std::move(mutation), std::move(user), std::move(reply));
}

Result<User> Directory::user(std::string_view account, std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto at = state_->users.find({std::string(account), std::string(name)});
  if (at == state_->users.end()) return no_user(name);
  return at->second;
}

std::vector<User> Directory::users(std::string_view account, std::string_view path_prefix) const {
  const std::shared_lock lock(mutex_);
  std::vector<User> out;
  for (const auto& [key, user] : state_->users)
    if (user.account == account && user.path.starts_with(path_prefix)) out.push_back(user);
  return out;
}

void Directory::create_access_key(std::string_view account, std::string_view user, Reply<AccessKey, Error> reply) {
  AccessKey key{.account = std::string(account),
                .user = std::string(user),
                .id = make_id("AKIA"),
                .secret = make_secret(),
                .active = true,
                .created = clock_.wall()};
  {
    const std::unique_lock lock = begin_change();
    if (!state_->users.contains({key.account, key.user})) return std::move(reply)(no_user(user));
    const auto held = std::ranges::count_if(
        state_->keys, [&](const auto& entry) { return entry.second.account == account && entry.second.user == user; });
    if (static_cast<std::size_t>(held) >= kKeysPerUserMax)
      return std::move(reply)(
          fail(Errc::kLimitExceeded, fmt::format("Cannot exceed quota for AccessKeysPerUser: {}", kKeysPerUserMax)));
    state_->keys[key.id] = key;
  }
  auto mutation = put_mutation(key);
  commit(std::move(mutation), std::move(key), std::move(reply));
}

void Directory::update_access_key(std::string_view account, std::string_view user, std::string_view id, bool active,
                                  Reply<AccessKey, Error> reply) {
  AccessKey key;
  {
    const std::unique_lock lock = begin_change();
    const auto at = state_->keys.find(std::string(id));
    if (at == state_->keys.end() || at->second.account != account || at->second.user != user)
      return std::move(reply)(fail(Errc::kNoSuchEntity, fmt::format("The Access Key with id {} cannot be found.", id)));
    at->second.active = active;
    key = at->second;
  }
  auto mutation = put_mutation(key);
  commit(std::move(mutation), std::move(key), std::move(reply));
}

void Directory::delete_access_key(std::string_view account, std::string_view user, std::string_view id,
                                  Reply<AccessKey, Error> reply) {
  AccessKey key;
  {
    const std::unique_lock lock = begin_change();
    const auto at = state_->keys.find(std::string(id));
    if (at == state_->keys.end() || at->second.account != account || at->second.user != user)
      return std::move(reply)(fail(Errc::kNoSuchEntity, fmt::format("The Access Key with id {} cannot be found.", id)));
    key = std::move(at->second);
    state_->keys.erase(at);
  }
  auto mutation = erase_mutation(key);
  commit(std::move(mutation), std::move(key), std::move(reply));
}

std::vector<AccessKey> Directory::access_keys(std::string_view account, std::string_view user) const {
  const std::shared_lock lock(mutex_);
  std::vector<AccessKey> out;
  for (const auto& [id, key] : state_->keys)
    if (key.account == account && key.user == user) out.push_back(key);
  std::ranges::sort(out, {}, &AccessKey::id);
  return out;
}

std::optional<AccessKey> Directory::access_key(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto at = state_->keys.find(std::string(id));
  if (at == state_->keys.end()) return std::nullopt;
  return at->second;
}

// --- Managed policies

void Directory::create_policy(std::string account, std::string name, std::string path, std::string description,
                              std::string document, Tags tags, Reply<ManagedPolicy, Error> reply) {
  if (auto status = check_name("policyName", name, 128); !status)
    return std::move(reply)(std::unexpected(status.error()));
  if (auto status = check_path(path); !status) return std::move(reply)(std::unexpected(status.error()));
  if (auto policy = Policy::parse_identity(document); !policy) return std::move(reply)(std::unexpected(policy.error()));
  ManagedPolicy policy{.account = std::move(account),
                       .name = std::move(name),
                       .path = std::move(path),
                       .id = make_id("ANPA"),
                       .description = std::move(description),
                       .document = std::move(document),
                       .created = clock_.wall(),
                       .tags = std::move(tags)};
  policy.arn = fmt::format("arn:aws:iam::{}:policy{}{}", policy.account, policy.path, policy.name);
  {
    const std::unique_lock lock = begin_change();
    if (state_->policies.contains(policy.arn))
      return std::move(reply)(
          fail(Errc::kEntityAlreadyExists,
               fmt::format("A policy called {} already exists. Duplicate names are not allowed.", policy.name)));
    if (state_->policies.size() >= kEntitiesMax)
      return std::move(reply)(
          fail(Errc::kLimitExceeded, fmt::format("Cannot exceed quota for PoliciesPerAccount: {}", kEntitiesMax)));
    state_->policies[policy.arn] = policy;
  }
  auto mutation = put_mutation(policy);
  commit(std::move(mutation), std::move(policy), std::move(reply));
}

void Directory::delete_policy(std::string_view arn, Reply<ManagedPolicy, Error> reply) {
  ManagedPolicy policy;
  {
    const std::unique_lock lock = begin_change();
    const auto at = state_->policies.find(arn);
    if (at == state_->policies.end()) return std::move(reply)(no_policy(arn));
    const auto attached = [&](const auto& entry) {
      return std::ranges::find(entry.second.grants.attached, arn) != entry.second.grants.attached.end();
    };
    if (std::ranges::any_of(state_->roles, attached) || std::ranges::any_of(state_->users, attached))
      return std::move(reply)(fail(Errc::kDeleteConflict, "Cannot delete a policy attached to entities."));
    policy = std::move(at->second);
    state_->policies.erase(at);
  }
  auto mutation = erase_mutation(policy);
  commit(std::move(mutation), std::move(policy), std::move(reply));
}

Result<ManagedPolicy> Directory::policy(std::string_view arn) const {
  if (const auto document = managed_policy_document(arn); !document.empty()) {
    const std::string_view place = arn.substr(std::string_view("arn:aws:iam::aws:policy").size());
    const auto slash = place.rfind('/');
    return ManagedPolicy{.account = "aws",
                         .name = std::string(place.substr(slash + 1)),
                         .path = std::string(place.substr(0, slash + 1)),
                         .id = "ANPA" + std::string(place.substr(slash + 1)),
                         .arn = std::string(arn),
                         .document = std::string(document)};
  }
  const std::shared_lock lock(mutex_);
  const auto at = state_->policies.find(arn);
  if (at == state_->policies.end()) return no_policy(arn);
  return at->second;
}

std::vector<ManagedPolicy> Directory::policies(std::string_view account) const {
  const std::shared_lock lock(mutex_);
  std::vector<ManagedPolicy> out;
  for (const auto& [arn, policy] : state_->policies)
    if (policy.account == account) out.push_back(policy);
  return out;
}

// --- Grants

namespace {

// Changes the grants of a role or user by `change` and gives the entity's new stored form; the lock is held.
template <class Entities, class Change>
Result<std::pair<Grants, storage::Mutation>> change_grants(Entities& entities, const Key& key,
                                                           std::unexpected<Error> missing, Change change) {
  const auto at = entities.find(key);
  if (at == entities.end()) return missing;
  Grants grants = at->second.grants;
  TM_CHECK(change(grants));
  at->second.grants = grants;
  return std::pair{std::move(grants), put_mutation(at->second)};
}

}  // namespace

template <class Change>
void Directory::change_grants_of(const HolderName& holder, Change change, Reply<Grants, Error> reply) {
  const Key key{holder.account, holder.name};
  std::unique_lock lock = begin_change();
  auto changed = holder.kind == Holder::kRole ? change_grants(state_->roles, key, no_role(holder.name), change)
                                              : change_grants(state_->users, key, no_user(holder.name), change);
  if (!changed) {
    lock.unlock();
    return std::move(reply)(std::unexpected(changed.error()));
  }
  auto& documents = holder.kind == Holder::kRole ? state_->role_documents : state_->user_documents;
  documents[key] = state_->parse(changed->first);
  lock.unlock();
  commit(std::move(changed->second), std::move(changed->first), std::move(reply));
}

void Directory::put_inline_policy(const HolderName& holder, std::string name, std::string document,
                                  Reply<Grants, Error> reply) {
  if (auto status = check_name("policyName", name, 128); !status)
    return std::move(reply)(std::unexpected(status.error()));
  if (auto policy = Policy::parse_identity(document); !policy) return std::move(reply)(std::unexpected(policy.error()));
  const auto change = [&](Grants& grants) -> Status {
    grants.inline_policies[name] = document;
    std::size_t characters = 0;
    for (const auto& [unused, text] : grants.inline_policies) characters += text.size();
    if (characters > kInlineCharactersMax)
      return fail(Errc::kLimitExceeded,
                  fmt::format("Maximum policy size of {} bytes exceeded for {}", kInlineCharactersMax, holder.name));
    return {};
  };
  change_grants_of(holder, change, std::move(reply));
}

void Directory::delete_inline_policy(const HolderName& holder, std::string_view name, Reply<Grants, Error> reply) {
  const auto change = [&](Grants& grants) -> Status {
    const auto at = grants.inline_policies.find(name);
    if (at == grants.inline_policies.end())
      return fail(Errc::kNoSuchEntity, fmt::format("The {} policy with name {} cannot be found.",
                                                   holder.kind == Holder::kRole ? "role" : "user", name));
    grants.inline_policies.erase(at);
    return {};
  };
  change_grants_of(holder, change, std::move(reply));
}

void Directory::attach_policy(const HolderName& holder, std::string arn, Reply<Grants, Error> reply) {
  if (auto known = policy(arn); !known) {
    if (arn.starts_with("arn:aws:iam::aws:policy/"))
      return std::move(reply)(
          fail(Errc::kNoSuchEntity, fmt::format("Policy {} does not exist or is not attachable.", arn)));
    return std::move(reply)(std::unexpected(known.error()));
  }
  const auto change = [&](Grants& grants) -> Status {
    if (std::ranges::find(grants.attached, arn) != grants.attached.end()) return {};
    if (grants.attached.size() >= kAttachedMax)
      return fail(Errc::kLimitExceeded, fmt::format("Cannot exceed quota for PoliciesPerRole: {}", kAttachedMax));
    grants.attached.push_back(arn);
    return {};
  };
  change_grants_of(holder, change, std::move(reply));
}

void Directory::detach_policy(const HolderName& holder, std::string_view arn, Reply<Grants, Error> reply) {
  const auto change = [&](Grants& grants) -> Status {
    if (std::erase(grants.attached, arn) == 0)
      return fail(Errc::kNoSuchEntity, fmt::format("Policy {} was not found.", arn));
    return {};
  };
  change_grants_of(holder, change, std::move(reply));
}

Result<Grants> Directory::grants(const HolderName& holder) const {
  if (holder.kind == Holder::kRole) {
    TM_TRY(auto found, role(holder.account, holder.name));
    return std::move(found.grants);
  }
  TM_TRY(auto found, user(holder.account, holder.name));
  return std::move(found.grants);
}

std::vector<std::shared_ptr<const Policy>> Directory::policies_of(const HolderName& holder) const {
  const std::shared_lock lock(mutex_);
  const auto& documents = holder.kind == Holder::kRole ? state_->role_documents : state_->user_documents;
  const auto at = documents.find({holder.account, holder.name});
  return at == documents.end() ? State::Documents{} : at->second;
}

// --- Sessions

void Directory::put_session(Session session, Reply<Session, Error> reply) {
  storage::Mutation mutation;
  {
    const std::unique_lock lock = begin_change();
    const WallTime now = clock_.wall();
    std::erase_if(state_->sessions, [&](const auto& entry) {
      if (!entry.second.expires || *entry.second.expires + std::chrono::hours(1) > now) return false;
      mutation.erase(kSpace, stored_key(entry.second));
      return true;
    });
    if (state_->sessions.size() >= kEntitiesMax)
      return std::move(reply)(fail(Errc::kLimitExceeded, "There are too many sessions; wait until some have expired."));
    state_->sessions[session.access_key] = session;
  }
  mutation.put(kSpace, stored_key(session), to_json(session).text());
  commit(std::move(mutation), std::move(session), std::move(reply));
}

Session Directory::put_environment_session(Session session) {
  const std::unique_lock lock = begin_change();
  state_->sessions[session.access_key] = session;
  return session;
}

void Directory::revoke_environment(std::string_view environment_id) {
  const std::unique_lock lock = begin_change();
  std::erase_if(state_->sessions, [&](const auto& entry) {
    return !environment_id.empty() && entry.second.environment_id == environment_id;
  });
}

std::optional<Session> Directory::session(std::string_view access_key) const {
  const std::shared_lock lock(mutex_);
  const auto at = state_->sessions.find(std::string(access_key));
  if (at == state_->sessions.end()) return std::nullopt;
  return at->second;
}

}  // namespace tidemill::auth
