#include "auth/directory_codec.h"

#include "base/json_texts.h"

namespace tidemill::auth {
namespace {

json::Value to_json(const Tags& tags) {
  json::Object out;
  for (const auto& [name, value] : tags) out[name] = value;
  return out;
}

void read(const json::Value* value, Tags& tags) {
  if (!value || !value->is_object()) return;
  for (const auto& [name, text] : value->as_object())
    if (text.is_string()) tags[name] = text.as_string();
}

void write(json::Object& out, const Grants& grants) {
  json::Object documents;
  for (const auto& [name, text] : grants.inline_policies) documents[name] = text;
  out["inline"] = std::move(documents);
  out["attached"] = json::texts(grants.attached);
}

void read(const json::Value& value, Grants& grants) {
  read(value.find("inline"), grants.inline_policies);
  grants.attached = json::text_list(value, "attached");
}

WallTime time_or_epoch(const json::Value& value, std::string_view name) {
  return from_epoch_ms(value.integer_or(name, 0));
}

// What roles, users and managed policies have in common.
template <class Entity>
json::Object entity_to_json(const Entity& entity) {
  json::Object out;
  out["account"] = entity.account;
  out["name"] = entity.name;
  out["path"] = entity.path;
  out["id"] = entity.id;
  out["arn"] = entity.arn;
  out["created_ms"] = epoch_ms(entity.created);
  out["tags"] = to_json(entity.tags);
  return out;
}

template <class Entity>
void entity_from_json(const json::Value& value, Entity& entity) {
  entity.account = value.string_or("account");
  entity.name = value.string_or("name");
  entity.path = value.string_or("path", "/");
  entity.id = value.string_or("id");
  entity.arn = value.string_or("arn");
  entity.created = time_or_epoch(value, "created_ms");
  read(value.find("tags"), entity.tags);
}

}  // namespace

std::string stored_key(const Role& role) { return "role/" + role.account + "/" + role.name; }
std::string stored_key(const User& user) { return "user/" + user.account + "/" + user.name; }
std::string stored_key(const AccessKey& key) { return "key/" + key.id; }
std::string stored_key(const ManagedPolicy& policy) { return "policy/" + policy.arn; }
std::string stored_key(const Session& session) { return "session/" + session.access_key; }

json::Value to_json(const Role& role) {
  auto out = entity_to_json(role);
  out["trust"] = role.trust_policy;
  out["description"] = role.description;
  out["max_session_s"] = role.max_session_s;
  write(out, role.grants);
  return out;
}

json::Value to_json(const User& user) {
  auto out = entity_to_json(user);
  write(out, user.grants);
  return out;
}

json::Value to_json(const AccessKey& key) {
  json::Object out;
  out["account"] = key.account;
  out["user"] = key.user;
  out["id"] = key.id;
  out["secret"] = key.secret;
  out["active"] = key.active;
  out["created_ms"] = epoch_ms(key.created);
  return out;
}

json::Value to_json(const ManagedPolicy& policy) {
  auto out = entity_to_json(policy);
  out["description"] = policy.description;
  out["document"] = policy.document;
  out["version"] = policy.version;
  return out;
}

json::Value to_json(const Session& session) {
  json::Object out;
  out["access_key"] = session.access_key;
  out["secret"] = session.secret_key;
  out["token"] = session.token;
  out["account"] = session.account;
  out["arn"] = session.arn;
  out["user_id"] = session.user_id;
  out["role"] = session.role;
  out["user"] = session.user;
  out["administrator"] = session.administrator;
  if (session.expires) out["expires_ms"] = epoch_ms(*session.expires);
  return out;
}

void from_json(const json::Value& value, Role& role) {
  entity_from_json(value, role);
  role.trust_policy = value.string_or("trust");
  role.description = value.string_or("description");
  role.max_session_s = value.integer_or("max_session_s", 3600);
  read(value, role.grants);
}

void from_json(const json::Value& value, User& user) {
  entity_from_json(value, user);
  read(value, user.grants);
}

void from_json(const json::Value& value, AccessKey& key) {
  key.account = value.string_or("account");
  key.user = value.string_or("user");
  key.id = value.string_or("id");
  key.secret = value.string_or("secret");
  key.active = value.bool_or("active", true);
  key.created = time_or_epoch(value, "created_ms");
}

void from_json(const json::Value& value, ManagedPolicy& policy) {
  entity_from_json(value, policy);
  policy.description = value.string_or("description");
  policy.document = value.string_or("document");
  policy.version = value.string_or("version", "v1");
}

void from_json(const json::Value& value, Session& session) {
  session.access_key = value.string_or("access_key");
  session.secret_key = value.string_or("secret");
  session.token = value.string_or("token");
  session.account = value.string_or("account");
  session.arn = value.string_or("arn");
  session.user_id = value.string_or("user_id");
  session.role = value.string_or("role");
  session.user = value.string_or("user");
  session.administrator = value.bool_or("administrator", false);
  if (const auto expires = value.integer_or("expires_ms", -1); expires >= 0) session.expires = from_epoch_ms(expires);
}

}  // namespace tidemill::auth
