// Operations of the model that this server knows by name and does not offer: each answers with an error that says what
// is missing, never with a false success. Those that read something that cannot exist here answer as the service does
// when there is none.
#include <fmt/format.h>

#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Shape kInput{.type = Type::kStructure, .name = "Request"};

// The operation's name is found in its own record: one function serves all of them.
void run_missing(Services&, awsjson::Call call) {
  auto text = fmt::format("{} is not supported by this server", call.operation->name);
  refuse(std::move(call), std::move(text));
}

void run_not_found(awsjson::Call call, std::string_view error, std::string message) {
  std::move(call.answer)(std::unexpected(awsjson::WireError{
      .type = "com.amazonaws.dynamodb.v20120810#" + std::string(error), .message = std::move(message)}));
}

void run_global_table(Services&, awsjson::Call call) {
  const std::string name(call.body().find_present("GlobalTableName") != nullptr
                             ? awsjson::read_string(call.body(), "GlobalTableName")
                             : "");
  run_not_found(std::move(call), "GlobalTableNotFoundException",
                "Global table not found: Global table with name: '" + name + "' does not exist.");
}

void run_list_global_tables(Services&, awsjson::Call call) {
  std::move(call.answer)(std::string(R"({"GlobalTables":[]})"));
}

constexpr Field kGlobalFields[] = {{"GlobalTableName", &kText, true}};
constexpr Shape kOfGlobalTable{.type = Type::kStructure, .name = "Request", .fields = kGlobalFields};

constexpr Operation missing(std::string_view name, std::string_view action) {
  return {.info = {.name = name,
                   .iam_action = action,
                   .access = awsjson::Access::kControl,
                   .input = &kInput,
                   .resources = any_resource},
          .run = run_missing};
}

constexpr Operation reading(std::string_view name, std::string_view action, const Shape& input,
                            void (*run)(Services&, awsjson::Call), awsjson::ResourcesOf resources = any_resource) {
  return {.info = {.name = name,
                   .iam_action = action,
                   .access = awsjson::Access::kRead,
                   .input = &input,
                   .resources = resources},
          .run = run};
}

constexpr Operation kOperations[] = {
    missing("CreateGlobalTable", "dynamodb:CreateGlobalTable"),
    reading("DescribeGlobalTable", "dynamodb:DescribeGlobalTable", kOfGlobalTable, run_global_table),
    reading("DescribeGlobalTableSettings", "dynamodb:DescribeGlobalTableSettings", kOfGlobalTable, run_global_table),
    missing("DescribeTableReplicaAutoScaling", "dynamodb:DescribeTableReplicaAutoScaling"),
    reading("ListGlobalTables", "dynamodb:ListGlobalTables", kInput, run_list_global_tables),
    missing("UpdateGlobalTable", "dynamodb:UpdateGlobalTable"),
    missing("UpdateGlobalTableSettings", "dynamodb:UpdateGlobalTableSettings"),
    missing("UpdateTableReplicaAutoScaling", "dynamodb:UpdateTableReplicaAutoScaling"),
};

}  // namespace

std::span<const Operation> unsupported_operations() { return kOperations; }

}  // namespace tidemill::dynamodb
