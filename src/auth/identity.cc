#include "auth/identity.h"

#include <algorithm>
#include <utility>

#include "auth/canonical.h"
#include "auth/signed_head.h"
#include "auth/sigv2.h"
#include "base/digest.h"
#include "http/head_memory.h"

#include <fmt/format.h>

namespace tidemill::auth {

// A key that we know, with the secret to check it by.
struct Identity::Known {
  Principal principal;
  std::string secret;
  std::string token;  // empty for long-term keys
  bool active = true;
  std::optional<WallTime> expires;
};

struct Identity::Remembered {
  std::shared_ptr<const Caller> caller;
  std::optional<Known> known;
  std::unique_ptr<SignedHead> signing = nullptr;  // none: each signature is checked from the beginning
  std::string service = {};                       // that it is checked for
  std::uint64_t version = 0;                      // of the directory
  const Identity* of = nullptr;
};

namespace {

constexpr std::string_view kUnknownToken = "The security token included in the request is invalid.";
constexpr std::string_view kExpiredToken = "The security token included in the request is expired";

bool is_session_name(std::string_view name) {
  return name.size() >= 2 && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("_+=,.@-").find(c) != std::string_view::npos;
         });
}

// The account and the name in arn:aws:iam::{account}:role{path}{name}.
std::optional<std::pair<std::string, std::string>> split_role_arn(std::string_view arn) {
  constexpr std::string_view kStart = "arn:aws:iam::";
  if (!arn.starts_with(kStart)) return std::nullopt;
  const std::string_view rest = arn.substr(kStart.size());
  if (rest.size() < 19 || rest.substr(12, 6) != ":role/") return std::nullopt;
  const std::string_view name = rest.substr(rest.rfind('/') + 1);
  if (name.empty()) return std::nullopt;
  return std::pair{std::string(rest.substr(0, 12)), std::string(name)};
}

// The account in an ARN; empty when it names none (buckets, "*").
std::string_view account_of(std::string_view arn) {
  for (int fields = 0; fields < 4; ++fields) {
    const auto colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    arn.remove_prefix(colon + 1);
  }
  return arn.substr(0, arn.find(':'));
}

PolicyPrincipal policy_principal(const Principal& principal) {
  return {.arn = principal.arn, .role_arn = principal.role_arn, .account = principal.account, .service = {}};
}

RequestContext with_principal(RequestContext context, const Principal& principal, std::string_view region,
                              WallTime now) {
  const auto add = [&context](std::string_view key, std::string_view value) {
    if (!context.find(key)) context.add(key, value);
  };
  add("aws:PrincipalArn", principal.role_arn.empty() ? principal.arn : principal.role_arn);
  add("aws:PrincipalAccount", principal.account);
  add("aws:PrincipalType", principal.kind == PrincipalKind::kUser            ? "User"
                           : principal.kind == PrincipalKind::kAdministrator ? "Account"
                                                                             : "AssumedRole");
  add("aws:userid", principal.user_id);
  if (principal.kind == PrincipalKind::kUser) add("aws:username", principal.name);
  if (!region.empty()) add("aws:RequestedRegion", region);
  add("aws:CurrentTime", iso8601_s(now));
  add("aws:EpochTime", std::to_string(epoch_s(now)));
  return context;
}

}  // namespace

Identity::Identity(Options options, Directory& directory, const runtime::Clock& clock, runtime::Random& random)
    : options_(std::move(options)),
      directory_(directory),
      clock_(clock),
      random_(random),
      admin_arn_(fmt::format("arn:aws:iam::{}:root", options_.home.account)),
      keys_(std::make_unique<SigningKeys>()) {}

Principal Identity::administrator(std::string_view access_key) const {
  return {.arn = admin_arn_,
          .account = options_.home.account,
          .user_id = options_.home.account,
          .access_key = std::string(access_key),
          .kind = PrincipalKind::kAdministrator};
}

std::optional<Identity::Known> Identity::find(std::string_view access_key) const {
  if (access_key == options_.admin_access_key)
    return Known{.principal = administrator(access_key), .secret = options_.admin_secret_key};
  if (const auto key = directory_.access_key(access_key)) {
    const auto user = directory_.user(key->account, key->user);
    if (!user) return std::nullopt;
    return Known{.principal = {.arn = user->arn,
                               .account = user->account,
                               .user_id = user->id,
                               .access_key = std::string(access_key),
                               .kind = PrincipalKind::kUser,
                               .name = user->name},
                 .secret = key->secret,
                 .active = key->active};
  }
  if (auto session = directory_.session(access_key)) {
    Principal principal{.arn = session->arn,
                        .account = session->account,
                        .user_id = session->user_id,
                        .access_key = std::string(access_key),
                        .kind = PrincipalKind::kAssumedRole};
    if (session->administrator) {
      principal.kind = PrincipalKind::kAdministrator;
    } else if (!session->user.empty()) {
      if (!directory_.user(session->account, session->user)) return std::nullopt;
      principal.kind = PrincipalKind::kUser;
      principal.name = session->user;
    } else {
      principal.name = session->role;
      const auto role = directory_.role(session->account, session->role);
      principal.role_arn = role ? role->arn : fmt::format("arn:aws:iam::{}:role/{}", session->account, session->role);
      if (!session->environment_id.empty()) {
        principal.kind = PrincipalKind::kFunction;
        principal.environment_id = session->environment_id;
      }
    }
    return Known{.principal = std::move(principal),
                 .secret = std::move(session->secret_key),
                 .token = std::move(session->token),
                 .expires = session->expires};
  }
  return std::nullopt;
}

Status Identity::check(const SignatureClaim& claim, const Known& known) const {
  if (!known.active) return fail(Errc::kUnrecognizedClient, std::string(kUnknownToken));
  if (claim.session_token.size() != known.token.size() || !equal_constant_time(claim.session_token, known.token))
    return fail(Errc::kUnrecognizedClient, std::string(kUnknownToken));
  if (known.expires && *known.expires <= clock_.wall()) return fail(Errc::kExpiredToken, std::string(kExpiredToken));
  return {};
}

Result<Caller> Identity::authenticate(const http::Request& request, std::string_view service,
                                      std::string_view region) const {
  TM_TRY(const auto claim, parse_claim(request));
  const auto known = find(claim.scope.access_key);
  TM_CHECK(admit(request, claim, known, service, region));
  return caller_of(claim, known);
}

Status Identity::admit(const http::Request& request, const SignatureClaim& claim, const std::optional<Known>& known,
                       std::string_view service, std::string_view region) const {
  if (!options_.enforced) return {};
  TM_CHECK(check_scope(claim, {.service = service, .region = region, .now = clock_.wall(), .skew = options_.skew}));
  if (!known) return fail(Errc::kUnrecognizedClient, std::string(kUnknownToken));
  TM_CHECK(check(claim, *known));
  return verify(request, claim, known->secret, *keys_);
}

Caller Identity::caller_of(const SignatureClaim& claim, const std::optional<Known>& known) const {
  Caller caller{.principal = known ? known->principal : administrator(claim.scope.access_key),
                .scope = {},
                .service = std::string(claim.scope.service)};
  caller.scope.account = caller.principal.account;
  caller.scope.region = is_region_name(claim.scope.region) ? std::string(claim.scope.region) : options_.home.region;
  return caller;
}

Result<std::shared_ptr<const Caller>> Identity::authenticate_again(const http::Request& request,
                                                                   std::string_view service) const {
  // Not in the thread's own block, which every thread clears as it starts.
  static thread_local const auto memory = std::make_unique<http::HeadConclusions<Remembered>>();
  auto& remembered = *memory;
  const auto version = directory_.version();
  const auto* entry = remembered.find(request.head_id);
  if (entry != nullptr && (entry->version != version || entry->of != this)) entry = nullptr;
  // Heads that are alike ask in the same way: only the date and the signature may differ.
  if (entry != nullptr && !options_.enforced) return entry->caller;
  if (entry != nullptr && entry->signing && entry->service == service) {
    const WallTime now = clock_.wall();
    if (!(entry->known->expires && *entry->known->expires <= now) &&
        entry->signing->admits(request, now, options_.skew))
      return entry->caller;
  }
  TM_TRY(const auto claim, parse_claim(request));
  if (entry != nullptr) {
    TM_CHECK(admit(request, claim, entry->known, service, ""));
    return entry->caller;
  }
  auto known = find(claim.scope.access_key);
  TM_CHECK(admit(request, claim, known, service, ""));
  auto caller = std::make_shared<const Caller>(caller_of(claim, known));
  std::unique_ptr<SignedHead> signing;
  if (options_.enforced && request.head_id != 0) {
    if (auto head = SignedHead::of(request, claim, keys_->key(known->secret, claim.scope)))
      signing = std::make_unique<SignedHead>(*std::move(head));
  }
  remembered.put(request.head_id, {.caller = caller,
                                   .known = std::move(known),
                                   .signing = std::move(signing),
                                   .service = std::string(service),
                                   .version = version,
                                   .of = this});
  return caller;
}

Result<Identity::HeadLogin> Identity::authenticate_head(const http::Request& request, std::string_view bucket) const {
  const WallTime now = clock_.wall();
  if (const auto url = parse_url_signature(request)) {
    const auto known = find(url->access_key);
    const auto login = [&](Principal principal) {
      Scope scope{.account = principal.account, .region = options_.home.region};
      return HeadLogin{.caller = {.principal = std::move(principal), .scope = std::move(scope), .service = "s3"},
                       .payload = "UNSIGNED-PAYLOAD",
                       .chunks = {}};
    };
    TM_CHECK(check_url_expiry(*url, now));
    if (!options_.enforced) return login(known ? known->principal : administrator(url->access_key));
    if (!known) return fail(Errc::kUnrecognizedClient, std::string(kUnknownToken));
    SignatureClaim claim;
    claim.session_token = url->session_token;
    TM_CHECK(check(claim, *known));
    TM_CHECK(verify_url_signature(request, *url, known->secret, bucket));
    return login(known->principal);
  }
  TM_TRY(const auto claim, parse_claim(request));
  const auto known = find(claim.scope.access_key);
  const auto login = [&](Principal principal, SignedChunks chunks) {
    Scope scope{.account = principal.account,
                .region = is_region_name(claim.scope.region) ? std::string(claim.scope.region) : options_.home.region};
    return HeadLogin{.caller = {.principal = std::move(principal), .scope = std::move(scope), .service = "s3"},
                     .payload = said_payload(request, claim),
                     .chunks = std::move(chunks)};
  };
  if (const auto time = claim.time(); claim.form == SignatureForm::kQuery && time && *time + claim.expires < now)
    return fail(Errc::kExpiredToken, "Request has expired");
  if (!options_.enforced) return login(known ? known->principal : administrator(claim.scope.access_key), {});
  TM_CHECK(check_scope(claim, {.service = "s3", .region = {}, .now = now, .skew = options_.skew}));
  if (!known) return fail(Errc::kUnrecognizedClient, std::string(kUnknownToken));
  TM_CHECK(check(claim, *known));
  TM_CHECK(verify_head(request, claim, known->secret, *keys_));
  return login(known->principal, SignedChunks(claim, keys_->key(known->secret, claim.scope)));
}

Result<Identity::Login> Identity::authenticate_presigned(const PresignedUrl& url, std::string_view service) const {
  TM_TRY(const auto claim, parse_claim(url));
  const WallTime now = clock_.wall();
  const auto known = find(claim.scope.access_key);
  const auto login = [&](Principal principal) {
    WallTime expires = claim.time().value_or(now) + claim.expires;
    if (known && known->expires) expires = std::min(expires, *known->expires);
    return Login{.principal = std::move(principal), .expires = expires};
  };
  if (!options_.enforced) return login(known ? known->principal : administrator(claim.scope.access_key));
  if (claim.expires > std::chrono::seconds(900))
    return fail(Errc::kIncompleteSignature, "X-Amz-Expires must be a number between 1 and 900");
  TM_CHECK(check_scope(claim, {.service = service, .region = {}, .now = now, .skew = options_.skew}));
  if (!known) return fail(Errc::kUnrecognizedClient, std::string(kUnknownToken));
  TM_CHECK(check(claim, *known));
  TM_CHECK(verify(url, claim, known->secret, *keys_));
  return login(known->principal);
}

Decision Identity::authorize(const Principal& principal, std::string_view action, std::string_view resource,
                             const RequestContext& given, const Policy* resource_policy) const {
  if (!options_.enforced || principal.kind == PrincipalKind::kAdministrator) return {.allowed = true, .reason = {}};
  const RequestContext context = with_principal(given, principal, {}, clock_.wall());
  const AccessRequest request{.action = action, .resource = resource, .context = &context};
  const auto refuse = [&](std::string_view why) {
    return Decision{.allowed = false,
                    .reason = fmt::format("User: {} is not authorized to perform: {} on resource: {} {}", principal.arn,
                                          action, resource, why)};
  };
  ResourceEffect from_resource = ResourceEffect::kNone;
  if (resource_policy) from_resource = resource_policy->evaluate(request, policy_principal(principal));
  if (from_resource == ResourceEffect::kDeny) return refuse("with an explicit deny in a resource-based policy");

  const auto kind = principal.kind == PrincipalKind::kUser ? Directory::Holder::kUser : Directory::Holder::kRole;
  bool allowed = false;
  for (const auto& policy :
       directory_.policies_of({.kind = kind, .account = principal.account, .name = principal.name})) {
    const Effect effect = policy->evaluate(request);
    if (effect == Effect::kDeny) return refuse("with an explicit deny in an identity-based policy");
    allowed = allowed || effect == Effect::kAllow;
  }
  // Within an account either side may allow it; another account's principal needs both.
  const auto owner = account_of(resource);
  if (!owner.empty() && owner != principal.account) {
    if (allowed && from_resource != ResourceEffect::kNone) return {.allowed = true, .reason = {}};
    if (allowed) return refuse(fmt::format("because no resource-based policy allows the {} action", action));
  } else if (allowed || from_resource == ResourceEffect::kAllow) {
    return {.allowed = true, .reason = {}};
  }
  return refuse(fmt::format("because no identity-based policy allows the {} action", action));
}

void Identity::assume_role(AssumeRole in, Reply<Session, Error> reply) {
  const auto refuse = [&] {
    return fail(Errc::kAccessDenied,
                fmt::format("User: {} is not authorized to perform: sts:AssumeRole on resource: {}", in.caller.arn,
                            in.role_arn));
  };
  if (!is_session_name(in.session_name))
    return std::move(reply)(
        fail(Errc::kValidation, fmt::format("1 validation error detected: Value '{}' at 'roleSessionName' failed to "
                                            "satisfy constraint: Member must satisfy regular expression pattern: "
                                            "[\\w+=,.@-]*",
                                            in.session_name)));
  const auto names = split_role_arn(in.role_arn);
  if (!names) return std::move(reply)(fail(Errc::kValidation, fmt::format("{} is invalid", in.role_arn)));
  const auto role = directory_.role_of_arn(in.role_arn);
  std::string role_id = "AROA" + names->second;
  if (role) {
    role_id = role->id;
    if (in.duration > std::chrono::seconds(role->max_session_s))
      return std::move(reply)(
          fail(Errc::kValidation, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    if (options_.enforced) {
      RequestContext context;
      if (!in.external_id.empty()) context.add("sts:ExternalId", in.external_id);
      context = with_principal(std::move(context), in.caller, {}, clock_.wall());
      const auto trust = Policy::parse_resource(role->trust_policy);
      const auto effect =
          trust ? trust->evaluate({.action = "sts:AssumeRole", .resource = in.role_arn, .context = &context},
                                  policy_principal(in.caller))
                : ResourceEffect::kNone;
      const bool direct = effect == ResourceEffect::kAllow;
      const bool by_account = effect == ResourceEffect::kAllowAccount;
      if (!direct && !(by_account && authorize(in.caller, "sts:AssumeRole", in.role_arn, context, &*trust)))
        return std::move(reply)(refuse());
    }
  } else if (options_.enforced) {
    return std::move(reply)(refuse());
  }
  if (in.duration < std::chrono::minutes(15) || in.duration > std::chrono::hours(12))
    return std::move(reply)(fail(Errc::kValidation,
                                 "1 validation error detected: Value at 'durationSeconds' failed to satisfy "
                                 "constraint: Member must have value between 900 and 43200"));
  Session session{
      .access_key = directory_.make_id("ASIA"),
      .secret_key = directory_.make_secret(),
      .token = random_.text(200, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
      .account = names->first,
      .arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", names->first, names->second, in.session_name),
      .user_id = role_id + ":" + in.session_name,
      .role = names->second,
      .expires = clock_.wall() + in.duration};
  directory_.put_session(std::move(session), std::move(reply));
}

void Identity::session_token(const Principal& caller, std::chrono::seconds duration, Reply<Session, Error> reply) {
  if (caller.kind == PrincipalKind::kAssumedRole || caller.kind == PrincipalKind::kFunction)
    return std::move(reply)(fail(Errc::kAccessDenied, "Cannot call GetSessionToken with session credentials"));
  if (duration < std::chrono::minutes(15) || duration > std::chrono::hours(36))
    return std::move(reply)(fail(Errc::kValidation,
                                 "1 validation error detected: Value at 'durationSeconds' failed to satisfy "
                                 "constraint: Member must have value between 900 and 129600"));
  directory_.put_session({.access_key = directory_.make_id("ASIA"),
                          .secret_key = directory_.make_secret(),
                          .token = random_.text(200, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
                          .account = caller.account,
                          .arn = caller.arn,
                          .user_id = caller.user_id,
                          .user = caller.name,
                          .administrator = caller.kind == PrincipalKind::kAdministrator,
                          .expires = clock_.wall() + duration},
                         std::move(reply));
}

Session Identity::issue_environment(const EnvironmentRequest& request) {
  const auto names = split_role_arn(request.role_arn);
  const std::string account = names ? names->first : options_.home.account;
  const std::string role_name = names ? names->second : "function";
  const auto role = directory_.role(account, role_name);
  return directory_.put_environment_session(
      {.access_key = directory_.make_id("ASIA"),
       .secret_key = directory_.make_secret(),
       .token = random_.text(200, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
       .account = account,
       .arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account, role_name, request.session_name),
       .user_id = (role ? role->id : "AROA" + role_name) + ":" + request.session_name,
       .role = role_name,
       .environment_id = request.environment_id});
}

void Identity::revoke_environment(std::string_view environment_id) { directory_.revoke_environment(environment_id); }

bool Identity::trusts_service(std::string_view role_arn, std::string_view service) const {
  const auto role = directory_.role_of_arn(role_arn);
  if (!role) return false;
  const auto trust = Policy::parse_resource(role->trust_policy);
  return trust &&
         trust->evaluate({.action = "sts:AssumeRole", .resource = role_arn},
                         {.arn = {}, .role_arn = {}, .account = {}, .service = service}) == ResourceEffect::kAllow;
}

}  // namespace tidemill::auth
