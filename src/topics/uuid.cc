#include "topics/uuid.h"

#include <cstdint>

namespace tidemill::topics {

Uuid random_uuid(runtime::Random& random) {
  constexpr std::uint8_t kDash = 62;  // its digit in the alphabet of base64url: the first six bits
  Uuid id;
  do {
    random.bytes(id.size()).copy(id.data(), id.size());
  } while (static_cast<std::uint8_t>(id[0]) >> 2 == kDash);
  id[6] = static_cast<char>((id[6] & 0x0f) | 0x40);
  id[8] = static_cast<char>((id[8] & 0x3f) | 0x80);
  return id;
}

}  // namespace tidemill::topics
