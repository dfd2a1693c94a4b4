// Connections in memory, on one SimLoop. A test connects, speaks bytes and sees what comes back.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "runtime/network.h"
#include "runtime/sim/sim_loop.h"

namespace tidemill::runtime {

class SimNetwork final : public Network {
 public:
  explicit SimNetwork(SimLoop& loop) : loop_(loop) {}
  Result<std::unique_ptr<Listener>> listen(const Address& address, OnAccept on_accept) override;
  void connect(const Address& address, Duration timeout, OnConnect on_connect) override;
  std::unique_ptr<Connection> adopt(std::unique_ptr<Connection> released) override;

  // How long a byte is on its way.
  Duration latency = std::chrono::microseconds(10);
  // No further data or close passes between the two sides of any connection while set; what was sent meanwhile arrives
  // later.
  bool partitioned = false;

 private:
  friend class SimListener;
  friend class SimConnection;
  SimLoop& loop_;
  std::map<std::uint16_t, OnAccept> listeners_;
  std::uint16_t next_port_ = 40000;
};

}  // namespace tidemill::runtime
