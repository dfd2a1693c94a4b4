// ListObjects, ListObjectsV2, ListObjectVersions (of buckets that keep one version of each object).
#include <charconv>

#include "api/s3/operation.h"
#include "base/bytes.h"
#include "base/time_text.h"

namespace tidemill::s3 {
namespace {

constexpr std::size_t kKeysMax = 1000;

struct Query {
  objects::ListQuery list;
  std::size_t asked = kKeysMax;  // as the client said it
  bool url = false;              // names are percent-encoded
  std::string name(std::string_view text) const { return url ? percent_encode(text, true) : std::string(text); }
};

Result<Query> query_of(const Call& call) {
  Query out;
  out.list = {.bucket = call.address.bucket,
              .prefix = call.parameter("prefix").value_or(""),
              .delimiter = call.parameter("delimiter").value_or(""),
              .after = {},
              .max = kKeysMax};
  if (const auto text = call.parameter("max-keys")) {
    const auto* end = text->data() + text->size();
    std::int64_t max = 0;
    const auto [at, error] = std::from_chars(text->data(), end, max);
    if (error != std::errc() || at != end)
      return invalid_argument("Provided max-keys not an integer or within integer range", "max-keys", *text);
    if (max < 0 || max > 0x7fffffff)
      return invalid_argument("Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys", *text);
    out.asked = static_cast<std::size_t>(max);
    out.list.max = std::min(out.asked, kKeysMax);
  }
  if (const auto encoding = call.parameter("encoding-type")) {
    if (*encoding != "url")
      return invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", *encoding);
    out.url = true;
  }
  return out;
}

void add_object(api::Xml& xml, const objects::Object& object) {
  xml.element("LastModified", iso8601_ms(from_epoch_ms(object.modified_ms))).element("ETag", quoted(object.etag));
  if (object.checksum)
    xml.element("ChecksumAlgorithm", objects::wire_name(object.checksum->algorithm))
        .element("ChecksumType", object.checksum->parts > 0 ? "COMPOSITE" : "FULL_OBJECT");
  xml.element("Size", std::to_string(object.size));
}

void add_common(api::Xml& xml, const Query& query, const objects::Listed& listed) {
  for (const auto& entry : listed.entries)
    if (entry.is_prefix) xml.open("CommonPrefixes").element("Prefix", query.name(entry.key)).close("CommonPrefixes");
}

void answer_settled(const Services& services, CallPtr call, api::Xml& xml) {
  auto response = std::make_shared<http::Response>(xml_response(xml));
  services.objects.when_settled([call, response] { call->answer(std::move(*response)); });
}

void add_contents(api::Xml& xml, const Query& query, const objects::Listed& listed, const std::string* owner) {
  for (const auto& entry : listed.entries) {
    if (entry.is_prefix) continue;
    xml.open("Contents").element("Key", query.name(entry.key));
    add_object(xml, entry.object);
    if (owner != nullptr) add_owner(xml, "Owner", *owner);
    xml.element("StorageClass", entry.object.attributes.storage_class).close("Contents");
  }
}

}  // namespace

void list_objects(const Services& services, CallPtr call) {
  auto query = query_of(*call);
  if (!query) return call->answer(std::unexpected(std::move(query).error()));
  query->list.after = call->parameter("marker").value_or("");
  const auto listed = services.objects.list(query->list);
  if (!listed) return call->answer_error(listed.error());
  auto xml = begin_xml("ListBucketResult");
  xml.element("Name", call->address.bucket)
      .element("Prefix", query->name(query->list.prefix))
      .element("Marker", query->name(query->list.after));
  if (listed->truncated && !query->list.delimiter.empty())
    xml.element("NextMarker", query->name(listed->entries.back().key));
  xml.element("MaxKeys", std::to_string(query->asked));
  if (!query->list.delimiter.empty()) xml.element("Delimiter", query->name(query->list.delimiter));
  if (query->url) xml.element("EncodingType", "url");
  xml.element("IsTruncated", listed->truncated ? "true" : "false");
  add_contents(xml, *query, *listed, &services.objects.bucket(call->address.bucket)->scope.account);
  add_common(xml, *query, *listed);
  xml.close("ListBucketResult");
  answer_settled(services, call, xml);
}

void list_objects_v2(const Services& services, CallPtr call) {
  auto query = query_of(*call);
  if (!query) return call->answer(std::unexpected(std::move(query).error()));
  const auto start_after = call->parameter("start-after");
  const auto token = call->parameter("continuation-token");
  query->list.after = start_after.value_or("");
  if (token) {
    const auto after = from_base64(*token);
    if (!after || after->empty())
      return call->answer(
          invalid_argument("The continuation token provided is incorrect", "continuation-token", *token));
    query->list.after = *after;
  }
  const auto listed = services.objects.list(query->list);
  if (!listed) return call->answer_error(listed.error());
  auto xml = begin_xml("ListBucketResult");
  xml.element("Name", call->address.bucket).element("Prefix", query->name(query->list.prefix));
  if (token) xml.element("ContinuationToken", *token);
  if (listed->truncated) xml.element("NextContinuationToken", to_base64(listed->entries.back().key));
  if (start_after) xml.element("StartAfter", query->name(*start_after));
  xml.element("KeyCount", std::to_string(listed->entries.size())).element("MaxKeys", std::to_string(query->asked));
  if (!query->list.delimiter.empty()) xml.element("Delimiter", query->name(query->list.delimiter));
  if (query->url) xml.element("EncodingType", "url");
  xml.element("IsTruncated", listed->truncated ? "true" : "false");
  const bool owners = call->parameter("fetch-owner").value_or("") == "true";
  add_contents(xml, *query, *listed, owners ? &services.objects.bucket(call->address.bucket)->scope.account : nullptr);
  add_common(xml, *query, *listed);
  xml.close("ListBucketResult");
  answer_settled(services, call, xml);
}

void list_object_versions(const Services& services, CallPtr call) {
  auto query = query_of(*call);
  if (!query) return call->answer(std::unexpected(std::move(query).error()));
  query->list.after = call->parameter("key-marker").value_or("");
  const auto listed = services.objects.list(query->list);
  if (!listed) return call->answer_error(listed.error());
  auto xml = begin_xml("ListVersionsResult");
  xml.element("Name", call->address.bucket)
      .element("Prefix", query->name(query->list.prefix))
      .element("KeyMarker", query->name(query->list.after))
      .element("VersionIdMarker", call->parameter("version-id-marker").value_or(""));
  if (listed->truncated)
    xml.element("NextKeyMarker", query->name(listed->entries.back().key)).element("NextVersionIdMarker", "null");
  xml.element("MaxKeys", std::to_string(query->asked));
  if (!query->list.delimiter.empty()) xml.element("Delimiter", query->name(query->list.delimiter));
  if (query->url) xml.element("EncodingType", "url");
  xml.element("IsTruncated", listed->truncated ? "true" : "false");
  for (const auto& entry : listed->entries) {
    if (entry.is_prefix) continue;
    xml.open("Version").element("Key", query->name(entry.key)).element("VersionId", "null").element("IsLatest", "true");
    add_object(xml, entry.object);
    add_owner(xml, "Owner", services.objects.bucket(call->address.bucket)->scope.account);
    xml.element("StorageClass", entry.object.attributes.storage_class).close("Version");
  }
  add_common(xml, *query, *listed);
  xml.close("ListVersionsResult");
  answer_settled(services, call, xml);
}

}  // namespace tidemill::s3
