// What can go wrong with buckets and objects; the texts are those of S3.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::objects {

enum class Errc : unsigned char {
  kNoSuchBucket,
  kBucketAlreadyExists,
  kBucketAlreadyOwnedByYou,
  kBucketNotEmpty,
  kInvalidBucketName,
  kTooManyBuckets,
  kNoSuchKey,
  kKeyTooLong,
  kNoSuchUpload,
  kInvalidPart,
  kInvalidPartOrder,
  kEntityTooSmall,
  kEntityTooLarge,
  kPreconditionFailed,
  kInvalidArgument,
  kInvalidRequest,
  kBadDigest,        // the body is not the one that was announced
  kContentMismatch,  // nor the one that was signed
  kSignature,        // a chunk's signature is wrong
  kIncompleteBody,
  kMalformedTrailer,
  kFull,  // no space left, or too much is under way
  kInternal,
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;  // shown to the client verbatim

  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text)}; }
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}
// Of the floor below: a full disk is told apart, everything else is ours to answer for.
inline std::unexpected<Error> fail(const tidemill::Error& error) {
  return fail(error.code == tidemill::Errc::kResourceExhausted ? Errc::kFull : Errc::kInternal, error.message);
}

}  // namespace tidemill::objects
