#include "http/parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/assert.h"
#include "http/head.h"
#include "http/head_memory.h"

namespace tidemill::http {
namespace {

// Of the memory of one message, this much is kept for the next; a connection that waits holds no more.
constexpr std::size_t kBodyKeptMax = 4 << 10;

constexpr std::string_view kHeadEnd = "\r\n\r\n";

namespace beast = boost::beast::http;
using boost::beast::string_view;

std::string_view view(string_view text) { return {text.data(), text.size()}; }

// Collects what Beast's parser finds.
class Collector final : public beast::basic_parser<true> {
 public:
  std::string method, target;
  Headers headers;
  std::string body;
  std::size_t body_limit_bytes = 0;
  std::shared_ptr<BodySink> sink;
  bool too_large = false;
  bool http10 = false;

 private:
  using error_code = boost::beast::error_code;
  void on_request_impl(beast::verb, string_view name, string_view target_text, int version, error_code&) override {
    http10 = version == 10;
    method = view(name);
    target = view(target_text);
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(beast::field, string_view name, string_view value, error_code&) override {
    headers.add(view(name), view(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code& error) override { return append(bytes, error); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& error) override {
    return append(bytes, error);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t append(string_view bytes, error_code& error) {
    if (sink) {
      sink->take(view(bytes));
      return bytes.size();
    }
    if (body.size() + bytes.size() > body_limit_bytes) {
      too_large = true;
      error = beast::error::body_limit;
      return 0;
    }
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
};

// Gives Beast the whole head; false when it refuses it.
bool collect_head(Collector& collector, std::string_view head, std::size_t head_bytes_max) {
  collector.header_limit(static_cast<std::uint32_t>(head_bytes_max + 16));
  collector.body_limit(~0ULL);  // ours is the limit (a length compares greater than "none" in Boost 1.74)
  boost::beast::error_code error;
  std::size_t used = 0;
  while (!collector.is_header_done() && !error) {
    used += collector.put(boost::asio::const_buffer(head.data() + used, head.size() - used), error);
  }
  return collector.is_header_done();
}

}  // namespace

struct RequestParser::Impl {
  std::optional<Collector> collector;
};

RequestParser::RequestParser(Limits limits, BodyLimit body_limit, OpenBody open_body, HeadMemory* memory)
    : limits_(limits),
      body_limit_(std::move(body_limit)),
      open_body_(std::move(open_body)),
      memory_(memory),
      impl_(std::make_unique<Impl>()) {}
RequestParser::~RequestParser() = default;

void RequestParser::broken(int status) {
  state_ = ParseState::kBroken;
  status_ = status;
}

bool RequestParser::expects_continue() const {
  return state_ == ParseState::kBody && !body_begun_ && now_.request.headers.find("expect").has_value();
}

std::size_t RequestParser::feed(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && (state_ == ParseState::kHead || state_ == ParseState::kBody)) {
    if (state_ == ParseState::kBody) {
      if (!feed_body(bytes.substr(taken), taken)) break;
      continue;
    }
    // Blank lines before a request are tolerated (RFC 9112 2.2), by whole CRLF only.
    if (head_.empty() && (bytes[taken] == '\r' || bytes[taken] == '\n')) {
      ++taken;
      continue;
    }
    const auto part = bytes.substr(taken, limits_.head_bytes - head_.size());
    if (head_.empty()) {
      // The usual case: the whole head came at once and is read where it lies, without looking for its end first.
      if (const auto size = read_at_once(part); size > 0) {
        taken += size;
        take_head(part.substr(0, size));
        continue;
      }
      if (const auto end = part.find(kHeadEnd); end != part.npos) {
        taken += end + kHeadEnd.size();
        parse_head(part.substr(0, end + kHeadEnd.size()));
        continue;
      }
    }
    head_ += part;
    const auto from = scanned_ < 3 ? 0 : scanned_ - 3;
    auto end = head_.find(kHeadEnd, from);
    if (end == head_.npos) {
      // A head that ends in bare LFs would never end for us: refuse it as soon as it shows.
      if (head_.find("\n\n", from) != head_.npos) {
        broken(400);
        break;
      }
      scanned_ = head_.size();
      taken += part.size();
      if (head_.size() >= limits_.head_bytes) broken(400);
      continue;
    }
    end += kHeadEnd.size();
    taken += part.size() - (head_.size() - end);
    head_.resize(end);
    parse_head(head_);
    head_.clear();
    scanned_ = 0;
  }
  return taken;
}

// Forgets the message before this one, but not its memory.
void RequestParser::begin_head() {
  auto& request = now_.request;
  request.head_id = 0;
  request.sink.reset();
  request.body.clear();
  if (request.body.capacity() > kBodyKeptMax) request.body = std::string();
  now_.chunked = false;
  now_.length = 0;
}

// A head that begins `text`; 0: not whole, or not good.
std::size_t RequestParser::read_at_once(std::string_view text) {
  begin_head();
  if (memory_ == nullptr) return read_head_before(text, limits_.headers, now_);
  if (const auto size = memory_->recall(text, memory_hint_, now_); size > 0) return size;
  const auto size = read_head_before(text, limits_.headers, now_);
  // A program that asks once is not worth being remembered.
  if (size > 0 && std::exchange(came_back_, true)) memory_->keep(text.substr(0, size), memory_hint_, now_);
  return size;
}

void RequestParser::parse_head(std::string_view text) {
  if (const int refused = read_head(text, limits_.headers, now_); refused != 0) return broken(refused);
  take_head(text);
}

void RequestParser::take_head(std::string_view text) {
  chunked_ = now_.chunked;
  body_left_ = now_.length;
  body_begun_ = false;
  const bool large = chunked_ || body_left_ > kLargeBytes;
  body_limit_now_ = body_limit_ && large ? body_limit_(now_.request) : limits_.body_bytes;
  if (open_body_ && large) now_.request.sink = open_body_(now_.request);
  if (!now_.request.sink) {
    if (body_left_ > body_limit_now_) return broken(413);
    now_.request.body.reserve(std::min<std::size_t>(body_left_, 1 << 20));
  }
  if (chunked_) {
    // Chunks are Beast's business; it must have seen their head.
    auto& collector = impl_->collector.emplace();
    if (!collect_head(collector, text, limits_.head_bytes)) return broken(400);
    collector.eager(true);
    collector.headers.clear();  // only trailers from here on
    collector.body_limit_bytes = body_limit_now_;
    collector.sink = now_.request.sink;
  }
  state_ = chunked_ || body_left_ > 0 ? ParseState::kBody : ParseState::kComplete;
}

bool RequestParser::feed_body(std::string_view bytes, std::size_t& taken) {
  body_begun_ = true;
  if (!chunked_) {
    const auto part = bytes.substr(0, body_left_);
    if (now_.request.sink)
      now_.request.sink->take(part);
    else
      now_.request.body += part;
    body_left_ -= part.size();
    taken += part.size();
    if (body_left_ == 0) state_ = ParseState::kComplete;
    return true;
  }
  auto& collector = *impl_->collector;
  while (!bytes.empty()) {
    // Chunk framing may be cut anywhere: what Beast has not taken waits in head_. Beast bounds neither a chunk's
    // extensions nor the trailers; it sees no more than the limit and a byte at once, so framing that is longer is
    // refused however its bytes arrive.
    const auto piece = bytes.substr(0, limits_.head_bytes + 1 - head_.size());
    bytes.remove_prefix(piece.size());
    taken += piece.size();
    head_ += piece;
    std::size_t used = 0;
    boost::beast::error_code error;
    // Beast asserts that a last chunk is looked at with all its five bytes ("0 CR LF CR LF"). Every body that is not
    // complete has at least so many to come, so fewer can always wait.
    while (head_.size() - used >= 5 && !collector.is_done()) {
      const auto n = collector.put(boost::asio::const_buffer(head_.data() + used, head_.size() - used), error);
      used += n;
      if (error) break;
      if (n == 0) break;
    }
    if (error && error != beast::error::need_more) {
      head_.clear();
      broken(collector.too_large ? 413 : 400);
      return false;
    }
    if (collector.is_done()) {
      now_.request.body = std::move(collector.body);
      // The head's own headers have been acted on by now, so what comes behind the body must not pass for one of them.
      // No header name that was sent can hold a colon.
      for (const auto& [name, value] : collector.headers)
        now_.request.headers.add("trailer:" + std::string(name), value);
      state_ = ParseState::kComplete;
      // Bytes behind this message belong to the next.
      taken -= head_.size() - used;
      head_.clear();
      return true;
    }
    head_.erase(0, used);
    if (head_.size() > limits_.head_bytes) {
      head_.clear();
      broken(400);
      return false;
    }
  }
  return true;
}

Request&& RequestParser::take() {
  TM_ASSERT(state_ == ParseState::kComplete || state_ == ParseState::kBody);
  state_ = ParseState::kHead;
  impl_->collector.reset();
  return std::move(now_.request);
}

std::optional<Head> read_head_with_beast(std::string_view text) {
  Collector collector;
  if (!collect_head(collector, text, text.size())) return std::nullopt;
  Head head{.chunked = collector.chunked(), .length = collector.content_length().value_or(0)};
  head.request.method = collector.method;
  head.request.target = collector.target;
  head.request.headers = collector.headers;
  head.request.keep_alive = collector.keep_alive();
  head.request.http10 = collector.http10;
  return head;
}

struct ResponseParser::Impl {
  beast::response_parser<beast::string_body> parser;
  std::string pending;
  bool broken = false;
  std::size_t told = 0;
};

ResponseParser::ResponseParser(bool head_only, Limits limits) : impl_(std::make_unique<Impl>()) {
  impl_->parser.eager(true);
  impl_->parser.skip(head_only);
  impl_->parser.body_limit(limits.body_bytes);
  impl_->parser.header_limit(1 << 20);
}
ResponseParser::~ResponseParser() = default;

bool ResponseParser::feed(std::string_view bytes) {
  impl_->pending += bytes;
  boost::beast::error_code error;
  std::size_t used = 0;
  while (used < impl_->pending.size() && !impl_->parser.is_done()) {
    const auto n =
        impl_->parser.put(boost::asio::const_buffer(impl_->pending.data() + used, impl_->pending.size() - used), error);
    used += n;
    if (error || n == 0) break;
  }
  impl_->pending.erase(0, used);
  if (error && error != beast::error::need_more) {
    impl_->broken = true;
    return false;
  }
  if (on_body && impl_->parser.is_header_done()) {
    auto& body = impl_->parser.get().body();
    if (!body.empty()) {
      on_body(body);
      body.clear();
    }
  }
  return true;
}

bool ResponseParser::finish() {
  if (impl_->broken || !impl_->parser.got_some()) return false;
  if (impl_->parser.is_done()) return true;
  boost::beast::error_code error;
  impl_->parser.put_eof(error);
  return !error && impl_->parser.is_done();
}

bool ResponseParser::complete() const { return impl_->parser.is_done(); }
bool ResponseParser::keep_alive() const { return impl_->parser.is_done() && impl_->parser.keep_alive(); }

Response ResponseParser::take() {
  Response response;
  auto& message = impl_->parser.get();
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message.base()) {
    response.headers.add({field.name_string().data(), field.name_string().size()},
                         {field.value().data(), field.value().size()});
  }
  response.body = std::move(message.body());
  return response;
}

}  // namespace tidemill::http
