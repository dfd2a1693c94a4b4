// Kafka's SASL mechanisms on the identity engine: an access key id is a user name, its secret key the password;
// AWS_MSK_IAM and OAUTHBEARER carry a presigned request.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>

#include "api/kafka/authenticator.h"
#include "auth/directory.h"
#include "auth/identity.h"
#include "observe/log.h"
#include "topics/named_clusters.h"

namespace tidemill::server {

class KafkaAuthenticator final : public kafka::Authenticator {
 public:
  // `cluster_arn` is the cluster's: topics and groups are named under it, and under the ARNs of the broker's other
  // names.
  KafkaAuthenticator(const auth::Identity& identity, const auth::Directory& directory, observe::Log& log,
                     std::string cluster_arn, const topics::NamedClusters& named)
      : identity_(identity), directory_(directory), log_(log), cluster_arn_(std::move(cluster_arn)), named_(named) {}

  std::optional<Signed> verify(const kafka::PresignedGet& request) override;
  std::optional<kafka::Principal> check_password(std::string_view user, std::string_view password) override;
  std::optional<kafka::ScramSecret> scram_secret(std::string_view user, kafka::ScramHash hash) override;
  bool allows(const kafka::Principal& principal, std::string_view action, std::string_view resource) override;

 private:
  struct Password {
    std::string secret;
    auth::Principal principal;
  };
  std::optional<Password> find_password(std::string_view user) const;
  void remember(const auth::Principal& principal);

  const auth::Identity& identity_;
  const auth::Directory& directory_;
  observe::Log& log_;
  const std::string cluster_arn_;
  const topics::NamedClusters& named_;
  // Principals of logins by access key, the newest kept: connections name theirs by the key.
  std::map<std::string, auth::Principal, std::less<>> known_;
  std::list<std::string> order_;
};

}  // namespace tidemill::server
