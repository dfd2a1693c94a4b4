// A broker alone, for the tests of this folder: kafka_test_broker <data folder> [port] [sasl port]. Port 0 takes a free
// one. Prints one line when it listens and stops at the end of its input.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "api/kafka/server.h"
#include "base/digest.h"
#include "observe/log.h"
#include "runtime/epoll_loop.h"
#include "runtime/system.h"
#include "storage/rocks_engine.h"
#include "storage/store.h"
#include "topics/broker.h"

namespace {

using namespace tidemill;

// One user with one password, everything allowed but a topic named "forbidden".
class TestAuthenticator final : public kafka::Authenticator {
 public:
  std::optional<Signed> verify(const kafka::PresignedGet&) override { return std::nullopt; }
  std::optional<kafka::Principal> check_password(std::string_view user, std::string_view password) override {
    if (user != kUser || password != kPassword) return std::nullopt;
    return kafka::Principal{.name = std::string(user), .access_key = {}};
  }
  std::optional<kafka::ScramSecret> scram_secret(std::string_view user, kafka::ScramHash hash) override {
    if (user != kUser) return std::nullopt;
    const bool is_256 = hash == kafka::ScramHash::kSha256;
    const auto hmac = [&](std::string_view key, std::string_view bytes) {
      return is_256 ? hmac_sha256(key, bytes) : hmac_sha512(key, bytes);
    };
    kafka::ScramSecret out{.salt = "salt-of-the-test", .stored_key = {}, .server_key = {}};
    auto block = hmac(kPassword, out.salt + std::string("\0\0\0\1", 4));
    auto salted = block;
    for (int i = 1; i < out.iterations; ++i) {
      block = hmac(kPassword, block);
      for (std::size_t b = 0; b < salted.size(); ++b) salted[b] = static_cast<char>(salted[b] ^ block[b]);
    }
    const auto client_key = hmac(salted, "Client Key");
    out.stored_key = is_256 ? sha256(client_key) : sha512(client_key);
    out.server_key = hmac(salted, "Server Key");
    return out;
  }
  bool allows(const kafka::Principal&, std::string_view, std::string_view resource) override {
    return resource != "topic/forbidden" && resource != "group/forbidden";
  }

 private:
  static constexpr std::string_view kUser = "bob", kPassword = "secret";
};

int fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return fail("usage: kafka_test_broker <data folder> [port] [sasl port]");
  const auto port = static_cast<std::uint16_t>(argc > 2 ? std::atoi(argv[2]) : 0);
  const auto sasl_port = static_cast<std::uint16_t>(argc > 3 ? std::atoi(argv[3]) : 0);
  runtime::EpollLoop loop;
  runtime::SystemRandom random;
  observe::Log log(loop.clock(), observe::Level::kInfo, observe::Log::Format::kText, observe::Log::standard_error());
  auto engine = storage::open_rocks({.folder = argv[1]});
  if (!engine) return fail(engine.error().message);
  const bool relaxed = runtime::environment_variable("RELAXED") == "1";
  storage::Store store(std::move(*engine),
                       {.durability = relaxed ? storage::Durability::kRelaxed : storage::Durability::kDurable});
  topics::BrokerSettings settings;
  settings.default_partitions = std::atoi(runtime::environment_variable("PARTITIONS", "1").c_str());
  settings.auto_create_topics = runtime::environment_variable("AUTO_CREATE", "1") == "1";
  settings.retention_check_interval = std::chrono::milliseconds(500);
  auto broker = topics::Broker::open(store, loop, random, log, settings);
  if (!broker) return fail(broker.error().message);
  auto network = runtime::make_network(loop);
  TestAuthenticator authenticator;
  kafka::KafkaServer server(**broker, {}, *network, random, log, &authenticator);
  auto plain = server.listen({"127.0.0.1", port}, {});
  auto sasl = server.listen({"127.0.0.1", sasl_port}, {.security = kafka::Security::kSasl});
  if (!plain) return fail(plain.error().message);
  if (!sasl) return fail(sasl.error().message);
  std::printf("ready plain=%s sasl=%s\n", plain->text().c_str(), sasl->text().c_str());
  std::fflush(stdout);
  loop.watch(STDIN_FILENO, 1 /* EPOLLIN */, [&loop](std::uint32_t) {
    char byte;
    if (::read(STDIN_FILENO, &byte, 1) == 0) loop.stop();
  });
  loop.run();
  return 0;
}
