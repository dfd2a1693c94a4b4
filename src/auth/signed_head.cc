#include "auth/signed_head.h"

#include "auth/canonical.h"
#include "base/bytes.h"

namespace tidemill::auth {
namespace {

constexpr std::size_t kDigestSize = 64;  // of hexadecimal digits

// Room is there: the text keeps its size.
void put(std::string& text, std::size_t at, std::string_view bytes) { bytes.copy(text.data() + at, bytes.size()); }

struct Found {
  std::size_t index = 0;
  std::string_view value;
};
// The header of that name; nothing when there is none or more than one.
std::optional<Found> find_one(const http::Headers& headers, std::string_view name) {
  std::optional<Found> found;
  std::size_t index = 0;
  for (const auto& header : headers) {
    if (http::equal_ignoring_case(header.name, name)) {
      if (found) return std::nullopt;
      found = Found{.index = index, .value = header.value};
    }
    ++index;
  }
  return found;
}

}  // namespace

std::string_view SignedHead::Place::in(const http::Request& request) const {
  const auto entry = *http::Headers::Iterator(request.headers, header);
  return entry.value.size() < at + size ? std::string_view() : entry.value.substr(at, size);
}

std::optional<SignedHead> SignedHead::of(const http::Request& request, const SignatureClaim& claim,
                                         const HmacSha256& key) {
  // S3 signs other payloads than a body's digest, and other services other forms of a path.
  if (claim.form != SignatureForm::kHeader || claim.scope.service == "s3" || request.target != "/") return std::nullopt;
  const auto date = find_one(request.headers, "x-amz-date");
  const auto authorization = find_one(request.headers, "authorization");
  if (!date || !authorization || !is_basic_date(date->value)) return std::nullopt;

  SignedHead head(key);
  head.date_ = {.header = date->index, .at = 0, .size = date->value.size()};
  head.signature_ = {.header = authorization->index,
                     .at = static_cast<std::size_t>(claim.signature.data() - authorization->value.data()),
                     .size = claim.signature.size()};
  if (const auto said = request.headers.find("x-amz-content-sha256")) {
    const auto one = find_one(request.headers, "x-amz-content-sha256");
    if (!one) return std::nullopt;
    head.said_hash_ = {.header = one->index, .at = 0, .size = said->size()};
  }
  head.day_ = claim.scope.date;

  const SignedNames names(claim.signed_headers);
  const auto headers = canonical_headers(request.headers, names);
  head.canonical_ = canonical_request(request.method, "/", "", headers, names.joined(), std::string(kDigestSize, '0'));
  auto at = request.method.size() + std::string_view("\n/\n\n").size();
  for (const auto name : names) {
    const auto header = find_one(request.headers, name);
    at += name.size() + 1;
    // A value that the canonical form writes otherwise, or that holds the signature, is not copied as it is.
    if (!header || header->index == authorization->index) return std::nullopt;
    const auto line = std::string_view(head.canonical_).substr(at);
    if (!line.starts_with(header->value) || line[header->value.size()] != '\n') return std::nullopt;
    head.spots_.push_back({.from = {.header = header->index, .at = 0, .size = header->value.size()}, .to = at});
    at += header->value.size() + 1;
  }
  head.to_sign_ = string_to_sign(date->value, claim.scope, std::string(kDigestSize, '0'));
  return head;
}

bool SignedHead::admits(const http::Request& request, WallTime now, std::chrono::seconds skew) {
  const auto date = date_.in(request);
  if (!is_basic_date(date) || !date.starts_with(day_)) return false;
  const auto time = SignatureClaim{.date = date}.time();
  if (!time || *time < now - skew || *time > now + skew) return false;

  const std::string body = sha256_hex(request.body);
  if (said_hash_ && said_hash_->in(request) != body) return false;
  for (const auto& spot : spots_) {
    const auto value = spot.from.in(request);
    if (value.size() != spot.from.size) return false;
    put(canonical_, spot.to, value);
  }
  put(canonical_, canonical_.size() - kDigestSize, body);
  put(to_sign_, kAlgorithm.size() + 1, date);
  put(to_sign_, to_sign_.size() - kDigestSize, sha256_hex(canonical_));
  return equal_constant_time(to_hex(key_.mac(to_sign_)), signature_.in(request));
}

}  // namespace tidemill::auth
