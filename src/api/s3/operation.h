// What an operation of S3 is.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/common/query.h"
#include "api/s3/address.h"
#include "api/s3/error.h"
#include "api/s3/incoming.h"
#include "auth/identity.h"
#include "http/message.h"
#include "objects/objects.h"

namespace tidemill::s3 {

struct Element;

inline constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

// One request that may be carried out.
struct Call {
  http::Request request;
  Address address;
  std::vector<http::Parameter> query;
  auth::Identity::HeadLogin login;
  std::shared_ptr<Incoming> incoming;  // the body, of an operation that takes one
  RequestNames names;
  http::Responder respond;

  const Scope& scope() const { return login.caller.scope; }
  std::optional<std::string> parameter(std::string_view name) const;
  std::string_view header(std::string_view name) const { return request.headers.get(name); }
  void answer(Answer answer);
  void answer_error(const objects::Error& error) { answer(refuse(error)); }
  // Adds what every response has.
  void complete(http::Response& response) const;
};
using CallPtr = std::shared_ptr<Call>;

struct Services {
  objects::Objects& objects;
  const auth::Identity& identity;
};

enum class Level : unsigned char { kService, kBucket, kObject };

// The answer of a feature that a bucket can have and ours never has.
struct Fixed {
  int status = 0;                  // 0: none
  std::string_view code, message;  // of a refusal
  std::string_view body;           // else
};

struct Operation {
  std::string_view name;
  std::string_view method;
  Level level = Level::kBucket;
  std::string_view parameter = "";  // of the query: must be there
  std::string_view header = "";     // must be there
  std::string_view action = "";     // of IAM; empty: the operation asks itself
  bool takes_body = false;          // an object's bytes
  Fixed fixed = {};
  void (*run)(const Services& services, CallPtr call) = nullptr;
};

// In the order in which they are tried: reading this list is reading the API.
const std::vector<Operation>& operations();
// Parameters of the query that name a feature. A request with one that no operation takes is not another operation.
bool is_feature(std::string_view parameter);

// May the caller do `action` on this bucket or key?
Status authorize(const Services& services, const auth::Caller& caller, std::string_view action,
                 const std::string& bucket, const std::string& key = "");

std::string quoted(std::string_view etag);
std::string unquoted(std::string_view etag);
http::Response xml_response(api::Xml& xml);
api::Xml begin_xml(std::string_view root);
std::string owner_id(const std::string& account);
void add_owner(api::Xml& xml, std::string_view element, const std::string& account);
// From the headers of a write: what the object is to be. Error: what is not offered is refused.
Result<objects::Attributes> attributes_of(const http::Headers& headers);
objects::WriteCondition condition_of(const http::Headers& headers);
void add_checksum(http::Headers& headers, const objects::Checksum& checksum);
void add_checksum(api::Xml& xml, const objects::Checksum& checksum);
void add_encryption(http::Headers& headers, const objects::Attributes& attributes);

// The elements Tag of a TagSet, or of the Tags of a new bucket.
Result<objects::Tags> tags_of(const Element& set);

void create_bucket(const Services& services, CallPtr call);
void delete_bucket(const Services& services, CallPtr call);
void head_bucket(const Services& services, CallPtr call);
void get_bucket_location(const Services& services, CallPtr call);
void put_bucket_tagging(const Services& services, CallPtr call);
void get_bucket_tagging(const Services& services, CallPtr call);
void delete_bucket_tagging(const Services& services, CallPtr call);
void list_buckets(const Services& services, CallPtr call);
void list_objects(const Services& services, CallPtr call);
void list_objects_v2(const Services& services, CallPtr call);
void list_object_versions(const Services& services, CallPtr call);
void get_object(const Services& services, CallPtr call);
void head_object(const Services& services, CallPtr call);
void get_object_attributes(const Services& services, CallPtr call);
void put_object(const Services& services, CallPtr call);
void copy_object(const Services& services, CallPtr call);
void delete_object(const Services& services, CallPtr call);
void delete_objects(const Services& services, CallPtr call);
void create_multipart_upload(const Services& services, CallPtr call);
void upload_part(const Services& services, CallPtr call);
void upload_part_copy(const Services& services, CallPtr call);
void complete_multipart_upload(const Services& services, CallPtr call);
void abort_multipart_upload(const Services& services, CallPtr call);
void list_parts(const Services& services, CallPtr call);
void list_multipart_uploads(const Services& services, CallPtr call);
void answer_fixed(const Services& services, CallPtr call, const Fixed& fixed);

}  // namespace tidemill::s3
