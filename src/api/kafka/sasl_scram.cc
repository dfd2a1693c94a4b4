// SCRAM (RFC 5802) without channel binding. The secret that is stored can check a proof and cannot make one.
#include "api/kafka/sasl.h"
#include "base/bytes.h"
#include "base/digest.h"

namespace tidemill::kafka {
namespace {

constexpr std::size_t kMessageMax = 8 * 1024;

// name=value parts, separated by commas.
std::optional<std::string_view> part(std::string_view message, char name) {
  for (auto rest = message; rest.size() >= 2;) {
    const auto comma = rest.find(',');
    if (rest[0] == name && rest[1] == '=') return rest.substr(2, comma == std::string_view::npos ? comma : comma - 2);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return std::nullopt;
}

std::optional<std::string> unescape(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '=') {
      out += name[i];
    } else if (name.substr(i, 3) == "=2C" || name.substr(i, 3) == "=3D") {
      out += name[i + 2] == 'C' ? ',' : '=';
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

class Scram final : public SaslExchange {
 public:
  Scram(const SaslContext& context, ScramHash hash)
      : authenticator_(context.authenticator), random_(context.random), hash_(hash) {}

  SaslStep step(std::string_view token) override {
    if (token.size() > kMessageMax) return bad();
    return server_first_.empty() ? first(token) : last(token);
  }

 private:
  SaslStep bad() const {
    return SaslStep::refused(
        "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-" +
        std::string(hash_ == ScramHash::kSha256 ? "256" : "512"));
  }
  std::string hash(std::string_view bytes) const { return hash_ == ScramHash::kSha256 ? sha256(bytes) : sha512(bytes); }
  std::string hmac(std::string_view key, std::string_view bytes) const {
    return hash_ == ScramHash::kSha256 ? hmac_sha256(key, bytes) : hmac_sha512(key, bytes);
  }

  SaslStep first(std::string_view message) {
    // gs2 header: "n," [authzid] ","; the authzid is ignored when it is the user.
    if (!message.starts_with("n,") || message.find(',', 2) == std::string_view::npos) return bad();
    header_ = std::string(message.substr(0, message.find(',', 2) + 1));
    message.remove_prefix(header_.size());
    const auto name = part(message, 'n'), nonce = part(message, 'r');
    const auto user = name ? unescape(*name) : std::nullopt;
    if (!user || !nonce || nonce->empty()) return bad();
    client_first_ = message;
    user_ = *user;
    secret_ = authenticator_.scram_secret(user_, hash_);
    known_ = secret_.has_value();
    // An unknown user gets a challenge like any other: names are not to be found out.
    if (!known_)
      secret_ =
          ScramSecret{.salt = random_.bytes(16), .stored_key = random_.bytes(32), .server_key = random_.bytes(32)};
    nonce_ = std::string(*nonce) + random_.uuid();
    server_first_ = "r=" + nonce_ + ",s=" + to_base64(secret_->salt) + ",i=" + std::to_string(secret_->iterations);
    return SaslStep::next(server_first_);
  }

  SaslStep last(std::string_view message) {
    const auto proof_at = message.rfind(",p=");
    if (proof_at == std::string_view::npos) return bad();
    const auto without_proof = message.substr(0, proof_at);
    const auto binding = part(without_proof, 'c'), nonce = part(without_proof, 'r');
    const auto proof = from_base64(message.substr(proof_at + 3));
    if (!binding || *binding != to_base64(header_) || !nonce || *nonce != nonce_ || !proof) return bad();
    const auto signed_text = client_first_ + "," + server_first_ + "," + std::string(without_proof);
    auto client_key = hmac(secret_->stored_key, signed_text);
    if (proof->size() != client_key.size()) return bad();
    for (std::size_t i = 0; i < client_key.size(); ++i) client_key[i] = static_cast<char>(client_key[i] ^ (*proof)[i]);
    const auto computed = hash(client_key);
    if (!known_ || computed.size() != secret_->stored_key.size() || !equal_constant_time(computed, secret_->stored_key))
      return bad();
    return SaslStep::done({.name = user_, .access_key = {}}, "v=" + to_base64(hmac(secret_->server_key, signed_text)));
  }

  Authenticator& authenticator_;
  runtime::Random& random_;
  const ScramHash hash_;
  std::string header_, client_first_, server_first_, nonce_, user_;
  std::optional<ScramSecret> secret_;
  bool known_ = false;
};

}  // namespace

std::unique_ptr<SaslExchange> make_scram(const SaslContext& context, ScramHash hash) {
  return std::make_unique<Scram>(context, hash);
}

}  // namespace tidemill::kafka
