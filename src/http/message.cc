#include "http/message.h"

#include <algorithm>

#include "base/bytes.h"

namespace tidemill::http {
namespace {
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  // Eight bytes at a time: most are the same, or differ in a bit that is no letter's case.
  const auto equal_eight = [](const char* x, const char* y) {
    constexpr std::uint64_t kCase = 0x2020202020202020;
    std::uint64_t left, right;
    std::memcpy(&left, x, 8);
    std::memcpy(&right, y, 8);
    if (left == right) return true;
    if ((left | kCase) != (right | kCase)) return false;
    for (int i = 0; i < 8; ++i) {
      if (lower(x[i]) != lower(y[i])) return false;
    }
    return true;
  };
  std::size_t i = 0;
  for (; i + 8 <= a.size(); i += 8) {
    if (!equal_eight(a.data() + i, b.data() + i)) return false;
  }
  if (i < a.size() && a.size() >= 8) return equal_eight(a.data() + a.size() - 8, b.data() + b.size() - 8);
  for (; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

void Headers::Text::reserve(std::size_t room) {
  if (room <= room_) return;
  auto bytes = std::make_unique_for_overwrite<char[]>(room);
  if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
  bytes_ = std::move(bytes);
  room_ = static_cast<std::uint32_t>(room);
}

char* Headers::Text::append_line(std::string_view name, std::string_view value) {
  const auto bytes = name.size() + value.size() + 4;
  if (bytes > room_ - size_) reserve(size_ + bytes + size_ / 2);
  char* const line = bytes_.get() + size_;
  char* to = line;
  const auto put = [&to](std::string_view text) {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    to += text.size();
  };
  put(name);
  put(": ");
  put(value);
  put("\r\n");
  size_ += static_cast<std::uint32_t>(bytes);
  return line;
}

void Headers::assign(std::string_view text, std::span<const Place> places) {
  as_lines_ = false;
  text_.clear();
  text_.reserve(text.size());
  text_.append(text);
  places_.assign(places.begin(), places.end());
}

void Headers::add(std::string_view name, std::string_view value) {
  const char* line = text_.append_line(name, value);
  places_.emplace_back(text_.data(), std::string_view(line, name.size()),
                       std::string_view(line + name.size() + 2, value.size()));
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

bool Headers::is_named(const Place& place, std::string_view name) const {
  return equal_ignoring_case(name_of(place), name);
}

void Headers::remove(std::string_view name) {
  if (std::erase_if(places_, [this, name](const Place& place) { return is_named(place, name); }) > 0) as_lines_ = false;
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  const auto mark = mark_of(name);
  for (const auto& place : places_) {
    if (place.mark == mark && is_named(place, name)) return value_of(place);
  }
  return std::nullopt;
}

void Headers::clear() {
  text_.clear();
  places_.clear();
  as_lines_ = true;
}

void Headers::reserve(std::size_t count, std::size_t bytes) {
  places_.reserve(count);
  text_.reserve(bytes);
}

bool Headers::operator==(const Headers& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

std::string_view Request::path() const { return std::string_view(target).substr(0, target.find('?')); }

std::string_view Request::query() const {
  const auto mark = target.find('?');
  return mark == target.npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::vector<Parameter> parse_query(std::string_view query) {
  std::vector<Parameter> out;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    query = end == query.npos ? std::string_view() : query.substr(end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto value = equals == part.npos ? std::string_view() : part.substr(equals + 1);
    out.push_back({percent_decode(part.substr(0, equals), true), percent_decode(value, true)});
  }
  return out;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Payload Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 418: return "I'm a teapot";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Status";
  }
}

Responder::~Responder() {
  if (target_) std::exchange(target_, nullptr)->respond({.status = 500, .body = "the request was dropped\n"});
}

}  // namespace tidemill::http
