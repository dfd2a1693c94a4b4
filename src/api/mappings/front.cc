#include "api/mappings/front.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/bytes.h"
#include "base/json.h"

#include <fmt/format.h>

namespace tidemill::mappings {
namespace {

using triggers::Mapping;

constexpr std::string_view kPath = "/2015-03-31/event-source-mappings";
constexpr std::string_view kTagsPath = "/2017-03-31/tags/";
constexpr std::size_t kBodyMax = 1 << 20;

// Which member holds the text differs from exception to exception, and un-modelled ones carry no Type.
struct Form {
  int status;
  std::string_view code, message_member, type;
};
constexpr Form form_of(triggers::Errc code) {
  using triggers::Errc;
  switch (code) {
    case Errc::kValidation: return {400, "ValidationException", "message", ""};
    case Errc::kInvalidParameter: return {400, "InvalidParameterValueException", "message", "User"};
    case Errc::kNotFound: return {404, "ResourceNotFoundException", "Message", "User"};
    case Errc::kConflict: return {409, "ResourceConflictException", "message", "User"};
    case Errc::kInUse: return {400, "ResourceInUseException", "Message", "User"};
    case Errc::kInternal: return {500, "ServiceException", "Message", "Service"};
  }
  std::unreachable();
}

http::Response json_response(int status, std::string body, std::string_view error_type = "") {
  http::Response response{.status = status, .headers = {}, .body = std::move(body)};
  if (status != 204) response.headers.add("Content-Type", "application/json");
  if (!error_type.empty()) response.headers.add("x-amzn-ErrorType", error_type);
  return response;
}

http::Response to_response(const triggers::Error& error) {
  const Form form = form_of(error.code);
  std::string body;
  json::Writer out(body);
  out.begin_object();
  if (!form.type.empty()) out.member("Type", form.type);
  out.member(form.message_member, error.message).end_object();
  return json_response(form.status, std::move(body), form.code);
}

http::Response to_response(const auth::Error& error) {
  std::string body;
  json::Writer(body)
      .begin_object()
      .member(error.code == auth::Errc::kAccessDenied ? "Message" : "message", error.message)
      .end_object();
  return json_response(auth::status(error.code), std::move(body), auth::json_code(error.code));
}

}  // namespace

struct MappingsFront::Call {
  enum class Operation : unsigned char { kCreate, kList, kGet, kUpdate, kDelete, kListTags, kTag, kUntag };
  Operation operation = Operation::kList;
  std::string_view iam_action;
  Scope scope;
  std::string name;  // UUID, or the ARN of the tag operations
  std::vector<http::Parameter> query;
  json::Value body;
  std::move_only_function<void(http::Response)> answer;

  std::string query_or(std::string_view parameter, std::string_view fallback = "") const {
    for (const auto& one : query)
      if (one.name == parameter) return one.value;
    return std::string(fallback);
  }
};

void MappingsFront::mount(api::Edge& edge) {
  const auto front = [this](const http::Request& request, runtime::Executor&, http::Responder respond) {
    handle(request, std::move(respond));
  };
  edge.add({.service = "lambda",
            .target_prefix = "",
            .path_prefix = std::string(kPath),
            .form_version = "",
            .front = front,
            .body_bytes_max = kBodyMax});
  // Tags of a mapping share their path with those of functions; the ARN tells them apart.
  const std::string arn =
      fmt::format("arn:aws:lambda:{}:{}:event-source-mapping", identity_.home().region, identity_.home().account);
  for (const std::string& form : {arn, percent_encode(arn)})
    edge.add({.service = "lambda",
              .target_prefix = "",
              .path_prefix = std::string(kTagsPath) + form,
              .form_version = "",
              .front = front,
              .body_bytes_max = kBodyMax});
}

void MappingsFront::handle(const http::Request& request, http::Responder respond) {
  using Operation = Call::Operation;
  auto answer = [respond = std::move(respond), id = ids_.uuid()](http::Response response) mutable {
    response.headers.add("x-amzn-RequestId", id);
    std::move(respond)(std::move(response));
  };
  const auto caller = identity_.authenticate(request, "lambda");
  if (!caller) return answer(to_response(caller.error()));

  Call call{
      .scope = caller->scope, .name = {}, .query = http::parse_query(request.query()), .body = {}, .answer = nullptr};
  const std::string_view path = request.path(), method = request.method;
  bool known = true;
  if (path.starts_with(kTagsPath)) {
    call.name = percent_decode(path.substr(kTagsPath.size()));
    if (method == "GET")
      call.operation = Operation::kListTags, call.iam_action = "lambda:ListTags";
    else if (method == "POST")
      call.operation = Operation::kTag, call.iam_action = "lambda:TagResource";
    else if (method == "DELETE")
      call.operation = Operation::kUntag, call.iam_action = "lambda:UntagResource";
    else
      known = false;
  } else {
    std::string_view rest = path.substr(kPath.size());
    while (rest.starts_with('/')) rest.remove_prefix(1);
    while (rest.ends_with('/')) rest.remove_suffix(1);
    call.name = percent_decode(rest);
    if (call.name.empty()) {
      if (method == "POST")
        call.operation = Operation::kCreate, call.iam_action = "lambda:CreateEventSourceMapping";
      else if (method == "GET")
        call.operation = Operation::kList, call.iam_action = "lambda:ListEventSourceMappings";
      else
        known = false;
    } else if (method == "GET") {
      call.operation = Operation::kGet, call.iam_action = "lambda:GetEventSourceMapping";
    } else if (method == "PUT") {
      call.operation = Operation::kUpdate, call.iam_action = "lambda:UpdateEventSourceMapping";
    } else if (method == "DELETE") {
      call.operation = Operation::kDelete, call.iam_action = "lambda:DeleteEventSourceMapping";
    } else {
      known = false;
    }
  }
  if (!known) {
    std::string body;
    json::Writer(body)
        .begin_object()
        .member("message", fmt::format("This server has no Lambda operation {} {}", method, path))
        .end_object();
    return answer(json_response(404, std::move(body), "UnknownOperationException"));
  }
  std::string resource = "*";
  if (path.starts_with(kTagsPath))
    resource = call.name;
  else if (!call.name.empty())
    resource = Mapping{.scope = call.scope, .uuid = call.name}.arn();
  const auto decision = identity_.authorize(caller->principal, call.iam_action, resource);
  if (!decision) return answer(to_response(auth::Error{auth::Errc::kAccessDenied, decision.reason}));

  if (method == "POST" || method == "PUT") {
    auto body = json::Value::parse(request.body.empty() ? "{}" : request.body);
    if (!body || !body->is_object()) {
      std::string text;
      json::Writer(text)
          .begin_object()
          .member("Type", "User")
          .member("message", "Could not parse request body into json.")
          .end_object();
      return answer(json_response(400, std::move(text), "InvalidRequestContentException"));
    }
    call.body = *std::move(body);
  }
  call.answer = std::move(answer);
  run(std::move(call));
}

void MappingsFront::run(Call call) {
  using Operation = Call::Operation;
  const auto operation = call.operation;
  const auto refuse = [&call](const triggers::Error& error) { call.answer(to_response(error)); };
  const auto answer_mapping = [](Call& from, int status) {
    return Reply<Mapping, triggers::Error>(
        [answer = std::move(from.answer), status](triggers::Result<Mapping> mapping) mutable {
          answer(mapping ? json_response(status, to_api_json(*mapping).text()) : to_response(mapping.error()));
        });
  };
  const auto answer_nothing = [](Call& from) {
    return Reply<void, triggers::Error>([answer = std::move(from.answer)](triggers::Status status) mutable {
      answer(status ? json_response(204, "") : to_response(status.error()));
    });
  };
  switch (operation) {
    case Operation::kCreate: {
      auto request = triggers::parse_create(call.scope, call.body);
      if (!request) return refuse(request.error());
      return mappings_.create(*std::move(request), answer_mapping(call, 202));
    }
    case Operation::kUpdate: {
      auto request = triggers::parse_update(call.name, call.body);
      if (!request) return refuse(request.error());
      return mappings_.update(*std::move(request), answer_mapping(call, 202));
    }
    case Operation::kDelete: {
      const std::string uuid = call.name;
      return mappings_.remove(uuid, answer_mapping(call, 202));
    }
    case Operation::kGet: {
      const auto mapping = mappings_.get(call.name);
      if (!mapping) return refuse(mapping.error());
      return call.answer(json_response(200, to_api_json(*mapping).text()));
    }
    case Operation::kList: {
      triggers::Mappings::ListRequest request{.scope = call.scope,
                                              .source_arn = call.query_or("EventSourceArn"),
                                              .function_name = call.query_or("FunctionName"),
                                              .marker = call.query_or("Marker")};
      if (const auto text = call.query_or("MaxItems"); !text.empty()) {
        std::size_t max = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), max);
        if (error != std::errc() || end != text.data() + text.size() || max < 1 || max > 10000)
          return refuse({triggers::Errc::kValidation,
                         fmt::format("1 validation error detected: Value '{}' at 'maxItems' failed to satisfy "
                                     "constraint: Member must have value "
                                     "{} than or equal to {}",
                                     text, max > 10000 ? "less" : "greater", max > 10000 ? 10000 : 1)});
        request.max_items = max;
      }
      const auto page = mappings_.list(request);
      json::Array list;
      for (const Mapping& mapping : page.mappings) list.push_back(to_api_json(mapping));
      json::Object out;
      if (!page.next_marker.empty()) out["NextMarker"] = page.next_marker;
      out["EventSourceMappings"] = std::move(list);
      return call.answer(json_response(200, json::Value(std::move(out)).text()));
    }
    case Operation::kListTags: {
      const auto tags = mappings_.tags(call.name);
      if (!tags) return refuse(tags.error());
      json::Object by_name, out;
      for (const auto& [name, value] : *tags) by_name[name] = value;
      out["Tags"] = std::move(by_name);
      return call.answer(json_response(200, json::Value(std::move(out)).text()));
    }
    case Operation::kTag: {
      std::map<std::string, std::string> add;
      const auto* tags = call.body.find("Tags");
      if (!tags || !tags->is_object())
        return refuse({triggers::Errc::kValidation,
                       "1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must "
                       "not be null"});
      for (const auto& [name, value] : tags->as_object())
        if (value.is_string()) add[name] = value.as_string();
      const std::string arn = call.name;
      return mappings_.tag(arn, std::move(add), {}, answer_nothing(call));
    }
    case Operation::kUntag: {
      std::vector<std::string> remove;
      for (const auto& parameter : call.query)
        if (parameter.name == "tagKeys") remove.push_back(parameter.value);
      const std::string arn = call.name;
      return mappings_.tag(arn, {}, std::move(remove), answer_nothing(call));
    }
  }
}

}  // namespace tidemill::mappings
