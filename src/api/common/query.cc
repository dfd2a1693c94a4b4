#include "api/common/query.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace tidemill::api {
namespace {

constexpr std::size_t kParametersMax = 10'000;

// "Name.3.Key" or "Name.member.3.Key" below "Name": the number and what is behind it.
struct Indexed {
  int index;
  std::string_view rest;
};
std::optional<Indexed> indexed(std::string_view key, std::string_view name) {
  if (!key.starts_with(name) || key.size() <= name.size() || key[name.size()] != '.') return std::nullopt;
  key.remove_prefix(name.size() + 1);
  if (key.starts_with("member.")) key.remove_prefix(7);
  int index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (error != std::errc() || index < 1) return std::nullopt;
  key.remove_prefix(static_cast<std::size_t>(end - key.data()));
  if (!key.empty() && key.front() == '.')
    key.remove_prefix(1);
  else if (!key.empty())
    return std::nullopt;
  return Indexed{index, key};
}

}  // namespace

Form Form::of(const http::Request& request) {
  Form form;
  const auto add = [&form](std::string_view text) {
    for (auto& parameter : http::parse_query(text))
      if (form.values_.size() < kParametersMax) form.values_[std::move(parameter.name)] = std::move(parameter.value);
  };
  add(request.query());
  if (request.method == "POST") add(request.body);
  return form;
}

std::optional<std::string> Form::find(std::string_view name) const {
  const auto at = values_.find(name);
  if (at == values_.end()) return std::nullopt;
  return at->second;
}

std::string Form::get(std::string_view name, std::string_view fallback) const {
  const auto at = values_.find(name);
  return at == values_.end() ? std::string(fallback) : at->second;
}

std::vector<std::string> Form::list(std::string_view name) const {
  std::map<int, std::string> by_index;
  for (const auto& [key, value] : values_)
    if (const auto at = indexed(key, name); at && at->rest.empty()) by_index[at->index] = value;
  std::vector<std::string> out;
  out.reserve(by_index.size());
  for (auto& [index, value] : by_index) out.push_back(std::move(value));
  return out;
}

std::vector<Form> Form::structures(std::string_view name) const {
  std::map<int, Form> by_index;
  for (const auto& [key, value] : values_)
    if (const auto at = indexed(key, name); at && !at->rest.empty())
      by_index[at->index].values_[std::string(at->rest)] = value;
  std::vector<Form> out;
  out.reserve(by_index.size());
  for (auto& [index, form] : by_index) out.push_back(std::move(form));
  return out;
}

void append_xml_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\r': out += "&#13;"; break;  // a bare one would be read as a line feed
      default: out += c;
    }
  }
}

Xml& Xml::open(std::string_view name) {
  out_.append("<").append(name).append(">");
  return *this;
}
Xml& Xml::close(std::string_view name) {
  out_.append("</").append(name).append(">");
  return *this;
}
Xml& Xml::element(std::string_view name, std::string_view text) {
  open(name);
  append_xml_escaped(out_, text);
  return close(name);
}
Xml& Xml::raw(std::string_view xml) {
  out_ += xml;
  return *this;
}

http::Response query_error_response(const QueryError& error, std::string_view xml_namespace,
                                    std::string_view request_id) {
  Xml xml;
  xml.raw(fmt::format("<ErrorResponse xmlns=\"{}\">", xml_namespace)).open("Error");
  xml.element("Type", error.status >= 500 ? "Receiver" : "Sender")
      .element("Code", error.code)
      .element("Message", error.message);
  xml.close("Error").element("RequestId", request_id).close("ErrorResponse");
  http::Response response{.status = error.status, .headers = {}, .body = xml.take()};
  response.headers.add("Content-Type", "text/xml");
  response.headers.add("x-amzn-RequestId", request_id);
  return response;
}

QueryFront::QueryFront(Options options, const auth::Identity& identity, RequestIds& ids,
                       std::vector<QueryOperation> operations)
    : options_(std::move(options)), identity_(identity), ids_(ids) {
  for (QueryOperation& operation : operations) operations_.emplace(std::string(operation.name), std::move(operation));
}

void QueryFront::handle(const http::Request& request, http::Responder respond) {
  const std::string id = ids_.uuid();
  const auto refuse = [&](const QueryError& error) {
    std::move(respond)(query_error_response(error, options_.xml_namespace, id));
  };
  auto caller = identity_.authenticate(request, options_.service);
  if (!caller) return refuse(to_query_error(caller.error()));
  QueryCall call{.caller = *std::move(caller), .form = Form::of(request), .answer = nullptr};
  const std::string action = call.form.get("Action");
  if (action.empty()) return refuse({400, "MissingAction", "The request must contain the parameter Action."});
  const auto found = operations_.find(action);
  if (found == operations_.end())
    return refuse({400, "InvalidAction", fmt::format("The action {} is not valid for this web service.", action)});
  const QueryOperation& operation = found->second;
  if (!operation.iam_action.empty()) {
    const std::string resource = operation.resource ? operation.resource(call) : "*";
    const auto decision = identity_.authorize(call.caller.principal, operation.iam_action, resource);
    if (!decision) return refuse({403, "AccessDenied", decision.reason});
  }
  call.answer = [respond = std::move(respond), id, &operation, this](QueryAnswer answer) mutable {
    if (!answer) return std::move(respond)(query_error_response(answer.error(), options_.xml_namespace, id));
    const std::string name(operation.name);
    Xml xml;
    xml.raw(fmt::format("<{}Response xmlns=\"{}\">", name, options_.xml_namespace));
    if (operation.has_result) xml.open(name + "Result").raw(*answer).close(name + "Result");
    xml.open("ResponseMetadata").element("RequestId", id).close("ResponseMetadata").close(name + "Response");
    http::Response response{.body = xml.take()};
    response.headers.add("Content-Type", "text/xml");
    response.headers.add("x-amzn-RequestId", id);
    std::move(respond)(std::move(response));
  };
  operation.run(std::move(call));
}

}  // namespace tidemill::api
