#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kSpecificationFields[] = {{"Enabled", &kBoolean, true}, {"AttributeName", &kKeyAttributeName, true}};
constexpr Shape kSpecification{
    .type = Type::kStructure, .name = "TimeToLiveSpecification", .fields = kSpecificationFields};
constexpr Field kFields[] = {{"TableName", &kTableName, true}, {"TimeToLiveSpecification", &kSpecification, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "UpdateTimeToLiveInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  const auto& specification = *call.body().find_present("TimeToLiveSpecification");
  tables::TimeToLive setting{.enabled = awsjson::read_bool(specification, "Enabled", false),
                             .attribute = std::string(awsjson::read_string(specification, "AttributeName"))};
  auto& loop = call.loop();
  services.tables.update_time_to_live(std::move(ref.scope), std::move(ref.name), std::move(setting), loop,
                                      replying<tables::TimeToLive>(std::move(call), [](const tables::TimeToLive& set) {
                                        std::string out;
                                        json::Writer writer(out);
                                        writer.begin_object().key("TimeToLiveSpecification").begin_object();
                                        writer.member("Enabled", set.enabled).member("AttributeName", set.attribute);
                                        writer.end_object().end_object();
                                        return out;
                                      }));
}

}  // namespace

extern const Operation kUpdateTimeToLive{.info = {.name = "UpdateTimeToLive",
                                                  .iam_action = "dynamodb:UpdateTimeToLive",
                                                  .access = awsjson::Access::kControl,
                                                  .input = &kInput,
                                                  .resources = table_resource,
                                                  .check_first = check_control_name},
                                         .run = run};

}  // namespace tidemill::dynamodb
