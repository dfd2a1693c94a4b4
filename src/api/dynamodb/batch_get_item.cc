#include <fmt/format.h>

#include <unordered_map>

#include "api/dynamodb/request.h"
#include "item/encoding.h"
#include "item/json.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::size_t kKeysMax = 100;
constexpr Shape kKeys{.type = Type::kList, .element = &kItem, .min = 1, .max = 100};
constexpr Field kTableFields[] = {{"Keys", &kKeys, true},
                                  {"AttributesToGet", &kAttributesToGet},
                                  {"ConsistentRead", &kBoolean},
                                  {"ProjectionExpression", &kText},
                                  {"ExpressionAttributeNames", &kNames}};
constexpr Shape kTable{.type = Type::kStructure, .name = "KeysAndAttributes", .fields = kTableFields};
constexpr Shape kRequestItems{.type = Type::kMap, .element = &kTable, .key = &kTableName, .min = 1, .max = 100};
constexpr Field kFields[] = {{"RequestItems", &kRequestItems, true},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity}};
constexpr Shape kInput{.type = Type::kStructure, .name = "BatchGetItemInput", .fields = kFields};

// Keys of one table, each once. The service compares the spellings of keys: two spellings of one number are no
// duplicates, and the item comes once.
Result<std::vector<item::Item>> read_keys(const json::Node& list) {
  std::vector<item::Item> keys;
  std::unordered_map<std::string, const json::Node*> seen;
  for (const auto& node : list.elements()) {
    TM_TRY(auto key, read_item(node, Wording::kPlain));
    const auto [at, fresh] = seen.emplace(item::encode(key), &node);
    if (!fresh) {
      if (json::Value(*at->second) == json::Value(node))
        return tables::invalid("Provided list of item keys contains duplicates");
      continue;
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<tables::BatchGetRequest> parse(Services& services, const awsjson::Call& call) {
  tables::BatchGetRequest request;
  std::size_t total = 0;
  for (const auto& [name, node] : call.body().find_present("RequestItems")->members()) {
    const auto* keys = node.find_present("Keys");
    TM_CHECK(refuse_mixed(node, expr::Use::kGet));
    auto ref = table_ref(name, call.scope());
    tables::BatchGetRequest::OfTable of{
        .name = std::string(name), .scope = std::move(ref.scope), .table = std::move(ref.name)};
    total += keys->elements().size();
    if (total > kKeysMax) return tables::invalid("Too many items requested for the BatchGetItem call");
    TM_TRY(of.keys, read_keys(*keys));
    TM_TRY(of.projection, read_attributes_to_get(node));
    TM_TRY(auto expressions,
           read_expressions(node, expr::Use::kGet, services.expressions.of(call.loop()), Wording::kPlain));
    if (expressions.projection) of.projection = std::move(expressions.projection);
    of.consistent = awsjson::read_bool(node, "ConsistentRead", false);
    request.tables.push_back(std::move(of));
  }
  return request;
}

struct Names {
  std::string name;
  bool consistent;
  std::vector<std::string> keys;  // each key as JSON: what was not processed goes back as it came
};

void run(Services& services, awsjson::Call call) {
  auto request = parse(services, call);
  if (!request) return refuse(std::move(call), request.error());
  const auto mode = capacity_mode(call.body());
  std::vector<Names> names;
  for (const auto& of : request->tables) {
    Names one{.name = of.name, .consistent = of.consistent, .keys = {}};
    for (const auto& key : of.keys) one.keys.push_back(item::to_json(key));
    names.push_back(std::move(one));
  }
  auto& loop = call.loop();
  const auto& body = call.body();  // there until the answer
  tables::batch_get(services.tables, *std::move(request), loop,
                    replying<tables::BatchGetResult>(
                        std::move(call), [mode, names = std::move(names), &body](const tables::BatchGetResult& result) {
                          std::string out;
                          json::Writer writer(out);
                          writer.begin_object().key("Responses").begin_object();
                          for (std::size_t i = 0; i < names.size(); ++i) {
                            writer.key(names[i].name).begin_array();
                            for (const auto& item : result.tables[i].items) writer.raw(item);
                            writer.end_array();
                          }
                          writer.end_object().key("UnprocessedKeys").begin_object();
                          for (std::size_t i = 0; i < names.size(); ++i) {
                            if (result.tables[i].unprocessed.empty()) continue;
                            writer.key(names[i].name).begin_object().key("Keys").begin_array();
                            for (const auto position : result.tables[i].unprocessed)
                              writer.raw(names[i].keys[position]);
                            writer.end_array();
                            const auto* asked = body.find_present("RequestItems")->find_present(names[i].name);
                            for (const std::string_view member : {"AttributesToGet", "ConsistentRead",
                                                                  "ProjectionExpression", "ExpressionAttributeNames"}) {
                              if (const auto* value = asked->find_present(member)) writer.key(member).value(*value);
                            }
                            writer.end_object();
                          }
                          writer.end_object();
                          if (mode != CapacityMode::kNone) {
                            writer.key("ConsumedCapacity").begin_array();
                            for (std::size_t i = 0; i < names.size(); ++i) {
                              Units units{.is_write = false};
                              for (const auto size : result.tables[i].sizes)
                                units.table += read_units(size, names[i].consistent);
                              append_capacity(writer, *result.tables[i].table, units, mode);
                            }
                            writer.end_array();
                          }
                          writer.end_object();
                          return out;
                        }));
}

// Too many keys are told alone, without the keys themselves.
std::optional<std::string> check_first(const json::Node& body) {
  const auto* items = body.find_present("RequestItems");
  if (items == nullptr) return std::nullopt;
  if (items->members().empty()) return "The requestItems parameter is required for BatchGetItem";
  for (const auto& [name, node] : items->members()) {
    const auto* keys = node.is_object() ? node.find_present("Keys") : nullptr;
    if (keys == nullptr || keys->elements().size() <= kKeysMax) continue;
    return plain_constraint_error(fmt::format("RequestItems.{}.member.Keys", name),
                                  fmt::format("Member must have length less than or equal to {}", kKeysMax));
  }
  return std::nullopt;
}

}  // namespace

extern const Operation kBatchGetItem{.info = {.name = "BatchGetItem",
                                              .iam_action = "dynamodb:BatchGetItem",
                                              .access = awsjson::Access::kRead,
                                              .input = &kInput,
                                              .resources = request_items_resources,
                                              .check_first = check_first,
                                              .any_loop = true},
                                     .run = run};

}  // namespace tidemill::dynamodb
