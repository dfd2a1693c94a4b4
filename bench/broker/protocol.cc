#include "broker/protocol.h"

#include <endian.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "common/flags.h"
#include "topics/record_batch.h"

namespace tidemill::bench {
namespace {

constexpr std::int16_t kProduce = 0, kFetch = 1;
constexpr std::int16_t kUnknownTopic = 3, kLeaderNotAvailable = 5, kNotLeader = 6;

template <class Integer>
Integer swapped(Integer value) {
  if constexpr (sizeof value == 2) return static_cast<Integer>(htobe16(static_cast<std::uint16_t>(value)));
  if constexpr (sizeof value == 4) return static_cast<Integer>(htobe32(static_cast<std::uint32_t>(value)));
  if constexpr (sizeof value == 8) return static_cast<Integer>(htobe64(static_cast<std::uint64_t>(value)));
  return value;
}

class Request {
 public:
  Request(std::int16_t api, std::int16_t version, std::int32_t correlation) {
    number<std::int32_t>(0).number(api).number(version).number(correlation).text("tidemill-bench");
  }
  template <class Integer>
  Request& number(Integer value) {
    const auto big = swapped(value);
    bytes_.append(reinterpret_cast<const char*>(&big), sizeof big);
    return *this;
  }
  Request& text(const std::string& value) {
    number(static_cast<std::int16_t>(value.size()));
    bytes_ += value;
    return *this;
  }
  Request& bytes(const std::string& value) {
    number(static_cast<std::int32_t>(value.size()));
    bytes_ += value;
    return *this;
  }
  std::string done() {
    const auto length = swapped(static_cast<std::int32_t>(bytes_.size() - 4));
    std::memcpy(bytes_.data(), &length, sizeof length);
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
};

class Response {
 public:
  explicit Response(std::string_view bytes) : bytes_(bytes) {}
  template <class Integer>
  Integer number() {
    Integer value{};
    const auto from = take(sizeof value);
    std::memcpy(&value, from.data(), sizeof value);
    return swapped(value);
  }
  std::string_view take(std::size_t size) {
    if (bytes_.size() < size) die("a response is too short");
    const auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  void skip_text() { take(static_cast<std::size_t>(number<std::int16_t>())); }

 private:
  std::string_view bytes_;
};

void no_error(std::int16_t code, const char* what) {
  if (code != 0) die(std::string(what) + " was answered with error " + std::to_string(code));
}

}  // namespace

std::string produce_request(std::int32_t correlation, const std::string& topic, const std::string& batch) {
  return Request(kProduce, 3, correlation)
      .number<std::int16_t>(-1)  // no transaction
      .number<std::int16_t>(-1)  // acks=all
      .number<std::int32_t>(30'000)
      .number<std::int32_t>(1)
      .text(topic)
      .number<std::int32_t>(1)
      .number<std::int32_t>(0)
      .bytes(batch)
      .done();
}

std::string fetch_request(std::int32_t correlation, const std::string& topic, std::int64_t offset,
                          std::int32_t wait_ms) {
  return Request(kFetch, 4, correlation)
      .number<std::int32_t>(-1)       // a consumer
      .number<std::int32_t>(wait_ms)  // waits so long
      .number<std::int32_t>(1)        // for so many bytes
      .number<std::int32_t>(50 << 20)
      .number<std::int8_t>(0)
      .number<std::int32_t>(1)
      .text(topic)
      .number<std::int32_t>(1)
      .number<std::int32_t>(0)
      .number<std::int64_t>(offset)
      .number<std::int32_t>(1 << 20)
      .done();
}

std::int32_t produced(std::string_view bytes) {
  Response response(bytes);
  const auto correlation = response.number<std::int32_t>();
  for (auto topics = response.number<std::int32_t>(); topics > 0; --topics) {
    response.skip_text();
    for (auto partitions = response.number<std::int32_t>(); partitions > 0; --partitions) {
      response.number<std::int32_t>();
      no_error(response.number<std::int16_t>(), "Produce");
      response.take(16);  // base offset, append time
    }
  }
  return correlation;
}

std::int64_t fetched(std::string_view bytes, std::int64_t from, const std::function<void(std::string_view)>& see) {
  Response response(bytes);
  response.take(8);  // correlation id, throttle time
  for (auto topics = response.number<std::int32_t>(); topics > 0; --topics) {
    response.skip_text();
    for (auto partitions = response.number<std::int32_t>(); partitions > 0; --partitions) {
      response.number<std::int32_t>();
      no_error(response.number<std::int16_t>(), "Fetch");
      response.take(16);  // high watermark, last stable offset
      if (const auto aborted = response.number<std::int32_t>(); aborted > 0)
        response.take(static_cast<std::size_t>(aborted) * 16);
      const auto size = response.number<std::int32_t>();
      auto records = response.take(size > 0 ? static_cast<std::size_t>(size) : 0);
      for (auto header = topics::parse_header(records); header && header->size() <= records.size();
           header = topics::parse_header(records)) {
        const auto read =
            topics::for_each_record(records.substr(0, header->size()), [&](const topics::RecordView& record) {
              if (record.offset >= from && record.value) see(*record.value);
              return true;
            });
        if (!read) die("a fetched batch does not decode");
        from = std::max(from, header->next_offset());
        records.remove_prefix(header->size());
      }
    }
  }
  return from;
}

BrokerConnection::BrokerConnection(const std::string& address) : socket_(connect_to(address)) {}

void BrokerConnection::send(std::string_view request) const {
  while (!request.empty()) {
    const auto taken = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
    if (taken < 0 && errno != EINTR) die(std::string("send: ") + std::strerror(errno));
    if (taken > 0) request.remove_prefix(static_cast<std::size_t>(taken));
  }
}

std::string_view BrokerConnection::receive(bool wait) {
  bytes_.erase(0, taken_);
  taken_ = 0;
  while (true) {
    if (bytes_.size() >= 4) {
      std::uint32_t length = 0;
      std::memcpy(&length, bytes_.data(), 4);
      length = be32toh(length);
      if (bytes_.size() >= 4 + length) {
        taken_ = 4 + length;
        return std::string_view(bytes_).substr(4, length);
      }
    }
    static std::array<char, 256 << 10> buffer;
    const auto got = recv(socket_, buffer.data(), buffer.size(), wait ? 0 : MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return {};
    if (got <= 0) die("the broker closed the connection");
    bytes_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void BrokerConnection::await_leader(const std::string& topic) {
  for (int attempt = 0; attempt < 500; ++attempt) {
    send(fetch_request(0, topic, 0, 0));
    Response response(receive());
    response.take(8);
    if (response.number<std::int32_t>() == 1) {
      response.skip_text();
      response.take(8);  // one partition, its number
      const auto error = response.number<std::int16_t>();
      if (error == 0) return;
      if (error != kUnknownTopic && error != kLeaderNotAvailable && error != kNotLeader) no_error(error, "Fetch");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  die("nobody leads " + topic);
}

}  // namespace tidemill::bench
