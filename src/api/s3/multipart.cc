// Uploads in parts.
#include <algorithm>
#include <charconv>

#include "api/s3/operation.h"
#include "api/s3/preconditions.h"
#include "api/s3/xml.h"
#include "auth/canonical.h"
#include "base/bytes.h"
#include "base/time_text.h"

namespace tidemill::s3 {

Result<std::shared_ptr<objects::Opened>> open_source(const Services& services, const Call& call);

namespace {

using objects::Algorithm;

constexpr std::size_t kPageMax = 1000;

objects::UploadName upload_of(const Call& call) {
  return {.bucket = call.address.bucket, .key = call.address.key, .id = call.parameter("uploadId").value_or("")};
}

Result<std::uint32_t> part_number_of(const Call& call) {
  const auto text = call.parameter("partNumber").value_or("");
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > objects::Objects::kPartsMax)
    return invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", text);
  return number;
}

Result<std::size_t> page_of(const Call& call, std::string_view name) {
  const auto text = call.parameter(name);
  if (!text) return kPageMax;
  std::size_t max = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), max);
  if (error != std::errc() || end != text->data() + text->size())
    return invalid_argument("Provided " + std::string(name) + " not an integer or within integer range", name, *text);
  return std::min(max, kPageMax);
}

// Copies a range of an object into an upload, some bytes at a time.
class PartCopy : public std::enable_shared_from_this<PartCopy> {
 public:
  PartCopy(objects::Objects& objects, std::shared_ptr<objects::Opened> source, ByteRange range,
           std::shared_ptr<objects::Upload> upload, std::move_only_function<void(objects::Result<objects::Blob>)> done)
      : objects_(objects),
        source_(std::move(source)),
        at_(range.begin),
        end_(range.end),
        upload_(std::move(upload)),
        done_(std::move(done)) {}

  void step() {
    if (at_ == end_ || upload_->error())
      return upload_->finish(Reply<objects::Blob, objects::Error>(
          [self = shared_from_this()](objects::Result<objects::Blob> blob) { self->done_(std::move(blob)); }));
    if (upload_->full()) return upload_->on_room([self = shared_from_this()] { self->step(); });
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(end_ - at_, 1 << 20));
    objects_.read(*source_, at_, size,
                  Reply<std::string, objects::Error>([self = shared_from_this()](objects::Result<std::string> bytes) {
                    if (!bytes) return self->done_(std::unexpected(bytes.error()));
                    self->at_ += bytes->size();
                    self->upload_->take(*bytes);
                    self->step();
                  }));
  }

 private:
  objects::Objects& objects_;
  const std::shared_ptr<objects::Opened> source_;
  std::uint64_t at_;
  const std::uint64_t end_;
  const std::shared_ptr<objects::Upload> upload_;
  std::move_only_function<void(objects::Result<objects::Blob>)> done_;
};

void add_upload_names(api::Xml& xml, const objects::UploadName& name) {
  xml.element("Bucket", name.bucket).element("Key", name.key).element("UploadId", name.id);
}

}  // namespace

void create_multipart_upload(const Services& services, CallPtr call) {
  auto attributes = attributes_of(call->request.headers);
  if (!attributes) return call->answer(std::unexpected(std::move(attributes).error()));
  objects::UploadRecord record{.attributes = *std::move(attributes)};
  const auto type = call->header("x-amz-checksum-type");
  if (!type.empty() && type != "COMPOSITE" && type != "FULL_OBJECT")
    return call->answer(
        invalid_argument("Value for x-amz-checksum-type header is invalid.", "x-amz-checksum-type", type));
  if (const auto name = call->header("x-amz-checksum-algorithm"); !name.empty()) {
    record.algorithm = objects::parse_algorithm(name);
    if (!record.algorithm)
      return call->answer(refuse(400, "InvalidRequest",
                                 "Checksum algorithm provided is unsupported. Please try again with any of the valid "
                                 "types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"));
    record.composite = type.empty() ? *record.algorithm != Algorithm::kCrc64nvme : type == "COMPOSITE";
    if (record.composite && *record.algorithm == Algorithm::kCrc64nvme)
      return call->answer(refuse(400, "InvalidRequest",
                                 "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm."));
    if (!record.composite && !objects::is_crc(*record.algorithm))
      return call->answer(refuse(
          400, "InvalidRequest",
          "The FULL_OBJECT checksum type cannot be used with the " + auth::lower_case(name) + " checksum algorithm."));
  }
  services.objects.create_upload(
      {.bucket = call->address.bucket, .key = call->address.key, .record = record},
      Reply<std::string, objects::Error>([call, record](objects::Result<std::string> id) {
        if (!id) return call->answer_error(id.error());
        auto xml = begin_xml("InitiateMultipartUploadResult");
        add_upload_names(xml, {.bucket = call->address.bucket, .key = call->address.key, .id = *id});
        xml.close("InitiateMultipartUploadResult");
        auto response = xml_response(xml);
        add_encryption(response.headers, record.attributes);
        if (record.algorithm) {
          response.headers.add("x-amz-checksum-algorithm", objects::wire_name(*record.algorithm));
          response.headers.add("x-amz-checksum-type", record.composite ? "COMPOSITE" : "FULL_OBJECT");
        }
        call->answer(std::move(response));
      }));
}

void upload_part(const Services& services, CallPtr call) {
  const auto number = part_number_of(*call);
  if (!number) return call->answer(std::unexpected(number.error()));
  auto& all = services.objects;
  call->incoming->finish([&all, call, number = *number](Result<objects::Blob> blob) {
    if (!blob) return call->answer(std::unexpected(std::move(blob).error()));
    const auto announced = blob->also;
    all.put_part(upload_of(*call), number, *std::move(blob),
                 Reply<objects::Part, objects::Error>([call, announced](objects::Result<objects::Part> part) {
                   if (!part) return call->answer_error(part.error());
                   http::Response response;
                   response.headers.add("ETag", quoted(part->etag));
                   const auto& checksum = announced.value_or(part->checksum);
                   response.headers.add("x-amz-checksum-" + auth::lower_case(objects::wire_name(checksum.algorithm)),
                                        checksum.text());
                   response.headers.add("x-amz-server-side-encryption", "AES256");
                   call->answer(std::move(response));
                 }));
  });
}

void upload_part_copy(const Services& services, CallPtr call) {
  const auto number = part_number_of(*call);
  if (!number) return call->answer(std::unexpected(number.error()));
  const auto record = services.objects.find_upload(upload_of(*call));
  if (!record) return call->answer_error(record.error());
  const auto source = open_source(services, *call);
  if (!source) return call->answer(std::unexpected(source.error()));
  const auto size = (*source)->object.size;
  ByteRange range{0, size};
  if (const auto text = call->header("x-amz-copy-source-range"); !text.empty()) {
    const auto parsed = parse_range(text, size);
    if (!parsed) return call->answer(std::unexpected(parsed.error()));
    if (!*parsed)
      return call->answer(
          invalid_argument("The x-amz-copy-source-range value must be of the form bytes=first-last "
                           "where first and last are the zero-based offsets of the first and last "
                           "bytes to copy",
                           "x-amz-copy-source-range", text));
    range = **parsed;
  }
  auto& all = services.objects;
  auto upload = all.upload({.algorithm = record->algorithm.value_or(Algorithm::kCrc64nvme)});
  auto copy = std::make_shared<PartCopy>(
      all, *source, range, std::move(upload), [&all, call, number = *number](objects::Result<objects::Blob> blob) {
        if (!blob) return call->answer_error(blob.error());
        all.put_part(upload_of(*call), number, *std::move(blob),
                     Reply<objects::Part, objects::Error>([call](objects::Result<objects::Part> part) {
                       if (!part) return call->answer_error(part.error());
                       auto xml = begin_xml("CopyPartResult");
                       xml.element("LastModified", iso8601_ms(from_epoch_ms(part->modified_ms)))
                           .element("ETag", quoted(part->etag))
                           .element("Checksum" + std::string(objects::wire_name(part->checksum.algorithm)),
                                    part->checksum.text())
                           .close("CopyPartResult");
                       call->answer(xml_response(xml));
                     }));
      });
  copy->step();
}

void complete_multipart_upload(const Services& services, CallPtr call) {
  const auto document = parse_xml(call->request.body);
  if (!document || document->name != "CompleteMultipartUpload") return call->answer(malformed_xml());
  objects::CompleteRequest request{.upload = upload_of(*call), .condition = condition_of(call->request.headers)};
  for (const auto& child : document->children) {
    if (child.name != "Part") continue;
    objects::PartToComplete part{.etag = unquoted(child.text_of("ETag"))};
    const auto text = child.text_of("PartNumber");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part.number);
    if (error != std::errc() || end != text.data() + text.size() || part.number < 1 || part.etag.empty() ||
        request.parts.size() == objects::Objects::kPartsMax)
      return call->answer(malformed_xml());
    for (const auto algorithm :
         {Algorithm::kCrc64nvme, Algorithm::kCrc32, Algorithm::kCrc32c, Algorithm::kSha1, Algorithm::kSha256})
      if (const auto* value = child.find("Checksum" + std::string(objects::wire_name(algorithm))); value != nullptr)
        part.checksums.emplace_back(algorithm, from_base64(value->text).value_or(""));
    request.parts.push_back(std::move(part));
  }
  if (request.parts.empty()) return call->answer(malformed_xml());
  if (const auto text = call->request.headers.find("x-amz-mp-object-size")) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), size);
    if (error != std::errc() || end != text->data() + text->size())
      return call->answer(
          invalid_argument("Value for x-amz-mp-object-size header is invalid.", "x-amz-mp-object-size", *text));
    request.size = size;
  }
  for (const auto algorithm :
       {Algorithm::kCrc64nvme, Algorithm::kCrc32, Algorithm::kCrc32c, Algorithm::kSha1, Algorithm::kSha256})
    if (const auto value =
            call->request.headers.find("x-amz-checksum-" + auth::lower_case(objects::wire_name(algorithm))))
      request.checksum = {algorithm, std::string(*value)};
  const std::string host(call->header("host"));
  services.objects.complete(
      std::move(request), Reply<objects::Object, objects::Error>([call, host](objects::Result<objects::Object> object) {
        if (!object) return call->answer_error(object.error());
        auto xml = begin_xml("CompleteMultipartUploadResult");
        const auto path = "/" + percent_encode(call->address.key, true);
        xml.element("Location",
                    "http://" + host + (call->address.host_bucket.empty() ? "/" + call->address.bucket + path : path))
            .element("Bucket", call->address.bucket)
            .element("Key", call->address.key)
            .element("ETag", quoted(object->etag));
        if (object->checksum) add_checksum(xml, *object->checksum);
        xml.close("CompleteMultipartUploadResult");
        auto response = xml_response(xml);
        add_encryption(response.headers, object->attributes);
        call->answer(std::move(response));
      }));
}

void abort_multipart_upload(const Services& services, CallPtr call) {
  services.objects.abort(upload_of(*call), Reply<void, objects::Error>([call](objects::Status done) {
                           if (!done) return call->answer_error(done.error());
                           call->answer(http::Response{.status = 204});
                         }));
}

void list_parts(const Services& services, CallPtr call) {
  const auto max = page_of(*call, "max-parts");
  if (!max) return call->answer(std::unexpected(max.error()));
  std::uint32_t after = 0;
  const auto marker = call->parameter("part-number-marker").value_or("");
  std::from_chars(marker.data(), marker.data() + marker.size(), after);
  const auto name = upload_of(*call);
  const auto record = services.objects.find_upload(name);
  if (!record) return call->answer_error(record.error());
  const auto parts = services.objects.parts(name, after, *max + 1);
  if (!parts) return call->answer_error(parts.error());
  const bool truncated = parts->size() > *max;
  const auto shown = std::min(parts->size(), *max);
  auto xml = begin_xml("ListPartsResult");
  add_upload_names(xml, name);
  const auto& account = services.objects.bucket(name.bucket)->scope.account;
  add_owner(xml, "Initiator", account);
  add_owner(xml, "Owner", account);
  xml.element("StorageClass", record->attributes.storage_class).element("PartNumberMarker", std::to_string(after));
  if (shown > 0) xml.element("NextPartNumberMarker", std::to_string((*parts)[shown - 1].number));
  xml.element("MaxParts", std::to_string(*max)).element("IsTruncated", truncated ? "true" : "false");
  if (record->algorithm)
    xml.element("ChecksumAlgorithm", objects::wire_name(*record->algorithm))
        .element("ChecksumType", record->composite ? "COMPOSITE" : "FULL_OBJECT");
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [number, part] = (*parts)[i];
    xml.open("Part")
        .element("PartNumber", std::to_string(number))
        .element("LastModified", iso8601_ms(from_epoch_ms(part.modified_ms)))
        .element("ETag", quoted(part.etag))
        .element("Size", std::to_string(part.piece.size));
    if (record->algorithm)
      xml.element("Checksum" + std::string(objects::wire_name(part.checksum.algorithm)), part.checksum.text());
    xml.close("Part");
  }
  xml.close("ListPartsResult");
  auto response = std::make_shared<http::Response>(xml_response(xml));
  services.objects.when_settled([call, response] { call->answer(std::move(*response)); });
}

void list_multipart_uploads(const Services& services, CallPtr call) {
  const auto max = page_of(*call, "max-uploads");
  if (!max) return call->answer(std::unexpected(max.error()));
  if (!call->parameter("delimiter").value_or("").empty()) return call->answer(not_implemented("delimiter of uploads"));
  const auto prefix = call->parameter("prefix").value_or("");
  const auto key_marker = call->parameter("key-marker").value_or("");
  const auto id_marker = call->parameter("upload-id-marker").value_or("");
  const bool url = call->parameter("encoding-type").value_or("") == "url";
  const auto named = [url](const std::string& text) { return url ? percent_encode(text, true) : text; };
  const auto uploads = services.objects.uploads(call->address.bucket, prefix, key_marker, id_marker, *max + 1);
  if (!uploads) return call->answer_error(uploads.error());
  const bool truncated = uploads->size() > *max;
  const auto shown = std::min(uploads->size(), *max);
  auto xml = begin_xml("ListMultipartUploadsResult");
  xml.element("Bucket", call->address.bucket)
      .element("KeyMarker", named(key_marker))
      .element("UploadIdMarker", id_marker);
  if (truncated && shown > 0)
    xml.element("NextKeyMarker", named((*uploads)[shown - 1].name.key))
        .element("NextUploadIdMarker", (*uploads)[shown - 1].name.id);
  xml.element("Prefix", named(prefix)).element("MaxUploads", std::to_string(*max));
  if (url) xml.element("EncodingType", "url");
  xml.element("IsTruncated", truncated ? "true" : "false");
  const auto& account = services.objects.bucket(call->address.bucket)->scope.account;
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [name, record] = (*uploads)[i];
    xml.open("Upload").element("Key", named(name.key)).element("UploadId", name.id);
    add_owner(xml, "Initiator", account);
    add_owner(xml, "Owner", account);
    xml.element("StorageClass", record.attributes.storage_class)
        .element("Initiated", iso8601_ms(from_epoch_ms(record.initiated_ms)));
    if (record.algorithm)
      xml.element("ChecksumAlgorithm", objects::wire_name(*record.algorithm))
          .element("ChecksumType", record.composite ? "COMPOSITE" : "FULL_OBJECT");
    xml.close("Upload");
  }
  xml.close("ListMultipartUploadsResult");
  auto response = std::make_shared<http::Response>(xml_response(xml));
  services.objects.when_settled([call, response] { call->answer(std::move(*response)); });
}

}  // namespace tidemill::s3
