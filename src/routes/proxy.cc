#include "routes/proxy.h"

#include <fmt/format.h>

#include <charconv>

#include "base/bytes.h"
#include "base/json.h"
#include "base/utf8.h"

namespace tidemill::routes {
namespace {

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view header(const HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_ignoring_case(key, name)) return value;
  }
  return {};
}

// A body that is no UTF-8 cannot stand in JSON: each byte that breaks the rules becomes U+FFFD.
std::string as_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 1;
    for (std::size_t n = 1; n <= 4 && i + n <= text.size(); ++n) {
      if (is_valid_utf8(text.substr(i, n))) {
        length = n;
        break;
      }
      if (n == 4 || i + n == text.size()) length = 0;
    }
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
    } else {
      out += text.substr(i, length);
      i += length;
    }
  }
  return out;
}

using MultiMap = std::vector<std::pair<std::string, std::vector<std::string>>>;  // in order of first appearance

void collect(MultiMap& map, const std::string& name, const std::string& value) {
  for (auto& [key, values] : map) {
    if (key == name) return values.push_back(value);
  }
  map.push_back({name, {value}});
}

MultiMap headers_of(const Incoming& incoming, const EventFacts& facts) {
  MultiMap map;
  for (const auto& [name, value] : incoming.headers) {
    // Names that differ only in case are one header: the first spelling stays.
    auto* found = static_cast<std::vector<std::string>*>(nullptr);
    for (auto& [key, values] : map) {
      if (same_ignoring_case(key, name)) found = &values;
    }
    if (found != nullptr)
      found->push_back(as_utf8(value));
    else
      map.push_back({name, {as_utf8(value)}});
  }
  const auto add = [&](const char* name, const std::string& value) {
    if (header(incoming.headers, name).empty() && !value.empty()) map.push_back({name, {value}});
  };
  add("X-Amzn-Trace-Id", facts.trace_id);
  add("X-Forwarded-For", incoming.source_ip);
  add("X-Forwarded-Port", incoming.forwarded_port);
  add("X-Forwarded-Proto", incoming.forwarded_proto);
  return map;
}

MultiMap query_of(std::string_view query) {
  MultiMap map;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == query.npos ? std::string_view() : query.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto value = equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    collect(map, as_utf8(percent_decode(pair.substr(0, equals), true)), as_utf8(percent_decode(value, true)));
  }
  return map;
}

void write_single(json::Writer& out, const MultiMap& map) {
  out.begin_object();
  for (const auto& [name, values] : map) out.member(name, std::string_view(values.back()));
  out.end_object();
}

void write_multi(json::Writer& out, const MultiMap& map) {
  out.begin_object();
  for (const auto& [name, values] : map) {
    out.key(name).begin_array();
    for (const auto& value : values) out.string(value);
    out.end_array();
  }
  out.end_object();
}

template <class Map>
void write_or_null(json::Writer& out, const Map& map) {
  if (map.empty()) {
    out.null();
    return;
  }
  out.begin_object();
  for (const auto& [name, value] : map) out.member(name, std::string_view(value));
  out.end_object();
}

void text_or_null(json::Writer& out, std::string_view name, const std::string& value) {
  out.key(name);
  if (value.empty())
    out.null();
  else
    out.string(value);
}

}  // namespace

bool is_binary(const std::vector<std::string>& types, std::string_view value) {
  const auto first = value.substr(0, value.find_first_of(",;"));
  std::string_view media = first;
  while (media.starts_with(' ')) media.remove_prefix(1);
  while (media.ends_with(' ')) media.remove_suffix(1);
  for (const auto& type : types) {
    if (type == "*/*" || same_ignoring_case(type, media)) return true;
    if (type.ends_with("/*") && media.size() >= type.size() &&
        same_ignoring_case(media.substr(0, type.size() - 1), std::string_view(type).substr(0, type.size() - 1)))
      return true;
  }
  return false;
}

std::string proxy_event(const Incoming& incoming, const EventFacts& facts) {
  const auto& resource = *facts.match.resource;
  const auto headers = headers_of(incoming, facts);
  const auto query = query_of(incoming.query);
  const bool binary =
      !incoming.body.empty() && is_binary(facts.api.binary_media_types, header(incoming.headers, "Content-Type"));
  const std::string domain = incoming.domain.empty()
                                 ? fmt::format("{}.execute-api.{}.amazonaws.com", facts.api.id, facts.api.scope.region)
                                 : incoming.domain;

  std::string text;
  text.reserve(2048 + incoming.body.size() * 5 / 4);
  json::Writer out(text);
  out.begin_object();
  out.member("resource", std::string_view(resource.path));
  out.member("path", std::string_view(facts.path));
  out.member("httpMethod", std::string_view(incoming.method));
  out.key("headers");
  write_single(out, headers);
  out.key("multiValueHeaders");
  write_multi(out, headers);
  out.key("queryStringParameters");
  if (query.empty())
    out.null();
  else
    write_single(out, query);
  out.key("multiValueQueryStringParameters");
  if (query.empty())
    out.null();
  else
    write_multi(out, query);
  out.key("pathParameters");
  write_or_null(out, facts.match.parameters);
  out.key("stageVariables");
  write_or_null(out, facts.stage.variables);

  out.key("requestContext").begin_object();
  out.member("resourceId", std::string_view(resource.id));
  out.member("resourcePath", std::string_view(resource.path));
  out.member("httpMethod", std::string_view(incoming.method));
  out.member("extendedRequestId", std::string_view(facts.extended_request_id));
  out.member("requestTime", std::string_view(common_log_date(facts.now)));
  out.member("path", std::string_view(incoming.path));
  out.member("accountId", std::string_view(facts.api.scope.account));
  out.member("protocol", std::string_view(incoming.protocol));
  out.member("stage", std::string_view(facts.stage.name));
  out.member("domainPrefix", std::string_view(domain).substr(0, domain.find('.')));
  out.member("requestTimeEpoch", epoch_ms(facts.now));
  out.member("requestId", std::string_view(facts.request_id));
  const auto caller = incoming.caller.value_or(Incoming::Caller());
  out.key("identity").begin_object();
  out.key("cognitoIdentityPoolId").null();
  text_or_null(out, "accountId", caller.account);
  out.key("cognitoIdentityId").null();
  text_or_null(out, "caller", caller.user_id);
  out.member("sourceIp", std::string_view(incoming.source_ip));
  out.key("principalOrgId").null();
  text_or_null(out, "accessKey", caller.access_key);
  out.key("cognitoAuthenticationType").null();
  out.key("cognitoAuthenticationProvider").null();
  text_or_null(out, "userArn", caller.arn);
  text_or_null(out, "userAgent", as_utf8(header(incoming.headers, "User-Agent")));
  text_or_null(out, "user", caller.user_id);
  out.end_object();
  out.member("domainName", std::string_view(domain));
  out.member("deploymentId", std::string_view(facts.stage.deployment_id));
  out.member("apiId", std::string_view(facts.api.id));
  out.end_object();

  out.key("body");
  if (incoming.body.empty())
    out.null();
  else if (binary)
    out.base64(incoming.body);
  else
    out.string(as_utf8(incoming.body));
  out.member("isBase64Encoded", binary);
  out.end_object();
  return text;
}

namespace {

std::optional<int> status_of(const json::Node* node) {
  if (node == nullptr) return 200;
  int status = 0;
  if (node->is_number()) {
    status = static_cast<int>(node->as_integer());
  } else if (node->is_string()) {
    const auto text = node->as_string();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (status < 100 || status > 599) return std::nullopt;
  return status;
}

std::optional<std::string> header_text(const json::Node& node) {
  if (node.is_string()) return std::string(node.as_string());
  if (node.is_bool()) return node.as_bool() ? "true" : "false";
  if (node.is_number()) {
    std::string text;
    json::Writer(text).value(node);
    return text;
  }
  return std::nullopt;
}

// Header text from a function must not be able to break out of its line.
bool is_header_safe(std::string_view name, std::string_view value) {
  if (name.empty()) return false;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == ':' || static_cast<unsigned char>(c) >= 0x7f) return false;
  }
  return value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos;
}

// What belongs to the connection is the server's to say.
bool is_of_connection(std::string_view name) {
  return same_ignoring_case(name, "content-length") || same_ignoring_case(name, "connection") ||
         same_ignoring_case(name, "transfer-encoding");
}

}  // namespace

std::optional<Outgoing> proxy_response(std::string_view payload, const std::vector<std::string>& binary_media_types,
                                       std::string_view accept) {
  const auto document = json::Document::parse(payload);
  if (!document || !document->root().is_object()) return std::nullopt;
  const auto& root = document->root();
  for (const auto& [name, value] : root.members()) {
    if (name != "statusCode" && name != "headers" && name != "multiValueHeaders" && name != "body" &&
        name != "isBase64Encoded")
      return std::nullopt;
  }
  Outgoing out;
  const auto status = status_of(root.find_present("statusCode"));
  if (!status) return std::nullopt;
  out.status = *status;

  if (const auto* multi = root.find_present("multiValueHeaders")) {
    if (!multi->is_object()) return std::nullopt;
    for (const auto& [name, values] : multi->members()) {
      if (!values.is_array()) return std::nullopt;
      for (const auto& value : values.elements()) {
        const auto text = header_text(value);
        if (text && is_header_safe(name, *text) && !is_of_connection(name)) out.headers.emplace_back(name, *text);
      }
    }
  }
  if (const auto* single = root.find_present("headers")) {
    if (!single->is_object()) return std::nullopt;
    for (const auto& [name, value] : single->members()) {
      const auto text = header_text(value);
      if (!text || !is_header_safe(name, *text) || is_of_connection(name)) continue;
      std::string spelled(name);  // as multiValueHeaders spells it, when it is there too
      for (const auto& [known, ignored] : out.headers) {
        if (same_ignoring_case(known, name)) spelled = known;
      }
      out.headers.emplace_back(std::move(spelled), *text);
    }
  }
  if (const auto* body = root.find_present("body")) {
    if (!body->is_string()) return std::nullopt;
    out.body = body->as_string();
    const auto* encoded = root.find_present("isBase64Encoded");
    if (encoded != nullptr && encoded->is_bool() && encoded->as_bool() && is_binary(binary_media_types, accept)) {
      auto bytes = from_base64(out.body);
      if (!bytes) return std::nullopt;
      out.body = *std::move(bytes);
    }
  }
  if (header(out.headers, "Content-Type").empty()) out.headers.emplace_back("Content-Type", "application/json");
  return out;
}

Outgoing gateway_error(int status, std::string_view message, std::string_view type, bool of_integration) {
  Outgoing out{.status = status};
  out.headers.emplace_back("Content-Type", "application/json");
  out.headers.emplace_back("x-amzn-ErrorType", type);
  out.body = fmt::format(R"({{"message":{}{}}})", of_integration ? " " : "", json::Value(message).text());
  return out;
}

}  // namespace tidemill::routes
