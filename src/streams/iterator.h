// Shard iterators: a position as opaque text, `<streamArn>|1|<base64>`. An iterator is a value; reading does not
// consume it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill::streams {

struct Iterator {
  std::string stream_arn;
  std::string shard_id;
  std::uint64_t number = 0;  // the next record to read
  std::int64_t created_ms = 0;
  bool operator==(const Iterator&) const = default;
};

std::string to_text(const Iterator& iterator);
std::optional<Iterator> iterator_from_text(std::string_view text);  // nothing when it is none of ours

}  // namespace tidemill::streams
