#include "runtime/sim/sim_network.h"

#include <optional>

namespace tidemill::runtime {

// One side of a connection. The two sides know each other weakly; bytes travel as timed events of the loop.
class SimConnection final : public Connection {
 public:
  struct Side {
    SimNetwork& network;
    Address peer;
    Connection::Events events;
    bool started = false;
    bool paused = false;
    bool closed = false;  // by this side: nothing more is told
    bool peer_closed = false;
    std::string waiting;  // arrived, not yet told
    std::weak_ptr<Side> other;
  };

  explicit SimConnection(std::shared_ptr<Side> side) : side_(std::move(side)) {}
  ~SimConnection() override { close(); }

  void start(Events events) override {
    side_->events = std::move(events);
    side_->started = true;
    tell(side_);
  }
  void write(std::string bytes) override { write_view(bytes); }
  void write_view(std::string_view bytes) override {
    if (side_->closed || bytes.empty()) return;
    travel(side_, [bytes = std::string(bytes)](const std::shared_ptr<Side>& other) {
      other->waiting += bytes;
      tell(other);
    });
  }
  std::size_t unsent() const override { return 0; }
  void pause(bool paused) override {
    side_->paused = paused;
    if (!paused) {
      side_->network.loop_.post([weak = std::weak_ptr(side_)] {
        if (const auto side = weak.lock()) tell(side);
      });
    }
  }
  void close_after_writes() override { close(); }
  void close() override {
    if (side_->closed) return;
    side_->closed = true;
    side_->events = {};
    travel(side_, [](const std::shared_ptr<Side>& other) {
      other->peer_closed = true;
      tell(other);
    });
  }
  Address peer() const override { return side_->peer; }
  void release() override {
    side_->started = false;
    side_->events = {};
  }

 private:
  static void travel(const std::shared_ptr<Side>& from, std::function<void(const std::shared_ptr<Side>&)> arrive) {
    deliver(from->network, from->other, std::move(arrive));
  }
  static void deliver(SimNetwork& network, std::weak_ptr<Side> to,
                      std::function<void(const std::shared_ptr<Side>&)> arrive) {
    const auto when =
        network.loop_.clock().now() + (network.partitioned ? Duration(std::chrono::milliseconds(10)) : network.latency);
    network.loop_.at(when, [&network, to, arrive = std::move(arrive)]() mutable {
      if (network.partitioned) return deliver(network, to, std::move(arrive));
      if (const auto side = to.lock()) arrive(side);
    });
  }
  static void tell(const std::shared_ptr<Side>& side) {
    if (!side->started || side->closed || side->paused) return;
    if (!side->waiting.empty() && side->events.on_data) {
      const auto bytes = std::exchange(side->waiting, {});
      const auto on_data = side->events.on_data;
      on_data(bytes);
    }
    if (side->peer_closed && !side->closed && side->waiting.empty()) {
      const auto on_close = side->events.on_close;
      side->closed = true;
      if (on_close) on_close();
    }
  }
  std::shared_ptr<Side> side_;
};

class SimListener final : public Listener {
 public:
  SimListener(SimNetwork& network, Address address) : network_(network), address_(std::move(address)) {}
  ~SimListener() override { network_.listeners_.erase(address_.port); }
  Address address() const override { return address_; }

 private:
  SimNetwork& network_;
  const Address address_;
};

Result<std::unique_ptr<Listener>> SimNetwork::listen(const Address& address, OnAccept on_accept) {
  Address actual = address;
  if (actual.port == 0) actual.port = next_port_++;
  if (!listeners_.emplace(actual.port, std::move(on_accept)).second) {
    return fail(Errc::kConflict, "the address " + actual.text() + " is in use");
  }
  return std::make_unique<SimListener>(*this, actual);
}

// There is one loop.
std::unique_ptr<Connection> SimNetwork::adopt(std::unique_ptr<Connection> released) {
  released->pause(false);
  return released;
}

void SimNetwork::connect(const Address& address, Duration, OnConnect on_connect) {
  loop_.at(loop_.clock().now() + latency, [this, address, on_connect = std::move(on_connect)]() mutable {
    const auto found = listeners_.find(address.port);
    if (found == listeners_.end())
      return on_connect(fail(Errc::kUnavailable, "connection to " + address.text() + " refused"));
    auto client = std::make_shared<SimConnection::Side>(*this, address);
    auto server = std::make_shared<SimConnection::Side>(*this, Address{"127.0.0.1", next_port_++});
    client->other = server;
    server->other = client;
    const auto accept = found->second;
    accept(std::make_unique<SimConnection>(server));
    on_connect(std::make_unique<SimConnection>(client));
  });
}

}  // namespace tidemill::runtime
