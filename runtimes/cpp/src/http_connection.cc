#include "http_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace tidemill::function {

std::string HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return "";
}

bool split_address(std::string_view text, std::string& host, int& port) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() && !host.empty();
}

Outcome<void> HttpConnection::open(const std::string& host, int port) {
  close();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const std::string numeric = host == "localhost" ? "127.0.0.1" : host;
  if (inet_pton(AF_INET, numeric.c_str(), &address.sin_addr) != 1)
    return fail("ConnectionError", "not a numeric address: " + host);
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd_ >= 0) setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (fd_ < 0 || connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const std::string reason = std::strerror(errno);
    close();
    return fail("ConnectionError", host + ": " + reason);
  }
  return {};
}

void HttpConnection::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  received_.clear();
}

Outcome<void> HttpConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) {
      const std::string reason = std::strerror(errno);
      close();
      return fail("ConnectionError", reason);
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

bool HttpConnection::fill() {
  char buffer[64 << 10];
  for (;;) {
    const auto got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
}

Outcome<HttpAnswer> HttpConnection::receive() {
  const auto broken = [this](std::string text) {
    close();
    return fail("ConnectionError", std::move(text));
  };
  std::size_t end;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) return broken("the connection was closed before the answer");
  HttpAnswer answer;
  std::string_view head(received_.data(), end);
  const auto line_end = head.find("\r\n");
  const auto status_line = head.substr(0, line_end);
  if (!status_line.starts_with("HTTP/1.") || status_line.size() < 12) return broken("not an HTTP answer");
  std::from_chars(status_line.data() + 9, status_line.data() + 12, answer.status);
  head = line_end == std::string_view::npos ? std::string_view() : head.substr(line_end + 2);
  while (!head.empty()) {
    const auto stop = head.find("\r\n");
    const auto line = head.substr(0, stop);
    head = stop == std::string_view::npos ? std::string_view() : head.substr(stop + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    auto value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    answer.headers.emplace_back(std::move(name), std::string(value));
  }
  std::size_t length = 0;
  const auto text = answer.header("content-length");
  std::from_chars(text.data(), text.data() + text.size(), length);
  received_.erase(0, end + 4);
  received_.reserve(length);
  while (received_.size() < length)
    if (!fill()) return broken("the connection was closed inside the answer");
  answer.body = received_.substr(0, length);
  received_.erase(0, length);
  if (!answer.keep_alive()) close();
  return answer;
}

}  // namespace tidemill::function
