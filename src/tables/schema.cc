#include "tables/schema.h"

#include <algorithm>
#include <charconv>

namespace tidemill::tables {

const KeyAttribute* KeySchema::find(std::string_view name) const {
  for (const auto& key : hash) {
    if (key.name == name) return &key;
  }
  for (const auto& key : range) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

bool KeySchema::has(std::string_view name) const { return find(name) != nullptr; }

const IndexDefinition* TableDefinition::find_index(std::string_view index_name) const {
  const auto it = std::ranges::find(indexes, index_name, &IndexDefinition::name);
  return it == indexes.end() ? nullptr : &*it;
}

std::vector<KeyAttribute> TableDefinition::attribute_definitions() const {
  std::vector<KeyAttribute> out;
  const auto add = [&out](const KeySchema& schema) {
    for (const auto* part : {&schema.hash, &schema.range}) {
      for (const auto& key : *part) {
        if (std::ranges::find(out, key.name, &KeyAttribute::name) == out.end()) out.push_back(key);
      }
    }
  };
  add(keys);
  for (const auto& index : indexes) add(index.keys);
  return out;
}

std::optional<std::size_t> slots_from(std::string_view tag_value) {
  std::size_t slots = 0;
  const auto* end = tag_value.data() + tag_value.size();
  const auto [rest, code] = std::from_chars(tag_value.data(), end, slots);
  if (code != std::errc() || rest != end || slots < 1 || slots > 64) return std::nullopt;
  return slots;
}

std::string table_arn(const Scope& scope, std::string_view table) {
  return "arn:aws:dynamodb:" + scope.region + ":" + scope.account + ":table/" + std::string(table);
}

std::string index_arn(const Scope& scope, std::string_view table, std::string_view index) {
  return table_arn(scope, table) + "/index/" + std::string(index);
}

std::string stream_arn(const Scope& scope, std::string_view table, std::string_view label) {
  return table_arn(scope, table) + "/stream/" + std::string(label);
}

std::optional<TableArn> parse_table_arn(std::string_view arn) {
  // arn:<partition>:dynamodb:<region>:<account>:table/<name>[/...]
  std::string_view fields[6];
  std::string_view rest = arn;
  for (int i = 0; i < 5; ++i) {
    const auto colon = rest.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    fields[i] = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  if (fields[0] != "arn" || !fields[1].starts_with("aws") || fields[2] != "dynamodb" || fields[3].empty())
    return std::nullopt;
  if (fields[4].size() != 12 || !std::ranges::all_of(fields[4], [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  if (!rest.starts_with("table/")) return std::nullopt;
  rest.remove_prefix(6);
  const auto slash = rest.find('/');
  const auto name = rest.substr(0, slash);
  if (name.size() < 3 || name.size() > 255) return std::nullopt;
  if (!std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
               c == '-';
      })) {
    return std::nullopt;
  }
  return TableArn{.scope = {.account = std::string(fields[4]), .region = std::string(fields[3])},
                  .table = std::string(name),
                  .rest = slash == std::string_view::npos ? std::string() : std::string(rest.substr(slash))};
}

std::string_view to_string(TableStatus status) {
  switch (status) {
    case TableStatus::kCreating: return "CREATING";
    case TableStatus::kActive: return "ACTIVE";
    case TableStatus::kUpdating: return "UPDATING";
    case TableStatus::kDeleting: return "DELETING";
  }
  std::unreachable();
}

std::string_view to_string(IndexStatus status) {
  switch (status) {
    case IndexStatus::kCreating: return "CREATING";
    case IndexStatus::kActive: return "ACTIVE";
    case IndexStatus::kUpdating: return "UPDATING";
    case IndexStatus::kDeleting: return "DELETING";
  }
  std::unreachable();
}

std::string_view to_string(BillingMode mode) {
  return mode == BillingMode::kProvisioned ? "PROVISIONED" : "PAY_PER_REQUEST";
}

std::string_view to_string(ProjectionType type) {
  switch (type) {
    case ProjectionType::kAll: return "ALL";
    case ProjectionType::kKeysOnly: return "KEYS_ONLY";
    case ProjectionType::kInclude: return "INCLUDE";
  }
  std::unreachable();
}

std::string_view to_string(StreamView view) {
  switch (view) {
    case StreamView::kKeysOnly: return "KEYS_ONLY";
    case StreamView::kNewImage: return "NEW_IMAGE";
    case StreamView::kOldImage: return "OLD_IMAGE";
    case StreamView::kNewAndOldImages: return "NEW_AND_OLD_IMAGES";
  }
  std::unreachable();
}

std::optional<StreamView> stream_view_from(std::string_view text) {
  for (const auto view :
       {StreamView::kKeysOnly, StreamView::kNewImage, StreamView::kOldImage, StreamView::kNewAndOldImages}) {
    if (to_string(view) == text) return view;
  }
  return std::nullopt;
}

namespace {

json::Value keys_value(const std::vector<KeyAttribute>& keys) {
  json::Array out;
  for (const auto& key : keys) out.push_back(json::Array{key.name, std::string(1, static_cast<char>(key.type))});
  return out;
}

std::vector<KeyAttribute> keys_from(const json::Value* value) {
  std::vector<KeyAttribute> out;
  if (value == nullptr || !value->is_array()) return out;
  for (const auto& key : value->as_array()) {
    if (!key.is_array() || key.as_array().size() != 2) continue;
    out.push_back({key.as_array()[0].as_string(), static_cast<KeyType>(key.as_array()[1].as_string().at(0))});
  }
  return out;
}

json::Value schema_value(const KeySchema& schema) {
  json::Object out;
  out["hash"] = keys_value(schema.hash);
  out["range"] = keys_value(schema.range);
  return out;
}

KeySchema schema_from(const json::Value* value) {
  if (value == nullptr) return {};
  return {.hash = keys_from(value->find("hash")), .range = keys_from(value->find("range"))};
}

json::Value throughput_value(const Throughput& t) { return json::Array{t.read, t.write}; }

Throughput throughput_from(const json::Value* value) {
  if (value == nullptr || !value->is_array() || value->as_array().size() != 2) return {};
  return {value->as_array()[0].as_integer(), value->as_array()[1].as_integer()};
}

json::Value optional_value(const OptionalThroughput& t) {
  json::Array out;
  out.push_back(t.read ? json::Value(*t.read) : json::Value());
  out.push_back(t.write ? json::Value(*t.write) : json::Value());
  return out;
}

OptionalThroughput optional_from(const json::Value* value) {
  OptionalThroughput out;
  if (value == nullptr || !value->is_array() || value->as_array().size() != 2) return out;
  if (value->as_array()[0].is_integer()) out.read = value->as_array()[0].as_integer();
  if (value->as_array()[1].is_integer()) out.write = value->as_array()[1].as_integer();
  return out;
}

// What an older version stored for "no limit" is none.
OptionalThroughput limits_from(const json::Value* value) {
  auto out = optional_from(value);
  for (auto* limit : {&out.read, &out.write})
    if (*limit && **limit < 1) limit->reset();
  return out;
}

json::Value optional_time(const std::optional<WallTime>& t) { return t ? json::Value(epoch_ms(*t)) : json::Value(); }

std::optional<WallTime> time_from(const json::Value& value, std::string_view name) {
  const json::Value* member = value.find(name);
  if (member == nullptr || !member->is_integer()) return std::nullopt;
  return from_epoch_ms(member->as_integer());
}

json::Value optional_text(const std::optional<std::string>& text) { return text ? json::Value(*text) : json::Value(); }

std::optional<std::string> text_from(const json::Value& value, std::string_view name) {
  const json::Value* member = value.find(name);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  return member->as_string();
}

json::Value index_value(const IndexDefinition& index) {
  json::Object out;
  out["id"] = index.id;
  out["name"] = index.name;
  out["local"] = index.kind == IndexKind::kLocal;
  out["keys"] = schema_value(index.keys);
  out["projection"] = static_cast<int>(index.projection.type);
  json::Array include;
  for (const auto& name : index.projection.include) include.push_back(name);
  out["include"] = std::move(include);
  out["throughput"] = throughput_value(index.throughput);
  out["on_demand"] = optional_value(index.on_demand);
  out["warm"] = optional_value(index.warm);
  out["status"] = static_cast<int>(index.status);
  out["backfilling"] = index.backfilling;
  out["decreases_today"] = index.decreases_today;
  out["increased"] = optional_time(index.increased);
  out["decreased"] = optional_time(index.decreased);
  return out;
}

IndexDefinition index_from(const json::Value& value) {
  IndexDefinition index;
  index.id = static_cast<IndexId>(value.integer_or("id", 0));
  index.name = value.string_or("name");
  index.kind = value.bool_or("local", false) ? IndexKind::kLocal : IndexKind::kGlobal;
  index.keys = schema_from(value.find("keys"));
  index.projection.type = static_cast<ProjectionType>(value.integer_or("projection", 0));
  if (const auto* include = value.find("include"); include != nullptr && include->is_array()) {
    for (const auto& name : include->as_array()) index.projection.include.push_back(name.as_string());
  }
  index.throughput = throughput_from(value.find("throughput"));
  index.on_demand = limits_from(value.find("on_demand"));
  index.warm = optional_from(value.find("warm"));
  index.status = static_cast<IndexStatus>(value.integer_or("status", 1));
  index.backfilling = value.bool_or("backfilling", false);
  index.decreases_today = static_cast<int>(value.integer_or("decreases_today", 0));
  index.increased = time_from(value, "increased");
  index.decreased = time_from(value, "decreased");
  return index;
}

}  // namespace

std::string to_stored(const TableDefinition& table) {
  json::Object out;
  out["v"] = 1;
  out["id"] = table.id;
  out["account"] = table.scope.account;
  out["region"] = table.scope.region;
  out["name"] = table.name;
  out["uuid"] = table.uuid;
  out["created"] = epoch_ms(table.created);
  out["status"] = static_cast<int>(table.status);
  out["keys"] = schema_value(table.keys);
  json::Array indexes;
  for (const auto& index : table.indexes) indexes.push_back(index_value(index));
  out["indexes"] = std::move(indexes);
  out["next_index"] = table.next_index;
  out["on_demand_billing"] = table.billing == BillingMode::kPayPerRequest;
  out["on_demand_since"] = optional_time(table.on_demand_since);
  json::Array switches;
  for (const auto at : table.on_demand_switches) switches.push_back(epoch_ms(at));
  out["on_demand_switches"] = std::move(switches);
  out["throughput"] = throughput_value(table.throughput);
  out["decreases_today"] = table.decreases_today;
  out["increased"] = optional_time(table.increased);
  out["decreased"] = optional_time(table.decreased);
  out["on_demand"] = optional_value(table.on_demand);
  out["warm"] = optional_value(table.warm);
  out["stream_enabled"] = table.stream.enabled;
  out["stream_view"] = static_cast<int>(table.stream.view);
  out["stream_label"] = table.stream.label;
  out["ttl_enabled"] = table.ttl.enabled;
  out["ttl_attribute"] = table.ttl.attribute;
  out["ttl_changed"] = optional_time(table.ttl_changed);
  json::Object tags;
  for (const auto& [key, value] : table.tags) tags[key] = value;
  out["tags"] = std::move(tags);
  out["class"] = optional_text(table.table_class);
  out["class_changed"] = optional_time(table.class_changed);
  out["protected"] = table.deletion_protection;
  out["kms"] = optional_text(table.kms_key_arn);
  out["features"] = features_value(table.features);
  return json::Value(std::move(out)).text();
}

std::optional<TableDefinition> table_from_stored(std::string_view text) {
  auto parsed = json::Value::parse(text);
  if (!parsed || !parsed->is_object() || parsed->integer_or("v", 0) != 1) return std::nullopt;
  const json::Value& value = *parsed;
  TableDefinition table;
  table.id = static_cast<TableId>(value.integer_or("id", 0));
  table.scope = {.account = value.string_or("account"), .region = value.string_or("region")};
  table.name = value.string_or("name");
  table.uuid = value.string_or("uuid");
  table.created = from_epoch_ms(value.integer_or("created", 0));
  table.status = static_cast<TableStatus>(value.integer_or("status", 1));
  table.keys = schema_from(value.find("keys"));
  if (const auto* indexes = value.find("indexes"); indexes != nullptr && indexes->is_array()) {
    for (const auto& index : indexes->as_array()) table.indexes.push_back(index_from(index));
  }
  table.next_index = static_cast<IndexId>(value.integer_or("next_index", 1));
  table.billing = value.bool_or("on_demand_billing", false) ? BillingMode::kPayPerRequest : BillingMode::kProvisioned;
  table.on_demand_since = time_from(value, "on_demand_since");
  if (const auto* switches = value.find("on_demand_switches"); switches != nullptr && switches->is_array()) {
    for (const auto& at : switches->as_array()) table.on_demand_switches.push_back(from_epoch_ms(at.as_integer()));
  }
  table.throughput = throughput_from(value.find("throughput"));
  table.decreases_today = static_cast<int>(value.integer_or("decreases_today", 0));
  table.increased = time_from(value, "increased");
  table.decreased = time_from(value, "decreased");
  table.on_demand = limits_from(value.find("on_demand"));
  table.warm = optional_from(value.find("warm"));
  table.stream.enabled = value.bool_or("stream_enabled", false);
  table.stream.view = static_cast<StreamView>(value.integer_or("stream_view", 0));
  table.stream.label = value.string_or("stream_label");
  table.ttl.enabled = value.bool_or("ttl_enabled", false);
  table.ttl.attribute = value.string_or("ttl_attribute");
  table.ttl_changed = time_from(value, "ttl_changed");
  if (const auto* tags = value.find("tags"); tags != nullptr && tags->is_object()) {
    for (const auto& [key, tag] : tags->as_object()) table.tags[key] = tag.as_string();
  }
  table.table_class = text_from(value, "class");
  table.class_changed = time_from(value, "class_changed");
  table.deletion_protection = value.bool_or("protected", false);
  table.kms_key_arn = text_from(value, "kms");
  table.features = features_from(value.find("features"));
  if (table.id == 0 || table.name.empty() || table.keys.hash.empty()) return std::nullopt;
  return table;
}

}  // namespace tidemill::tables
