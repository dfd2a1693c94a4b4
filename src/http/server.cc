#include "http/server.h"

#include <charconv>
#include <deque>

#include "base/time_text.h"

namespace tidemill::http {
namespace {

void append_number(std::string& out, std::size_t number, int base) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number, base).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void append_status_line(std::string& out, int status) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
    return;
  }
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(status), 10);
  out.append(" ").append(reason_phrase(status)).append("\r\n");
}

}  // namespace

// One client. Requests are answered in the order in which they came; each has a slot that waits for its turn.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(Server& server, std::uint64_t id, std::unique_ptr<runtime::Connection> connection)
      : server_(server),
        id_(id),
        peer_(connection->peer()),
        connection_(std::move(connection)),
        parser_(server.options_.limits, server.options_.body_limit, server.options_.open_body, &server.heads_),
        active_since_(server.loop_.clock().now()) {}

  // `bytes` have come before; nothing overtakes them.
  void start(std::string_view bytes) {
    const auto weak = weak_from_this();
    if (!bytes.empty()) connection_->pause(true);
    connection_->start({.on_data =
                            [weak](std::string_view bytes) {
                              if (const auto self = weak.lock()) self->receive(bytes);
                            },
                        .on_close =
                            [weak] {
                              if (const auto self = weak.lock()) self->gone();
                            },
                        .on_drained =
                            [weak] {
                              if (const auto self = weak.lock()) self->drained();
                            }});
    if (bytes.empty()) return;
    receive(bytes);
    if (connection_ && !paused_ && !leaving_) connection_->pause(false);
  }

  // The server is going away: nothing is told any more.
  void abandon() {
    connection_.reset();
    drop_slots();
  }

  bool idle() const { return slots_.empty() && !parser_.in_message() && connection_ && connection_->unsent() == 0; }
  void close_when_idle() {
    closing_ = true;
    if (idle()) close();
  }

  // Called each second: is this peer too slow?
  void check(runtime::Instant now, runtime::Duration jumped) {
    if (!connection_) return;
    active_since_ = std::min(now, active_since_ + jumped);
    const auto& options = server_.options_;
    const auto elapsed = now - active_since_;
    if (!slots_.empty()) {
      active_since_ = now;
    } else if (parser_.state() == ParseState::kBody) {
      if (elapsed < options.head_timeout) return;
      const auto seconds = static_cast<std::size_t>(std::chrono::duration_cast<std::chrono::seconds>(elapsed).count());
      if (body_bytes_ < seconds * options.body_rate_min) close();
    } else if (parser_.in_message()) {
      if (elapsed >= options.head_timeout) close();
    } else if (elapsed >= options.idle_timeout) {
      close();
    }
  }

 private:
  friend class SlotTarget;
  friend class SlotStream;

  static constexpr std::size_t kUnsentMax = 1 << 20;

  struct Slot {
    std::uint64_t number = 0;
    bool keep_alive = true;
    bool head_request = false;
    bool http10 = false;
    bool answered = false;
    bool streaming = false;
    bool stream_done = false;
    bool sized = false;  // the stream's length is in its head
    std::string out;     // bytes that wait for the slots before it
    std::move_only_function<void()> on_disconnect;
    std::move_only_function<void()> when_sent;
  };

  void receive(std::string_view bytes) {
    if (leaving_) {
      begun_ += bytes;
      return;
    }
    if (!waiting_.empty()) {
      waiting_ += bytes;
      return;
    }
    const auto rest = consume(bytes);
    if (!rest.empty()) waiting_ = rest;
  }

  // Parses and dispatches; returns what has to wait (too many requests under way).
  std::string_view consume(std::string_view bytes) {
    if (!server_.options_.hold_for_next) return parse(bytes);
    holding_ = true;
    const auto rest = parse(bytes);
    holding_ = false;
    if (!slots_.empty() && (slots_.back().answered || !slots_.front().keep_alive)) flush();
    return rest;
  }

  std::string_view parse(std::string_view bytes) {
    while (!bytes.empty() && connection_ && !refusing_) {
      auto* sink = parser_.state() == ParseState::kBody ? parser_.sink() : nullptr;
      const bool sink_full = sink != nullptr && sink->full();
      if (sink_full) {
        sink->on_room([weak = weak_from_this()] {
          if (const auto alive = weak.lock()) alive->resume();
        });
      }
      if (sink_full || slots_.size() >= server_.options_.pipeline_max || connection_->unsent() > kUnsentMax) {
        connection_->pause(true);
        paused_ = true;
        return bytes;
      }
      if (!parser_.in_message()) {
        active_since_ = server_.loop_.turn();
        body_bytes_ = 0;
      }
      const bool at_head = parser_.state() == ParseState::kHead;
      const auto taken = parser_.feed(bytes);
      if (at_head && server_.options_.is_elsewhere && leaves(bytes, taken)) return {};
      if (parser_.state() == ParseState::kBody) body_bytes_ += taken;
      bytes.remove_prefix(taken);
      if (parser_.state() == ParseState::kComplete) {
        dispatch(parser_.take());
        continued_ = false;
      } else if (parser_.state() == ParseState::kBroken) {
        refuse(parser_.status());
        return {};
      } else if (parser_.state() == ParseState::kBody && parser_.sink() != nullptr && parser_.sink()->refused()) {
        closing_ = refusing_ = true;
        dispatch(parser_.take());
        return {};
      } else if (parser_.expects_continue() && !continued_ && slots_.empty()) {
        continued_ = true;
        connection_->write_view("HTTP/1.1 100 Continue\r\n\r\n");
      } else if (taken == 0) {
        break;
      }
    }
    return {};
  }

  // True when these bytes complete the head of a request that is for another server.
  bool leaves(std::string_view bytes, std::size_t taken) {
    const auto state = parser_.state();
    if (state == ParseState::kHead) {
      if (parser_.in_message())
        begun_ += bytes.substr(0, taken);
      else
        begun_.clear();
      return false;
    }
    // A body that is too large for this server may not be for its own.
    const bool has_head = state != ParseState::kBroken || parser_.status() == 413;
    if (!has_head || !server_.options_.is_elsewhere(parser_.head())) {
      begun_.clear();
      return false;
    }
    begun_ += bytes;
    leaving_ = true;
    connection_->pause(true);
    if (slots_.empty()) leave();
    return true;
  }

  void leave() {
    auto connection = std::exchange(connection_, nullptr);
    connection->release();
    server_.options_.hand_over(std::move(connection), std::move(begun_));
    server_.remove(id_);
  }

  void dispatch(Request&& request);

  void refuse(int status) {
    refusing_ = true;
    Slot slot;
    slot.number = next_number_++;
    slot.keep_alive = false;
    slots_.push_back(std::move(slot));
    Response response{.status = status};
    response.headers.add("Content-Type", "text/plain");
    if (status != 413) response.body = std::string(reason_phrase(status)) + "\n";
    answer(slots_.back().number, std::move(response));
  }

  Slot* find(std::uint64_t number) {
    for (auto& slot : slots_) {
      if (slot.number == number) return &slot;
    }
    return nullptr;
  }

  // `room` is for what follows the head.
  void append_head(std::string& out, const Slot& slot, const Response& response, bool chunked, std::size_t room) {
    const auto lines = response.headers.lines();
    std::size_t bytes = 160;
    if (lines) {
      bytes += lines->size();
    } else {
      for (const auto& [name, value] : response.headers) bytes += name.size() + value.size() + 4;
    }
    out.reserve(out.size() + bytes + room);
    append_status_line(out, response.status);
    if (lines) {
      out += *lines;
    } else {
      for (const auto& [name, value] : response.headers) out.append(name).append(": ").append(value).append("\r\n");
    }
    const bool no_body = response.status == 204 || response.status == 304 || response.status / 100 == 1;
    if (chunked) {
      if (!slot.http10) out += "Transfer-Encoding: chunked\r\n";
    } else if (!no_body && !response.headers.find("content-length")) {
      out += "Content-Length: ";
      append_number(out, response.body.size(), 10);
      out += "\r\n";
    }
    out += server_.date_line();
    if (!slot.keep_alive)
      out += "Connection: close\r\n";
    else if (slot.http10)
      out += "Connection: keep-alive\r\n";
    out += "\r\n";
  }

  void answer(std::uint64_t number, Response&& response) {
    Slot* slot = find(number);
    if (slot == nullptr || slot->answered || !connection_) return;
    slot->answered = true;
    slot->stream_done = true;
    slot->on_disconnect = nullptr;
    if (response.close || closing_) slot->keep_alive = false;
    append_head(slot->out, *slot, response, false, response.body.size());
    if (!slot->head_request) slot->out += response.body;
    flush();
  }

  void stream_begin(std::uint64_t number, Response head) {
    Slot* slot = find(number);
    if (slot == nullptr || slot->answered || !connection_) return;
    slot->answered = true;
    slot->streaming = true;
    slot->sized = head.headers.find("content-length").has_value();
    if (head.close || closing_ || (slot->http10 && !slot->sized)) slot->keep_alive = false;
    append_head(slot->out, *slot, head, !slot->sized, 0);
    flush();
  }

  void stream_write(std::uint64_t number, std::string_view bytes) {
    Slot* slot = find(number);
    if (slot == nullptr || slot->stream_done || bytes.empty() || slot->head_request) return;
    if (slot->http10 || slot->sized) {
      slot->out += bytes;
    } else {
      append_number(slot->out, bytes.size(), 16);
      slot->out.append("\r\n").append(bytes).append("\r\n");
    }
    flush();
  }

  void stream_end(std::uint64_t number, const Headers* trailers) {
    Slot* slot = find(number);
    if (slot == nullptr || slot->stream_done) return;
    slot->stream_done = true;
    slot->on_disconnect = nullptr;
    slot->when_sent = nullptr;
    if (trailers == nullptr) {
      cut_ = true;  // the body is not whole: only a cut connection says so
    } else if (!slot->http10 && !slot->sized && !slot->head_request) {
      slot->out += "0\r\n";
      for (const auto& [name, value] : *trailers) slot->out.append(name).append(": ").append(value).append("\r\n");
      slot->out += "\r\n";
    }
    flush();
  }

  void stream_when_sent(std::uint64_t number, std::move_only_function<void()> then) {
    Slot* slot = find(number);
    if (slot == nullptr || slot->stream_done) return;
    slot->when_sent = std::move(then);
    tell_sent();
  }

  // The stream at the front may go on when little of it waits; those behind it when it is their turn.
  void tell_sent() {
    if (!connection_ || slots_.empty() || !slots_.front().when_sent || connection_->unsent() > kUnsentMax) return;
    server_.loop_.post(std::exchange(slots_.front().when_sent, nullptr));
  }

  void drained() {
    const auto self = shared_from_this();
    tell_sent();
    resume();
  }

  // Sends what is ready from the front; a whole turn's answers leave in one write.
  void flush() {
    if (flushing_ || holding_ || !connection_) return;
    flushing_ = true;
    std::string out;
    bool end = false;
    while (!slots_.empty() && !end) {
      auto& front = slots_.front();
      if (out.empty())
        out = std::move(front.out);
      else
        out += front.out;
      front.out.clear();
      if (!front.answered || !front.stream_done) break;
      end = !front.keep_alive || cut_;
      slots_.pop_front();
    }
    flushing_ = false;
    if (!out.empty()) connection_->write(std::move(out));
    if (end) {
      drop_slots();
      return close_gracefully();
    }
    if (leaving_ && slots_.empty()) return leave();
    if (closing_ && idle()) return close();
    tell_sent();
    if (paused_ && slots_.size() < server_.options_.pipeline_max / 2) resume();
  }

  void resume() {
    if (!paused_ || !connection_ || connection_->unsent() > kUnsentMax) return;
    paused_ = false;
    server_.loop_.post([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || !self->connection_ || self->refusing_) return;
      const auto waiting = std::exchange(self->waiting_, {});
      const auto rest = self->consume(waiting);
      self->waiting_ = std::string(rest) + self->waiting_;
      if (!self->paused_ && self->connection_) self->connection_->pause(false);
    });
  }

  // A slot may own the stream that writes to it, which looks for its slot when it goes: it must not find half of one.
  void drop_slots() { [[maybe_unused]] const auto dropped = std::exchange(slots_, {}); }

  void gone() {
    const auto self = shared_from_this();
    connection_.reset();
    auto slots = std::move(slots_);
    slots_.clear();
    for (auto& slot : slots) {
      if (slot.on_disconnect) slot.on_disconnect();
    }
    server_.remove(id_);
  }

  void close() {
    if (connection_) connection_->close();
    gone();
  }

  void close_gracefully() {
    if (connection_) {
      if (cut_)
        connection_->close();
      else
        connection_->close_after_writes();
    }
    gone();
  }

  Server& server_;
  const std::uint64_t id_;
  const runtime::Address peer_;
  std::unique_ptr<runtime::Connection> connection_;
  RequestParser parser_;
  std::deque<Slot> slots_;
  std::uint64_t next_number_ = 1;
  std::string waiting_;  // bytes not parsed while too much is under way
  std::string begun_;    // where requests may be for another server: what came of a head, of all when leaving
  runtime::Instant active_since_;
  std::size_t body_bytes_ = 0;
  bool paused_ = false;
  bool refusing_ = false;
  bool closing_ = false;
  bool leaving_ = false;  // for another server, when all is answered
  bool continued_ = false;
  bool cut_ = false;
  bool flushing_ = false;
  bool holding_ = false;
};

class SlotStream final : public Responder::Stream {
 public:
  SlotStream(std::weak_ptr<ServerConnection> connection, std::uint64_t number)
      : connection_(std::move(connection)), number_(number) {}
  ~SlotStream() override {
    if (finished_) return;
    if (const auto connection = connection_.lock()) connection->stream_end(number_, nullptr);
  }
  void write(std::string_view bytes) override {
    if (const auto connection = connection_.lock()) connection->stream_write(number_, bytes);
  }
  void finish(const Headers& trailers) override {
    if (std::exchange(finished_, true)) return;
    if (const auto connection = connection_.lock()) connection->stream_end(number_, &trailers);
  }
  bool is_open() const override {
    const auto connection = connection_.lock();
    return connection && connection->find(number_) != nullptr;
  }
  void when_sent(std::move_only_function<void()> then) override {
    if (const auto connection = connection_.lock()) connection->stream_when_sent(number_, std::move(then));
  }

 private:
  const std::weak_ptr<ServerConnection> connection_;
  const std::uint64_t number_;
  bool finished_ = false;
};

class SlotTarget final : public Responder::Target {
 public:
  SlotTarget(std::weak_ptr<ServerConnection> connection, std::uint64_t number)
      : connection_(std::move(connection)), number_(number) {}
  void respond(Response&& response) override {
    if (const auto connection = connection_.lock()) connection->answer(number_, std::move(response));
  }
  std::unique_ptr<Responder::Stream> stream(Response head) override {
    if (const auto connection = connection_.lock()) connection->stream_begin(number_, std::move(head));
    return std::make_unique<SlotStream>(connection_, number_);
  }
  void on_disconnect(std::move_only_function<void()> gone) override {
    const auto connection = connection_.lock();
    if (!connection) return gone();
    if (auto* slot = connection->find(number_)) slot->on_disconnect = std::move(gone);
  }

 private:
  const std::weak_ptr<ServerConnection> connection_;
  const std::uint64_t number_;
};

void ServerConnection::dispatch(Request&& request) {
  request.peer = peer_;
  Slot slot;
  slot.number = next_number_++;
  slot.keep_alive = request.keep_alive && !closing_;
  slot.head_request = request.method == "HEAD";
  slot.http10 = request.http10;
  const auto number = slot.number;
  slots_.push_back(std::move(slot));
  server_.handler_(std::move(request), Responder(std::make_unique<SlotTarget>(weak_from_this(), number)));
}

Server::Server(runtime::Loop& loop, runtime::Network& network, Handler handler, ServerOptions options)
    : loop_(loop), network_(network), handler_(std::move(handler)), options_(std::move(options)) {
  tick();
}

Server::~Server() {
  loop_.cancel(timer_);
  listeners_.clear();
  for (const auto& [id, connection] : connections_) connection->abandon();
}

Status Server::listen(const runtime::Address& address) {
  TM_TRY(auto listener,
         network_.listen(address, [this](std::unique_ptr<runtime::Connection> c) { accept(std::move(c)); }));
  listeners_.push_back(std::move(listener));
  return {};
}

runtime::Address Server::address() const {
  return listeners_.empty() ? runtime::Address{} : listeners_.front()->address();
}

void Server::accept(std::unique_ptr<runtime::Connection> connection, std::string_view bytes) {
  if (connections_.size() >= options_.connections_max) return;  // closed: the client sees a refusal at once
  const auto id = next_id_++;
  const auto made = std::make_shared<ServerConnection>(*this, id, std::move(connection));
  connections_.emplace(id, made);
  made->start(bytes);
}

void Server::remove(std::uint64_t id) {
  connections_.erase(id);
  if (connections_.empty() && drained_) loop_.post(std::exchange(drained_, nullptr));
}

void Server::drain(runtime::Task drained) {
  listeners_.clear();
  drained_ = std::move(drained);
  std::vector<std::shared_ptr<ServerConnection>> all;
  all.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->close_when_idle();
  if (connections_.empty() && drained_) loop_.post(std::exchange(drained_, nullptr));
}

std::string_view Server::date_line() {
  if (const auto turn = loop_.turn(); turn >= date_until_) {
    const auto wall = loop_.clock().wall();
    date_until_ = turn + std::chrono::seconds(1) - wall.time_since_epoch() % std::chrono::seconds(1);
    date_line_ = "Server: " + options_.server_name + "\r\nDate: " + http_date(wall) + "\r\n";
  }
  return date_line_;
}

void Server::tick() {
  const auto now = loop_.clock().now();
  // A loop that stood still, or whose time was moved, has not waited for its clients.
  const auto last = std::exchange(ticked_, now);
  const auto jumped =
      last == runtime::Instant{} || now - last < std::chrono::seconds(5) ? runtime::Duration(0) : now - last;
  std::vector<std::shared_ptr<ServerConnection>> all;
  all.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->check(now, jumped);
  timer_ = loop_.at(now + std::chrono::seconds(1), [this] { tick(); });
}

}  // namespace tidemill::http
