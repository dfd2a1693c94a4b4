// The proxy request of API Gateway: REST APIs (payload 1.0) and HTTP APIs (payload 2.0).
#pragma once

#include <map>
#include <string>

#include "tidemill/function.h"

namespace tidemill::function {

struct HttpEvent {
  std::string method, path, route;             // route: the resource or route key
  std::map<std::string, std::string> headers;  // names in lower case
  std::map<std::string, std::string> query, path_parameters, stage_variables;
  std::string body;  // decoded
  Json raw;          // everything that came
  static Outcome<HttpEvent> parse(const Json& json);
  std::string header(std::string_view lower_case_name) const;
};

struct HttpResponse {
  int status = 200;
  std::map<std::string, std::string> headers = {};
  std::string body = {};
  bool binary = false;  // the body travels as base64
  operator Json() const;
};

}  // namespace tidemill::function
