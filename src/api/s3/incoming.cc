#include "api/s3/incoming.h"

#include <charconv>

#include "auth/canonical.h"
#include "base/bytes.h"
#include "base/digest.h"

#include <fmt/format.h>

namespace tidemill::s3 {

using objects::Algorithm;

namespace {

constexpr Algorithm kAlgorithms[] = {Algorithm::kCrc64nvme, Algorithm::kCrc32, Algorithm::kCrc32c, Algorithm::kSha1,
                                     Algorithm::kSha256};

std::string header_of(Algorithm algorithm) {
  return "x-amz-checksum-" + auth::lower_case(objects::wire_name(algorithm));
}

Result<std::string> digest_of(std::string_view header, std::string_view text, std::size_t size) {
  auto raw = from_base64(text);
  if (!raw || raw->size() != size)
    return refuse(400, "InvalidDigest", fmt::format("The {} you specified was invalid.", header));
  return *std::move(raw);
}

std::unexpected<Failure> bad_digest(std::string_view what) {
  return refuse(400, "BadDigest", fmt::format("The {} you specified did not match the calculated checksum.", what));
}

}  // namespace

Result<std::optional<Announced>> announced_checksum(const http::Headers& headers) {
  std::optional<Announced> out;
  const auto trailer = auth::lower_case(auth::trimmed(headers.get("x-amz-trailer")));
  for (const auto algorithm : kAlgorithms) {
    const auto name = header_of(algorithm);
    const auto value = headers.find(name);
    if (!value && trailer != name) continue;
    if (out)
      return refuse(400, "InvalidRequest",
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    out = Announced{algorithm, ""};
    if (!value) continue;
    auto raw = from_base64(*value);
    if (!raw || raw->size() != objects::digest_bytes(algorithm))
      return refuse(400, "InvalidRequest", fmt::format("Value for {} header is invalid.", name));
    out->value = *std::move(raw);
  }
  return out;
}

Result<std::shared_ptr<Incoming>> Incoming::open(objects::Objects& objects, Options options) {
  const auto& headers = options.head.headers;
  std::shared_ptr<Incoming> out(new Incoming);
  TM_TRY(out->announced_, announced_checksum(headers));
  if (const auto md5 = headers.find("content-md5")) {
    TM_TRY(out->md5_, digest_of("Content-MD5", *md5, 16));
  }
  objects::Upload::Options upload{.algorithm = options.keep};
  if (out->announced_ && out->announced_->algorithm != options.keep) {
    if (options.keep_own)
      upload.also = out->announced_->algorithm;
    else
      upload.algorithm = out->announced_->algorithm;
  }
  const auto& payload = options.login.payload;
  if (payload.starts_with("STREAMING-")) {
    const bool is_signed = payload.starts_with("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    if (!is_signed && payload != "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
      return not_implemented("x-amz-content-sha256: " + payload);
    if (const auto text = headers.find("x-amz-decoded-content-length")) {
      std::uint64_t length = 0;
      const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
      if (error != std::errc() || end != text->data() + text->size())
        return invalid_argument("Invalid x-amz-decoded-content-length", "x-amz-decoded-content-length", *text);
      out->decoded_length_ = length;
    }
    out->trailers_ = std::make_shared<Trailers>();
    upload.filter = std::make_unique<AwsChunked>(is_signed, options.login.chunks, out->trailers_);
  } else if (payload.size() == 64) {
    auto raw = from_hex(payload);
    if (!raw)
      return invalid_argument(
          "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
          "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a valid sha256 value.",
          "x-amz-content-sha256", payload);
    out->sha256_ = *std::move(raw);
  }
  out->upload_ = objects.upload(std::move(upload));
  return out;
}

void Incoming::finish(std::move_only_function<void(Result<objects::Blob>)> done) {
  upload_->finish(
      Reply<objects::Blob, objects::Error>([this, done = std::move(done)](objects::Result<objects::Blob> blob) mutable {
        if (!blob) return done(refuse(blob.error()));
        if (auto checked = check(*blob); !checked) return done(std::unexpected(std::move(checked).error()));
        done(*std::move(blob));
      }));
}

Status Incoming::check(const objects::Blob& blob) const {
  if (decoded_length_ && *decoded_length_ != blob.size)
    return refuse(400, "IncompleteBody", "The request body terminated unexpectedly");
  if (!sha256_.empty() && sha256_ != blob.sha256)
    return refuse(400, "XAmzContentSHA256Mismatch",
                  "The provided 'x-amz-content-sha256' header does not match what was computed.");
  if (!md5_.empty() && md5_ != blob.md5)
    return refuse(400, "BadDigest", "The Content-MD5 you specified did not match what we received.");
  if (!announced_) return {};
  std::string value = announced_->value;
  const auto name = header_of(announced_->algorithm);
  if (value.empty()) {
    const auto at = trailers_ ? trailers_->find(name) : Trailers::iterator{};
    if (!trailers_ || at == trailers_->end())
      return refuse(400, "MalformedTrailerError",
                    "The request contained trailing data that was not well-formed or did not conform to our published "
                    "schema.");
    const auto raw = from_base64(at->second);
    if (!raw) return refuse(400, "InvalidRequest", fmt::format("Value for {} trailing header is invalid.", name));
    value = *raw;
  }
  const auto& computed = blob.also && blob.also->algorithm == announced_->algorithm ? *blob.also : blob.checksum;
  if (computed.value != value) return bad_digest(objects::wire_name(announced_->algorithm));
  return {};
}

Status check_body(const http::Request& request, const auth::Identity::HeadLogin& login) {
  if (login.payload.size() == 64 && login.payload != sha256_hex(request.body))
    return refuse(400, "XAmzContentSHA256Mismatch",
                  "The provided 'x-amz-content-sha256' header does not match what was computed.");
  if (login.payload.starts_with("STREAMING-")) return not_implemented("a chunked payload of this operation");
  if (const auto md5_text = request.headers.find("content-md5")) {
    TM_TRY(const auto said, digest_of("Content-MD5", *md5_text, 16));
    if (said != md5(request.body))
      return refuse(400, "BadDigest", "The Content-MD5 you specified did not match what we received.");
  }
  TM_TRY(const auto announced, announced_checksum(request.headers));
  if (!announced || announced->value.empty()) return {};
  objects::Checksummer checksum(announced->algorithm);
  checksum.update(request.body);
  if (checksum.finish().value != announced->value) return bad_digest(objects::wire_name(announced->algorithm));
  return {};
}

}  // namespace tidemill::s3
