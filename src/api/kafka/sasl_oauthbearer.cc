// OAUTHBEARER with the tokens of the AWS signer libraries: a presigned URL in base64.
#include "api/kafka/sasl.h"
#include "base/bytes.h"

namespace tidemill::kafka {
namespace {

constexpr std::string_view kService = "kafka-cluster", kAction = "kafka-cluster:Connect";
constexpr std::string_view kScheme = "https://", kBearer = "auth=Bearer ";
constexpr std::string_view kChallenge = R"({"status":"invalid_token"})";
constexpr std::size_t kTokenMax = 16 * 1024;

// The token between "auth=Bearer " and the next \x01, after the gs2 header.
std::optional<std::string_view> bearer_of(std::string_view message) {
  for (auto rest = message; !rest.empty();) {
    const auto end = rest.find('\1');
    const auto field = rest.substr(0, end);
    if (field.starts_with(kBearer)) return field.substr(kBearer.size());
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::optional<PresignedGet> parse_url(std::string_view url) {
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const auto question = url.find("/?");
  if (question == std::string_view::npos) return std::nullopt;
  PresignedGet out{.host = std::string(url.substr(0, question)), .service = std::string(kService), .parameters = {}};
  // Signed for a region's Kafka service, not for one broker.
  if (!out.host.starts_with("kafka.") || !out.host.ends_with(".amazonaws.com")) return std::nullopt;
  bool connects = false;
  for (auto rest = url.substr(question + 2); !rest.empty();) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::string() : percent_decode(pair.substr(equals + 1));
    if (name == "Action") connects = value == kAction;
    // The signers append their name after they have signed.
    if (name != "User-Agent") out.parameters.emplace_back(std::move(name), std::move(value));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return connects ? std::optional(std::move(out)) : std::nullopt;
}

class OauthBearer final : public SaslExchange {
 public:
  explicit OauthBearer(Authenticator& authenticator) : authenticator_(authenticator) {}

  SaslStep step(std::string_view token) override {
    if (refused_) return SaslStep::refused("{\"status\":\"invalid_token\"}");
    const auto bearer = token.size() <= kTokenMax ? bearer_of(token) : std::nullopt;
    const auto url = bearer ? from_base64_url(*bearer) : std::nullopt;
    const auto request = url ? parse_url(*url) : std::nullopt;
    const auto known = request ? authenticator_.verify(*request) : std::nullopt;
    if (known && authenticator_.allows(known->principal, "Connect", "cluster"))
      return SaslStep::done(known->principal, {}, known->expires);
    // RFC 7628: the reason comes as a challenge, which the client acknowledges before it is turned away.
    refused_ = true;
    return SaslStep::next(std::string(kChallenge));
  }

 private:
  Authenticator& authenticator_;
  bool refused_ = false;
};

}  // namespace

std::unique_ptr<SaslExchange> make_oauthbearer(const SaslContext& context) {
  return std::make_unique<OauthBearer>(context.authenticator);
}

}  // namespace tidemill::kafka
