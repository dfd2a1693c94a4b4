// What the operations of exports and imports share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"
#include "transfers/exports.h"
#include "transfers/imports.h"

namespace tidemill::dynamodb {

bool is_transfer_token(std::string_view text);
bool is_bucket_name(std::string_view text);
bool is_account(std::string_view text);

inline constexpr Shape kTransferArn{.type = Type::kString, .min = 37, .max = 1024};
inline constexpr Shape kTransferTableArn{.type = Type::kString, .min = 1, .max = 1024};
inline constexpr Shape kTransferToken{.type = Type::kString, .pattern_text = "^[^\\$]+$", .matches = is_transfer_token};
inline constexpr Shape kBucketName{.type = Type::kString,
                                   .max = 255,
                                   .pattern_text = "^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$",
                                   .matches = is_bucket_name};
inline constexpr Shape kBucketOwner{
    .type = Type::kString, .min = 12, .max = 12, .pattern_text = "[0-9]{12}", .matches = is_account};
inline constexpr Shape kBucketPrefix{.type = Type::kString, .max = 1024};
inline constexpr Shape kTransferLimit{.type = Type::kInteger, .min = 1, .max = 25};

awsjson::WireError to_wire(const transfers::Error& error);
// {"ExportDescription": ...}, {"ImportTableDescription": ...}
std::string export_body(const transfers::Export& entry);
std::string import_body(const transfers::Import& entry);

std::vector<std::string> export_arn_resource(const json::Node& body, const Scope& scope);  // ExportArn
std::vector<std::string> import_arn_resource(const json::Node& body, const Scope& scope);  // ImportArn
// The refusal of an ARN that cannot be one of the caller's exports ("/export/", "Export") or imports, or nothing.
std::optional<awsjson::WireError> check_transfer_arn(const awsjson::Call& call, std::string_view arn,
                                                     std::string_view folder, std::string_view what);
// A bucket, or what begins with `key` in it, as IAM names it.
std::string bucket_resource(std::string_view bucket, std::optional<std::string_view> key = std::nullopt);

// Runs `work(reply)` on the engines' loop; its answer goes back on the call's, rendered by `render(value)`.
template <class T>
void on_transfers(Services& services, awsjson::Call call, std::string (*render)(const T&),
                  std::move_only_function<void(Reply<T, transfers::Error>)> work) {
  auto& loop = call.loop();
  auto answer = std::make_shared<awsjson::Call>(std::move(call));
  services.tables.home().post([&loop, answer, render, work = std::move(work)]() mutable {
    work(Reply<T, transfers::Error>([&loop, answer, render](transfers::Result<T> result) {
      loop.post([answer, render, result = std::move(result)] {
        if (!result) return std::move(*answer).answer(std::unexpected(to_wire(result.error())));
        std::move(*answer).answer(render(*result));
      });
    }));
  });
}

// Exports or imports, newest first.
template <class T>
struct TransferPage {
  std::vector<T> entries;
  bool more = false;
};
// SDKs want 112 hexadecimal digits at least.
std::string page_token(const std::string& id);
std::optional<std::string> id_of_page_token(std::string_view token);

// Both lists: `limit` is the member with the page's size. An engine that is not there has none.
template <class T, class Engine>
void list_transfers(Services& services, awsjson::Call call, std::string_view limit, Engine* engine,
                    std::string (*render)(const TransferPage<T>&)) {
  const auto& body = call.body();
  const auto max = static_cast<std::size_t>(awsjson::read_integer(body, limit).value_or(10));
  std::string table(awsjson::read_string(body, "TableArn")), after;
  if (const auto token = awsjson::read_optional_string(body, "NextToken")) {
    auto id = id_of_page_token(*token);
    if (!id) {
      auto message = "Invalid NextToken provided to " + std::string(call.operation().name);
      return refuse(std::move(call), std::move(message));
    }
    after = *std::move(id);
  }
  const Scope scope = call.scope();
  on_transfers<TransferPage<T>>(services, std::move(call), render,
                                [engine, scope, table = std::move(table), after = std::move(after),
                                 max](Reply<TransferPage<T>, transfers::Error> reply) {
                                  TransferPage<T> page;
                                  if (engine != nullptr) page.entries = engine->list(scope, table, after, max + 1);
                                  page.more = page.entries.size() > max;
                                  if (page.more) page.entries.resize(max);
                                  std::move(reply)(std::move(page));
                                });
}

}  // namespace tidemill::dynamodb
