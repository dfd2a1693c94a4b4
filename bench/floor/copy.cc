#include "floor/copy.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <vector>

#include "common/flags.h"

namespace tidemill::bench {
namespace {

struct Client {
  int socket;
  std::string bytes;
};

// What an empty Produce response of version 7 is: correlation id, no topics, no throttling.
bool acknowledge(int socket, const char* correlation) {
  std::array<char, 16> answer{};
  const auto length = htonl(12);
  std::memcpy(answer.data(), &length, 4);
  std::memcpy(answer.data() + 4, correlation, 4);
  return send(socket, answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size());
}

bool readable(Client& client) {
  static std::vector<char> buffer(1 << 20);
  const auto got = recv(client.socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got <= 0) return false;
  client.bytes.append(buffer.data(), static_cast<std::size_t>(got));
  std::size_t at = 0;
  while (client.bytes.size() - at >= 4) {
    std::uint32_t length = 0;
    std::memcpy(&length, client.bytes.data() + at, 4);
    length = ntohl(length);
    if (client.bytes.size() - at - 4 < length) break;
    if (!acknowledge(client.socket, client.bytes.data() + at + 8)) return false;
    at += 4 + length;
  }
  client.bytes.erase(0, at);
  return true;
}

}  // namespace

void serve_copy(const std::string& address) {
  const int listener = listen_on(address);
  std::printf("ready edge=http://%s\n", local_address(listener).c_str());
  std::fflush(stdout);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::array<epoll_event, 64> events{};
  while (true) {
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      auto* client = static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (client == nullptr) {
        const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) continue;
        event.data.ptr = new Client{socket, {}};  // lives as long as its connection
        epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
      } else if (!readable(*client)) {
        close(client->socket);
        delete client;
      }
    }
  }
}

}  // namespace tidemill::bench
