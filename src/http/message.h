// HTTP/1.1 messages as values. Header names keep the case they came in and are compared without it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/network.h"

namespace tidemill::http {

class Headers {
 public:
  struct Entry {
    std::string name, value;
    bool operator==(const Entry&) const = default;
  };
  void add(std::string_view name, std::string_view value) {
    entries_.push_back({std::string(name), std::string(value)});
  }
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void remove(std::string_view name);
  // The first value of that name, or nothing.
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  void clear() { entries_.clear(); }
  bool operator==(const Headers&) const = default;

 private:
  std::vector<Entry> entries_;
};

bool equal_ignoring_case(std::string_view a, std::string_view b);

struct Request {
  std::string method;  // as sent: "GET", "POST"
  std::string target;  // as sent: path and query, undecoded
  Headers headers;
  std::string body;  // whole, chunks joined, content encoding not undone
  runtime::Address peer;
  bool keep_alive = true;
  bool http10 = false;             // HTTP/1.0: no chunks in the answer
  std::string_view path() const;   // of target, before '?', undecoded
  std::string_view query() const;  // of target, behind '?', undecoded
};

struct Response {
  int status = 200;
  Headers headers;  // Content-Length, Date, Server and Connection are added when sent
  std::string body;
  bool close = false;  // close the connection after this response
};

// Query parameters, decoded, in order.
struct Parameter {
  std::string name, value;
  bool operator==(const Parameter&) const = default;
};
std::vector<Parameter> parse_query(std::string_view query);  // '+' is a blank

std::string_view reason_phrase(int status);

// Answers one request, once, on the connection's loop; responses leave in request order. Dropped: 500.
class Responder {
 public:
  // A body of unknown length, sent chunk by chunk. The head leaves with the first chunk or at finish().
  class Stream {
   public:
    virtual ~Stream() = default;  // not finished: the connection is cut, so that the client sees a truncated body
    virtual void write(std::string_view bytes) = 0;
    virtual void finish(const Headers& trailers = {}) = 0;
    virtual bool is_open() const = 0;  // false when the client has gone
  };
  class Target {
   public:
    virtual ~Target() = default;
    virtual void respond(Response response) = 0;
    virtual std::unique_ptr<Stream> stream(Response head) = 0;
    // Called when the client goes away before the answer; at most once.
    virtual void on_disconnect(std::move_only_function<void()> gone) = 0;
  };

  explicit Responder(std::unique_ptr<Target> target) : target_(std::move(target)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) noexcept = default;
  ~Responder();
  void operator()(Response response) && { std::exchange(target_, nullptr)->respond(std::move(response)); }
  std::unique_ptr<Stream> stream(Response head) && { return std::exchange(target_, nullptr)->stream(std::move(head)); }
  void on_disconnect(std::move_only_function<void()> gone) { target_->on_disconnect(std::move(gone)); }

 private:
  std::unique_ptr<Target> target_;
};

using Handler = std::function<void(Request, Responder)>;

}  // namespace tidemill::http
