// An operation of CloudWatch Logs as data.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/reply.h"
#include "base/scope.h"
#include "functions/log_store.h"

namespace tidemill::logs {

using Answer = std::string;  // JSON; empty: no body
using AnswerReply = Reply<Answer, functions::LogError>;

struct Call {
  Scope scope;
  std::shared_ptr<const json::Document> document;
  const json::Node& body() const { return document->root(); }
  // "" or nothing when the member is absent or of another type.
  std::string text(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  // logGroupName, or the name inside logGroupIdentifier / resourceArn.
  std::string group() const;
};

struct Operation {
  std::string_view name;
  std::string_view iam_action;  // "logs:FilterLogEvents"
  void (*run)(functions::LogStore& logs, Call call, AnswerReply reply);
};

std::span<const Operation* const> operations();

std::unexpected<functions::LogError> invalid(std::string message);
std::string group_arn(const Scope& scope, std::string_view group);  // without ":*"

}  // namespace tidemill::logs
