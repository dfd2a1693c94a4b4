#include "api/kafka/server.h"

#include <deque>
#include <optional>
#include <span>

#include "api/kafka/apis.h"
#include "api/kafka/sasl.h"
#include "kafka_messages/api_versions.h"

namespace tidemill::kafka {
namespace {

constexpr std::size_t kSmallestRequest = 8;  // key, version, correlation id
// Produce requests of one connection that may be under way at once.
constexpr std::size_t kInFlightMax = 64;
// Answers that the client does not read: beyond this many bytes its requests wait.
constexpr std::size_t kUnsentMax = 16 * 1024 * 1024;
// The rest of a request is received in place when it is at least that long; a shorter one comes with what is behind it.
constexpr std::size_t kRestInPlaceMin = 16 * 1024;
// What a request takes before its bytes are here: that much, or as much again as is here.
constexpr std::size_t kRoomMin = 256 * 1024;
constexpr std::int16_t kProduceKey = 0, kApiVersionsKey = 18;
constexpr auto kIdleMax = std::chrono::minutes(10);

}  // namespace

Session::Session() = default;
Session::~Session() = default;

class KafkaServer::Connection : public std::enable_shared_from_this<KafkaServer::Connection> {
 public:
  Connection(KafkaServer& server, std::uint64_t id, std::unique_ptr<runtime::Connection> socket,
             std::shared_ptr<Session> session)
      : server_(server), id_(id), socket_(std::move(socket)), session_(std::move(session)) {}

  ~Connection() {
    if (idle_timer_ != 0) server_.services_.loop.cancel(idle_timer_);
  }

  void start() {
    arm_idle_timer();
    // The server holds the connection; the socket's callbacks end with it.
    socket_->start({.on_data = [this](std::string_view bytes) { receive(bytes); },
                    .on_close = [this] { finish(); },
                    .on_drained = [this] { advance(); },
                    .room = [this] { return room(); }});
  }

 private:
  struct Slot {
    std::uint64_t number;
    bool done = false;
    std::optional<std::string> response;
    bool close = false;
  };

  // A request on its way in.
  struct Frame {
    explicit Frame(std::size_t whole) : size(whole) {}

    std::shared_ptr<std::string> bytes = std::make_shared<std::string>();  // the first `here` of them are
    std::size_t size;
    std::size_t here = 0;

    std::size_t missing() const { return size - here; }
    std::span<char> room() {
      if (here == bytes->size()) {
        const auto grown = std::min(size, std::max(kRoomMin, 2 * here));
        // Not by the size that the callback is given: libstdc++ 12 passes the capacity.
        bytes->resize_and_overwrite(grown, [grown](char*, std::size_t) { return grown; });
      }
      return std::span(*bytes).subspan(here);
    }
  };

  std::span<char> room() { return frame_ && frame_->missing() >= kRestInPlaceMin ? frame_->room() : std::span<char>(); }

  void receive(std::string_view bytes) {
    last_seen_ = server_.services_.loop.clock().now();
    if (frame_ && bytes.data() == frame_->bytes->data() + frame_->here)
      frame_->here += bytes.size();
    else
      input_ += bytes;
    advance();
  }

  // Starts what can be started; handlers may answer at once, which comes back here only to send.
  void advance() {
    if (advancing_) return;
    const auto self = shared_from_this();
    advancing_ = true;
    while (!closing_ && start_next()) {
    }
    advancing_ = false;
    if (closed_) return;
    if (consumed_ > 0) {
      input_.erase(0, consumed_);
      consumed_ = 0;
    }
    // Bytes that cannot be used now stay in the kernel, but for what one request may take.
    if (waiting_ != paused_) socket_->pause(paused_ = waiting_);
  }

  // Moves what is here into the frame; true when all of it is. Closes when it cannot be a request.
  bool frame_is_here() {
    const auto rest = [this] { return std::string_view(input_).substr(consumed_); };
    if (!frame_) {
      if (rest().size() < 4) return false;
      const auto size = load_be<std::int32_t>(rest().data());
      if (size < static_cast<std::int32_t>(kSmallestRequest) ||
          static_cast<std::size_t>(size) > server_.settings_.request_bytes_max) {
        close();
        return false;
      }
      frame_.emplace(static_cast<std::size_t>(size));
      consumed_ += 4;
    }
    while (frame_->missing() > 0 && !rest().empty()) {
      const auto to = frame_->room();
      const auto moved = rest().copy(to.data(), to.size());
      frame_->here += moved;
      consumed_ += moved;
    }
    return frame_->missing() == 0;
  }

  // True when a request was started and there may be another.
  bool start_next() {
    waiting_ = false;
    if (!frame_is_here()) return false;
    const auto key = load_be<std::int16_t>(frame_->bytes->data());
    const bool may_overlap = key == kProduceKey && only_produce_in_flight_ && slots_.size() < kInFlightMax;
    if ((!slots_.empty() && !may_overlap) || socket_->unsent() > kUnsentMax) {
      waiting_ = true;
      return false;
    }
    if (slots_.empty()) only_produce_in_flight_ = key == kProduceKey;
    auto frame = std::move(frame_->bytes);
    frame_.reset();
    run(std::move(frame));
    return true;
  }

  void run(std::shared_ptr<const std::string> frame) {
    wire::Reader reader(*frame);
    const auto key = reader.int16();
    const auto version = reader.int16();
    const auto correlation_id = reader.int32();
    const auto* api = find_api(key);
    if (!api) return close();
    const bool too_new_api_versions = key == kApiVersionsKey && (version < api->min || version > api->max);
    if (!too_new_api_versions && (version < api->min_served || version > api->max)) return close();
    if (!session_->is_authenticated() && !api->before_authentication) return close();
    if (session_->authenticated_until && !api->before_authentication &&
        server_.services_.loop.clock().wall() > *session_->authenticated_until)
      return close();
    if (too_new_api_versions) return refuse_api_versions(correlation_id, *api);
    std::optional<std::string> client_id;
    // The client id keeps its old form in the flexible header too.
    reader.string(client_id, false, true);
    if (version >= api->flexible_from) reader.skip_tags();
    if (!reader.ok()) return close();
    const std::string_view body = reader.rest();
    slots_.push_back({.number = ++last_slot_});
    api->run({.services = server_.services_,
              .session = session_,
              .frame = std::move(frame),
              .body = body,
              .version = version,
              .correlation_id = correlation_id,
              .client_id = std::move(client_id).value_or(""),
              .answer = Answer([weak = weak_from_this(), number = last_slot_](Answer::Outcome outcome) {
                if (const auto self = weak.lock()) self->answered(number, std::move(outcome));
              })});
  }

  // Error 35 in the form of version 0, with the one row that the client needs to ask again.
  void refuse_api_versions(std::int32_t correlation_id, const ApiEntry& api) {
    std::string out;
    wire::Writer writer(out);
    writer.int32(correlation_id);
    ApiVersionsResponse response;
    response.error_code = to_wire(topics::Errc::kUnsupportedVersion);
    response.api_keys.push_back({.api_key = api.key, .min_version = api.min, .max_version = api.max});
    response.encode(writer, 0);
    slots_.push_back({.number = ++last_slot_});
    answered(last_slot_, {.response = std::move(out), .close = false});
  }

  void answered(std::uint64_t number, Answer::Outcome outcome) {
    if (closed_) return;
    for (auto& slot : slots_) {
      if (slot.number != number) continue;
      slot.done = true;
      slot.response = std::move(outcome.response);
      slot.close = outcome.close;
    }
    while (!slots_.empty() && slots_.front().done) {
      auto slot = std::move(slots_.front());
      slots_.pop_front();
      if (slot.response) send(std::move(*slot.response));
      if (slot.close) return close();
    }
    advance();
  }

  void send(std::string response) {
    char size[4];
    store_be(size, static_cast<std::int32_t>(response.size()));
    response.insert(0, size, 4);
    socket_->write(std::move(response));
  }

  void close() {
    if (closing_) return;
    closing_ = true;
    socket_->close_after_writes();
    finish();
  }

  void finish() {
    if (closed_) return;
    closing_ = closed_ = true;
    // Not while the socket's callback is on the stack.
    server_.services_.loop.post([&server = server_, alive = std::weak_ptr(server_.alive_), id = id_] {
      if (alive.lock()) server.connections_.erase(id);
    });
  }

  void arm_idle_timer() {
    last_seen_ = std::max(last_seen_, server_.services_.loop.clock().now() - kIdleMax / 2);
    idle_timer_ = server_.services_.loop.at(last_seen_ + kIdleMax, [this] {
      idle_timer_ = 0;
      if (slots_.empty() && last_seen_ + kIdleMax <= server_.services_.loop.clock().now()) return close();
      arm_idle_timer();
    });
  }

  KafkaServer& server_;
  const std::uint64_t id_;
  const std::unique_ptr<runtime::Connection> socket_;
  const std::shared_ptr<Session> session_;
  std::string input_;  // not yet in a frame
  std::size_t consumed_ = 0;
  std::optional<Frame> frame_;
  std::deque<Slot> slots_;
  std::uint64_t last_slot_ = 0;
  bool only_produce_in_flight_ = false;
  bool advancing_ = false, waiting_ = false, paused_ = false;
  bool closing_ = false, closed_ = false;
  runtime::Instant last_seen_{};
  runtime::TimerId idle_timer_ = 0;
};

KafkaServer::KafkaServer(topics::Broker& broker, KafkaSettings settings, runtime::Network& network,
                         runtime::Random& random, observe::Log& log, Authenticator* authenticator)
    : settings_(std::move(settings)),
      network_(network),
      services_{.broker = broker,
                .settings = settings_,
                .loop = broker.loop(),
                .random = random,
                .log = log,
                .authenticator = authenticator} {}

KafkaServer::~KafkaServer() {
  listeners_.clear();
  alive_.reset();
}

Result<runtime::Address> KafkaServer::listen(const runtime::Address& address, ListenOptions options) {
  // The port is known only after listening, and accepting begins only when the loop turns again.
  const auto port = std::make_shared<std::uint16_t>(options.advertised_port);
  TM_TRY(auto listener, network_.listen(address, [this, options, port](std::unique_ptr<runtime::Connection> socket) {
    accept(std::move(socket), options.security, *port);
  }));
  if (*port == 0) *port = listener->address().port;
  auto bound = listener->address();
  listeners_.push_back(std::move(listener));
  return bound;
}

void KafkaServer::accept(std::unique_ptr<runtime::Connection> socket, Security security,
                         std::uint16_t advertised_port) {
  if (connections_.size() >= settings_.connections_max) {
    services_.log.warn("kafka.connection_refused", {{"connections", connections_.size()}});
    return socket->close();
  }
  auto session = std::make_shared<Session>();
  session->security = security;
  session->client_host = socket->peer().host;
  session->advertised_port = advertised_port;
  const auto id = ++last_connection_;
  auto connection = std::make_shared<Connection>(*this, id, std::move(socket), std::move(session));
  connections_.emplace(id, connection);
  connection->start();
}

}  // namespace tidemill::kafka
