// What several operations share.
#include <algorithm>

#include "api/s3/operation.h"
#include "auth/canonical.h"
#include "base/digest.h"

namespace tidemill::s3 {
namespace {

// Kept with the object and given back as they came.
constexpr std::string_view kKeptHeaders[] = {"Cache-Control", "Content-Disposition", "Content-Language", "Expires"};
constexpr std::string_view kStorageClasses[] = {"STANDARD",   "REDUCED_REDUNDANCY",  "STANDARD_IA",
                                                "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"};
constexpr std::size_t kUserBytesMax = 2 << 10;

// Content-Encoding without the transfer coding that SDKs write into it.
std::string kept_encoding(std::string_view header) {
  std::string out;
  while (!header.empty()) {
    const auto end = std::min(header.find(','), header.size());
    const auto one = auth::trimmed(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    if (one.empty() || http::equal_ignoring_case(one, "aws-chunked")) continue;
    if (!out.empty()) out += ",";
    out += one;
  }
  return out;
}

}  // namespace

Status authorize(const Services& services, const auth::Caller& caller, std::string_view action,
                 const std::string& bucket, const std::string& key) {
  std::string resource = bucket.empty() ? "*" : "arn:aws:s3:::" + bucket;
  if (!key.empty()) resource += "/" + key;
  const auto decision = services.identity.authorize(caller.principal, action, resource);
  if (!decision) return refuse(403, "AccessDenied", decision.reason);
  return {};
}

std::string quoted(std::string_view etag) { return "\"" + std::string(etag) + "\""; }

std::string unquoted(std::string_view etag) {
  etag = auth::trimmed(etag);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

api::Xml begin_xml(std::string_view root) {
  api::Xml xml;
  xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<").raw(root).raw(" xmlns=\"").raw(kNamespace).raw("\">");
  return xml;
}

http::Response xml_response(api::Xml& xml) {
  http::Response response{.body = xml.take()};
  response.headers.add("Content-Type", "application/xml");
  return response;
}

std::string owner_id(const std::string& account) { return sha256_hex("canonical user of " + account); }

void add_owner(api::Xml& xml, std::string_view element, const std::string& account) {
  xml.open(element).element("ID", owner_id(account)).close(element);
}

Result<objects::Attributes> attributes_of(const http::Headers& headers) {
  objects::Attributes out;
  if (const auto type = headers.find("content-type"); type && !type->empty()) out.content_type = *type;
  for (const auto name : kKeptHeaders)
    if (const auto value = headers.find(name)) out.headers.emplace_back(name, *value);
  if (auto encoding = kept_encoding(headers.get("content-encoding")); !encoding.empty())
    out.headers.emplace_back("Content-Encoding", std::move(encoding));
  std::size_t user_bytes = 0;
  for (const auto& [given, value] : headers) {
    const auto name = auth::lower_case(given);
    constexpr std::string_view kUser = "x-amz-meta-";
    if (name.starts_with(kUser)) {
      user_bytes += name.size() - kUser.size() + value.size();
      out.user.emplace_back(name.substr(kUser.size()), value);
    } else if (name == "x-amz-storage-class") {
      if (std::ranges::find(kStorageClasses, value) == std::end(kStorageClasses))
        return refuse(400, "InvalidStorageClass", "The storage class you specified is not valid");
      out.storage_class = value;
    } else if (name == "x-amz-server-side-encryption") {
      if (value != "AES256" && value != "aws:kms" && value != "aws:kms:dsse")
        return invalid_argument("The encryption method specified is not supported", name, value);
      out.encryption = value;
    } else if (name == "x-amz-server-side-encryption-aws-kms-key-id") {
      out.kms_key = value;
    } else if (name == "x-amz-acl" ? value != "private" && value != "bucket-owner-full-control"
                                   : name.starts_with("x-amz-grant-")) {
      return refuse(400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
    } else if (name.starts_with("x-amz-object-lock-")) {
      return refuse(400, "InvalidRequest", "Bucket is missing Object Lock Configuration");
    } else if (name.starts_with("x-amz-server-side-encryption-customer-") || name == "x-amz-tagging" ||
               name == "x-amz-website-redirect-location" || name == "x-amz-write-offset-bytes") {
      return not_implemented(name);
    }
  }
  if (user_bytes > kUserBytesMax)
    return refuse(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size");
  return out;
}

objects::WriteCondition condition_of(const http::Headers& headers) {
  objects::WriteCondition out;
  if (const auto match = headers.find("if-match")) out.if_match = unquoted(*match);
  out.if_absent = auth::trimmed(headers.get("if-none-match")) == "*";
  return out;
}

void add_checksum(http::Headers& headers, const objects::Checksum& checksum) {
  headers.add("x-amz-checksum-" + auth::lower_case(objects::wire_name(checksum.algorithm)), checksum.text());
  headers.add("x-amz-checksum-type", checksum.parts > 0 ? "COMPOSITE" : "FULL_OBJECT");
}

void add_checksum(api::Xml& xml, const objects::Checksum& checksum) {
  xml.element("Checksum" + std::string(objects::wire_name(checksum.algorithm)), checksum.text());
  xml.element("ChecksumType", checksum.parts > 0 ? "COMPOSITE" : "FULL_OBJECT");
}

void add_encryption(http::Headers& headers, const objects::Attributes& attributes) {
  headers.add("x-amz-server-side-encryption", attributes.encryption);
  if (!attributes.kms_key.empty()) headers.add("x-amz-server-side-encryption-aws-kms-key-id", attributes.kms_key);
}

}  // namespace tidemill::s3
