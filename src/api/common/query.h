// The Query protocol (STS, IAM, SNS, CloudFormation, older SQS clients): a form in, XML out.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/common/request_id.h"
#include "auth/identity.h"
#include "http/message.h"

namespace tidemill::api {

// The parameters of one call.
class Form {
 public:
  // From the query and, for a form POST, the body.
  static Form of(const http::Request& request);
  std::optional<std::string> find(std::string_view name) const;
  std::string get(std::string_view name, std::string_view fallback = "") const;
  // Values of "Name.1", "Name.2", ... in order; with `member`, of "Name.member.1".
  std::vector<std::string> list(std::string_view name) const;
  // The sub-forms "Name.1.*", "Name.2.*" (or "Name.member.1.*"), in order, with the rest of the name as key.
  std::vector<Form> structures(std::string_view name) const;
  const std::map<std::string, std::string, std::less<>>& all() const { return values_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// Appends XML text. Balance is the caller's.
class Xml {
 public:
  Xml& open(std::string_view name);
  Xml& close(std::string_view name);
  Xml& element(std::string_view name, std::string_view text);
  Xml& raw(std::string_view xml);
  std::string take() { return std::move(out_); }
  const std::string& text() const { return out_; }

 private:
  std::string out_;
};
void append_xml_escaped(std::string& out, std::string_view text);

struct QueryError {
  int status = 400;
  std::string code, message;
};
inline QueryError to_query_error(const auth::Error& error) {
  return {auth::status(error.code), std::string(auth::query_code(error.code)), error.message};
}

// The inside of the result element.
using QueryAnswer = std::expected<std::string, QueryError>;

struct QueryCall {
  auth::Caller caller;
  Form form;
  std::move_only_function<void(QueryAnswer)> answer;  // exactly once
};

struct QueryOperation {
  std::string_view name;
  std::string_view iam_action;                            // empty: never refused
  bool has_result = true;                                 // false: no {Name}Result element
  std::function<std::string(const QueryCall&)> resource;  // ARN for authorisation; none: "*"
  std::function<void(QueryCall)> run;
};

class QueryFront {
 public:
  struct Options {
    std::string service;  // the signed name
    std::string xml_namespace;
  };
  QueryFront(Options options, const auth::Identity& identity, RequestIds& ids, std::vector<QueryOperation> operations);
  void handle(const http::Request& request, http::Responder respond);

 private:
  const Options options_;
  const auth::Identity& identity_;
  RequestIds& ids_;
  std::map<std::string, QueryOperation, std::less<>> operations_;
};

http::Response query_error_response(const QueryError& error, std::string_view xml_namespace,
                                    std::string_view request_id);

}  // namespace tidemill::api
