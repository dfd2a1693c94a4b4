// The transfer coding aws-chunked: chunks with a size line, which may carry a signature, and headers behind the last
// one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "auth/sigv4.h"
#include "base/checksums.h"
#include "objects/blobs.h"

namespace tidemill::s3 {

// What came behind the last chunk, by name in lower case. To be read when the body is finished.
using Trailers = std::map<std::string, std::string>;

class AwsChunked final : public objects::BodyFilter {
 public:
  // `chunks` checks the signatures when `is_signed`.
  AwsChunked(bool is_signed, auth::SignedChunks chunks, std::shared_ptr<Trailers> trailers);
  objects::Status feed(std::string_view in, const Out& out) override;
  objects::Status finish() override;

 private:
  enum class State : unsigned char { kSize, kBytes, kBytesEnd, kTrailer, kEnd };
  objects::Status line(std::string_view text);
  objects::Status chunk_ended();
  objects::Status trailer_ended();

  const bool is_signed_;
  auth::SignedChunks chunks_;
  const std::shared_ptr<Trailers> trailers_;
  State state_ = State::kSize;
  std::string line_;
  std::uint64_t left_ = 0;
  bool last_ = false;
  std::string signature_;
  std::unique_ptr<Digest> digest_;
  std::string trailer_lines_;  // as they are signed
};

}  // namespace tidemill::s3
