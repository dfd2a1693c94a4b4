#include "server/kafka_authenticator.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"

namespace tidemill::server {
namespace {

constexpr std::size_t kKnownMax = 10'000;
constexpr int kIterations = 4096;

std::string hmac(kafka::ScramHash hash, std::string_view key, std::string_view text) {
  return hash == kafka::ScramHash::kSha256 ? hmac_sha256(key, text) : hmac_sha512(key, text);
}

// Hi() of RFC 5802: PBKDF2 with one block.
std::string salted_password(kafka::ScramHash hash, std::string_view password, const std::string& salt) {
  std::string round = hmac(hash, password, salt + std::string("\0\0\0\1", 4));
  std::string sum = round;
  for (int i = 1; i < kIterations; ++i) {
    round = hmac(hash, password, round);
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] = static_cast<char>(sum[k] ^ round[k]);
  }
  return sum;
}

}  // namespace

void KafkaAuthenticator::remember(const auth::Principal& principal) {
  if (known_.insert_or_assign(principal.access_key, principal).second) order_.push_back(principal.access_key);
  while (order_.size() > kKnownMax) {
    known_.erase(order_.front());
    order_.pop_front();
  }
}

std::optional<kafka::Authenticator::Signed> KafkaAuthenticator::verify(const kafka::PresignedGet& request) {
  auth::PresignedUrl url{.host = request.host};
  for (const auto& [name, value] : request.parameters) url.parameters.push_back({name, value});
  auto login = identity_.authenticate_presigned(url, request.service);
  if (!login) {
    log_.info("kafka.login_refused", {{"reason", login.error().message}});
    return std::nullopt;
  }
  remember(login->principal);
  return Signed{.principal = {.name = login->principal.arn, .access_key = login->principal.access_key},
                .expires = login->expires};
}

std::optional<KafkaAuthenticator::Password> KafkaAuthenticator::find_password(std::string_view user) const {
  const auto& home = identity_.home();
  if (const auto admin = identity_.admin_credentials(); user == admin.access_key) {
    return Password{admin.secret_key,
                    {.arn = "arn:aws:iam::" + home.account + ":root",
                     .account = home.account,
                     .user_id = home.account,
                     .access_key = admin.access_key,
                     .kind = auth::PrincipalKind::kAdministrator}};
  }
  const auto key = directory_.access_key(user);
  if (!key || !key->active) return std::nullopt;
  const auto owner = directory_.user(key->account, key->user);
  if (!owner) return std::nullopt;
  return Password{key->secret,
                  {.arn = owner->arn,
                   .account = key->account,
                   .user_id = owner->id,
                   .access_key = key->id,
                   .kind = auth::PrincipalKind::kUser,
                   .name = owner->name}};
}

std::optional<kafka::Principal> KafkaAuthenticator::check_password(std::string_view user, std::string_view password) {
  const auto known = find_password(user);
  if (!known || !equal_constant_time(known->secret, password)) return std::nullopt;
  remember(known->principal);
  return kafka::Principal{.name = known->principal.arn, .access_key = known->principal.access_key};
}

std::optional<kafka::ScramSecret> KafkaAuthenticator::scram_secret(std::string_view user, kafka::ScramHash hash) {
  const auto known = find_password(user);
  if (!known) return std::nullopt;
  remember(known->principal);
  // A salt that is the user's own and needs no place to be kept.
  const auto salt = sha256("kafka scram salt:" + std::string(user)).substr(0, 16);
  const auto salted = salted_password(hash, known->secret, salt);
  const auto client_key = hmac(hash, salted, "Client Key");
  return kafka::ScramSecret{.salt = salt,
                            .stored_key = hash == kafka::ScramHash::kSha256 ? sha256(client_key) : sha512(client_key),
                            .server_key = hmac(hash, salted, "Server Key"),
                            .iterations = kIterations};
}

bool KafkaAuthenticator::allows(const kafka::Principal& principal, std::string_view action, std::string_view resource) {
  if (!identity_.enforced()) return true;
  const auto found = known_.find(principal.access_key.empty() ? principal.name : principal.access_key);
  if (found == known_.end()) return false;
  // arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/UUID -> arn:aws:kafka:REGION:ACCOUNT:topic/NAME/UUID/TOPIC
  const auto allowed_under = [&](std::string arn) {
    if (const auto slash = resource.find('/'); slash != resource.npos) {
      const auto kind = arn.find(":cluster/");
      arn = arn.substr(0, kind + 1) + std::string(resource.substr(0, slash)) + arn.substr(kind + 8) +
            std::string(resource.substr(slash));
    }
    return identity_.authorize(found->second, "kafka-cluster:" + std::string(action), arn).allowed;
  };
  if (allowed_under(cluster_arn_)) return true;
  // A policy may speak of the broker by any of its names.
  return std::ranges::any_of(named_.all(), [&](const auto& arn) { return allowed_under(arn); });
}

}  // namespace tidemill::server
