// The floor of the broker: a request of Kafka's protocol is received into memory and acknowledged. Nothing is looked at
// but its length and its correlation id, nothing is kept.
#pragma once

#include <string>

namespace tidemill::bench {

[[noreturn]] void serve_copy(const std::string& address);

}  // namespace tidemill::bench
