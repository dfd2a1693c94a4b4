// What the operations of exports and imports share.
#pragma once

#include <string>

#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"
#include "transfers/exports.h"
#include "transfers/imports.h"

namespace tidemill::dynamodb {

inline constexpr Shape kTransferArn{.type = Type::kString, .min = 37, .max = 1024};
inline constexpr Shape kTransferTableArn{.type = Type::kString, .min = 1, .max = 1024};
inline constexpr Shape kBucketName{.type = Type::kString, .max = 255};
inline constexpr Shape kBucketOwner{.type = Type::kString, .min = 12, .max = 12};
inline constexpr Shape kBucketPrefix{.type = Type::kString, .max = 1024};
inline constexpr Shape kTransferLimit{.type = Type::kInteger, .min = 1, .max = 25};

awsjson::WireError to_wire(const transfers::Error& error);
// {"ExportDescription": ...}, {"ImportTableDescription": ...}
std::string export_body(const transfers::Export& entry);
std::string import_body(const transfers::Import& entry);

std::vector<std::string> table_arn_resource(const json::Node& body, const Scope& scope);   // TableArn
std::vector<std::string> export_arn_resource(const json::Node& body, const Scope& scope);  // ExportArn
std::vector<std::string> import_arn_resource(const json::Node& body, const Scope& scope);  // ImportArn

// Runs `work(reply)` on the engines' loop; its answer goes back on the call's, rendered by `render(value)`.
template <class T>
void on_transfers(Services& services, awsjson::Call call, std::string (*render)(const T&),
                  std::move_only_function<void(Reply<T, transfers::Error>)> work) {
  auto& loop = *call.loop;
  auto answer = std::make_shared<awsjson::Call>(std::move(call));
  services.tables.home().post([&loop, answer, render, work = std::move(work)]() mutable {
    work(Reply<T, transfers::Error>([&loop, answer, render](transfers::Result<T> result) {
      loop.post([answer, render, result = std::move(result)] {
        if (!result) return std::move(answer->answer)(std::unexpected(to_wire(result.error())));
        std::move(answer->answer)(render(*result));
      });
    }));
  });
}

}  // namespace tidemill::dynamodb
