// PutBucketTagging, GetBucketTagging, DeleteBucketTagging, and the tags that CreateBucket is told.
#include <algorithm>
#include <set>

#include "api/s3/operation.h"
#include "api/s3/xml.h"
#include "base/utf8.h"

namespace tidemill::s3 {
namespace {

constexpr std::size_t kTagsMax = 50, kTagKeyMax = 128, kTagValueMax = 256;

// Letters and digits of any script are legal, so only the ASCII part of the alphabet can be checked here.
bool is_tag_text(std::string_view text) {
  return is_valid_utf8(text) && std::ranges::all_of(text, [](char c) {
           const auto u = static_cast<unsigned char>(c);
           return u >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view(" +-=._:/@").find(c) != std::string_view::npos;
         });
}

void store(const Services& services, CallPtr call, objects::Tags tags) {
  services.objects.tag_bucket(call->address.bucket, std::move(tags),
                              Reply<void, objects::Error>([call](objects::Status done) {
                                if (!done) return call->answer_error(done.error());
                                call->answer(http::Response{.status = 204});
                              }));
}

}  // namespace

Result<objects::Tags> tags_of(const Element& set) {
  objects::Tags tags;
  std::set<std::string_view> seen;
  for (const auto& one : set.children) {
    const auto *key = one.find("Key"), *value = one.find("Value");
    if (one.name != "Tag" || key == nullptr || value == nullptr) return malformed_xml();
    if (key->text.empty() || !is_tag_text(key->text) || utf8_characters(key->text) > kTagKeyMax)
      return std::unexpected(
          Failure{400, "InvalidTag", "The TagKey you have provided is invalid", {{"TagKey", key->text}}});
    if (!is_tag_text(value->text) || utf8_characters(value->text) > kTagValueMax)
      return std::unexpected(Failure{400,
                                     "InvalidTag",
                                     "The TagValue you have provided is invalid",
                                     {{"TagKey", key->text}, {"TagValue", value->text}}});
    if (key->text.starts_with("aws:"))
      return refuse(400, "InvalidTag", "System tags cannot be added/updated by requester");
    if (!seen.insert(key->text).second)
      return std::unexpected(
          Failure{400, "InvalidTag", "Cannot provide multiple Tags with the same key", {{"TagKey", key->text}}});
    tags.emplace_back(key->text, value->text);
  }
  if (tags.size() > kTagsMax) return refuse(400, "BadRequest", "Bucket tag count cannot be greater than 50");
  return tags;
}

void put_bucket_tagging(const Services& services, CallPtr call) {
  const auto document = parse_xml(call->request.body);
  const auto* set = document && document->name == "Tagging" ? document->find("TagSet") : nullptr;
  if (set == nullptr) return call->answer(malformed_xml());
  auto tags = tags_of(*set);
  if (!tags) return call->answer(std::unexpected(std::move(tags).error()));
  store(services, std::move(call), *std::move(tags));
}

void get_bucket_tagging(const Services& services, CallPtr call) {
  const auto& tags = services.objects.bucket(call->address.bucket)->tags;
  if (tags.empty())
    return call->answer(std::unexpected(
        Failure{404, "NoSuchTagSet", "The TagSet does not exist", {{"BucketName", call->address.bucket}}}));
  auto xml = begin_xml("Tagging");
  xml.open("TagSet");
  for (const auto& [key, value] : tags) xml.open("Tag").element("Key", key).element("Value", value).close("Tag");
  xml.close("TagSet").close("Tagging");
  // A tag is told when it is safe on disk.
  auto response = std::make_shared<http::Response>(xml_response(xml));
  services.objects.when_settled([call, response] { call->answer(std::move(*response)); });
}

void delete_bucket_tagging(const Services& services, CallPtr call) { store(services, std::move(call), {}); }

}  // namespace tidemill::s3
