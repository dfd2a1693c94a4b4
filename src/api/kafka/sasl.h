// SASL mechanisms. Each is a small state machine over the tokens of one exchange; who the client is comes from the
// Authenticator.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/kafka/authenticator.h"
#include "runtime/random.h"

namespace tidemill::kafka {

struct SaslStep {
  enum class Kind : unsigned char { kContinue, kDone, kRefused } kind = Kind::kContinue;
  std::string token;                    // to the client
  std::string message;                  // of a refusal
  std::optional<Principal> principal;   // of kDone
  std::optional<WallTime> valid_until;  // of kDone; none: for as long as the connection lives

  static SaslStep refused(std::string message) {
    return {.kind = Kind::kRefused, .token = {}, .message = std::move(message)};
  }
  static SaslStep next(std::string token) {
    return {.kind = Kind::kContinue, .token = std::move(token), .message = {}};
  }
  static SaslStep done(Principal principal, std::string token = {}, std::optional<WallTime> valid_until = {}) {
    return {.kind = Kind::kDone,
            .token = std::move(token),
            .message = {},
            .principal = std::move(principal),
            .valid_until = valid_until};
  }
};

class SaslExchange {
 public:
  virtual ~SaslExchange() = default;
  virtual SaslStep step(std::string_view token) = 0;
};

// What the mechanisms need to know of where they run.
struct SaslContext {
  Authenticator& authenticator;
  runtime::Random& random;
  std::string host;  // that clients dial
};

// Null for a mechanism that is not known.
std::unique_ptr<SaslExchange> make_sasl_exchange(std::string_view mechanism, const SaslContext& context);

std::unique_ptr<SaslExchange> make_plain(const SaslContext& context);
std::unique_ptr<SaslExchange> make_scram(const SaslContext& context, ScramHash hash);
std::unique_ptr<SaslExchange> make_msk_iam(const SaslContext& context);
std::unique_ptr<SaslExchange> make_oauthbearer(const SaslContext& context);

}  // namespace tidemill::kafka
