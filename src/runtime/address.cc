#include <arpa/inet.h>

#include <charconv>

#include "runtime/network.h"

namespace tidemill::runtime {

std::string Address::text() const {
  const bool v6 = host.find(':') != host.npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Address::is_loopback() const { return host.starts_with("127.") || host == "::1"; }

Result<Address> parse_address(std::string_view text) {
  const auto bad = [&] {
    return fail(Errc::kInvalidArgument,
                "'" + std::string(text) + "' is not an address; write HOST:PORT, for example 127.0.0.1:4566");
  };
  Address address;
  std::string_view port = text;
  if (text.starts_with('[')) {
    const auto end = text.find("]:");
    if (end == text.npos) return bad();
    address.host = text.substr(1, end - 1);
    port = text.substr(end + 2);
  } else if (const auto colon = text.rfind(':'); colon != text.npos) {
    address.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (address.host.empty() || address.host == "*") address.host = "0.0.0.0";
  } else {
    address.host = "127.0.0.1";
  }
  if (address.host == "localhost") address.host = "127.0.0.1";
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (parsed.ec != std::errc{} || parsed.ptr != port.data() + port.size()) return bad();
  in6_addr buffer{};
  if (inet_pton(AF_INET, address.host.c_str(), &buffer) != 1 && inet_pton(AF_INET6, address.host.c_str(), &buffer) != 1)
    return bad();
  return address;
}

}  // namespace tidemill::runtime
