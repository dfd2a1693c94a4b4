// An operation of the Lambda API as data: the front routes, authorises and answers all of them alike.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/lambda/body.h"
#include "auth/identity.h"
#include "base/reply.h"
#include "functions/functions.h"
#include "http/message.h"

namespace tidemill::lambda {

struct Answer {
  int status = 200;
  std::string body;  // JSON, or an invocation's payload
  http::Headers headers = {};
  std::string request_id = {};  // of an invocation; else the front makes one
};
using AnswerReply = Reply<Answer, functions::Error>;

struct Call {
  Scope scope;
  std::vector<std::string> labels;  // the path's parts in braces, decoded
  std::vector<http::Parameter> query;
  http::Request request;  // of operations with a JSON body, `body` is what was parsed from it
  Body body;

  std::string query_or(std::string_view name, std::string_view fallback = "") const {
    for (const auto& parameter : query)
      if (parameter.name == name) return parameter.value;
    return std::string(fallback);
  }
};

struct Operation {
  std::string_view name;
  std::string_view method;
  std::string_view path;        // "/2015-03-31/functions/{FunctionName}/code"
  std::string_view iam_action;  // "lambda:UpdateFunctionCode"
  void (*run)(functions::Functions& functions, Call call, AnswerReply reply);
  bool raw_body = false;  // the body is not JSON of ours (Invoke)
};

std::span<const Operation* const> operations();

}  // namespace tidemill::lambda
