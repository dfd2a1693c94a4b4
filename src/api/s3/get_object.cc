// GetObject, HeadObject, GetObjectAttributes.
#include <algorithm>
#include <charconv>

#include "api/s3/operation.h"
#include "api/s3/preconditions.h"
#include "auth/canonical.h"
#include "base/time_text.h"

#include <fmt/format.h>

namespace tidemill::s3 {
namespace {

constexpr std::size_t kAtOnce = 1 << 20;  // bytes of a body that are held in memory

// Sends a range of an object, some bytes at a time, as fast as the client takes them.
class Download : public std::enable_shared_from_this<Download> {
 public:
  Download(objects::Objects& objects, std::shared_ptr<objects::Opened> opened, ByteRange range)
      : objects_(objects), opened_(std::move(opened)), at_(range.begin), end_(range.end) {}

  void start(std::unique_ptr<http::Responder::Stream> stream) {
    stream_ = std::move(stream);
    step();
  }

 private:
  void step() {
    if (at_ == end_) return stream_->finish();
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(end_ - at_, kAtOnce));
    objects_.read(*opened_, at_, size,
                  Reply<std::string, objects::Error>([self = shared_from_this()](objects::Result<std::string> bytes) {
                    self->got(std::move(bytes));
                  }));
  }
  void got(objects::Result<std::string> bytes) {
    // What has been sent cannot be taken back: the connection is cut, and the client sees that something is missing.
    if (!bytes || !stream_->is_open()) return stream_.reset();
    at_ += bytes->size();
    stream_->write(*bytes);
    stream_->when_sent([self = shared_from_this()] { self->step(); });
  }

  objects::Objects& objects_;
  const std::shared_ptr<objects::Opened> opened_;
  std::uint64_t at_;
  const std::uint64_t end_;
  std::unique_ptr<http::Responder::Stream> stream_;
};

// Without leave to list a bucket nobody learns what is not in it.
Failure without_list(const Services& services, const Call& call, const objects::Error& error) {
  if (error.code == objects::Errc::kNoSuchKey &&
      !authorize(services, call.login.caller, "s3:ListBucket", call.address.bucket))
    return {403, "AccessDenied", "Access Denied"};
  auto failure = to_failure(error);
  if (error.code == objects::Errc::kNoSuchKey) failure.details.emplace_back("Key", call.address.key);
  return failure;
}

Result<std::optional<ByteRange>> wanted_range(const Call& call, const objects::Object& object) {
  const auto part = call.parameter("partNumber");
  if (!part) return parse_range(call.header("range"), object.size);
  std::uint32_t number = 0;
  std::from_chars(part->data(), part->data() + part->size(), number);
  if (number < 1 || number > objects::Objects::kPartsMax)
    return invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", *part);
  if (number > std::max<std::size_t>(object.pieces.size(), 1) || (object.parts == 0 && number > 1))
    return refuse(416, "InvalidPartNumber", "The requested partnumber is not satisfiable");
  if (object.pieces.empty()) return std::nullopt;
  ByteRange range;
  for (std::uint32_t i = 0; i < number; ++i) {
    range.begin = range.end;
    range.end += object.pieces[i].size;
  }
  return range;
}

http::Response head_of(const Call& call, const objects::Object& object, const std::optional<ByteRange>& range) {
  http::Response response{.status = range ? 206 : 200};
  auto& headers = response.headers;
  const auto length = range ? range->end - range->begin : object.size;
  headers.add("Last-Modified", http_date(from_epoch_ms(object.modified_ms)));
  headers.add("ETag", quoted(object.etag));
  headers.add("Accept-Ranges", "bytes");
  if (range) headers.add("Content-Range", fmt::format("bytes {}-{}/{}", range->begin, range->end - 1, object.size));
  headers.add("Content-Type", object.attributes.content_type);
  headers.add("Content-Length", std::to_string(length));
  for (const auto& [name, value] : object.attributes.headers) headers.add(name, value);
  for (const auto& [name, value] : object.attributes.user) headers.add("x-amz-meta-" + name, value);
  add_encryption(headers, object.attributes);
  if (object.attributes.storage_class != "STANDARD")
    headers.add("x-amz-storage-class", object.attributes.storage_class);
  // A checksum of the whole says nothing about a range.
  if (object.checksum && (!range || length == object.size) && call.header("x-amz-checksum-mode") == "ENABLED")
    add_checksum(headers, *object.checksum);
  if (call.parameter("partNumber") && object.parts > 0)
    headers.add("x-amz-mp-parts-count", std::to_string(object.parts));
  for (const std::string_view name :
       {"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires"})
    if (const auto value = call.parameter("response-" + auth::lower_case(name));
        value && value->find_first_of("\r\n") == value->npos)
      headers.set(name, *value);
  return response;
}

// The object, when the caller may have it under the request's conditions.
Result<std::shared_ptr<objects::Opened>> open(const Services& services, const Call& call) {
  auto opened = services.objects.open_object(call.address.bucket, call.address.key);
  if (!opened) return std::unexpected(without_list(services, call, opened.error()));
  if (auto met = check_preconditions(call.request.headers, "", opened->object, true); !met)
    return std::unexpected(std::move(met).error());
  return std::make_shared<objects::Opened>(*std::move(opened));
}

http::Response not_modified(const Failure& failure, const objects::Object& object) {
  http::Response response{.status = failure.status};
  response.headers.add("ETag", quoted(object.etag));
  response.headers.add("Last-Modified", http_date(from_epoch_ms(object.modified_ms)));
  return response;
}

void refuse_read(const Services& services, const CallPtr& call, const Failure& failure) {
  if (failure.status == 304)
    if (const auto opened = services.objects.open_object(call->address.bucket, call->address.key))
      return call->answer(not_modified(failure, opened->object));
  call->answer(std::unexpected(failure));
}

}  // namespace

void get_object(const Services& services, CallPtr call) {
  auto opened = open(services, *call);
  if (!opened) return refuse_read(services, call, opened.error());
  const auto& object = (*opened)->object;
  auto range = wanted_range(*call, object);
  if (!range) return call->answer(std::unexpected(std::move(range).error()));
  auto response = std::make_shared<http::Response>(head_of(*call, object, *range));
  const auto bytes = range->value_or(ByteRange{0, object.size});
  auto& all = services.objects;
  services.objects.when_settled([&all, call, opened = *opened, response, bytes] {
    const auto size = bytes.end - bytes.begin;
    if (size == 0) return call->answer(std::move(*response));
    const bool one_piece = opened->object.pieces.size() == 1;
    if (size <= kAtOnce && one_piece) {
      return all.read(*opened, bytes.begin, size,
                      Reply<std::string, objects::Error>([call, opened, response](objects::Result<std::string> body) {
                        if (!body) return call->answer_error(body.error());
                        response->body = *std::move(body);
                        call->answer(std::move(*response));
                      }));
    }
    call->complete(*response);
    auto download = std::make_shared<Download>(all, opened, bytes);
    download->start(std::move(call->respond).stream(std::move(*response)));
  });
}

void head_object(const Services& services, CallPtr call) {
  auto opened = open(services, *call);
  if (!opened) return refuse_read(services, call, opened.error());
  auto range = wanted_range(*call, (*opened)->object);
  if (!range) return call->answer(std::unexpected(std::move(range).error()));
  auto response = std::make_shared<http::Response>(head_of(*call, (*opened)->object, *range));
  services.objects.when_settled([call, response] { call->answer(std::move(*response)); });
}

void get_object_attributes(const Services& services, CallPtr call) {
  auto opened = open(services, *call);
  if (!opened) return call->answer(std::unexpected(std::move(opened).error()));
  const auto& object = (*opened)->object;
  const auto wanted = std::string(call->header("x-amz-object-attributes"));
  const auto asks = [&](std::string_view name) { return wanted.find(name) != wanted.npos; };
  auto xml = begin_xml("GetObjectAttributesResponse");
  if (asks("ETag")) xml.element("ETag", object.etag);
  if (asks("Checksum") && object.checksum) {
    xml.open("Checksum");
    add_checksum(xml, *object.checksum);
    xml.close("Checksum");
  }
  if (asks("ObjectParts") && object.parts > 0)
    xml.open("ObjectParts").element("PartsCount", std::to_string(object.parts)).close("ObjectParts");
  if (asks("StorageClass")) xml.element("StorageClass", object.attributes.storage_class);
  if (asks("ObjectSize")) xml.element("ObjectSize", std::to_string(object.size));
  xml.close("GetObjectAttributesResponse");
  auto response = std::make_shared<http::Response>(xml_response(xml));
  response->headers.add("Last-Modified", http_date(from_epoch_ms(object.modified_ms)));
  services.objects.when_settled([call, response] { call->answer(std::move(*response)); });
}

}  // namespace tidemill::s3
