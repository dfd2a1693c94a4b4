// One request on its way through its handler. A handler takes a Call by value and ends it once: reply(), or
// reply_nothing() where the protocol has no answer. A Call that is dropped closes its connection, so that no client
// waits for ever.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/kafka/authenticator.h"
#include "api/kafka/errors.h"
#include "api/kafka/wire.h"
#include "topics/broker.h"

namespace tidemill::kafka {

class FetchSessions;
class SaslExchange;

// How a listener greets its clients.
enum class Security : unsigned char { kPlaintext, kSasl };

struct KafkaSettings {
  // Where clients are told to connect; by listener, since a SASL client must come back to the SASL listener.
  std::string advertised_host = "127.0.0.1";
  std::size_t request_bytes_max = 100 * 1024 * 1024;
  std::size_t connections_max = 20'000;
  std::vector<std::string> sasl_mechanisms = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "AWS_MSK_IAM", "OAUTHBEARER"};
};

struct Services {
  topics::Broker& broker;
  const KafkaSettings& settings;
  runtime::Loop& loop;
  runtime::Random& random;
  observe::Log& log;
  Authenticator* authenticator = nullptr;  // none: everybody may do everything
};

// What a connection is, apart from its bytes.
struct Session {
  ~Session();
  Session();
  Security security = Security::kPlaintext;
  std::string client_host;
  std::uint16_t advertised_port = 0;
  std::unique_ptr<SaslExchange> sasl;
  std::optional<Principal> principal;
  std::string mechanism;  // that the principal came by
  std::optional<WallTime> authenticated_until;
  bool is_authenticated() const { return security == Security::kPlaintext || principal.has_value(); }
};

// The way back of one request.
class Answer {
 public:
  // Bytes of a response without its size; nothing: no response; `close` closes after what was sent before.
  struct Outcome {
    std::optional<std::string> response;
    bool close = false;
  };
  explicit Answer(std::move_only_function<void(Outcome)> send) : send_(std::move(send)) {}
  Answer(Answer&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (send_) send_({.response = {}, .close = true});
  }
  void operator()(Outcome outcome) && { std::exchange(send_, nullptr)(std::move(outcome)); }

 private:
  std::move_only_function<void(Outcome)> send_;
};

// A request whose header has been read.
struct RawCall {
  Services& services;
  std::shared_ptr<Session> session;
  std::shared_ptr<const std::string> frame;
  std::string_view body;  // into the frame
  std::int16_t version = 0;
  std::int32_t correlation_id = 0;
  std::string client_id;
  Answer answer;
};

template <class Api>
class Call {
 public:
  using Request = typename Api::Request;
  using Response = typename Api::Response;

  Call(RawCall raw, Request decoded) : request(std::move(decoded)), raw_(std::move(raw)) {}

  Request request;  // its bytes fields live as long as the call

  Services& services() const { return raw_.services; }
  topics::Broker& broker() const { return raw_.services.broker; }
  Session& session() const { return *raw_.session; }
  int version() const { return raw_.version; }
  const std::string& client_id() const { return raw_.client_id; }

  void reply(const Response& response) && { std::move(*this).reply(response, false); }
  // Answers and closes the connection.
  void reply_and_close(const Response& response) && { std::move(*this).reply(response, true); }
  void reply_nothing() && { std::move(raw_.answer)({}); }

  // IAM: may the connection's principal do that? Always yes on a listener without authentication.
  bool allowed(std::string_view action, std::string_view resource) const {
    const auto& session = *raw_.session;
    if (!session.principal || !raw_.services.authenticator) return true;
    return raw_.services.authenticator->allows(*session.principal, action, resource);
  }
  bool allowed(std::string_view action, std::string_view kind, std::string_view name) const {
    if (!raw_.session->principal || !raw_.services.authenticator) return true;
    return allowed(action, std::string(kind).append("/").append(name));
  }

 private:
  void reply(const Response& response, bool close) {
    std::string out;
    wire::Writer writer(out);
    writer.int32(raw_.correlation_id);
    // ApiVersions (18) keeps the old response header for ever: its reader does not know yet what the broker speaks.
    if (raw_.version >= Api::kFlexibleFrom && Api::kKey != 18) writer.no_tags();
    response.encode(writer, raw_.version);
    std::move(raw_.answer)({.response = std::move(out), .close = close});
  }
  RawCall raw_;
};

// One API: a line of the list in apis.cc.
struct ApiEntry {
  std::int16_t key;
  std::string_view name;
  std::int16_t min, max;    // advertised
  std::int16_t min_served;  // below it a request closes the connection although it is advertised (Produce)
  std::int16_t flexible_from;
  bool before_authentication = false;
  void (*run)(RawCall call) = nullptr;
  // Whether the bytes are a request of that version.
  bool (*decodes)(std::string_view body, std::int16_t version) = nullptr;
};

template <class Api, void (*handle)(Call<Api>)>
void decode_and_run(RawCall raw) {
  typename Api::Request request;
  wire::Reader reader(raw.body);
  if (!request.decode(reader, raw.version)) return;  // the dropped answer closes the connection
  handle(Call<Api>(std::move(raw), std::move(request)));
}

template <class Api>
bool decodes(std::string_view body, std::int16_t version) {
  typename Api::Request request;
  wire::Reader reader(body);
  return request.decode(reader, version);
}

struct Versions {
  std::int16_t min, max;
  std::int16_t min_served = -1;  // -1: min
};

template <class Api, void (*handle)(Call<Api>)>
constexpr ApiEntry api(std::string_view name, Versions versions, bool before_authentication = false) {
  return {.key = Api::kKey,
          .name = name,
          .min = versions.min,
          .max = versions.max,
          .min_served = versions.min_served < 0 ? versions.min : versions.min_served,
          .flexible_from = Api::kFlexibleFrom,
          .before_authentication = before_authentication,
          .run = &decode_and_run<Api, handle>,
          .decodes = &decodes<Api>};
}

}  // namespace tidemill::kafka
