// Who asks, and may they: the one door that every front's request passes. With enforcement off any well-formed
// credentials are let in as the administrator of the configured account; credentials that we issued keep their own
// identity, so that a function is known by its environment in either mode.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/directory.h"
#include "auth/error.h"
#include "auth/policy.h"
#include "auth/sigv4.h"
#include "base/reply.h"
#include "base/scope.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "runtime/time.h"

namespace tidemill::auth {

enum class PrincipalKind : unsigned char { kAdministrator, kUser, kAssumedRole, kFunction };

struct Principal {
  std::string arn;      // arn:aws:iam::{acct}:root, ...:user/x, arn:aws:sts::{acct}:assumed-role/r/s
  std::string account;  // 12 digits
  std::string user_id;  // account, AIDA..., AROA...:session
  std::string access_key;
  PrincipalKind kind = PrincipalKind::kAdministrator;
  std::string name;            // of the user or role
  std::string role_arn;        // of an assumed role
  std::string environment_id;  // of a function's environment: names the environment, not the invocation
  bool operator==(const Principal&) const = default;
};

struct Caller {
  Principal principal;
  Scope scope;          // the principal's account and the region that was signed for
  std::string service;  // that was signed for
  bool operator==(const Caller&) const = default;
};

struct Decision {
  bool allowed = false;
  // The whole text of the refusal: "User: {arn} is not authorized to perform: {action} on resource: {arn} because no
  // identity-based policy allows the {action} action".
  std::string reason;
  explicit operator bool() const { return allowed; }
};

class Identity {
 public:
  struct Options {
    bool enforced = false;
    Scope home;                             // the account and region of who signs for none of ours
    std::string admin_access_key = "test";  // full rights; configured, never stored
    std::string admin_secret_key = "test";
    std::chrono::seconds skew = std::chrono::minutes(15);
  };
  Identity(Options options, Directory& directory, const runtime::Clock& clock, runtime::Random& random);

  // `service` empty: any. `region` empty: any well-formed region name, else it must be that one. Thread-safe.
  // Errors: kMissingToken, kIncompleteSignature, kInvalidSignature, kUnrecognizedClient, kExpiredToken.
  Result<Caller> authenticate(const http::Request& request, std::string_view service,
                              std::string_view region = "") const;

  // The same, for who asks often: the caller of a head that is known (Request::head_id) is remembered, but for its
  // signature, as long as the directory does not change.
  Result<std::shared_ptr<const Caller>> authenticate_again(const http::Request& request,
                                                           std::string_view service) const;

  // Of a request to S3 whose body may still be on its way.
  struct HeadLogin {
    Caller caller;
    std::string payload;  // said_payload()
    SignedChunks chunks;
  };
  // As above for S3, also for presigned URLs of either version; everything but the payload is checked. `bucket` is the
  // one that the host names. A URL that is no longer good: kExpiredToken.
  Result<HeadLogin> authenticate_head(const http::Request& request, std::string_view bucket) const;

  struct Login {
    Principal principal;
    WallTime expires;  // of the login: date + X-Amz-Expires, and not after the session
  };
  // Kafka's SASL mechanisms; the service is "kafka-cluster". The caller has checked that `url.host` is a name of ours.
  Result<Login> authenticate_presigned(const PresignedUrl& url, std::string_view service) const;

  // Thread-safe. The administrator may do everything; with enforcement off so may everyone. `resource_policy` is the
  // resource's own policy, when it has one.
  Decision authorize(const Principal& principal, std::string_view action, std::string_view resource,
                     const RequestContext& context = {}, const Policy* resource_policy = nullptr) const;
  bool enforced() const { return options_.enforced; }
  const Scope& home() const { return options_.home; }
  Credentials admin_credentials() const { return {options_.admin_access_key, options_.admin_secret_key, ""}; }

  // --- Temporary credentials.
  struct AssumeRole {
    Principal caller;
    std::string role_arn, session_name, external_id;
    std::chrono::seconds duration = std::chrono::hours(1);
  };
  // Errors: kAccessDenied (also when there is no such role), kValidation.
  void assume_role(AssumeRole request, Reply<Session, Error> reply);
  void session_token(const Principal& caller, std::chrono::seconds duration, Reply<Session, Error> reply);

  struct EnvironmentRequest {
    std::string role_arn;      // of the function; it need not exist while enforcement is off
    std::string session_name;  // the function's name
    std::string environment_id;
  };
  // Credentials of a function's environment, valid until revoked.
  Session issue_environment(const EnvironmentRequest& request);
  void revoke_environment(std::string_view environment_id);

  // True when the role's trust policy lets that service ("lambda.amazonaws.com") assume it.
  bool trusts_service(std::string_view role_arn, std::string_view service) const;

 private:
  struct Known;
  struct Remembered;
  std::optional<Known> find(std::string_view access_key) const;
  Principal administrator(std::string_view access_key) const;
  Status check(const SignatureClaim& claim, const Known& known) const;
  Status admit(const http::Request& request, const SignatureClaim& claim, const std::optional<Known>& known,
               std::string_view service, std::string_view region) const;
  Caller caller_of(const SignatureClaim& claim, const std::optional<Known>& known) const;

  const Options options_;
  Directory& directory_;
  const runtime::Clock& clock_;
  runtime::Random& random_;
  const std::string admin_arn_;
  const std::unique_ptr<SigningKeys> keys_;
};

}  // namespace tidemill::auth
