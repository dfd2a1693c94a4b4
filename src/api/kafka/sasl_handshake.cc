#include "kafka_messages/sasl_handshake.h"

#include <algorithm>

#include "api/kafka/call.h"
#include "api/kafka/sasl.h"

namespace tidemill::kafka {
namespace {

void handle(Call<SaslHandshakeApi> call) {
  SaslHandshakeResponse response;
  auto& session = call.session();
  auto* authenticator = call.services().authenticator;
  // Version 0 would go on with tokens that are not framed as requests; no client in use does that any more.
  if (session.security != Security::kSasl || !authenticator || call.version() == 0) {
    response.error_code = to_wire(topics::Errc::kIllegalSaslState);
    return std::move(call).reply(response);
  }
  const auto& mechanisms = call.services().settings.sasl_mechanisms;
  const auto& wanted = call.request.mechanism;
  response.mechanisms = mechanisms;
  const bool enabled = std::find(mechanisms.begin(), mechanisms.end(), wanted) != mechanisms.end();
  // Authenticating again is for the same mechanism only.
  if (session.principal && session.mechanism != wanted) {
    response.error_code = to_wire(topics::Errc::kSaslAuthenticationFailed);
    return std::move(call).reply_and_close(response);
  }
  if (enabled)
    session.sasl =
        make_sasl_exchange(wanted, {*authenticator, call.services().random, call.services().settings.advertised_host});
  if (!enabled || !session.sasl) {
    response.error_code = to_wire(topics::Errc::kUnsupportedSaslMechanism);
    return std::move(call).reply(response);
  }
  session.mechanism = wanted;
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kSaslHandshake = api<SaslHandshakeApi, handle>("SaslHandshake", {0, 1}, true);

}  // namespace tidemill::kafka
