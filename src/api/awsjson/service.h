// What a wire front is made of: operations as data and a way to run them. One Front serves several services on one
// port.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/awsjson/shape.h"
#include "auth/identity.h"
#include "base/json.h"
#include "runtime/executor.h"

namespace tidemill::awsjson {

struct WireError {
  int status = 400;
  std::string type;  // with its namespace: "com.amazon.coral.validate#ValidationException"
  std::string message;
  bool with_message = true;  // some errors have no text at all
  bool capital = false;      // the member is "Message" (a few errors), else "message"
  std::string members;       // more members as JSON, each led by a comma: `,"Item":{...}`
};

WireError serialization_error(const TypeMismatch& mismatch);
WireError validation_error(std::string message);
WireError internal_error(std::string message);
std::string body_of(const WireError& error);

enum class Access : unsigned char { kRead, kWrite, kControl };

// The resources that a request names, as ARNs, for authorisation.
using ResourcesOf = std::vector<std::string> (*)(const json::Node& body, const Scope& scope);

// What a request does to which resource, where one operation can do several things.
struct Need {
  std::string_view iam_action;
  std::string resource;
};
using NeedsOf = std::vector<Need> (*)(const json::Node& body, const Scope& scope);

struct OperationInfo {
  std::string_view name;
  std::string_view iam_action;
  Access access;
  const Shape* input;
  ResourcesOf resources;
  // Some operations check the table's name before every other constraint: the text of the error, or nothing.
  std::optional<std::string> (*check_first)(const json::Node& body) = nullptr;
  // Where set, this is authorised instead of iam_action on each of `resources`.
  NeedsOf needs = nullptr;
  // Runs on the connection's loop, whichever it is; all others run on the home loop.
  bool any_loop = false;
};

using Answer = std::expected<std::string, WireError>;  // the response body

// One request, from its head to its answer: made by the front, which also answers it.
class Origin {
 public:
  virtual ~Origin() = default;  // without an answer: the client is told that there is none
  // On any thread.
  virtual void answer(std::unique_ptr<Origin> self, Answer answer) = 0;

  const OperationInfo* operation = nullptr;
  json::Document document;
  std::shared_ptr<const auth::Caller> caller;
  std::string host;                   // as the client named us
  runtime::Executor* loop = nullptr;  // where the call runs
};

// A request that has passed every check that needs no engine. Moves like a pointer; what it gives stays where it is
// until it is answered.
class Call {
 public:
  Call() = default;  // of no request
  explicit Call(std::unique_ptr<Origin> origin) : origin_(std::move(origin)) {}
  const OperationInfo& operation() const { return *origin_->operation; }
  const json::Node& body() const { return origin_->document.root(); }
  const auth::Caller& caller() const { return *origin_->caller; }
  const Scope& scope() const { return origin_->caller->scope; }
  const std::string& host() const { return origin_->host; }
  runtime::Executor& loop() const { return *origin_->loop; }
  // Exactly once. The request ends with it.
  void answer(Answer answer) && {
    auto& origin = *origin_;
    origin.answer(std::move(origin_), std::move(answer));
  }

 private:
  std::unique_ptr<Origin> origin_;
};

class Service {
 public:
  virtual ~Service() = default;
  virtual std::string_view target_prefix() const = 0;  // "DynamoDB_20120810"
  virtual std::span<const OperationInfo* const> operations() const = 0;
  virtual void run(Call call) = 0;
};

}  // namespace tidemill::awsjson
