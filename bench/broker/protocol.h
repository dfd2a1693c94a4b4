// The two requests of Kafka's protocol that the load needs, in versions that brokers of every age answer: Produce 3 and
// Fetch 4, of one partition of one topic.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tidemill::bench {

std::string produce_request(std::int32_t correlation, const std::string& topic, const std::string& batch);
std::string fetch_request(std::int32_t correlation, const std::string& topic, std::int64_t offset,
                          std::int32_t wait_ms = 500);

// A response's correlation id; ends the program when it says an error.
std::int32_t produced(std::string_view response);
// Calls `see(value)` for each record of a fetched response; returns the offset to go on from.
std::int64_t fetched(std::string_view response, std::int64_t from,
                     const std::function<void(std::string_view value)>& see);

// One connection, blocking.
class BrokerConnection {
 public:
  explicit BrokerConnection(const std::string& address);
  void send(std::string_view request) const;
  // The next response without its length, valid until the next call. With wait == false: empty when none is whole yet.
  std::string_view receive(bool wait = true);
  int socket() const { return socket_; }
  // A topic that was just created may not be led by anybody yet: asks until it is.
  void await_leader(const std::string& topic);

 private:
  const int socket_;
  std::string bytes_;
  std::size_t taken_ = 0;
};

}  // namespace tidemill::bench
