#include "auth/directory_codec.h"

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
  json::Array attached;
  for (const std::string& arn : grants.attached) attached.push_back(arn);
  out["inline"] = std::move(documents);
  out["attached"] = std::move(attached);
}

void read(const json::Value& value, Grants& grants) {
  read(value.find("inline"), grants.inline_policies);
  if (const auto* attached = value.find("attached"); attached && attached->is_array())
    for (const auto& arn : attached->as_array())
      if (arn.is_string()) grants.attached.push_back(arn.as_string());
}

WallTime time_or_epoch(const json::Value& value, std::string_view name) {
  return from_epoch_ms(value.integer_or(name, 0));
}

}  // namespace

std::string stored_key(const Role& role) { return "role/" + role.account + "/" + role.name; }
std::string stored_key(const User& user) { return "user/" + user.account + "/" + user.name; }
std::string stored_key(const AccessKey& key) { return "key/" + key.id; }
std::string stored_key(const ManagedPolicy& policy) { return "policy/" + policy.arn; }
std::string stored_key(const Session& session) { return "session/" + session.access_key; }

json::Value to_json(const Role& role) {
  json::Object out;
  out["account"] = role.account;
  out["name"] = role.name;
  out["path"] = role.path;
  out["id"] = role.id;
  out["arn"] = role.arn;
  out["trust"] = role.trust_policy;
  out["description"] = role.description;
  out["max_session_s"] = role.max_session_s;
  out["created_ms"] = epoch_ms(role.created);
  out["tags"] = to_json(role.tags);
  write(out, role.grants);
  return out;
}

json::Value to_json(const User& user) {
  json::Object out;
  out["account"] = user.account;
  out["name"] = user.name;
  out["path"] = user.path;
  out["id"] = user.id;
  out["arn"] = user.arn;
  out["created_ms"] = epoch_ms(user.created);
  out["tags"] = to_json(user.tags);
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
  json::Object out;
  out["account"] = policy.account;
  out["name"] = policy.name;
  out["path"] = policy.path;
  out["id"] = policy.id;
  out["arn"] = policy.arn;
  out["description"] = policy.description;
  out["document"] = policy.document;
  out["version"] = policy.version;
  out["created_ms"] = epoch_ms(policy.created);
  out["tags"] = to_json(policy.tags);
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
  role.account = value.string_or("account");
  role.name = value.string_or("name");
  role.path = value.string_or("path", "/");
  role.id = value.string_or("id");
  role.arn = value.string_or("arn");
  role.trust_policy = value.string_or("trust");
  role.description = value.string_or("description");
  role.max_session_s = value.integer_or("max_session_s", 3600);
  role.created = time_or_epoch(value, "created_ms");
  read(value.find("tags"), role.tags);
  read(value, role.grants);
}

void from_json(const json::Value& value, User& user) {
  user.account = value.string_or("account");
  user.name = value.string_or("name");
  user.path = value.string_or("path", "/");
  user.id = value.string_or("id");
  user.arn = value.string_or("arn");
  user.created = time_or_epoch(value, "created_ms");
  read(value.find("tags"), user.tags);
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
  policy.account = value.string_or("account");
  policy.name = value.string_or("name");
  policy.path = value.string_or("path", "/");
  policy.id = value.string_or("id");
  policy.arn = value.string_or("arn");
  policy.description = value.string_or("description");
  policy.document = value.string_or("document");
  policy.version = value.string_or("version", "v1");
  policy.created = time_or_epoch(value, "created_ms");
  read(value.find("tags"), policy.tags);
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
