#include "api/s3/chunked.h"

#include <algorithm>
#include <charconv>

#include "auth/canonical.h"
#include "base/digest.h"

namespace tidemill::s3 {

using objects::Errc;
using objects::fail;
using objects::Status;

namespace {

constexpr std::size_t kLineMax = 4 << 10;
constexpr std::size_t kTrailerMax = 8 << 10;

std::unexpected<objects::Error> broken() {
  return fail(Errc::kIncompleteBody, "The request body terminated unexpectedly");
}
std::unexpected<objects::Error> wrong_signature() {
  return fail(Errc::kSignature,
              "The request signature we calculated does not match the signature you provided. Check your key and "
              "signing method.");
}

}  // namespace

AwsChunked::AwsChunked(bool is_signed, auth::SignedChunks chunks, std::shared_ptr<Trailers> trailers)
    : is_signed_(is_signed), chunks_(std::move(chunks)), trailers_(std::move(trailers)) {}

Status AwsChunked::feed(std::string_view in, const Out& out) {
  while (!in.empty()) {
    switch (state_) {
      case State::kSize:
      case State::kBytesEnd:
      case State::kTrailer: {
        const auto end = in.find('\n');
        line_ += in.substr(0, end);
        if (line_.size() > kLineMax) return broken();
        if (end == in.npos) return {};
        in.remove_prefix(end + 1);
        if (!line_.ends_with('\r')) return broken();
        line_.pop_back();
        TM_CHECK(line(line_));
        line_.clear();
        break;
      }
      case State::kBytes: {
        const auto part = in.substr(0, left_);
        if (is_signed_) digest_->update(part);
        out(part);
        left_ -= part.size();
        in.remove_prefix(part.size());
        if (left_ == 0) {
          TM_CHECK(chunk_ended());
          state_ = State::kBytesEnd;
        }
        break;
      }
      case State::kEnd: return broken();
    }
  }
  return {};
}

Status AwsChunked::line(std::string_view text) {
  if (state_ == State::kBytesEnd) {
    if (!text.empty()) return broken();
    state_ = State::kSize;
    return {};
  }
  if (state_ == State::kSize) {
    const auto* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, left_, 16);
    if (error != std::errc() || left_ > (5ULL << 30)) return broken();
    std::string_view extension(at, static_cast<std::size_t>(end - at));
    signature_.clear();
    constexpr std::string_view kSignature = ";chunk-signature=";
    if (extension.starts_with(kSignature)) signature_ = extension.substr(kSignature.size());
    if (is_signed_) digest_ = std::make_unique<Digest>(Digest::Kind::kSha256);
    last_ = left_ == 0;
    if (last_) TM_CHECK(chunk_ended());
    state_ = last_ ? State::kTrailer : State::kBytes;
    return {};
  }
  if (text.empty()) {
    TM_CHECK(trailer_ended());
    state_ = State::kEnd;
    return {};
  }
  const auto colon = text.find(':');
  if (colon == text.npos || trailer_lines_.size() + text.size() > kTrailerMax)
    return fail(Errc::kMalformedTrailer,
                "The request contained trailing data that was not well-formed or did not "
                "conform to our published schema.");
  const auto name = auth::lower_case(text.substr(0, colon));
  const auto value = std::string(auth::trimmed(text.substr(colon + 1)));
  if (name != "x-amz-trailer-signature") trailer_lines_ += name + ":" + value + "\n";
  (*trailers_)[name] = value;
  return {};
}

Status AwsChunked::chunk_ended() {
  if (!is_signed_) return {};
  return chunks_.chunk(digest_->finish(), signature_) ? Status{} : wrong_signature();
}

Status AwsChunked::trailer_ended() {
  if (!is_signed_ || trailers_->empty()) return {};
  const auto at = trailers_->find("x-amz-trailer-signature");
  if (at == trailers_->end()) return wrong_signature();
  const std::string signature = at->second;
  trailers_->erase(at);
  return chunks_.trailer(sha256(trailer_lines_), signature) ? Status{} : wrong_signature();
}

Status AwsChunked::finish() {
  // The empty line behind the last chunk is left out by some clients when there are no trailers.
  if (state_ == State::kTrailer && line_.empty() && trailers_->empty()) return {};
  return state_ == State::kEnd ? Status{} : broken();
}

}  // namespace tidemill::s3
