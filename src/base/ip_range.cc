#include "base/ip_range.h"

#include <charconv>
#include <vector>

namespace tidemill {
namespace {

std::optional<IpRange> parse_ip4(std::string_view text) {
  IpRange ip;
  for (int i = 0; i < 4; ++i) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value > 255) return std::nullopt;
    ip.bytes[static_cast<std::size_t>(i)] = static_cast<unsigned char>(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (i < 3) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  if (!text.empty()) return std::nullopt;
  ip.prefix = 32;
  return ip;
}

bool parse_groups(std::string_view text, std::vector<unsigned>& groups) {
  while (!text.empty()) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc() || value > 0xffff) return false;
    groups.push_back(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return true;
    if (!text.starts_with(':') || text.size() == 1) return false;
    text.remove_prefix(1);
  }
  return true;
}

std::optional<IpRange> parse_ip6(std::string_view text) {
  std::vector<unsigned> front, back;
  const auto gap = text.find("::");
  if (!parse_groups(text.substr(0, gap), front)) return std::nullopt;
  if (gap != std::string_view::npos && !parse_groups(text.substr(gap + 2), back)) return std::nullopt;
  if (gap == std::string_view::npos ? front.size() != 8 : front.size() + back.size() > 7) return std::nullopt;
  IpRange ip;
  ip.v6 = true;
  ip.prefix = 128;
  const auto store = [&ip](std::size_t group, unsigned value) {
    ip.bytes[group * 2] = static_cast<unsigned char>(value >> 8);
    ip.bytes[group * 2 + 1] = static_cast<unsigned char>(value & 0xff);
  };
  for (std::size_t i = 0; i < front.size(); ++i) store(i, front[i]);
  for (std::size_t i = 0; i < back.size(); ++i) store(8 - back.size() + i, back[i]);
  return ip;
}

}  // namespace

std::optional<IpRange> parse_ip_range(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  auto ip = address.find(':') == std::string_view::npos ? parse_ip4(address) : parse_ip6(address);
  if (!ip || slash == std::string_view::npos) return ip;
  const std::string_view bits = text.substr(slash + 1);
  int prefix = -1;
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), prefix);
  if (error != std::errc() || end != bits.data() + bits.size() || prefix < 0 || prefix > ip->prefix)
    return std::nullopt;
  ip->prefix = prefix;
  return ip;
}

bool contains(const IpRange& range, const IpRange& address) {
  if (range.v6 != address.v6) return false;
  for (int bit = 0; bit < range.prefix; ++bit) {
    const auto at = static_cast<std::size_t>(bit / 8);
    const unsigned mask = 0x80U >> (bit % 8);
    if (((range.bytes[at] ^ address.bytes[at]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace tidemill
