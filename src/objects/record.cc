#include "objects/record.h"

#include "base/bytes.h"

namespace tidemill::objects {
namespace {

constexpr char kFormat = 1;

void add(std::string& out, std::uint64_t number) { append_varint(out, number); }
void add(std::string& out, std::string_view text) { append_sized(out, text); }
void add(std::string& out, const Pairs& pairs) {
  append_varint(out, pairs.size());
  for (const auto& [name, value] : pairs) {
    append_sized(out, name);
    append_sized(out, value);
  }
}
void add(std::string& out, const Attributes& attributes) {
  add(out, attributes.content_type);
  add(out, attributes.headers);
  add(out, attributes.user);
  add(out, attributes.storage_class);
  add(out, attributes.encryption);
  add(out, attributes.kms_key);
}
void add(std::string& out, const std::optional<Checksum>& checksum) {
  out += static_cast<char>(checksum ? checksum->algorithm : Algorithm{});
  if (!checksum) return;
  add(out, checksum->value);
  add(out, std::uint64_t{checksum->parts});
}
void add(std::string& out, const Piece& piece) {
  out += piece.file ? 'f' : 'i';
  add(out, piece.id);
  add(out, piece.size);
}

// Takes values off the front; once something does not fit, `good` stays false.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) { good_ = byte() == kFormat; }
  char byte() {
    if (in_.empty()) return good_ = false, '\0';
    const char c = in_.front();
    in_.remove_prefix(1);
    return c;
  }
  std::uint64_t number() {
    const auto value = take_varint(in_);
    if (!value) good_ = false;
    return value.value_or(0);
  }
  std::int64_t time() { return static_cast<std::int64_t>(number()); }
  std::string text() {
    const auto value = take_sized(in_);
    if (!value) good_ = false;
    return std::string(value.value_or(""));
  }
  Pairs pairs() {
    Pairs out;
    for (auto n = number(); n > 0 && good_; --n) {
      auto name = text();
      out.emplace_back(std::move(name), text());
    }
    return out;
  }
  Attributes attributes() {
    Attributes out;
    out.content_type = text();
    out.headers = pairs();
    out.user = pairs();
    out.storage_class = text();
    out.encryption = text();
    out.kms_key = text();
    return out;
  }
  std::optional<Algorithm> algorithm() {
    const auto n = byte();
    if (n == 0) return std::nullopt;
    if (n < 0 || n > static_cast<char>(Algorithm::kSha256)) good_ = false;
    return static_cast<Algorithm>(n);
  }
  std::optional<Checksum> checksum() {
    const auto which = algorithm();
    if (!which || !good_) return std::nullopt;
    Checksum out{.algorithm = *which, .value = text()};
    out.parts = static_cast<std::uint32_t>(number());
    if (out.value.size() != digest_bytes(*which)) good_ = false;
    return out;
  }
  Piece piece() {
    Piece out;
    out.file = byte() == 'f';
    out.id = text();
    out.size = number();
    return out;
  }
  bool good() const { return good_; }
  bool whole() const { return good_ && in_.empty(); }

 private:
  std::string_view in_;
  bool good_ = true;
};

}  // namespace

std::string Object::encode() const {
  std::string out(1, kFormat);
  add(out, etag);
  add(out, size);
  add(out, static_cast<std::uint64_t>(modified_ms));
  add(out, attributes);
  add(out, checksum);
  add(out, std::uint64_t{parts});
  add(out, std::uint64_t{pieces.size()});
  for (const auto& piece : pieces) add(out, piece);
  return out;
}

std::optional<Object> Object::decode(std::string_view stored) {
  Reader in(stored);
  Object out;
  out.etag = in.text();
  out.size = in.number();
  out.modified_ms = in.time();
  out.attributes = in.attributes();
  out.checksum = in.checksum();
  out.parts = static_cast<std::uint32_t>(in.number());
  for (auto n = in.number(); n > 0 && in.good(); --n) out.pieces.push_back(in.piece());
  if (!in.whole()) return std::nullopt;
  return out;
}

std::string UploadRecord::encode() const {
  std::string out(1, kFormat);
  add(out, static_cast<std::uint64_t>(initiated_ms));
  add(out, attributes);
  out += static_cast<char>(algorithm.value_or(Algorithm{}));
  out += composite ? '\1' : '\0';
  return out;
}

std::optional<UploadRecord> UploadRecord::decode(std::string_view stored) {
  Reader in(stored);
  UploadRecord out;
  out.initiated_ms = in.time();
  out.attributes = in.attributes();
  out.algorithm = in.algorithm();
  out.composite = in.byte() != 0;
  if (!in.whole()) return std::nullopt;
  return out;
}

std::string Part::encode() const {
  std::string out(1, kFormat);
  add(out, etag);
  add(out, static_cast<std::uint64_t>(modified_ms));
  add(out, std::optional(checksum));
  add(out, piece);
  return out;
}

std::optional<Part> Part::decode(std::string_view stored) {
  Reader in(stored);
  Part out;
  out.etag = in.text();
  out.modified_ms = in.time();
  if (auto checksum = in.checksum()) out.checksum = *std::move(checksum);
  out.piece = in.piece();
  if (!in.whole()) return std::nullopt;
  return out;
}

}  // namespace tidemill::objects
