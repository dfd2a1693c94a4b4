// HTTP/1.1 messages as values. Header names keep the case they came in and are compared without it.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/network.h"

namespace tidemill::http {

// One text and places in it: a head of many lines costs two allocations and one copy, and a look for a name compares
// sizes and ends of names before the names. What was added stands there as lines that can be sent as they are. What
// find() and the iterators give are views into the text: they outlive a move of the headers, and end with the next
// add().
class Headers {
 public:
  // Where a header is in a text.
  struct Place {
    Place() = default;
    // `name` and `value` are parts of the text that begins at `text`.
    Place(const char* text, std::string_view name, std::string_view value)
        : name_at(static_cast<std::uint32_t>(name.data() - text)),
          name_size(static_cast<std::uint32_t>(name.size())),
          value_at(static_cast<std::uint32_t>(value.data() - text)),
          value_size(static_cast<std::uint32_t>(value.size())),
          mark(mark_of(name)) {}
    std::uint32_t name_at, name_size, value_at, value_size;
    std::uint32_t mark;
  };
  struct Entry {
    std::string_view name, value;
    bool operator==(const Entry&) const = default;
  };
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Entry;
    Iterator() = default;
    Iterator(const Headers& of, std::size_t index) : of_(&of), index_(index) {}
    Entry operator*() const { return of_->at(index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) { return {*of_, index_++}; }
    bool operator==(const Iterator&) const = default;

   private:
    const Headers* of_ = nullptr;
    std::size_t index_ = 0;
  };

  // In place of all that was there: `text` is kept whole.
  void assign(std::string_view text, std::span<const Place> places);
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void remove(std::string_view name);
  // The first value of that name, or nothing.
  std::optional<std::string_view> find(std::string_view name) const;
  // Each value of that name, in order.
  template <class F>
  void for_each(std::string_view name, F f) const {
    const auto mark = mark_of(name);
    for (const auto& place : places_)
      if (place.mark == mark && is_named(place, name)) f(value_of(place));
  }
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }
  bool empty() const { return places_.empty(); }
  std::size_t size() const { return places_.size(); }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, places_.size()}; }
  void clear();
  void reserve(std::size_t count, std::size_t bytes);
  // All of them as they are sent, each line with its end; nothing when they do not stand like that.
  std::optional<std::string_view> lines() const {
    if (!as_lines_) return std::nullopt;
    return std::string_view(text_.data(), text_.size());
  }
  // Where they are in the text that assign() was given.
  std::span<const Place> places() const { return places_; }
  bool operator==(const Headers& other) const;

 private:
  // Not a string: short ones move their bytes.
  class Text {
   public:
    Text() = default;
    Text(const Text& other) { append({other.data(), other.size_}); }
    Text(Text&& other) noexcept
        : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)), room_(std::exchange(other.room_, 0)) {}
    Text& operator=(Text other) noexcept {
      bytes_ = std::move(other.bytes_);
      size_ = other.size_;
      room_ = other.room_;
      return *this;
    }
    const char* data() const { return bytes_.get(); }
    std::uint32_t size() const { return size_; }
    void clear() { size_ = 0; }
    void reserve(std::size_t room);
    // A header's line; gives where it begins.
    char* append_line(std::string_view name, std::string_view value);
    void append(std::string_view text) {
      if (text.empty()) return;
      if (text.size() > room_ - size_) reserve(size_ + text.size() + size_ / 2);
      std::memcpy(bytes_.get() + size_, text.data(), text.size());
      size_ += static_cast<std::uint32_t>(text.size());
    }

   private:
    std::unique_ptr<char[]> bytes_;
    std::uint32_t size_ = 0, room_ = 0;
  };
  // Equal for names that are equal without their case.
  static std::uint32_t mark_of(std::string_view name) {
    if (name.empty()) return 0;
    const auto first = static_cast<unsigned char>(name.front() | 0x20);
    const auto last = static_cast<unsigned char>(name.back() | 0x20);
    return static_cast<std::uint32_t>(name.size()) << 16 | static_cast<std::uint32_t>(first << 8 | last);
  }
  bool is_named(const Place& place, std::string_view name) const;
  std::string_view name_of(const Place& place) const { return {text_.data() + place.name_at, place.name_size}; }
  std::string_view value_of(const Place& place) const { return {text_.data() + place.value_at, place.value_size}; }
  Entry at(std::size_t index) const {
    const auto& place = places_[index];
    return {name_of(place), value_of(place)};
  }
  Text text_;
  std::vector<Place> places_;
  bool as_lines_ = true;  // the text is a line for each, in order, and nothing else
};

bool equal_ignoring_case(std::string_view a, std::string_view b);

// Takes a request's body while it arrives, in place of Request.body. Called on the connection's loop.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual void take(std::string_view bytes) = 0;
  // True: no more now, please; what was given to on_room is called when there is room again.
  virtual bool full() const = 0;
  virtual void on_room(std::function<void()> room) = 0;
  // True: the request is refused whatever its body is. It is answered at once and the connection closed.
  virtual bool refused() const = 0;
};

struct Request {
  // The same for requests of one client program whose heads differ in nothing but values that change from request to
  // request (dates, digests, signatures, lengths): what follows from the rest of a head may be remembered by it. 0:
  // this head is not known.
  std::uint64_t head_id = 0;
  std::string method;  // as sent: "GET", "POST"
  std::string target;  // as sent: path and query, undecoded
  Headers headers;
  std::string body;                // whole, chunks joined, content encoding not undone
  std::shared_ptr<BodySink> sink;  // what took the body instead
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
  // A body sent piece by piece: of the length that the head's Content-Length says, else in chunks.
  class Stream {
   public:
    virtual ~Stream() = default;  // not finished: the connection is cut, so that the client sees a truncated body
    virtual void write(std::string_view bytes) = 0;
    virtual void finish(const Headers& trailers = {}) = 0;
    virtual bool is_open() const = 0;  // false when the client has gone
    // Calls `then` once, later, when what was written has mostly left: how a long body is sent with bounded memory.
    // Never called when the client goes away before.
    virtual void when_sent(std::move_only_function<void()> then) = 0;
  };
  class Target {
   public:
    virtual ~Target() = default;
    virtual void respond(Response&& response) = 0;
    virtual std::unique_ptr<Stream> stream(Response head) = 0;
    // Called when the client goes away before the answer; at most once.
    virtual void on_disconnect(std::move_only_function<void()> gone) = 0;
  };

  explicit Responder(std::unique_ptr<Target> target) : target_(std::move(target)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) noexcept = default;
  ~Responder();
  void operator()(Response&& response) && { std::exchange(target_, nullptr)->respond(std::move(response)); }
  std::unique_ptr<Stream> stream(Response head) && { return std::exchange(target_, nullptr)->stream(std::move(head)); }
  void on_disconnect(std::move_only_function<void()> gone) { target_->on_disconnect(std::move(gone)); }

 private:
  std::unique_ptr<Target> target_;
};

// The request may be taken; what is left of it ends with the call.
using Handler = std::function<void(Request&&, Responder&&)>;

}  // namespace tidemill::http
