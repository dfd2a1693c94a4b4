// AWS_MSK_IAM: one token from the client, a JSON object that holds the parts of a presigned request; one JSON answer.
#include "api/kafka/sasl.h"
#include "base/json.h"
#include "runtime/network.h"

namespace tidemill::kafka {
namespace {

constexpr std::string_view kVersion = "2020_10_22", kAction = "kafka-cluster:Connect", kService = "kafka-cluster";
constexpr std::string_view kDenied = "Access denied";
constexpr std::size_t kTokenMax = 16 * 1024;

class MskIam final : public SaslExchange {
 public:
  explicit MskIam(const SaslContext& context)
      : authenticator_(context.authenticator), random_(context.random), host_(context.host) {}

  SaslStep step(std::string_view token) override {
    if (token.size() > kTokenMax) return SaslStep::refused(std::string(kDenied));
    auto body = json::Value::parse(token);
    if (!body || !body->is_object()) return SaslStep::refused("Invalid message: not a JSON object");
    if (body->string_or("version") != kVersion) return SaslStep::refused("Unsupported version");
    if (body->string_or("action") != kAction) return SaslStep::refused(std::string(kDenied));
    PresignedGet request{.host = body->string_or("host"),
                         .service = std::string(kService),
                         .parameters = {{"Action", std::string(kAction)}}};
    // Signed for another broker: somebody else's token.
    if (!is_this_broker(request.host)) return SaslStep::refused(std::string(kDenied));
    constexpr std::pair<std::string_view, std::string_view> kNames[] = {
        {"x-amz-algorithm", "X-Amz-Algorithm"},
        {"x-amz-credential", "X-Amz-Credential"},
        {"x-amz-date", "X-Amz-Date"},
        {"x-amz-expires", "X-Amz-Expires"},
        {"x-amz-security-token", "X-Amz-Security-Token"},
        {"x-amz-signedheaders", "X-Amz-SignedHeaders"},
        {"x-amz-signature", "X-Amz-Signature"},
    };
    for (const auto& [from, to] : kNames) {
      const auto* member = body->find(from);
      if (!member) continue;
      if (!member->is_string()) return SaslStep::refused(std::string(kDenied));
      request.parameters.emplace_back(to, member->as_string());
    }
    const auto known = authenticator_.verify(request);
    if (!known || !authenticator_.allows(known->principal, "Connect", "cluster"))
      return SaslStep::refused(std::string(kDenied));
    std::string answer;
    json::Writer writer(answer);
    writer.begin_object().member("version", kVersion).member("request-id", random_.uuid()).end_object();
    return SaslStep::done(known->principal, std::move(answer), known->expires);
  }

 private:
  // Java's clients sign with the name that an address resolves back to: "localhost" for 127.0.0.1.
  bool is_this_broker(const std::string& host) const {
    return host == host_ || (host == "localhost" && runtime::Address{.host = host_}.is_loopback());
  }

  Authenticator& authenticator_;
  runtime::Random& random_;
  const std::string host_;
};

}  // namespace

std::unique_ptr<SaslExchange> make_msk_iam(const SaslContext& context) { return std::make_unique<MskIam>(context); }

}  // namespace tidemill::kafka
