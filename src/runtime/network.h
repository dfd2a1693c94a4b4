// Byte streams over TCP (and, in the simulation, over memory). All calls and callbacks happen on the connection's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/executor.h"

namespace tidemill::runtime {

struct Address {
  std::string host;  // numeric IPv4 or IPv6
  std::uint16_t port = 0;
  std::string text() const;
  bool is_loopback() const;
  bool operator==(const Address&) const = default;
};

// "127.0.0.1:4566", "[::1]:80", "localhost:80", ":80" (all addresses), "4566" (loopback).
Result<Address> parse_address(std::string_view text);

class Connection {
 public:
  struct Events {
    // Bytes that arrived; consume or copy them before returning.
    std::function<void(std::string_view)> on_data;
    // The peer closed its side, or the connection broke. Comes once; nothing comes after it.
    std::function<void()> on_close;
    // The bytes waiting to be sent have fallen below the low mark after having been above the high mark.
    std::function<void()> on_drained;
    // Where the rest of a large message is awaited, if one is: its bytes may then be put there at once, and on_data is
    // called with them where they lie. Nothing, and bytes that were read with others, come in the loop's own buffer.
    std::function<std::span<char>()> room;
  };

  virtual ~Connection() = default;  // closes
  virtual void start(Events events) = 0;
  // Queued and sent in order: at the end of the loop's turn at the latest, or when the socket takes more.
  virtual void write(std::string bytes) = 0;
  // The same without copying into a new string when all of it can be sent at once.
  virtual void write_view(std::string_view bytes) = 0;
  // Bytes queued and not yet taken by the kernel: the caller's measure for back-pressure.
  virtual std::size_t unsent() const = 0;
  // Stops and resumes reading (back-pressure on the peer).
  virtual void pause(bool paused) = 0;
  // Sends what is queued, then closes. No event comes after.
  virtual void close_after_writes() = 0;
  // Closes at once; no event comes after.
  virtual void close() = 0;
  virtual Address peer() const = 0;
  // Leaves its loop: no event comes any more, and what is unsent stays unsent. All that can be done then is to give it
  // to a network's adopt(), or to destroy it, on any thread.
  virtual void release() = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;  // stops listening
  virtual Address address() const = 0;
};

class Network {
 public:
  using OnAccept = std::function<void(std::unique_ptr<Connection>)>;
  using OnConnect = std::move_only_function<void(Result<std::unique_ptr<Connection>>)>;

  virtual ~Network() = default;
  // Errors: kConflict when the port is in use, kPermissionDenied, kInvalidArgument for an address that is not ours.
  virtual Result<std::unique_ptr<Listener>> listen(const Address& address, OnAccept on_accept) = 0;
  virtual void connect(const Address& address, Duration timeout, OnConnect on_connect) = 0;
  // A connection that was released elsewhere lives on this network's loop from here on; it is to be started.
  virtual std::unique_ptr<Connection> adopt(std::unique_ptr<Connection> released) = 0;
};

}  // namespace tidemill::runtime
