#include "floor/server.h"

#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "common/flags.h"

namespace tidemill::bench {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;  // the largest request
constexpr std::size_t kPadding = 64;

struct Client {
  int socket;
  std::size_t filled = 0;
  std::vector<char> bytes = std::vector<char>(64 << 10);
};

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto taken = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (taken < 0 && errno != EINTR) return false;
    if (taken > 0) bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
  return true;
}

class Server {
 public:
  explicit Server(const FloorHandler& handler) : handler_(handler) {}

  // False when the client has gone.
  bool readable(Client& client) {
    if (client.bytes.size() - client.filled < 2 * kPadding) {
      if (client.bytes.size() >= kBufferBytes) return false;
      client.bytes.resize(client.bytes.size() * 2);
    }
    const auto got = recv(client.socket, client.bytes.data() + client.filled,
                          client.bytes.size() - client.filled - kPadding, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    client.filled += static_cast<std::size_t>(got);
    while (client.filled > 0) {
      FloorRequest request{.headers = headers_};
      const auto size = parse_request({client.bytes.data(), client.filled}, headers_, request);
      if (size == 0) break;
      if (!answer(client, request)) return false;
      client.filled -= size;
      std::memmove(client.bytes.data(), client.bytes.data() + size, client.filled);
    }
    return true;
  }

 private:
  bool answer(Client& client, const FloorRequest& request) {
    body_.clear();
    handler_(request, body_);
    response_.assign(
        "HTTP/1.1 200 OK\r\nServer: floor\r\nContent-Type: application/x-amz-json-1.0\r\n"
        "x-amzn-RequestId: 3B9F7D4E6A0C4C8E9F510D2F6A7B8C9D3B9F7D4E6A0C4C8E9F51\r\nContent-Length: ");
    response_ += std::to_string(body_.size());
    response_ += "\r\n\r\n";
    response_ += body_;
    return send_all(client.socket, response_);
  }

  const FloorHandler& handler_;
  std::vector<FloorHeader> headers_;
  std::string body_, response_;
};

}  // namespace

std::string_view FloorRequest::header(std::string_view name) const {
  for (const auto& each : headers)
    if (each.name.size() == name.size() && strncasecmp(each.name.data(), name.data(), name.size()) == 0)
      return each.value;
  return {};
}

std::size_t parse_request(std::string_view bytes, std::vector<FloorHeader>& headers, FloorRequest& request) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  headers.clear();
  const auto first = bytes.substr(0, bytes.find("\r\n"));
  const auto blank = first.find(' ');
  request.method = first.substr(0, blank);
  request.target = first.substr(blank + 1, first.rfind(' ') - blank - 1);
  for (auto at = first.size() + 2; at < end + 2;) {
    const auto next = bytes.find("\r\n", at);
    const auto line = bytes.substr(at, next - at);
    const auto colon = line.find(':');
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    headers.push_back({line.substr(0, colon), value});
    at = next + 2;
  }
  std::size_t length = 0;
  if (const auto text = request.header("content-length"); !text.empty())
    length = std::strtoul(text.data(), nullptr, 10);
  if (bytes.size() < end + 4 + length) return 0;
  request.body = bytes.substr(end + 4, length);
  return end + 4 + length;
}

void serve_http(const std::string& address, const FloorHandler& handler) {
  const int listener = listen_on(address);
  std::printf("ready edge=http://%s\n", local_address(listener).c_str());
  std::fflush(stdout);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  Server server(handler);
  std::array<epoll_event, 256> events{};
  while (true) {
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      auto* client = static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (client == nullptr) {
        const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) continue;
        event.data.ptr = new Client{socket};  // lives as long as its connection
        epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
      } else if (!server.readable(*client)) {
        close(client->socket);
        delete client;
      }
    }
  }
}

}  // namespace tidemill::bench
