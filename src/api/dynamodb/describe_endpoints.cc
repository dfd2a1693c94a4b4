#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeEndpointsRequest"};

void run(Services&, awsjson::Call call) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("Endpoints").begin_array().begin_object();
  writer.member("Address", call.host()).member("CachePeriodInMinutes", 1440);
  writer.end_object().end_array().end_object();
  std::move(call).answer(std::move(out));
}

}  // namespace

extern const Operation kDescribeEndpoints{.info = {.name = "DescribeEndpoints",
                                                   .iam_action = "dynamodb:DescribeEndpoints",
                                                   .access = awsjson::Access::kRead,
                                                   .input = &kInput,
                                                   .resources = any_resource},
                                          .run = run};

}  // namespace tidemill::dynamodb
