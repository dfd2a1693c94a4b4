// One port for every service. Clients tell services apart only by the name that they signed for, so dispatch is by that
// first, then by the target header, the form action and the path. A name that a client sent never decides what it is
// allowed to do: each front authorises the operation that runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "runtime/executor.h"

namespace tidemill::api {

// Answers every request that the edge gives to it, on `loop` (the connection's).
using Front = std::function<void(http::Request&& request, runtime::Executor& loop, http::Responder&& respond)>;

// Takes a large body while it arrives, chosen by the head alone; null: it is kept in memory, within the limit.
using OpenBody = std::function<std::shared_ptr<http::BodySink>(const http::Request& head)>;

struct Rule {
  std::string service;        // the signed name: "dynamodb", "lambda", "kafka"; empty: found by the other members only
  std::string target_prefix;  // of X-Amz-Target: "DynamoDB_20120810."
  std::string path_prefix;    // "/2015-03-31/functions"; empty: any
  std::string form_version;   // Version= of a form POST: "2011-06-15"
  Front front;
  std::size_t body_bytes_max = 16 << 20;
  OpenBody open_body;
  // The front may be asked on any loop, also on several at once; it takes no body while it arrives. All others are
  // asked at home only.
  bool any_loop = false;
};

class Edge {
 public:
  // The longest path prefix of a service wins. Added before the first request.
  void add(Rule rule);
  // Requests whose path starts with one of these (whole segments, not "/") or whose host, with a dot before it,
  // contains one of these (with a dot in it) go there before any other rule.
  void add_path(std::string path_prefix, Front front, std::size_t body_bytes_max = 16 << 20);
  void add_host(std::string host_part, Front front, std::size_t body_bytes_max = 16 << 20,
                OpenBody open_body = nullptr);
  // What no rule knows: GET /, OPTIONS, unsigned requests.
  void set_default(Front front) { default_ = std::move(front); }

  void handle(http::Request&& request, runtime::Executor& loop, http::Responder&& respond) const;
  // Known from the head alone, so that a large body is refused while it arrives.
  std::size_t body_limit(const http::Request& head) const;
  std::shared_ptr<http::BodySink> open_body(const http::Request& head) const;
  bool home_only(const http::Request& head) const;

 private:
  struct Special {
    std::string key;
    Front front;
    std::size_t body_bytes_max;
    OpenBody open_body;
  };
  const Rule* find(const http::Request& request, bool with_body) const;
  const Special* find_special(const http::Request& request) const;

  std::vector<Rule> rules_;
  std::vector<Special> paths_, hosts_;
  Front default_;
};

// The service name in the credential scope of a signed request (header or presigned query), or "".
std::string signed_service(const http::Request& request);

}  // namespace tidemill::api
