// Where things lie in the keyspace of objects (docs/formats/objects.md).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "objects/objects.h"
#include "storage/store.h"

namespace tidemill::objects {

constexpr auto kSpace = storage::Keyspace::kBlobs;

inline std::string bucket_row(std::string_view bucket) { return "b" + std::string(bucket); }
inline std::string objects_prefix(std::string_view bucket) {
  std::string out = "o" + std::string(bucket);
  out += '\0';
  return out;
}
inline std::string object_row(std::string_view bucket, std::string_view key) {
  return objects_prefix(bucket) + std::string(key);
}
inline std::string uploads_prefix(std::string_view bucket) {
  std::string out = "u" + std::string(bucket);
  out += '\0';
  return out;
}
inline std::string upload_row(const UploadName& name) {
  std::string out = uploads_prefix(name.bucket) + name.key;
  out += '\0';
  return out + name.id;
}
inline std::string parts_prefix(std::string_view upload_id) { return "p" + std::string(upload_id) + "/"; }
inline std::string part_row(std::string_view upload_id, std::uint32_t number) {
  std::string out = parts_prefix(upload_id);
  append_be(out, number);
  return out;
}

std::unexpected<Error> no_key(std::string_view key);
std::unexpected<Error> damaged(std::string_view row);

}  // namespace tidemill::objects
