// IPv4 and IPv6 addresses and CIDR ranges, as policies and filters name them.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace tidemill {

struct IpRange {
  std::array<unsigned char, 16> bytes{};
  bool v6 = false;
  int prefix = 0;  // bits; 32 or 128 for a single address
};

// "10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "::1". Nothing when it is none.
std::optional<IpRange> parse_ip_range(std::string_view text);
bool contains(const IpRange& range, const IpRange& address);

}  // namespace tidemill
