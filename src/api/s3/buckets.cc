// CreateBucket, DeleteBucket, HeadBucket, GetBucketLocation, ListBuckets.
#include <charconv>

#include "api/s3/operation.h"
#include "api/s3/xml.h"
#include "auth/sigv4.h"
#include "base/bytes.h"
#include "base/time_text.h"

#include <fmt/format.h>

namespace tidemill::s3 {
namespace {

// The region that the document asks for, or the one that was signed for.
Result<std::string> region_of(const Call& call, const std::optional<Element>& document) {
  const std::string& endpoint = call.scope().region;
  constexpr std::string_view kDefault = "us-east-1";
  std::string wanted;
  if (!call.request.body.empty()) {
    if (!document || document->name != "CreateBucketConfiguration") return malformed_xml();
    wanted = document->text_of("LocationConstraint");
  }
  if (wanted == "EU") wanted = "eu-west-1";
  if (wanted.empty()) {
    if (endpoint == kDefault) return endpoint;
    return refuse(400, "IllegalLocationConstraintException",
                  "The unspecified location constraint is incompatible for the region specific endpoint this request "
                  "was sent to.");
  }
  if (wanted == kDefault || !auth::is_region_name(wanted))
    return std::unexpected(Failure{400,
                                   "InvalidLocationConstraint",
                                   "The specified location-constraint is not valid",
                                   {{"LocationConstraint", wanted}}});
  if (endpoint != kDefault && endpoint != wanted)
    return refuse(400, "IllegalLocationConstraintException",
                  fmt::format("The {} location constraint is incompatible for the region specific endpoint this "
                              "request was sent to.",
                              wanted));
  return wanted;
}

}  // namespace

void create_bucket(const Services& services, CallPtr call) {
  if (call->header("x-amz-bucket-object-lock-enabled") == "true") return call->answer(not_implemented("object lock"));
  if (const auto ownership = call->request.headers.find("x-amz-object-ownership");
      ownership && *ownership != "BucketOwnerEnforced")
    return call->answer(not_implemented("x-amz-object-ownership"));
  if (const auto acl = call->request.headers.find("x-amz-acl"); acl && *acl != "private")
    return call->answer(refuse(400, "InvalidBucketAclWithObjectOwnership",
                               "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"));
  const auto document = parse_xml(call->request.body);
  auto region = region_of(*call, document);
  if (!region) return call->answer(std::unexpected(std::move(region).error()));
  objects::Tags tags;
  if (const auto* told = document ? document->find("Tags") : nullptr) {
    auto read = tags_of(*told);
    if (!read) return call->answer(std::unexpected(std::move(read).error()));
    tags = *std::move(read);
    if (auto allowed = authorize(services, call->login.caller, "s3:TagResource", call->address.bucket); !allowed)
      return call->answer(std::unexpected(std::move(allowed).error()));
  }
  objects::Bucket bucket{.name = call->address.bucket,
                         .scope = {.account = call->login.caller.principal.account, .region = *std::move(region)},
                         .created_ms = 0,
                         .tags = std::move(tags)};
  services.objects.create_bucket(std::move(bucket), Reply<void, objects::Error>([call](objects::Status made) {
                                   if (!made) return call->answer_error(made.error());
                                   http::Response response;
                                   response.headers.add("Location", "/" + call->address.bucket);
                                   call->answer(std::move(response));
                                 }));
}

void delete_bucket(const Services& services, CallPtr call) {
  services.objects.delete_bucket(call->address.bucket, Reply<void, objects::Error>([call](objects::Status done) {
                                   if (!done) return call->answer_error(done.error());
                                   call->answer(http::Response{.status = 204});
                                 }));
}

void head_bucket(const Services& services, CallPtr call) {
  http::Response response;
  response.headers.add("x-amz-bucket-region", services.objects.bucket(call->address.bucket)->scope.region);
  response.headers.add("x-amz-access-point-alias", "false");
  response.headers.add("Content-Type", "application/xml");
  call->answer(std::move(response));
}

void get_bucket_location(const Services& services, CallPtr call) {
  const auto& region = services.objects.bucket(call->address.bucket)->scope.region;
  auto xml = begin_xml("LocationConstraint");
  // The oldest region has no name here.
  if (region != "us-east-1") xml.raw(region);
  xml.close("LocationConstraint");
  call->answer(xml_response(xml));
}

void list_buckets(const Services& services, CallPtr call) {
  std::size_t max = objects::Objects::kBucketsMax;
  if (const auto text = call->parameter("max-buckets")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), max);
    if (error != std::errc() || end != text->data() + text->size() || max < 1 || max > 10'000)
      return call->answer(
          invalid_argument("Argument max-buckets must be an integer between 1 and 10000", "max-buckets", *text));
  }
  const auto prefix = call->parameter("prefix").value_or("");
  const auto region = call->parameter("bucket-region").value_or("");
  const auto after = from_base64(call->parameter("continuation-token").value_or("")).value_or("");
  const auto& account = call->login.caller.principal.account;
  auto xml = begin_xml("ListAllMyBucketsResult");
  add_owner(xml, "Owner", account);
  xml.open("Buckets");
  std::size_t count = 0;
  std::string last, next;
  for (const auto& [name, bucket] : services.objects.buckets()) {
    if (bucket.scope.account != account || !name.starts_with(prefix) || name <= after) continue;
    if (!region.empty() && bucket.scope.region != region) continue;
    if (count++ == max) {
      next = to_base64(last);
      break;
    }
    last = name;
    xml.open("Bucket")
        .element("Name", name)
        .element("CreationDate", iso8601_ms(from_epoch_ms(bucket.created_ms)))
        .element("BucketRegion", bucket.scope.region)
        .element("BucketArn", "arn:aws:s3:::" + name)
        .close("Bucket");
  }
  xml.close("Buckets");
  if (!prefix.empty()) xml.element("Prefix", prefix);
  if (!next.empty()) xml.element("ContinuationToken", next);
  xml.close("ListAllMyBucketsResult");
  auto response = std::make_shared<http::Response>(xml_response(xml));
  services.objects.when_settled([call, response] { call->answer(std::move(*response)); });
}

}  // namespace tidemill::s3
