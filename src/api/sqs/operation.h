// An SQS operation as data. Both protocols (JSON 1.0 and Query) are read into one JSON form and written from one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "auth/identity.h"
#include "base/json.h"
#include "queues/queues.h"

namespace tidemill::sqs {

using Answer = queues::Result<json::Value>;

struct Call {
  auth::Caller caller;
  json::Value body;
  std::string host;                   // as the client named us: queue URLs are made with it
  std::shared_ptr<bool> client_gone;  // set when the connection closes before the answer
  std::move_only_function<void(Answer)> answer;

  std::string text(std::string_view name) const { return body.string_or(name); }
  // A number, also as digits in a string; nothing when it is absent.
  std::optional<std::int64_t> number(std::string_view name) const;
  std::string url_of(const queues::QueueName& queue) const;
};

struct Operation {
  std::string_view name;
  std::string_view iam_action;  // "sqs:SendMessage"
  bool on_queue;                // names its queue by QueueUrl
  void (*run)(queues::Queues& queues, const queues::QueueName& queue, Call call);
};
std::span<const Operation> operations();

// The queue that a URL (or a bare name) means.
std::optional<queues::QueueName> queue_of_url(std::string_view url, const Scope& scope);

std::optional<std::int64_t> number_of(const json::Value* value);
std::map<std::string, std::string> strings_of(const json::Value* object);
std::vector<std::string> list_of(const json::Value* list);

// How an error is called on the wire.
struct ErrorNames {
  std::string_view json_type;   // "com.amazonaws.sqs#QueueDoesNotExist"
  std::string_view query_code;  // "AWS.SimpleQueueService.NonExistentQueue"
  int status;
};
ErrorNames names_of(queues::Errc code);

}  // namespace tidemill::sqs
