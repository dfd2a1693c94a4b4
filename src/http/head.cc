#include "http/head.h"

#include <array>

#include "base/scan.h"

namespace tidemill::http {
namespace {

constexpr auto kIsToken = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = '0'; c <= '9'; ++c) table[c] = true;
  for (std::size_t c = 'A'; c <= 'Z'; ++c) table[c] = table[c + 32] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool is_token(char c) { return kIsToken[static_cast<unsigned char>(c)]; }

std::size_t token_length(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && is_token(text[size])) ++size;
  return size;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The lines of a text, each ended by CR LF: blanks, tabs and everything printable.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text), controls_(text) {}
  // False when something else comes before CR LF.
  bool next(std::string_view& line) {
    std::size_t end = controls_.next();
    while (end < text_.size() && text_[end] == '\t') end = controls_.next();
    if (end >= text_.size() || text_[end] != '\r') return false;
    if (const auto feed = controls_.next(); feed != end + 1 || feed >= text_.size() || text_[feed] != '\n')
      return false;
    line = text_.substr(begin_, end - begin_);
    begin_ = end + 2;
    return true;
  }
  std::size_t used() const { return begin_; }

 private:
  const std::string_view text_;
  ControlPlaces controls_;
  std::size_t begin_ = 0;
};

class HeadReader {
 public:
  HeadReader(Head& head, std::size_t headers_max) : head_(head), headers_max_(headers_max) {}

  // `used`: up to and with the empty line.
  int read(std::string_view text, std::size_t& used) {
    text_ = text.data();
    Lines lines(text);
    std::string_view line;
    if (!lines.next(line)) return 400;
    if (const int refused = request_line(line); refused != 0) return refused;
    for (;;) {
      if (!lines.next(line)) return 400;
      if (line.empty()) break;
      if (const int refused = field(line); refused != 0) return refused;
    }
    used = lines.used();
    if (has_length_ && head_.chunked) return 400;
    const auto kept = text.substr(0, used);
    head_.request.headers.assign(kept, many_.empty() ? std::span(fields_.data(), fields_used_) : std::span(many_));
    head_.request.keep_alive = head_.request.http10 ? asks_keep_ : !asks_close_;
    return 0;
  }

 private:
  int request_line(std::string_view line) {
    const std::size_t method = token_length(line);
    if (method == 0 || method == line.size() || line[method] != ' ') return 400;
    head_.request.method = line.substr(0, method);
    line.remove_prefix(method + 1);
    const std::size_t target = line.find(' ');
    if (target == 0 || target == line.npos || line.find('\t') != line.npos) return 400;
    head_.request.target = line.substr(0, target);
    const auto version = line.substr(target + 1);
    head_.request.http10 = version == "HTTP/1.0";
    if (head_.request.http10 || version == "HTTP/1.1") return 0;
    return version.starts_with("HTTP/") && version.find(' ') == version.npos ? 505 : 400;
  }

  int field(std::string_view line) {
    const std::size_t size = token_length(line);
    if (size == 0 || size == line.size() || line[size] != ':') return 400;
    const auto name = line.substr(0, size);
    const auto value = trimmed(line.substr(size + 1));
    if (fields_used_ >= headers_max_) return 431;
    const Headers::Place place(text_, name, value);
    if (fields_used_ < fields_.size()) {
      fields_[fields_used_] = place;
    } else {
      if (many_.empty()) many_.assign(fields_.begin(), fields_.end());
      many_.push_back(place);
    }
    ++fields_used_;
    return act_on(name, value);
  }

  // The headers that decide where the message ends and what becomes of the connection.
  int act_on(std::string_view name, std::string_view value) {
    switch (name.size()) {
      case 4:
        if (equal_ignoring_case(name, "host") && ++hosts_ > 1) return 400;
        return 0;
      case 6:
        if (equal_ignoring_case(name, "expect") && !equal_ignoring_case(value, "100-continue")) return 417;
        return 0;
      case 10:
        if (equal_ignoring_case(name, "connection")) return connection(value);
        return 0;
      case 14:
        if (equal_ignoring_case(name, "content-length")) return length(value);
        return 0;
      case 16:
        if (equal_ignoring_case(name, "proxy-connection")) return connection(value);
        return 0;
      case 17:
        if (!equal_ignoring_case(name, "transfer-encoding")) return 0;
        if (head_.chunked) return 400;
        if (!equal_ignoring_case(value, "chunked")) return 501;
        head_.chunked = true;
        return 0;
      default: return 0;
    }
  }

  int length(std::string_view value) {
    if (has_length_ || value.empty() || value.size() > 15) return 400;
    has_length_ = true;
    for (const char c : value) {
      if (c < '0' || c > '9') return 400;
      head_.length = head_.length * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return 0;
  }

  // A list of tokens; empty elements are legal.
  int connection(std::string_view value) {
    while (!value.empty()) {
      const auto comma = value.find(',');
      const auto option = trimmed(value.substr(0, comma));
      value = comma == value.npos ? std::string_view() : value.substr(comma + 1);
      if (token_length(option) != option.size()) return 400;
      asks_close_ = asks_close_ || equal_ignoring_case(option, "close");
      asks_keep_ = asks_keep_ || equal_ignoring_case(option, "keep-alive");
    }
    return 0;
  }

  Head& head_;
  const std::size_t headers_max_;
  const char* text_ = nullptr;
  std::array<Headers::Place, 24> fields_;
  std::size_t fields_used_ = 0;
  std::vector<Headers::Place> many_;  // all of them, when they have no room there
  std::size_t hosts_ = 0;
  bool has_length_ = false, asks_close_ = false, asks_keep_ = false;
};

}  // namespace

bool Head::operator==(const Head& other) const {
  const Request &a = request, &b = other.request;
  return a.method == b.method && a.target == b.target && a.headers == b.headers && a.keep_alive == b.keep_alive &&
         a.http10 == b.http10 && chunked == other.chunked && length == other.length;
}

int read_head(std::string_view text, std::size_t headers_max, Head& head) {
  head = Head();
  std::size_t used = 0;
  const int refused = HeadReader(head, headers_max).read(text, used);
  return refused == 0 && used != text.size() ? 400 : refused;
}

std::size_t read_head_before(std::string_view text, std::size_t headers_max, Head& head) {
  std::size_t used = 0;
  return HeadReader(head, headers_max).read(text, used) == 0 ? used : 0;
}

}  // namespace tidemill::http
