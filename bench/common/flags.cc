#include "common/flags.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tidemill::bench {
namespace {

sockaddr_in parse(const std::string& address) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || inet_pton(AF_INET, address.substr(0, colon).c_str(), &out.sin_addr) != 1)
    die("not an address: " + address);
  out.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(address.c_str() + colon + 1, nullptr, 10)));
  return out;
}

int tcp_socket() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die(std::string("socket: ") + std::strerror(errno));
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return fd;
}

}  // namespace

Flags::Flags(int argc, char** argv, int first) {
  for (int i = first; i < argc; i += 2) {
    const std::string name = argv[i];
    if (!name.starts_with("--") || i + 1 >= argc) {
      std::fprintf(stderr, "not a flag with a value: %s\n", argv[i]);
      std::exit(2);
    }
    values_[name.substr(2)] = argv[i + 1];
  }
}

std::string Flags::text(const std::string& name, const std::string& fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? fallback : found->second;
}

double Flags::number(const std::string& name, double fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? fallback : std::strtod(found->second.c_str(), nullptr);
}

void die(const std::string& sentence) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, sentence.c_str());
  std::exit(1);
}

int connect_to(const std::string& address) {
  const int fd = tcp_socket();
  const auto to = parse(address);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    die("cannot connect to " + address + ": " + std::strerror(errno));
  return fd;
}

int listen_on(const std::string& address) {
  const int fd = tcp_socket();
  const auto at = parse(address);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || listen(fd, 1024) != 0)
    die("cannot listen on " + address + ": " + std::strerror(errno));
  return fd;
}

std::string local_address(int socket) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size);
  return "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
}

}  // namespace tidemill::bench
