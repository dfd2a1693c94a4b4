#include "streams/iterator.h"

#include "base/bytes.h"
#include "base/digest.h"

namespace tidemill::streams {

std::string to_text(const Iterator& iterator) {
  std::string payload;
  append_be(payload, iterator.number);
  append_be(payload, iterator.created_ms);
  payload += iterator.shard_id;
  append_be(payload, crc32c(payload, crc32c(iterator.stream_arn)));
  return iterator.stream_arn + "|1|" + to_base64(payload);
}

std::optional<Iterator> iterator_from_text(std::string_view text) {
  if (text.size() > 2048) return std::nullopt;
  const auto second = text.rfind('|');
  if (second == std::string_view::npos || second < 2) return std::nullopt;
  const auto first = text.rfind('|', second - 1);
  if (first == std::string_view::npos || text.substr(first + 1, second - first - 1) != "1") return std::nullopt;
  const auto payload = from_base64(text.substr(second + 1));
  if (!payload || payload->size() < 20) return std::nullopt;
  Iterator out;
  out.stream_arn = text.substr(0, first);
  const std::string_view body = std::string_view(*payload).substr(0, payload->size() - 4);
  if (load_be<std::uint32_t>(payload->data() + body.size()) != crc32c(body, crc32c(out.stream_arn)))
    return std::nullopt;
  out.number = load_be<std::uint64_t>(body.data());
  out.created_ms = load_be<std::int64_t>(body.data() + 8);
  out.shard_id = body.substr(16);
  return out;
}

}  // namespace tidemill::streams
