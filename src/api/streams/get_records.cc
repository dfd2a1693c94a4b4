#include "api/streams/api.h"
#include "api/streams/shapes.h"

namespace tidemill::api_streams {
namespace {

constexpr std::int64_t kRecordsMax = 1000;

constexpr Shape kIterator{.type = Type::kString, .min = 1, .max = 2048};
constexpr Shape kLimit{.type = Type::kInteger, .min = 1, .max = kRecordsMax};
constexpr Field kFields[] = {{"ShardIterator", &kIterator, true}, {"Limit", &kLimit}};
constexpr Shape kInput{.type = Type::kStructure, .name = "GetRecordsInput", .fields = kFields};

awsjson::Answer run(streams::Streams& streams, const awsjson::Call& call) {
  const auto limit = awsjson::read_integer(call.body(), "Limit").value_or(kRecordsMax);
  if (const auto at = streams::iterator_from_text(awsjson::read_string(call.body(), "ShardIterator"))) {
    if (auto admitted = streams.limits().read(at->shard_id); !admitted)
      return std::unexpected(to_wire(admitted.error()));
  }
  const auto page =
      streams.get_records(awsjson::read_string(call.body(), "ShardIterator"), static_cast<std::size_t>(limit));
  if (!page) return std::unexpected(to_wire(page.error()));
  std::string out = "{\"Records\":[";
  for (const auto& record : page->records) {
    if (out.back() == '}') out += ',';
    if (const auto appended = streams::append_record_json(out, record, page->context, streams::RecordForm::kApi);
        !appended) {
      return std::unexpected(to_wire(appended.error()));
    }
  }
  out += ']';
  if (page->next_iterator) {
    out += ",\"NextShardIterator\":\"";
    json::append_escaped(out, *page->next_iterator);
    out += '"';
  }
  out += '}';
  return out;
}

// The iterator names its stream; the permission is on that.
std::vector<std::string> resources(const json::Node& body, const Scope&) {
  const auto iterator = streams::iterator_from_text(awsjson::read_string(body, "ShardIterator"));
  return {iterator ? iterator->stream_arn : std::string("*")};
}

}  // namespace

extern const Operation kGetRecords{.info = {.name = "GetRecords",
                                            .iam_action = "dynamodb:GetRecords",
                                            .access = awsjson::Access::kRead,
                                            .input = &kInput,
                                            .resources = resources,
                                            .any_loop = true},
                                   .run = run};

}  // namespace tidemill::api_streams
