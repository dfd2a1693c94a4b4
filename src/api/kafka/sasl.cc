#include "api/kafka/sasl.h"

namespace tidemill::kafka {

std::unique_ptr<SaslExchange> make_sasl_exchange(std::string_view mechanism, const SaslContext& context) {
  if (mechanism == "PLAIN") return make_plain(context);
  if (mechanism == "SCRAM-SHA-256") return make_scram(context, ScramHash::kSha256);
  if (mechanism == "SCRAM-SHA-512") return make_scram(context, ScramHash::kSha512);
  if (mechanism == "AWS_MSK_IAM") return make_msk_iam(context);
  if (mechanism == "OAUTHBEARER") return make_oauthbearer(context);
  return nullptr;
}

}  // namespace tidemill::kafka
