// Objects, uploads and parts as values, and their form on disk (docs/formats/objects.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "objects/checksum.h"

namespace tidemill::objects {

// A run of an object's bytes: a file named by its content, or a row of the store.
struct Piece {
  bool file = false;
  std::string id;  // SHA-256 of the file's bytes; 16 random bytes of a row
  std::uint64_t size = 0;
  bool operator==(const Piece&) const = default;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What the client says about an object.
struct Attributes {
  std::string content_type = "binary/octet-stream";
  Pairs headers;  // Cache-Control and the like, by the names of HTTP
  Pairs user;     // x-amz-meta-..., names in lower case without the prefix
  std::string storage_class = "STANDARD";
  std::string encryption = "AES256", kms_key;
  bool operator==(const Attributes&) const = default;
};

struct Object {
  Attributes attributes;
  std::string etag;  // without quotes
  std::uint64_t size = 0;
  std::int64_t modified_ms = 0;
  std::optional<Checksum> checksum;
  std::uint32_t parts = 0;  // of an object made by a multipart upload; each is one piece
  std::vector<Piece> pieces;
  bool operator==(const Object&) const = default;

  std::string encode() const;
  static std::optional<Object> decode(std::string_view stored);
};

struct UploadRecord {
  Attributes attributes;
  std::int64_t initiated_ms = 0;
  std::optional<Algorithm> algorithm;  // none: the default, of the whole object
  bool composite = false;              // the object's checksum is of its parts' checksums
  bool operator==(const UploadRecord&) const = default;

  std::string encode() const;
  static std::optional<UploadRecord> decode(std::string_view stored);
};

struct Part {
  std::string etag;
  std::int64_t modified_ms = 0;
  Checksum checksum;
  Piece piece;
  bool operator==(const Part&) const = default;

  std::string encode() const;
  static std::optional<Part> decode(std::string_view stored);
};

}  // namespace tidemill::objects
