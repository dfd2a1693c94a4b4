// Reads HTTP/1.1 messages from bytes as they arrive. Heads of requests are read by head.h; chunks and responses by
// Boost.Beast's parser, behind parser.cc.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/head.h"
#include "http/message.h"

namespace tidemill::http {

class HeadMemory;

struct Limits {
  std::size_t head_bytes = 16 << 10;  // request line and headers together
  std::size_t headers = 100;
  std::size_t body_bytes = 16 << 20;
};

enum class ParseState : unsigned char {
  kHead,      // the head is not complete
  kBody,      // the head is complete, the body is not
  kComplete,  // a message is there: take it, then go on
  kBroken,    // not HTTP, or too large: answer `status` and close
};

// Of one connection; parses request after request.
class RequestParser {
 public:
  // Both are asked only for bodies of more than this and for chunked ones.
  static constexpr std::size_t kLargeBytes = 64 << 10;
  // `body_limit(head)` chooses the limit of this request's body once its head is known, at least kLargeBytes; nothing
  // given: limits.body_bytes.
  using BodyLimit = std::function<std::size_t(const Request& head)>;
  // Who takes the body instead of Request.body, which is then not limited here; nobody: null.
  using OpenBody = std::function<std::shared_ptr<BodySink>(const Request& head)>;
  // `memory`: of heads, shared by the parsers of a loop.
  explicit RequestParser(Limits limits = {}, BodyLimit body_limit = nullptr, OpenBody open_body = nullptr,
                         HeadMemory* memory = nullptr);
  ~RequestParser();

  // Takes bytes until a message is complete or broken; returns how many were taken.
  std::size_t feed(std::string_view bytes);
  ParseState state() const { return state_; }
  // With kComplete: the message; the parser is ready for the next. With kBody: what is there of it; nothing can follow.
  // What is not moved away from it is there until more is fed, and its memory serves the next message.
  Request&& take();
  // With kBody: who takes the body, when somebody does.
  BodySink* sink() const { return now_.request.sink.get(); }
  // With kBroken: 400, 413, 414, 417, 431, 501 or 505.
  int status() const { return status_; }
  // True when the head asks for "100-continue" and no byte of the body has come.
  bool expects_continue() const;
  // True when bytes of a message have come that is not complete.
  bool in_message() const { return state_ == ParseState::kBody || !head_.empty(); }
  // For 413: the head as far as known.
  const Request& head() const { return now_.request; }

 private:
  struct Impl;
  std::size_t read_at_once(std::string_view text);
  void parse_head(std::string_view text);
  void take_head(std::string_view text);
  void begin_head();
  bool feed_body(std::string_view bytes, std::size_t& taken);
  void broken(int status);

  const Limits limits_;
  const BodyLimit body_limit_;
  const OpenBody open_body_;
  HeadMemory* const memory_;
  std::uint8_t memory_hint_ = 0;
  bool came_back_ = false;  // this is not the connection's first request
  std::unique_ptr<Impl> impl_;
  ParseState state_ = ParseState::kHead;
  int status_ = 0;
  std::string head_;
  std::size_t scanned_ = 0;
  std::size_t body_limit_now_ = 0;
  std::size_t body_left_ = 0;  // with a Content-Length
  bool chunked_ = false;
  bool body_begun_ = false;
  Head now_;
};

// Of one client connection: one response.
class ResponseParser {
 public:
  explicit ResponseParser(bool head_only, Limits limits = {.body_bytes = 256 << 20});
  ~ResponseParser();
  // Bytes of the body are passed on as they come when set; Response.body stays empty then.
  std::function<void(std::string_view)> on_body;
  bool feed(std::string_view bytes);  // false: broken
  bool finish();                      // the peer closed: false when the response is not complete
  bool complete() const;
  bool keep_alive() const;
  Response take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemill::http
