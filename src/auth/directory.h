// The directory of one installation: users with access keys, roles, managed policies, sessions of assumed roles. Kept
// in memory, written through to the identity keyspace. Changed on the home loop only; read from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/error.h"
#include "auth/policy.h"
#include "base/reply.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "runtime/time.h"

namespace tidemill::storage {
class Store;
class Mutation;
}  // namespace tidemill::storage

namespace tidemill::auth {

using Tags = std::map<std::string, std::string, std::less<>>;

// What users and roles have in common: inline documents by name, ARNs of attached managed policies.
struct Grants {
  std::map<std::string, std::string, std::less<>> inline_policies;  // name -> JSON text
  std::vector<std::string> attached;                                // ARNs, in order of attachment
  bool operator==(const Grants&) const = default;
};

struct Role {
  std::string account, name, path = "/", id, arn;
  std::string trust_policy;  // JSON text
  std::string description;
  std::int64_t max_session_s = 3600;
  WallTime created;
  Grants grants;
  Tags tags;
  bool operator==(const Role&) const = default;
};

struct User {
  std::string account, name, path = "/", id, arn;
  WallTime created;
  Grants grants;
  Tags tags;
  bool operator==(const User&) const = default;
};

struct AccessKey {
  std::string account, user, id, secret;
  bool active = true;
  WallTime created;
  bool operator==(const AccessKey&) const = default;
};

struct ManagedPolicy {
  std::string account, name, path = "/", id, arn, description, document;
  std::string version = "v1";
  WallTime created;
  Tags tags;
  bool operator==(const ManagedPolicy&) const = default;
};

// Credentials with a session token: of an assumed role, of a user (GetSessionToken), of a function's environment.
struct Session {
  std::string access_key, secret_key, token;
  std::string account;
  std::string arn;                  // arn:aws:sts::{acct}:assumed-role/{role}/{name}, or the user's ARN
  std::string user_id;              // {role id}:{name}
  std::string role;                 // role name, empty for a user's session
  std::string user;                 // user name, empty for a role's session
  bool administrator = false;       // session of the administrator
  std::string environment_id;       // of a function's environment, else empty
  std::optional<WallTime> expires;  // none: until revoked
  bool operator==(const Session&) const = default;
};

class Directory {
 public:
  Directory(storage::Store& store, runtime::Executor& home, const runtime::Clock& clock, runtime::Random& random);
  ~Directory();
  // Reads what is stored; before anything else.
  Status load();

  // --- Roles. Errors: kNoSuchEntity, kEntityAlreadyExists, kMalformedPolicyDocument, kValidation, kDeleteConflict.
  struct NewRole {
    std::string account, name, path = "/", trust_policy, description;
    std::int64_t max_session_s = 3600;
    Tags tags;
  };
  void create_role(NewRole role, Reply<Role, Error> reply);
  void update_role(Role role,
                   Reply<Role, Error> reply);  // description, max_session_s, trust policy and tags of an existing one
  void delete_role(std::string_view account, std::string_view name, Reply<Role, Error> reply);
  Result<Role> role(std::string_view account, std::string_view name) const;
  std::optional<Role> role_of_arn(std::string_view arn) const;
  std::vector<Role> roles(std::string_view account, std::string_view path_prefix = "/") const;

  // --- Users and their access keys.
  void create_user(std::string account, std::string name, std::string path, Tags tags, Reply<User, Error> reply);
  void delete_user(std::string_view account, std::string_view name, Reply<User, Error> reply);
  Result<User> user(std::string_view account, std::string_view name) const;
  std::vector<User> users(std::string_view account, std::string_view path_prefix = "/") const;
  void create_access_key(std::string_view account, std::string_view user, Reply<AccessKey, Error> reply);
  void update_access_key(std::string_view account, std::string_view user, std::string_view id, bool active,
                         Reply<AccessKey, Error> reply);
  void delete_access_key(std::string_view account, std::string_view user, std::string_view id,
                         Reply<AccessKey, Error> reply);
  std::vector<AccessKey> access_keys(std::string_view account, std::string_view user) const;
  std::optional<AccessKey> access_key(std::string_view id) const;

  // --- Managed policies; those of AWS (arn:aws:iam::aws:policy/...) are built in and cannot be changed.
  void create_policy(std::string account, std::string name, std::string path, std::string description,
                     std::string document, Tags tags, Reply<ManagedPolicy, Error> reply);
  void delete_policy(std::string_view arn, Reply<ManagedPolicy, Error> reply);
  Result<ManagedPolicy> policy(std::string_view arn) const;
  std::vector<ManagedPolicy> policies(std::string_view account) const;

  // --- Grants of a role or a user.
  enum class Holder : unsigned char { kRole, kUser };
  struct HolderName {
    Holder kind = Holder::kRole;
    std::string account, name;
  };
  void put_inline_policy(const HolderName& holder, std::string name, std::string document, Reply<Grants, Error> reply);
  void delete_inline_policy(const HolderName& holder, std::string_view name, Reply<Grants, Error> reply);
  void attach_policy(const HolderName& holder, std::string arn, Reply<Grants, Error> reply);
  void detach_policy(const HolderName& holder, std::string_view arn, Reply<Grants, Error> reply);
  Result<Grants> grants(const HolderName& holder) const;
  // The documents that hold for a role or user now, parsed; empty for one that does not exist.
  std::vector<std::shared_ptr<const Policy>> policies_of(const HolderName& holder) const;

  // --- Sessions. Those with an expiry are stored; those of environments live as long as the process.
  void put_session(Session session, Reply<Session, Error> reply);
  Session put_environment_session(Session session);
  void revoke_environment(std::string_view environment_id);
  std::optional<Session> session(std::string_view access_key) const;

  // Another number after every change: what was read after this was asked holds as long as the number does.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // AKIA..., ASIA..., AROA..., AIDA..., ANPA... and twenty characters in all.
  std::string make_id(std::string_view prefix);
  std::string make_secret();  // forty characters

 private:
  struct State;
  template <class T>
  void commit(storage::Mutation mutation, T value, Reply<T, Error> reply);
  template <class Change>
  void change_grants_of(const HolderName& holder, Change change, Reply<Grants, Error> reply);

  storage::Store& store_;
  runtime::Executor& home_;
  const runtime::Clock& clock_;
  runtime::Random& random_;
  std::unique_lock<std::shared_mutex> begin_change();

  mutable std::shared_mutex mutex_;
  std::atomic<std::uint64_t> version_ = 1;  // counted up under the lock, before the change
  std::unique_ptr<State> state_;            // guarded by mutex_
};

}  // namespace tidemill::auth
