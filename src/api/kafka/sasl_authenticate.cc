#include "kafka_messages/sasl_authenticate.h"

#include <chrono>

#include "api/kafka/call.h"
#include "api/kafka/sasl.h"

namespace tidemill::kafka {
namespace {

// A refusal is told late, so that guessing is slow.
constexpr auto kRefusalDelay = std::chrono::milliseconds(100);

void refuse(Call<SaslAuthenticateApi> call, std::string message) {
  auto& loop = call.services().loop;
  call.services().log.warn("kafka.authentication_failed",
                           {{"mechanism", call.session().mechanism}, {"client", call.session().client_host}});
  loop.at(loop.clock().now() + kRefusalDelay, [call = std::move(call), message = std::move(message)]() mutable {
    SaslAuthenticateResponse response;
    response.error_code = to_wire(topics::Errc::kSaslAuthenticationFailed);
    response.error_message = message;
    std::move(call).reply_and_close(response);
  });
}

void handle(Call<SaslAuthenticateApi> call) {
  auto& session = call.session();
  SaslAuthenticateResponse response;
  if (!session.sasl) {
    response.error_code = to_wire(topics::Errc::kIllegalSaslState);
    response.error_message = "SaslAuthenticate request received before SaslHandshake";
    return std::move(call).reply_and_close(response);
  }
  auto step = session.sasl->step(call.request.auth_bytes);
  switch (step.kind) {
    case SaslStep::Kind::kContinue: break;
    case SaslStep::Kind::kRefused: session.sasl.reset(); return refuse(std::move(call), std::move(step.message));
    case SaslStep::Kind::kDone: {
      session.sasl.reset();
      if (session.principal && *session.principal != *step.principal)
        return refuse(std::move(call), "Cannot change principals during re-authentication");
      session.principal = std::move(step.principal);
      session.authenticated_until = step.valid_until;
      if (step.valid_until) {
        const auto left = *step.valid_until - call.services().loop.clock().wall();
        response.session_lifetime_ms =
            std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(left).count());
      }
      break;
    }
  }
  response.auth_bytes = std::move(step.token);
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kSaslAuthenticate = api<SaslAuthenticateApi, handle>("SaslAuthenticate", {0, 2}, true);

}  // namespace tidemill::kafka
