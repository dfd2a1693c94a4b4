#include "api/kafka/sasl.h"

namespace tidemill::kafka {
namespace {

constexpr std::string_view kBad = "Authentication failed: Invalid username or password";

// authzid NUL user NUL password
class Plain final : public SaslExchange {
 public:
  explicit Plain(Authenticator& authenticator) : authenticator_(authenticator) {}

  SaslStep step(std::string_view token) override {
    const auto first = token.find('\0');
    const auto second = first == std::string_view::npos ? first : token.find('\0', first + 1);
    if (second == std::string_view::npos || token.find('\0', second + 1) != std::string_view::npos)
      return SaslStep::refused("Invalid SASL/PLAIN response: expected 3 tokens");
    const auto as = token.substr(0, first), user = token.substr(first + 1, second - first - 1),
               password = token.substr(second + 1);
    if (user.empty()) return SaslStep::refused("Authentication failed: username not specified");
    if (password.empty()) return SaslStep::refused("Authentication failed: password not specified");
    if (!as.empty() && as != user)
      return SaslStep::refused(
          "Authentication failed: Client requested an authorization id that is different from username");
    auto principal = authenticator_.check_password(user, password);
    if (!principal) return SaslStep::refused(std::string(kBad));
    return SaslStep::done(*std::move(principal));
  }

 private:
  Authenticator& authenticator_;
};

}  // namespace

std::unique_ptr<SaslExchange> make_plain(const SaslContext& context) {
  return std::make_unique<Plain>(context.authenticator);
}

}  // namespace tidemill::kafka
