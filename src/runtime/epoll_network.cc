// TCP on an EpollLoop.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include "base/assert.h"
#include "runtime/system.h"

namespace tidemill::runtime {
namespace {

constexpr std::size_t kReadBehindRoom = 4 << 10;
constexpr std::size_t kHighMark = 1 << 20;
constexpr std::size_t kLowMark = 256 << 10;
constexpr int kBacklog = 1024;

union AnyAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

socklen_t to_native(const Address& address, AnyAddress& out) {
  std::memset(&out, 0, sizeof(out));
  if (inet_pton(AF_INET, address.host.c_str(), &out.v4.sin_addr) == 1) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(address.port);
    return sizeof(out.v4);
  }
  if (inet_pton(AF_INET6, address.host.c_str(), &out.v6.sin6_addr) == 1) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(address.port);
    return sizeof(out.v6);
  }
  return 0;
}

Address from_native(const AnyAddress& native) {
  char text[INET6_ADDRSTRLEN] = {};
  if (native.any.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &native.v6.sin6_addr, text, sizeof(text));
    return {text, ntohs(native.v6.sin6_port)};
  }
  inet_ntop(AF_INET, &native.v4.sin_addr, text, sizeof(text));
  return {text, ntohs(native.v4.sin_port)};
}

Address local_address(int fd) {
  AnyAddress native{};
  socklen_t size = sizeof(native);
  getsockname(fd, &native.any, &size);
  return from_native(native);
}

// Bytes that the kernel has not taken yet.
struct Unsent {
  struct Chunk {
    std::string bytes;
    std::size_t sent;
  };
  std::deque<Chunk> chunks;
  std::size_t bytes = 0;
};

// A socket that belongs to no loop.
struct LooseSocket {
  LooseSocket(int descriptor, Unsent waiting) : fd(descriptor), unsent(std::move(waiting)) {}
  LooseSocket(const LooseSocket&) = delete;
  ~LooseSocket() {
    if (fd >= 0) close(fd);
  }
  int fd;
  Unsent unsent;
};

// The part of a connection that the loop's callbacks share with it: it outlives the handle while a callback runs.
class Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(EpollLoop& loop, int fd, Address peer, Unsent unsent = {})
      : loop_(loop),
        fd_(fd),
        peer_(std::move(peer)),
        queue_(std::move(unsent.chunks)),
        unsent_(unsent.bytes),
        above_(unsent_ > kHighMark) {}
  ~Socket() { shut(); }

  void start(Connection::Events events) {
    events_ = std::make_shared<Connection::Events>(std::move(events));
    const auto self = shared_from_this();
    loop_.watch(fd_, EPOLLIN | EPOLLOUT | EPOLLRDHUP, [weak = std::weak_ptr(self)](std::uint32_t bits) {
      if (const auto socket = weak.lock()) socket->ready(bits);
    });
  }

  void send(std::string_view bytes, std::string* owned) {
    if (fd_ < 0 || closing_) return;
    if (queue_.empty() && loop_.sends_may_wait()) {
      waits_ = true;
      loop_.at_turn_end([weak = weak_from_this()] {
        if (const auto socket = weak.lock()) socket->send_waiting();
      });
    } else if (queue_.empty()) {
      const auto sent = try_send(bytes);
      if (fd_ < 0) return;
      bytes.remove_prefix(sent);
    }
    if (bytes.empty()) return;
    unsent_ += bytes.size();
    if (unsent_ > kHighMark) above_ = true;
    if (owned != nullptr && bytes.size() == owned->size())
      queue_.push_back({std::move(*owned), 0});
    else
      queue_.push_back({std::string(bytes), 0});
  }

  void pause(bool paused) {
    if (paused_ == paused) return;
    paused_ = paused;
    // Edge-triggered: bytes that came while paused must be asked for.
    if (!paused && fd_ >= 0) {
      loop_.post([weak = weak_from_this()] {
        if (const auto socket = weak.lock()) socket->receive();
      });
    }
  }

  void close_after_writes() {
    if (fd_ < 0) return;
    closing_ = true;
    events_.reset();
    if (queue_.empty()) return linger();
    // The socket lives on until its bytes are out.
    keep_ = shared_from_this();
  }

  void shut() {
    events_.reset();
    send_waiting();
    if (fd_ < 0) return;
    loop_.unwatch(fd_);
    close(fd_);
    fd_ = -1;
    queue_.clear();
    unsent_ = 0;
    keep_.reset();
  }

  // The callbacks that are still to come find nothing.
  std::unique_ptr<LooseSocket> release() {
    events_.reset();
    if (fd_ >= 0) loop_.unwatch(fd_);
    return std::make_unique<LooseSocket>(std::exchange(fd_, -1), Unsent{std::exchange(queue_, {}), unsent_});
  }

  std::size_t unsent() const { return unsent_; }
  bool is_closing() const { return closing_; }
  const Address& peer() const { return peer_; }

 private:
  // Who calls holds this socket.
  void ready(std::uint32_t bits) {
    if ((bits & EPOLLOUT) != 0) flush();
    if (fd_ >= 0 && (bits & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      receive((bits & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    }
  }

  // `to_the_end`: the peer has closed, no further edge will come, so read until the end is seen.
  void receive(bool to_the_end = true) {
    const auto buffer = loop_.read_buffer();
    while (fd_ >= 0 && !paused_) {
      const auto events = events_;
      const auto room = events && events->room ? events->room() : std::span<char>();
      // Behind a message's rest comes the beginning of the next one; only that much is copied.
      const auto behind = room.empty() ? buffer : buffer.first(kReadBehindRoom);
      iovec parts[] = {{room.data(), room.size()}, {behind.data(), behind.size()}};
      msghdr message{};
      message.msg_iov = room.empty() ? parts + 1 : parts;
      message.msg_iovlen = room.empty() ? 1 : 2;
      const auto got = room.empty() ? recv(fd_, behind.data(), behind.size(), 0) : recvmsg(fd_, &message, 0);
      if (got > 0) {
        if (closing_) continue;  // drained, so that the peer can read our last answer
        const auto bytes = static_cast<std::size_t>(got), inside = std::min(bytes, room.size());
        if (inside > 0) events->on_data({room.data(), inside});
        // The first part may have ended the connection.
        if (bytes > inside && events_ && events->on_data) events->on_data({behind.data(), bytes - inside});
        // A short read of a stream socket says that the kernel's buffer is empty; what comes later is a new edge.
        if (bytes < room.size() + behind.size() && !to_the_end) return;
        continue;
      }
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
      if (got < 0 && errno == EINTR) continue;
      return gone();
    }
  }

  void gone() {
    const auto events = std::exchange(events_, nullptr);
    shut();
    if (events && events->on_close) events->on_close();
  }

  std::size_t try_send(std::string_view bytes) {
    loop_.sent();
    std::size_t total = 0;
    while (total < bytes.size()) {
      const auto sent = ::send(fd_, bytes.data() + total, bytes.size() - total, MSG_NOSIGNAL);
      if (sent > 0) {
        total += static_cast<std::size_t>(sent);
        continue;
      }
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
      // Told from the loop, never from inside the caller's write.
      loop_.post([weak = weak_from_this()] {
        if (const auto socket = weak.lock(); socket && socket->fd_ >= 0) socket->gone();
      });
      return bytes.size();
    }
    return total;
  }

  // What was kept for the end of the turn.
  void send_waiting() {
    if (std::exchange(waits_, false)) flush();
  }

  void flush() {
    while (!queue_.empty() && fd_ >= 0) {
      auto& front = queue_.front();
      const std::string_view rest = std::string_view(front.bytes).substr(front.sent);
      const auto sent = try_send(rest);
      front.sent += sent;
      unsent_ -= std::min(unsent_, sent);
      if (sent < rest.size()) return;
      queue_.pop_front();
    }
    if (closing_) return linger();
    if (above_ && unsent_ <= kLowMark) {
      above_ = false;
      if (const auto events = events_; events && events->on_drained) events->on_drained();
    }
  }

  // Our side is closed; the peer's bytes are read and dropped until it closes or a second passes, so that its kernel
  // does not throw away our last answer.
  void linger() {
    // Once: the end of our side is an event of its own, and what it calls comes here again.
    if (fd_ < 0 || std::exchange(lingering_, true)) return;
    ::shutdown(fd_, SHUT_WR);
    keep_ = shared_from_this();
    loop_.at(loop_.clock().now() + std::chrono::seconds(1), [weak = weak_from_this()] {
      if (const auto socket = weak.lock()) socket->shut();
    });
    loop_.post([weak = weak_from_this()] {
      if (const auto socket = weak.lock()) socket->receive();
    });
  }

  EpollLoop& loop_;
  int fd_;
  const Address peer_;
  std::shared_ptr<Connection::Events> events_;
  std::deque<Unsent::Chunk> queue_;
  std::size_t unsent_;
  bool above_;
  bool waits_ = false;  // the queue is kept for the end of the turn
  bool lingering_ = false;
  bool paused_ = false;
  bool closing_ = false;
  std::shared_ptr<Socket> keep_;
};

class TcpConnection final : public Connection {
 public:
  explicit TcpConnection(std::shared_ptr<Socket> socket) : socket_(std::move(socket)) {}
  ~TcpConnection() override {
    if (!loose_ && !socket_->is_closing()) socket_->shut();
  }
  void start(Events events) override { socket_->start(std::move(events)); }
  void write(std::string bytes) override { socket_->send(bytes, &bytes); }
  void write_view(std::string_view bytes) override { socket_->send(bytes, nullptr); }
  std::size_t unsent() const override { return socket_->unsent(); }
  void pause(bool paused) override { socket_->pause(paused); }
  void close_after_writes() override { socket_->close_after_writes(); }
  void close() override { socket_->shut(); }
  Address peer() const override { return socket_->peer(); }
  void release() override { loose_ = socket_->release(); }
  std::unique_ptr<TcpConnection> moved_to(EpollLoop& loop) {
    return std::make_unique<TcpConnection>(
        std::make_shared<Socket>(loop, std::exchange(loose_->fd, -1), socket_->peer(), std::move(loose_->unsent)));
  }

 private:
  const std::shared_ptr<Socket> socket_;
  std::unique_ptr<LooseSocket> loose_;  // when released; only this may be looked at then, and the peer's address
};

class TcpListener final : public Listener {
 public:
  TcpListener(EpollLoop& loop, int fd, Network::OnAccept on_accept)
      : loop_(loop), fd_(fd), address_(local_address(fd)), on_accept_(std::move(on_accept)) {
    loop_.watch(fd_, EPOLLIN, [this](std::uint32_t) { accept_all(); });
  }
  ~TcpListener() override {
    loop_.unwatch(fd_);
    close(fd_);
  }
  Address address() const override { return address_; }

 private:
  void accept_all() {
    for (;;) {
      AnyAddress native{};
      socklen_t size = sizeof(native);
      const int fd = accept4(fd_, &native.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
          // No descriptor is free: the edge is gone, so look again soon.
          loop_.at(loop_.clock().now() + std::chrono::milliseconds(20), [this] { accept_all(); });
        }
        return;
      }
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      on_accept_(std::make_unique<TcpConnection>(std::make_shared<Socket>(loop_, fd, from_native(native))));
    }
  }

  EpollLoop& loop_;
  const int fd_;
  const Address address_;
  const Network::OnAccept on_accept_;
};

class TcpNetwork final : public Network {
 public:
  explicit TcpNetwork(EpollLoop& loop) : loop_(loop) {}

  Result<std::unique_ptr<Listener>> listen(const Address& address, OnAccept on_accept) override {
    AnyAddress native{};
    const auto size = to_native(address, native);
    if (size == 0) return fail(Errc::kInvalidArgument, "'" + address.host + "' is not a numeric address");
    const int fd = socket(native.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(Errc::kIo, std::string("cannot open a socket: ") + std::strerror(errno));
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, &native.any, size) != 0 || ::listen(fd, kBacklog) != 0) {
      const int error = errno;
      close(fd);
      if (error == EADDRINUSE) return fail(Errc::kConflict, "the address " + address.text() + " is in use");
      const auto code = error == EACCES ? Errc::kPermissionDenied : Errc::kInvalidArgument;
      return fail(code, "cannot listen on " + address.text() + ": " + std::strerror(error));
    }
    return std::make_unique<TcpListener>(loop_, fd, std::move(on_accept));
  }

  void connect(const Address& address, Duration timeout, OnConnect on_connect) override {
    AnyAddress native{};
    const auto size = to_native(address, native);
    const int fd = size == 0 ? -1 : socket(native.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      return loop_.post([address, on_connect = std::move(on_connect)]() mutable {
        on_connect(fail(Errc::kInvalidArgument, "cannot connect to " + address.text()));
      });
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct Attempt {
      OnConnect on_connect;
      TimerId timer = 0;
      bool done = false;
    };
    auto attempt = std::make_shared<Attempt>();
    attempt->on_connect = std::move(on_connect);
    const auto finish = [this, fd, attempt, address](int error) {
      if (std::exchange(attempt->done, true)) return;
      loop_.unwatch(fd);
      loop_.cancel(attempt->timer);
      auto told = std::move(attempt->on_connect);
      if (error != 0) {
        close(fd);
        const auto code = error == ETIMEDOUT ? Errc::kTimeout : Errc::kUnavailable;
        return told(fail(code, "connection to " + address.text() + " failed: " + std::strerror(error)));
      }
      told(std::make_unique<TcpConnection>(std::make_shared<Socket>(loop_, fd, address)));
    };
    const int started = ::connect(fd, &native.any, size);
    if (started != 0 && errno != EINPROGRESS) {
      return loop_.post([finish, error = errno] { finish(error); });
    }
    attempt->timer = loop_.at(loop_.clock().now() + timeout, [finish] { finish(ETIMEDOUT); });
    loop_.watch(fd, EPOLLOUT, [fd, finish](std::uint32_t) {
      int error = 0;
      socklen_t error_size = sizeof(error);
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
      finish(error);
    });
  }

  std::unique_ptr<Connection> adopt(std::unique_ptr<Connection> released) override {
    return static_cast<TcpConnection&>(*released).moved_to(loop_);
  }

 private:
  EpollLoop& loop_;
};

}  // namespace

std::unique_ptr<Network> make_network(EpollLoop& loop) { return std::make_unique<TcpNetwork>(loop); }

}  // namespace tidemill::runtime
