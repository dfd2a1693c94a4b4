#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::int64_t kPageMax = 100;
constexpr Shape kPageLimit{.type = Type::kInteger, .min = 1, .max = kPageMax};
constexpr Field kFields[] = {{"ExclusiveStartTableName", &kNewTableName}, {"Limit", &kPageLimit}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ListTablesInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  const auto limit = awsjson::read_integer(body, "Limit").value_or(kPageMax);
  const auto catalog = services.tables.catalog();
  const auto& names = catalog->of(call.scope());
  auto at = names.begin();
  if (const auto start = awsjson::read_optional_string(body, "ExclusiveStartTableName")) at = names.upper_bound(*start);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("TableNames").begin_array();
  std::string_view last;
  for (std::int64_t shown = 0; at != names.end() && shown < limit; ++at, ++shown) {
    writer.string(at->first);
    last = at->first;
  }
  writer.end_array();
  if (at != names.end()) writer.member("LastEvaluatedTableName", last);
  writer.end_object();
  std::move(call).answer(std::move(out));
}

}  // namespace

extern const Operation kListTables{.info = {.name = "ListTables",
                                            .iam_action = "dynamodb:ListTables",
                                            .access = awsjson::Access::kRead,
                                            .input = &kInput,
                                            .resources = any_resource},
                                   .run = run};

}  // namespace tidemill::dynamodb
