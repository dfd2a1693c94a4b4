#include "http/head_memory.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/scan.h"

namespace tidemill::http {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::uint8_t kUsesMax = 3;

// Ids are never used twice, whatever loop gave them.
std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

bool may_be_loose(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

// The part of a header's value that another request of the same program may have otherwise. Letters, digits and dashes
// in place of others of them change nothing in how a head is read; only the length decides something, and is read anew.
std::string_view changing_part(std::string_view name, std::string_view value) {
  for (const std::string_view each :
       {"content-length", "x-amz-date", "amz-sdk-invocation-id", "x-amz-content-sha256"}) {
    if (equal_ignoring_case(name, each)) return value;
  }
  if (equal_ignoring_case(name, "authorization")) {
    constexpr std::string_view kSignature = "Signature=";
    if (const auto at = value.rfind(kSignature); at != value.npos) return value.substr(at + kSignature.size());
  }
  return {};
}

// All of a head but its headers and its length.
void copy_fixed(const Head& from, Head& to) {
  to.chunked = from.chunked;
  to.request.head_id = from.request.head_id;
  to.request.method = from.request.method;
  to.request.target = from.request.target;
  to.request.keep_alive = from.request.keep_alive;
  to.request.http10 = from.request.http10;
}

}  // namespace

bool HeadMemory::matches(const Entry& entry, const char* text) {
  const std::size_t whole = entry.size / kBlock * kBlock;
  for (std::size_t at = 0; at < whole; at += kBlock) {
    if (!same_but_for(entry.text.data() + at, text + at, entry.loose[at / kBlock])) return false;
  }
  if (whole == entry.size) return true;
  char last[kBlock] = {};
  std::memcpy(last, text + whole, entry.size - whole);
  return same_but_for(entry.text.data() + whole, last, entry.loose.back());
}

bool HeadMemory::read(const Entry& entry, std::string_view text, Head& head) {
  head.length = 0;
  for (const char c : text.substr(entry.length_at, entry.length_size)) {
    if (c < '0' || c > '9') return false;
    head.length = head.length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  copy_fixed(entry.head, head);
  head.request.headers.assign(text, entry.places);
  return true;
}

std::size_t HeadMemory::recall(std::string_view text, Hint& hint, Head& head) {
  const auto is_like = [&text](const Entry& entry) { return text.size() >= entry.size && matches(entry, text.data()); };
  std::size_t at = hint;
  if (at >= used_ || !is_like(entries_[at])) {
    for (at = 0; at < used_; ++at) {
      if (at != hint && is_like(entries_[at])) break;
    }
    if (at == used_) return 0;
    hint = static_cast<Hint>(at);
  }
  auto& entry = entries_[at];
  if (!read(entry, text.substr(0, entry.size), head)) return 0;
  if (entry.uses < kUsesMax) ++entry.uses;
  return entry.size;
}

void HeadMemory::keep(std::string_view text, Hint& hint, Head& head) {
  if (text.size() > kTextMax) return;
  std::size_t at = used_;
  if (used_ < kEntries) {
    ++used_;
  } else {
    at = victim_;
    victim_ = (victim_ + 1) % kEntries;
    if (entries_[at].uses > 0) {
      --entries_[at].uses;
      return;
    }
  }
  auto& entry = entries_[at];
  entry.size = text.size();
  entry.uses = 1;
  entry.text.assign(text).resize((text.size() + kBlock - 1) / kBlock * kBlock);
  entry.loose.assign(entry.text.size() / kBlock, 0);
  entry.length_at = entry.length_size = 0;
  const auto places = head.request.headers.places();
  entry.places.assign(places.begin(), places.end());
  for (const auto& place : places) {
    const auto name = text.substr(place.name_at, place.name_size);
    const auto value = text.substr(place.value_at, place.value_size);
    if (equal_ignoring_case(name, "content-length")) {
      entry.length_at = place.value_at;
      entry.length_size = place.value_size;
    }
    const auto part = changing_part(name, value);
    if (part.empty() || !std::ranges::all_of(part, may_be_loose)) continue;
    const auto begin = static_cast<std::size_t>(part.data() - text.data());
    for (auto byte = begin; byte < begin + part.size(); ++byte)
      entry.loose[byte / kBlock] |= std::uint64_t{1} << byte % kBlock;
  }
  head.request.head_id = next_id();
  copy_fixed(head, entry.head);
  hint = static_cast<Hint>(at);
}

}  // namespace tidemill::http
