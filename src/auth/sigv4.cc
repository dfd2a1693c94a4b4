#include "auth/sigv4.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "auth/canonical.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/http_date.h"

#include <fmt/format.h>

namespace tidemill::auth {
namespace {

constexpr std::string_view kTerminator = "aws4_request";
constexpr std::string_view kMismatch =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and "
    "signing method. Consult the service documentation for details.";

std::optional<CredentialScope> parse_scope(std::string_view text) {
  // The key may hold slashes, so the four last parts are taken from the end.
  CredentialScope scope;
  std::string_view* const parts[] = {&scope.terminator, &scope.service, &scope.region, &scope.date};
  for (std::string_view* part : parts) {
    const auto slash = text.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    *part = text.substr(slash + 1);
    text = text.substr(0, slash);
  }
  if (text.empty()) return std::nullopt;
  scope.access_key = text;
  return scope;
}

// The parts of an Authorization header: Credential, SignedHeaders, Signature.
struct HeaderParts {
  std::optional<std::string_view> credential, signed_headers, signature;
};

bool separates(char c) { return c == ' ' || c == ',' || c == '\t'; }

// Takes the run of characters for which `wanted(c)` holds off the front.
template <class Wanted>
std::string_view take_while(std::string_view& rest, Wanted wanted) {
  std::size_t size = 0;
  while (size < rest.size() && wanted(rest[size])) ++size;
  const auto run = rest.substr(0, size);
  rest.remove_prefix(size);
  return run;
}

std::string_view algorithm_of(std::string_view header) {
  return take_while(header, [](char c) { return c != ' ' && c != ','; });
}

HeaderParts split_authorization(std::string_view header) {
  HeaderParts parts;
  std::string_view rest = header.substr(algorithm_of(header).size());
  for (;;) {
    take_while(rest, separates);
    if (rest.empty()) return parts;
    auto part = rest.substr(0, rest.find(','));
    part = part.substr(0, part.find(' '));
    part = part.substr(0, part.find('\t'));
    rest.remove_prefix(part.size());
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = part.substr(0, equals), value = part.substr(equals + 1);
    if (value.empty()) continue;
    if (name == "Credential") parts.credential = value;
    if (name == "SignedHeaders") parts.signed_headers = value;
    if (name == "Signature") parts.signature = value;
  }
}

std::optional<WallTime> parse_date(std::string_view text) {
  // The clock's nanoseconds end in 2262; what is later is far too late in any case.
  if (is_basic_date(text) && text >= "2262") return parse_basic_iso8601("2261" + std::string(text.substr(4)));
  if (auto time = parse_basic_iso8601(text)) return time;
  if (auto time = parse_iso8601(text)) return time;
  return parse_http_date(text);
}

Result<CredentialScope> scope_of(std::string_view credential) {
  const auto scope = parse_scope(credential);
  if (!scope)
    return fail(
        Errc::kIncompleteSignature,
        fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
                    "got '{}'",
                    credential));
  return *scope;
}

const std::string* find_parameter(const std::vector<http::Parameter>& parameters, std::string_view name) {
  for (const auto& p : parameters)
    if (p.name == name && !p.value.empty()) return &p.value;
  return nullptr;
}

Result<SignatureClaim> claim_of_parameters(const std::vector<http::Parameter>& parameters) {
  const auto* algorithm = find_parameter(parameters, "X-Amz-Algorithm");
  const auto* credential = find_parameter(parameters, "X-Amz-Credential");
  const auto* signature = find_parameter(parameters, "X-Amz-Signature");
  const auto* headers = find_parameter(parameters, "X-Amz-SignedHeaders");
  const auto* date = find_parameter(parameters, "X-Amz-Date");
  std::string missing;
  const auto require = [&missing](const std::string* value, std::string_view name) {
    if (!value) missing += fmt::format("AWS query-string parameters must include '{}'. ", name);
  };
  require(algorithm, "X-Amz-Algorithm");
  require(credential, "X-Amz-Credential");
  require(signature, "X-Amz-Signature");
  require(headers, "X-Amz-SignedHeaders");
  require(date, "X-Amz-Date");
  if (!missing.empty()) return fail(Errc::kIncompleteSignature, missing + "Re-examine the query-string parameters.");
  if (*algorithm != kAlgorithm)
    return fail(Errc::kIncompleteSignature, fmt::format("Unsupported AWS 'algorithm': '{}'.", *algorithm));
  TM_TRY(const auto scope, scope_of(*credential));
  SignatureClaim claim{.form = SignatureForm::kQuery,
                       .scope = scope,
                       .signed_headers = *headers,
                       .signature = *signature,
                       .date = *date};
  // Without X-Amz-Expires a signature in the query lives as long as one in the header.
  std::int64_t expires = 900;
  if (const auto* text = find_parameter(parameters, "X-Amz-Expires")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), expires);
    if (error != std::errc() || end != text->data() + text->size() || expires < 1 || expires > 604800)
      return fail(Errc::kIncompleteSignature, "X-Amz-Expires must be a number between 1 and 604800");
  }
  claim.expires = std::chrono::seconds(expires);
  if (const auto* token = find_parameter(parameters, "X-Amz-Security-Token")) claim.session_token = *token;
  return claim;
}

// The date as it stands in the string to sign: always basic ISO 8601, whatever the header's form.
std::string signing_date(const SignatureClaim& claim) {
  if (is_basic_date(claim.date)) return std::string(claim.date);
  const auto time = claim.time();
  return time ? basic_iso8601(*time) : std::string(claim.date);
}

bool matches(const SignatureClaim& claim, const HmacSha256& key, std::string_view canonical_request) {
  const std::string wanted =
      to_hex(key.mac(string_to_sign(signing_date(claim), claim.scope, sha256_hex(canonical_request))));
  return claim.signature.size() == wanted.size() && equal_constant_time(wanted, claim.signature);
}

constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr std::string_view kStreamingUnsigned = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

std::optional<std::string> said_hash(const http::Request& request, const SignatureClaim& claim) {
  std::optional<std::string> said;
  request.headers.for_each("x-amz-content-sha256", [&said](std::string_view value) { said = trimmed(value); });
  if (!said && claim.form == SignatureForm::kQuery) {
    const auto parameters = decode_query(query_of(request.target));
    if (const auto* value = find_parameter(parameters, "X-Amz-Content-Sha256"))
      said = *value;
    else if (claim.scope.service == "s3")
      said = std::string(kUnsigned);
  }
  return said;
}

// The payload hash for the canonical request. Error: the body is not the one that was signed.
Result<std::string> payload_hash(const http::Request& request, const SignatureClaim& claim) {
  const auto said = said_hash(request, claim);
  if (!said) return sha256_hex(request.body);
  const bool s3 = claim.scope.service == "s3";
  if (s3 && (*said == kUnsigned || *said == kStreamingUnsigned)) return *said;
  if (said->starts_with("STREAMING-"))
    return fail(Errc::kInvalidSignature,
                fmt::format("The payload form '{}' of x-amz-content-sha256 is not supported for '{}'.", *said,
                            claim.scope.service));
  if (!equal_constant_time(lower_case(*said), sha256_hex(request.body)))
    return fail(Errc::kInvalidSignature, std::string(kMismatch));
  return *said;
}

}  // namespace

std::optional<WallTime> SignatureClaim::time() const { return parse_date(date); }

Result<SignatureClaim> parse_claim(const http::Request& request) {
  const auto authorization = request.headers.find("authorization");
  const std::string_view amz_date = request.headers.get("x-amz-date"), date = request.headers.get("date");
  const std::string_view token = request.headers.get("x-amz-security-token");
  const std::string_view query = query_of(request.target);
  const bool in_query =
      query.starts_with("X-Amz-Algorithm") || query.find("&X-Amz-Algorithm") != std::string_view::npos;
  if (in_query && authorization)
    return fail(Errc::kInvalidSignature,
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  if (in_query) {
    const auto decoded = std::make_shared<const std::vector<http::Parameter>>(decode_query(query));
    TM_TRY(auto claim, claim_of_parameters(*decoded));
    claim.decoded = decoded;
    return claim;
  }
  if (!authorization || !authorization->starts_with("AWS4-"))
    return fail(Errc::kMissingToken, "Request is missing Authentication Token");

  const HeaderParts parts = split_authorization(*authorization);
  std::string missing;
  const auto require = [&missing](bool present, std::string_view name) {
    if (!present) missing += fmt::format("Authorization header requires '{}' parameter. ", name);
  };
  require(parts.credential.has_value(), "Credential");
  require(parts.signature.has_value(), "Signature");
  require(parts.signed_headers.has_value(), "SignedHeaders");
  if (amz_date.empty() && date.empty())
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!missing.empty())
    return fail(Errc::kIncompleteSignature, missing + "Authorization=" + std::string(*authorization));
  const std::string_view algorithm = algorithm_of(*authorization);
  if (algorithm != kAlgorithm)
    return fail(Errc::kIncompleteSignature, fmt::format("Unsupported AWS 'algorithm': '{}'.", algorithm));
  TM_TRY(const auto scope, scope_of(*parts.credential));
  const std::string_view when = amz_date.empty() ? date : amz_date;
  return SignatureClaim{.form = SignatureForm::kHeader,
                        .scope = scope,
                        .signed_headers = *parts.signed_headers,
                        .signature = *parts.signature,
                        .date = when,
                        .session_token = token};
}

Result<SignatureClaim> parse_claim(const PresignedUrl& url) { return claim_of_parameters(url.parameters); }

bool is_region_name(std::string_view text) {
  const auto dash = text.rfind('-');
  if (dash == std::string_view::npos || dash + 1 == text.size() || text.size() > 32) return false;
  const std::string_view words = text.substr(0, dash), number = text.substr(dash + 1);
  if (!std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; })) return false;
  if (words.find('-') == std::string_view::npos) return false;
  char previous = '-';
  for (const char c : words) {
    if (c == '-' ? previous == '-' : (c < 'a' || c > 'z')) return false;
    previous = c;
  }
  return previous != '-';
}

Status check_scope(const SignatureClaim& claim, const ScopeRule& rule) {
  const CredentialScope& scope = claim.scope;
  const auto time = claim.time();
  if (!time)
    return fail(Errc::kIncompleteSignature, fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                                                        "http://en.wikipedia.org/wiki/ISO_8601",
                                                        claim.date));
  const std::string stamp = signing_date(claim);
  std::string wrong;
  if (rule.region.empty() ? !is_region_name(scope.region) : scope.region != rule.region)
    wrong += fmt::format("Credential should be scoped to a valid region, not '{}'. ", scope.region);
  if (!rule.service.empty() && scope.service != rule.service)
    wrong += fmt::format("Credential should be scoped to correct service: '{}'. ", rule.service);
  if (scope.terminator != kTerminator)
    wrong += fmt::format("Credential should be scoped with a valid terminator: 'aws4_request', not '{}'. ",
                         scope.terminator);
  if (!stamp.starts_with(scope.date) || scope.date.size() != 8)
    wrong += fmt::format(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}', "
        "from '{}'. ",
        scope.date, stamp.substr(0, 8), stamp);
  if (!wrong.empty()) return fail(Errc::kInvalidSignature, std::move(wrong));

  const auto age_max = claim.form == SignatureForm::kQuery ? claim.expires : rule.skew;
  const auto minutes = [](std::chrono::seconds s) { return (s.count() + 59) / 60; };
  if (*time < rule.now - age_max)
    return fail(Errc::kInvalidSignature,
                fmt::format("Signature expired: {} is now earlier than {} ({} - {} min.)", stamp,
                            basic_iso8601(rule.now - age_max), basic_iso8601(rule.now), minutes(age_max)));
  if (*time > rule.now + rule.skew)
    return fail(Errc::kInvalidSignature,
                fmt::format("Signature not yet current: {} is still later than {} ({} + {} min.)", stamp,
                            basic_iso8601(rule.now + rule.skew), basic_iso8601(rule.now), minutes(rule.skew)));
  return {};
}

HmacSha256 SigningKeys::key(std::string_view secret, const CredentialScope& scope) {
  std::string name;
  name.reserve(secret.size() + scope.date.size() + scope.region.size() + scope.service.size() + 3);
  name.append(secret).append("\n").append(scope.date).append("\n").append(scope.region).append("\n");
  name.append(scope.service);
  const std::lock_guard lock(mutex_);
  if (const auto at = by_name_.find(name); at != by_name_.end()) {
    entries_.splice(entries_.begin(), entries_, at->second);
    return at->second->second;
  }
  std::string key = hmac_sha256("AWS4" + std::string(secret), scope.date);
  key = hmac_sha256(key, scope.region);
  key = hmac_sha256(key, scope.service);
  entries_.emplace_front(std::move(name), HmacSha256(hmac_sha256(key, kTerminator)));
  by_name_.emplace(entries_.front().first, entries_.begin());
  if (entries_.size() > entries_max_) {
    by_name_.erase(entries_.back().first);
    entries_.pop_back();
  }
  return entries_.front().second;
}

namespace {

Status verify_with(const http::Request& request, const SignatureClaim& claim, std::string_view secret,
                   SigningKeys& keys, bool head_only) {
  const SignedNames signed_names(claim.signed_headers);
  if (!signed_names.contains("host"))
    return fail(Errc::kInvalidSignature, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  for (const auto& header : request.headers) {
    if (!http::equal_ignoring_case(header.name.substr(0, 6), "x-amz-")) continue;
    const std::string name = lower_case(header.name);
    if (signed_names.contains(name)) continue;
    // A presigned URL fixes its payload form in the query, and clients may repeat it in a header.
    if (claim.form == SignatureForm::kQuery && name == "x-amz-content-sha256") continue;
    return fail(Errc::kInvalidSignature, "There were headers present in the request which were not signed: " + name);
  }
  std::string hash;
  if (head_only) {
    hash = said_payload(request, claim);
  } else {
    TM_TRY(hash, payload_hash(request, claim));
  }
  const HmacSha256 key = keys.key(secret, claim.scope);
  const std::string headers = canonical_headers(request.headers, signed_names), names = signed_names.joined();
  const auto query_sent = query_of(request.target);
  std::vector<std::string> queries{canonical_query(query_sent, QueryForm::kRecoded)};
  if (!query_sent.empty()) queries.push_back(canonical_query(query_sent, QueryForm::kAsSent));
  // Clients differ in how they write the path of everything but S3 (encoded once more, dot segments removed or not);
  // each of these is injective, so accepting any of them accepts no other request.
  for (const std::string& path : canonical_paths(path_of(request.target), claim.scope.service))
    for (const std::string& query : queries)
      if (matches(claim, key, canonical_request(request.method, path, query, headers, names, hash))) return {};
  return fail(Errc::kInvalidSignature, std::string(kMismatch));
}

}  // namespace

Status verify(const http::Request& request, const SignatureClaim& claim, std::string_view secret, SigningKeys& keys) {
  return verify_with(request, claim, secret, keys, false);
}

Status verify_head(const http::Request& request, const SignatureClaim& claim, std::string_view secret,
                   SigningKeys& keys) {
  return verify_with(request, claim, secret, keys, true);
}

std::string said_payload(const http::Request& request, const SignatureClaim& claim) {
  return said_hash(request, claim).value_or("");
}

SignedChunks::SignedChunks(const SignatureClaim& claim, const HmacSha256& key)
    : key_(key),
      date_(signing_date(claim)),
      scope_(fmt::format("{}/{}/{}/{}", claim.scope.date, claim.scope.region, claim.scope.service,
                         claim.scope.terminator)),
      previous_(claim.signature) {}

bool SignedChunks::follows(std::string_view text, std::string_view signature) {
  if (!key_) return true;
  const std::string wanted = to_hex(key_->mac(text));
  if (!equal_constant_time(wanted, signature)) return false;
  previous_ = wanted;
  return true;
}

bool SignedChunks::chunk(std::string_view sha256_of_chunk, std::string_view signature) {
  return follows(fmt::format("AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{}\n{}", date_, scope_, previous_, sha256_hex(""),
                             to_hex(sha256_of_chunk)),
                 signature);
}

bool SignedChunks::trailer(std::string_view sha256_of_lines, std::string_view signature) {
  return follows(
      fmt::format("AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{}\n{}", date_, scope_, previous_, to_hex(sha256_of_lines)),
      signature);
}

Status verify(const PresignedUrl& url, const SignatureClaim& claim, std::string_view secret, SigningKeys& keys) {
  if (const SignedNames signed_names(claim.signed_headers); signed_names.joined() != "host")
    return fail(Errc::kInvalidSignature, "Only 'host' may be a signed header here.");
  const std::string headers = fmt::format("host:{}\n", url.host);
  const std::string canonical =
      canonical_request(url.method, "/", canonical_query(url.parameters), headers, "host", sha256_hex(""));
  if (!matches(claim, keys.key(secret, claim.scope), canonical))
    return fail(Errc::kInvalidSignature, std::string(kMismatch));
  return {};
}

void sign(http::Request& request, const Credentials& credentials, const SignOptions& options) {
  const std::string date = basic_iso8601(options.now);
  const bool keep_hash = request.headers.find("x-amz-content-sha256").has_value();
  request.headers.add("X-Amz-Date", date);
  if (!credentials.session_token.empty()) request.headers.add("X-Amz-Security-Token", credentials.session_token);
  if (!keep_hash) request.headers.add("X-Amz-Content-Sha256", sha256_hex(request.body));
  std::vector<std::string> names;
  std::string hash;
  for (const auto& header : request.headers) {
    const std::string name = lower_case(header.name);
    if (name == "x-amz-content-sha256") hash = header.value;
    if (name == "host" || name == "content-type" || name.starts_with("x-amz-")) names.push_back(name);
  }
  const SignedNames signed_names(fmt::format("{}", fmt::join(names, ";")));
  const CredentialScope scope{.access_key = credentials.access_key,
                              .date = std::string_view(date).substr(0, 8),
                              .region = options.region,
                              .service = options.service,
                              .terminator = kTerminator};
  const std::string canonical =
      canonical_request(request.method, canonical_paths(path_of(request.target), options.service).front(),
                        canonical_query(query_of(request.target), QueryForm::kRecoded),
                        canonical_headers(request.headers, signed_names), signed_names.joined(), hash);
  SigningKeys keys(1);
  const std::string signature =
      to_hex(keys.key(credentials.secret_key, scope).mac(string_to_sign(date, scope, sha256_hex(canonical))));
  request.headers.add("Authorization", fmt::format("{} Credential={}/{}/{}/{}/{}, SignedHeaders={}, Signature={}",
                                                   kAlgorithm, scope.access_key, scope.date, scope.region,
                                                   scope.service, scope.terminator, signed_names.joined(), signature));
}

std::string presign(const PresignedUrl& url, const Credentials& credentials, const SignOptions& options,
                    std::chrono::seconds expires) {
  const std::string date = basic_iso8601(options.now);
  const CredentialScope scope{.access_key = credentials.access_key,
                              .date = std::string_view(date).substr(0, 8),
                              .region = options.region,
                              .service = options.service,
                              .terminator = kTerminator};
  std::vector<http::Parameter> parameters = url.parameters;
  parameters.push_back({"X-Amz-Algorithm", std::string(kAlgorithm)});
  parameters.push_back({"X-Amz-Credential", fmt::format("{}/{}/{}/{}/{}", scope.access_key, scope.date, scope.region,
                                                        scope.service, scope.terminator)});
  parameters.push_back({"X-Amz-Date", date});
  parameters.push_back({"X-Amz-Expires", std::to_string(expires.count())});
  if (!credentials.session_token.empty()) parameters.push_back({"X-Amz-Security-Token", credentials.session_token});
  parameters.push_back({"X-Amz-SignedHeaders", "host"});
  const std::string query = canonical_query(parameters);
  const std::string canonical = canonical_request(url.method, "/", query, fmt::format("host:{}\n", url.host), "host",
                                                  options.service == "s3" ? std::string(kUnsigned) : sha256_hex(""));
  SigningKeys keys(1);
  return query + "&X-Amz-Signature=" +
         to_hex(keys.key(credentials.secret_key, scope).mac(string_to_sign(date, scope, sha256_hex(canonical))));
}

}  // namespace tidemill::auth
