// PutObject, CopyObject, DeleteObject, DeleteObjects.
#include <algorithm>

#include "api/s3/operation.h"
#include "api/s3/preconditions.h"
#include "api/s3/xml.h"
#include "base/time_text.h"

namespace tidemill::s3 {
namespace {

constexpr std::uint64_t kCopyBytesMax = 5ULL << 30;
constexpr std::size_t kDeletesMax = 1000;

void answer_put(CallPtr call, const objects::Object& object) {
  http::Response response;
  response.headers.add("ETag", quoted(object.etag));
  if (object.checksum) add_checksum(response.headers, *object.checksum);
  add_encryption(response.headers, object.attributes);
  call->answer(std::move(response));
}

}  // namespace

void put_object(const Services& services, CallPtr call) {
  auto attributes = attributes_of(call->request.headers);
  if (!attributes) return call->answer(std::unexpected(std::move(attributes).error()));
  if (const auto none = call->request.headers.find("if-none-match"); none && *none != "*")
    return call->answer(not_implemented("If-None-Match of an ETag"));
  objects::PutRequest request{.bucket = call->address.bucket,
                              .key = call->address.key,
                              .attributes = *std::move(attributes),
                              .condition = condition_of(call->request.headers)};
  auto& all = services.objects;
  call->incoming->finish([&all, call, request = std::move(request)](Result<objects::Blob> blob) mutable {
    if (!blob) return call->answer(std::unexpected(std::move(blob).error()));
    all.put(std::move(request), *std::move(blob),
            Reply<objects::Object, objects::Error>([call](objects::Result<objects::Object> stored) {
              if (!stored) return call->answer_error(stored.error());
              answer_put(call, *stored);
            }));
  });
}

Result<std::shared_ptr<objects::Opened>> open_source(const Services& services, const Call& call) {
  const auto header = call.header("x-amz-copy-source");
  const auto source = address_of_source(header);
  if (source.bucket.empty() || source.key.empty())
    return invalid_argument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
                            "x-amz-copy-source", header);
  if (const auto at = header.find("?versionId="); at != header.npos && header.substr(at + 11) != "null")
    return invalid_argument("Invalid version id specified", "versionId", header.substr(at + 11));
  TM_CHECK(authorize(services, call.login.caller, "s3:GetObject", source.bucket, source.key));
  if (const auto* bucket = services.objects.bucket(source.bucket);
      bucket != nullptr && bucket->scope.account != call.login.caller.principal.account)
    return refuse(403, "AccessDenied", "Access Denied");
  auto opened = services.objects.open_object(source.bucket, source.key);
  if (!opened) return refuse(opened.error());
  TM_CHECK(check_preconditions(call.request.headers, "x-amz-copy-source-", opened->object, false));
  return std::make_shared<objects::Opened>(*std::move(opened));
}

void copy_object(const Services& services, CallPtr call) {
  const auto source = open_source(services, *call);
  if (!source) return call->answer(std::unexpected(source.error()));
  auto attributes = attributes_of(call->request.headers);
  if (!attributes) return call->answer(std::unexpected(std::move(attributes).error()));
  const auto& object = (*source)->object;
  if (object.size > kCopyBytesMax)
    return call->answer(refuse(400, "InvalidRequest",
                               "The specified copy source is larger than the maximum allowable size for a copy source: "
                               "5368709120"));
  const auto directive = call->header("x-amz-metadata-directive");
  if (!directive.empty() && directive != "COPY" && directive != "REPLACE")
    return call->answer(invalid_argument("Unknown metadata directive.", "x-amz-metadata-directive", directive));
  const auto& headers = call->request.headers;
  const bool new_class = headers.find("x-amz-storage-class").has_value();
  const bool new_encryption = headers.find("x-amz-server-side-encryption").has_value();
  if (directive != "REPLACE") {
    const auto from = address_of_source(call->header("x-amz-copy-source"));
    if (from.bucket == call->address.bucket && from.key == call->address.key && !new_class && !new_encryption)
      return call->answer(
          refuse(400, "InvalidRequest",
                 "This copy request is illegal because it is trying to copy an object to itself without "
                 "changing the object's metadata, storage class, website redirect location or "
                 "encryption attributes."));
    auto kept = object.attributes;
    kept.storage_class = attributes->storage_class;
    if (new_encryption) {
      kept.encryption = attributes->encryption;
      kept.kms_key = attributes->kms_key;
    }
    *attributes = std::move(kept);
  }
  services.objects.copy(
      **source,
      {.bucket = call->address.bucket,
       .key = call->address.key,
       .attributes = *std::move(attributes),
       .condition = condition_of(headers)},
      Reply<objects::Object, objects::Error>([call, source = *source](objects::Result<objects::Object> stored) {
        if (!stored) return call->answer_error(stored.error());
        auto xml = begin_xml("CopyObjectResult");
        xml.element("LastModified", iso8601_ms(from_epoch_ms(stored->modified_ms)))
            .element("ETag", quoted(stored->etag));
        if (stored->checksum) add_checksum(xml, *stored->checksum);
        xml.close("CopyObjectResult");
        auto response = xml_response(xml);
        add_encryption(response.headers, stored->attributes);
        call->answer(std::move(response));
      }));
}

void delete_object(const Services& services, CallPtr call) {
  if (call->request.headers.find("if-match")) {
    const auto opened = services.objects.open_object(call->address.bucket, call->address.key);
    if (opened) {
      if (auto met = check_preconditions(call->request.headers, "", opened->object, false); !met)
        return call->answer(std::unexpected(std::move(met).error()));
    }
  }
  services.objects.remove(call->address.bucket, call->address.key,
                          Reply<void, objects::Error>([call](objects::Status done) {
                            if (!done) return call->answer_error(done.error());
                            call->answer(http::Response{.status = 204});
                          }));
}

void delete_objects(const Services& services, CallPtr call) {
  const auto& headers = call->request.headers;
  const bool announced = std::ranges::any_of(headers, [](const auto& header) {
    return header.name.size() > 15 && http::equal_ignoring_case(header.name.substr(0, 15), "x-amz-checksum-");
  });
  if (!headers.find("content-md5") && !announced)
    return call->answer(
        refuse(400, "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"));
  const auto document = parse_xml(call->request.body);
  if (!document || document->name != "Delete") return call->answer(malformed_xml());
  struct Work {
    CallPtr call;
    api::Xml xml;
    std::size_t left = 1;
    void done() {
      if (--left > 0) return;
      xml.close("DeleteResult");
      call->answer(xml_response(xml));
    }
    void failed(const std::string& key, const Failure& failure) {
      xml.open("Error")
          .element("Key", key)
          .element("Code", failure.code)
          .element("Message", failure.message)
          .close("Error");
    }
  };
  auto work = std::make_shared<Work>(Work{call, begin_xml("DeleteResult")});
  const bool quiet = document->text_of("Quiet") == "true";
  std::vector<const Element*> wanted;
  for (const auto& child : document->children)
    if (child.name == "Object") wanted.push_back(&child);
  if (wanted.empty() || wanted.size() > kDeletesMax) return call->answer(malformed_xml());
  for (const auto* one : wanted) {
    const auto key = one->text_of("Key");
    if (key.empty()) return call->answer(malformed_xml());
    if (const auto version = one->text_of("VersionId"); !version.empty() && version != "null") {
      work->failed(key, {404, "NoSuchVersion", "The specified version does not exist."});
      continue;
    }
    if (auto allowed = authorize(services, call->login.caller, "s3:DeleteObject", call->address.bucket, key);
        !allowed) {
      work->failed(key, {403, "AccessDenied", "Access Denied"});
      continue;
    }
    ++work->left;
    services.objects.remove(call->address.bucket, key,
                            Reply<void, objects::Error>([work, key, quiet](objects::Status done) {
                              if (!done)
                                work->failed(key, to_failure(done.error()));
                              else if (!quiet)
                                work->xml.open("Deleted").element("Key", key).close("Deleted");
                              work->done();
                            }));
  }
  work->done();
}

}  // namespace tidemill::s3
