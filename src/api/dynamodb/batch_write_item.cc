#include "api/dynamodb/request.h"
#include "item/size.h"
#include "tables/collections.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::size_t kWritesMax = 25;
constexpr Field kPutFields[] = {{"Item", &kItem, true}};
constexpr Shape kPut{.type = Type::kStructure, .name = "PutRequest", .fields = kPutFields};
constexpr Field kDeleteFields[] = {{"Key", &kItem, true}};
constexpr Shape kDelete{.type = Type::kStructure, .name = "DeleteRequest", .fields = kDeleteFields};
constexpr Field kWriteFields[] = {{"PutRequest", &kPut}, {"DeleteRequest", &kDelete}};
constexpr Shape kWrite{.type = Type::kStructure, .name = "WriteRequest", .fields = kWriteFields};
constexpr Shape kWrites{.type = Type::kList, .element = &kWrite, .min = 1, .max = 25};
constexpr Shape kRequestItems{.type = Type::kMap, .element = &kWrites, .key = &kTableName, .min = 1, .max = 25};
constexpr Field kFields[] = {{"RequestItems", &kRequestItems, true},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity},
                             {"ReturnItemCollectionMetrics", &kReturnItemCollectionMetrics}};
constexpr Shape kInput{.type = Type::kStructure, .name = "BatchWriteItemInput", .fields = kFields};

Result<tables::WriteRequest> read_write(const json::Node& node, const TableRef& ref) {
  const auto* put = node.find_present("PutRequest");
  const auto* remove = node.find_present("DeleteRequest");
  if ((put == nullptr) == (remove == nullptr)) {
    return tables::invalid(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes");
  }
  tables::WriteRequest write{
      .kind = put != nullptr ? tables::WriteRequest::Kind::kPut : tables::WriteRequest::Kind::kDelete,
      .scope = ref.scope,
      .table = ref.name};
  TM_TRY(write.item,
         read_item(*(put != nullptr ? put->find_present("Item") : remove->find_present("Key")), Wording::kPlain));
  if (put != nullptr && item::size_of(write.item) > item::kMaxItemSize) {
    return tables::invalid("Item size has exceeded the maximum allowed size");
  }
  return write;
}

Result<tables::BatchWriteRequest> parse(const awsjson::Call& call) {
  tables::BatchWriteRequest request;
  std::size_t total = 0;
  for (const auto& [name, list] : call.body().find_present("RequestItems")->members()) {
    const auto ref = table_ref(name, call.scope());
    tables::BatchWriteRequest::OfTable of{.name = std::string(name), .scope = ref.scope, .table = ref.name};
    total += list.elements().size();
    if (total > kWritesMax) return tables::invalid("Too many items requested for the BatchWriteItem call");
    for (const auto& node : list.elements()) {
      TM_TRY(auto write, read_write(node, ref));
      of.writes.push_back(std::move(write));
    }
    request.tables.push_back(std::move(of));
  }
  return request;
}

void run(Services& services, awsjson::Call call) {
  auto request = parse(call);
  if (!request) return refuse(std::move(call), request.error());
  const auto mode = capacity_mode(call.body());
  const bool collections = wants_collections(call.body());
  auto& loop = call.loop();
  const auto& body = call.body();  // there until the answer
  tables::batch_write(services.tables, *std::move(request), loop,
                      replying<tables::BatchWriteResult>(
                          std::move(call), [mode, collections, &body](const tables::BatchWriteResult& result) {
                            std::string out;
                            json::Writer writer(out);
                            writer.begin_object().key("UnprocessedItems").begin_object();
                            const auto& asked = body.find_present("RequestItems")->members();
                            for (std::size_t i = 0; i < result.tables.size(); ++i) {
                              if (result.tables[i].unprocessed.empty()) continue;
                              writer.key(asked[i].name).begin_array();
                              for (const auto j : result.tables[i].unprocessed)
                                writer.value(asked[i].value.elements()[j]);
                              writer.end_array();
                            }
                            writer.end_object();
                            if (collections) {
                              bool any = false;
                              for (const auto& of : result.tables) {
                                if (!tables::has_local_index(*of.table) || of.collection_keys.empty()) continue;
                                if (!std::exchange(any, true)) writer.key("ItemCollectionMetrics").begin_object();
                                writer.key(of.table->definition.name).begin_array();
                                for (std::size_t k = 0; k < of.collection_keys.size(); ++k)
                                  append_collection(writer, of.collection_keys[k], of.collection_bytes[k]);
                                writer.end_array();
                              }
                              if (any) writer.end_object();
                            }
                            if (mode != CapacityMode::kNone) {
                              writer.key("ConsumedCapacity").begin_array();
                              for (const auto& of : result.tables)
                                append_capacity(writer, *of.table, write_units(of.cost), mode);
                              writer.end_array();
                            }
                            writer.end_object();
                            return out;
                          }));
}

std::optional<std::string> check_first(const json::Node& body) {
  const auto* items = body.find_present("RequestItems");
  if (items == nullptr || !items->members().empty()) return std::nullopt;
  return "The requestItems parameter is required for BatchWriteItem";
}

}  // namespace

extern const Operation kBatchWriteItem{.info = {.name = "BatchWriteItem",
                                                .iam_action = "dynamodb:BatchWriteItem",
                                                .access = awsjson::Access::kWrite,
                                                .input = &kInput,
                                                .resources = request_items_resources,
                                                .check_first = check_first,
                                                .any_loop = true},
                                       .run = run};

}  // namespace tidemill::dynamodb
