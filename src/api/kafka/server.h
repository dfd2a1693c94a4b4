// The Kafka listener: length-prefixed frames on TCP. Requests of one connection are answered in their order; several
// Produce requests may be under way at once, anything else waits for what came before it.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "api/kafka/call.h"
#include "runtime/network.h"

namespace tidemill::kafka {

class KafkaServer {
 public:
  // `authenticator` may be null. What is passed must outlive the server.
  KafkaServer(topics::Broker& broker, KafkaSettings settings, runtime::Network& network, runtime::Random& random,
              observe::Log& log, Authenticator* authenticator);
  ~KafkaServer();
  KafkaServer(const KafkaServer&) = delete;

  struct ListenOptions {
    Security security = Security::kPlaintext;
    std::uint16_t advertised_port = 0;  // 0: the one that is listened on
  };
  // Answers the address that was bound.
  Result<runtime::Address> listen(const runtime::Address& address, ListenOptions options);
  std::size_t connections() const { return connections_.size(); }

 private:
  class Connection;
  void accept(std::unique_ptr<runtime::Connection> socket, Security security, std::uint16_t advertised_port);

  const KafkaSettings settings_;
  runtime::Network& network_;
  Services services_;
  std::vector<std::unique_ptr<runtime::Listener>> listeners_;
  std::uint64_t last_connection_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // gone before the connections are
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
};

}  // namespace tidemill::kafka
