#include "api/common/edge.h"

#include "base/bytes.h"
#include "http/head_memory.h"

namespace tidemill::api {
namespace {

// The fourth part of AKID/DATE/REGION/SERVICE/aws4_request.
std::string_view service_of_scope(std::string_view credential) {
  for (int i = 0; i < 3; ++i) {
    const auto slash = credential.find('/');
    if (slash == credential.npos) return "";
    credential.remove_prefix(slash + 1);
  }
  return credential.substr(0, credential.find('/'));
}

std::string query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    query = end == query.npos ? std::string_view() : query.substr(end + 1);
    if (part.starts_with(name) && part.size() > name.size() && part[name.size()] == '=') {
      return percent_decode(part.substr(name.size() + 1), true);
    }
  }
  return "";
}

// Services that sign under more than one name.
std::string_view canonical(std::string_view service) {
  if (service == "streams.dynamodb") return "dynamodb";
  return service;
}

// An address, or a name of one label ("localhost:4566").
bool names_nothing(std::string_view host) {
  return host.find('.') == host.npos || host.find_first_not_of("0123456789.:") == host.npos;
}

// `decoded` holds what had to be decoded.
std::string_view signed_service(const http::Request& request, std::string& decoded) {
  constexpr std::string_view kCredential = "Credential=";
  const auto header = request.headers.get("authorization");
  if (const auto at = header.find(kCredential); at != header.npos) {
    const auto credential = header.substr(at + kCredential.size());
    return service_of_scope(credential.substr(0, credential.find(',')));
  }
  const auto query = request.query();
  if (query.find("X-Amz-Credential=") != query.npos) {
    decoded = query_value(query, "X-Amz-Credential");
    return service_of_scope(decoded);
  }
  // Only S3 still takes Signature Version 2 in a URL.
  return query.find("AWSAccessKeyId=") != query.npos ? "s3" : "";
}

}  // namespace

std::string signed_service(const http::Request& request) {
  std::string decoded;
  return std::string(signed_service(request, decoded));
}

void Edge::add(Rule rule) { rules_.push_back(std::move(rule)); }
void Edge::add_path(std::string prefix, Front front, std::size_t max) {
  paths_.push_back({std::move(prefix), std::move(front), max, nullptr});
}
void Edge::add_host(std::string part, Front front, std::size_t max, OpenBody open_body) {
  hosts_.push_back({std::move(part), std::move(front), max, std::move(open_body)});
}

const Edge::Special* Edge::find_special(const http::Request& request) const {
  if (request.target != "/") {
    const auto path = request.path();
    for (const auto& special : paths_) {
      const std::string_view key = special.key;
      if (path.starts_with(key) && (key.ends_with('/') || path.size() == key.size() || path[key.size()] == '/'))
        return &special;
    }
  }
  const auto host = request.headers.get("host");
  if (names_nothing(host)) return nullptr;
  for (const auto& special : hosts_) {
    const std::string_view key = special.key;
    if (host.find(key) != host.npos || (key.starts_with('.') && host.starts_with(key.substr(1)))) return &special;
  }
  return nullptr;
}

const Rule* Edge::find(const http::Request& request, bool with_body) const {
  std::string decoded;
  const auto service = canonical(signed_service(request, decoded));
  const auto target = request.headers.get("x-amz-target");
  const auto path = request.path();
  const Rule* best = nullptr;
  const auto better = [&best](const Rule& rule) {
    if (best == nullptr || rule.path_prefix.size() > best->path_prefix.size()) best = &rule;
  };
  if (!service.empty()) {
    for (const auto& rule : rules_) {
      if (rule.service == service && path.starts_with(rule.path_prefix)) better(rule);
    }
    if (best != nullptr) return best;
  }
  if (!target.empty()) {
    for (const auto& rule : rules_) {
      if (!rule.target_prefix.empty() && target.starts_with(rule.target_prefix)) return &rule;
    }
  }
  if (with_body && request.method == "POST" && path == "/") {
    const auto version = query_value(request.body, "Version");
    for (const auto& rule : rules_) {
      if (!rule.form_version.empty() && rule.form_version == version) return &rule;
    }
  }
  for (const auto& rule : rules_) {
    if (rule.path_prefix.size() > 1 && path.starts_with(rule.path_prefix)) better(rule);
  }
  return best;
}

void Edge::handle(http::Request&& request, runtime::Executor& loop, http::Responder&& respond) const {
  static thread_local http::HeadConclusions<const Front*> known;
  if (const auto* front = known.find(request.head_id)) return (**front)(std::move(request), loop, std::move(respond));
  if (const auto* special = find_special(request)) {
    known.put(request.head_id, &special->front);
    return special->front(std::move(request), loop, std::move(respond));
  }
  if (const auto* rule = find(request, false)) {
    known.put(request.head_id, &rule->front);
    return rule->front(std::move(request), loop, std::move(respond));
  }
  if (const auto* rule = find(request, true)) return rule->front(std::move(request), loop, std::move(respond));
  if (default_) return default_(std::move(request), loop, std::move(respond));
  std::move(respond)({.status = 404});
}

std::shared_ptr<http::BodySink> Edge::open_body(const http::Request& head) const {
  if (const auto* special = find_special(head)) return special->open_body ? special->open_body(head) : nullptr;
  const auto* rule = find(head, false);
  return rule != nullptr && rule->open_body ? rule->open_body(head) : nullptr;
}

bool Edge::home_only(const http::Request& head) const {
  static thread_local http::HeadConclusions<bool> known;
  if (const auto* concluded = known.find(head.head_id)) return *concluded;
  const auto* rule = find_special(head) == nullptr ? find(head, false) : nullptr;
  const bool only = rule == nullptr || !rule->any_loop;
  known.put(head.head_id, only);
  return only;
}

std::size_t Edge::body_limit(const http::Request& head) const {
  if (const auto* special = find_special(head)) return special->body_bytes_max;
  if (const auto* rule = find(head, false)) return rule->body_bytes_max;
  return 16 << 20;
}

}  // namespace tidemill::api
