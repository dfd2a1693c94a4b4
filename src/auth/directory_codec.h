// Stored form of the directory's entities: JSON under "role/{account}/{name}", "user/{account}/{name}", "key/{id}",
// "policy/{arn}" and "session/{access key}" of the identity keyspace.
#pragma once

#include <string>
#include <string_view>

#include "auth/directory.h"
#include "base/json.h"

namespace tidemill::auth {

std::string stored_key(const Role& role);
std::string stored_key(const User& user);
std::string stored_key(const AccessKey& key);
std::string stored_key(const ManagedPolicy& policy);
std::string stored_key(const Session& session);

json::Value to_json(const Role& role);
json::Value to_json(const User& user);
json::Value to_json(const AccessKey& key);
json::Value to_json(const ManagedPolicy& policy);
json::Value to_json(const Session& session);

void from_json(const json::Value& value, Role& role);
void from_json(const json::Value& value, User& user);
void from_json(const json::Value& value, AccessKey& key);
void from_json(const json::Value& value, ManagedPolicy& policy);
void from_json(const json::Value& value, Session& session);

}  // namespace tidemill::auth
