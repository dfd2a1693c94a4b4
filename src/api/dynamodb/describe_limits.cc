#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeLimitsInput"};

// The quotas of a fresh account. Throughput is not limited here: these are the numbers that tools expect to read.
constexpr std::int64_t kAccountUnits = 80000, kTableUnits = 40000;

void run(Services&, awsjson::Call call) {
  std::string out;
  json::Writer(out)
      .begin_object()
      .member("AccountMaxReadCapacityUnits", kAccountUnits)
      .member("AccountMaxWriteCapacityUnits", kAccountUnits)
      .member("TableMaxReadCapacityUnits", kTableUnits)
      .member("TableMaxWriteCapacityUnits", kTableUnits)
      .end_object();
  std::move(call.answer)(std::move(out));
}

}  // namespace

extern const Operation kDescribeLimits{.info = {.name = "DescribeLimits",
                                                .iam_action = "dynamodb:DescribeLimits",
                                                .access = awsjson::Access::kRead,
                                                .input = &kInput,
                                                .resources = any_resource},
                                       .run = run};

}  // namespace tidemill::dynamodb
