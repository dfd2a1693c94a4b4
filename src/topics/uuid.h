// The identifiers of topics and of the cluster.
#pragma once

#include <array>

#include "runtime/random.h"

namespace tidemill::topics {

using Uuid = std::array<char, 16>;
inline constexpr Uuid kNoUuid{};

// Version 4. In the base64 that Kafka writes identifiers in, it never begins with "-": a command line would read that
// as an option (Apache Kafka: Uuid.randomUuid).
Uuid random_uuid(runtime::Random& random);

}  // namespace tidemill::topics
