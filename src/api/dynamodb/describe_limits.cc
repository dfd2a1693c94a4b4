#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"
#include "tables/throughput.h"

namespace tidemill::dynamodb {
namespace {

constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeLimitsInput"};

void run(Services&, awsjson::Call call) {
  std::string out;
  json::Writer(out)
      .begin_object()
      .member("AccountMaxReadCapacityUnits", tables::kAccountUnitsMax)
      .member("AccountMaxWriteCapacityUnits", tables::kAccountUnitsMax)
      .member("TableMaxReadCapacityUnits", tables::kTableUnitsMax)
      .member("TableMaxWriteCapacityUnits", tables::kTableUnitsMax)
      .end_object();
  std::move(call).answer(std::move(out));
}

}  // namespace

extern const Operation kDescribeLimits{.info = {.name = "DescribeLimits",
                                                .iam_action = "dynamodb:DescribeLimits",
                                                .access = awsjson::Access::kRead,
                                                .input = &kInput,
                                                .resources = any_resource},
                                       .run = run};

}  // namespace tidemill::dynamodb
