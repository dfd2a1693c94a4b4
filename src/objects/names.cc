#include "objects/names.h"

#include <algorithm>

#include "base/ip_range.h"

namespace tidemill::objects {

bool is_bucket_name(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.size() < 3 || name.size() > 63 || !plain(name.front()) || !plain(name.back())) return false;
  if (!std::ranges::all_of(name, [&](char c) { return plain(c) || c == '.' || c == '-'; })) return false;
  if (name.find("..") != name.npos || name.find(".-") != name.npos || name.find("-.") != name.npos) return false;
  for (const std::string_view start : {"xn--", "sthree-", "amzn-s3-demo-"})
    if (name.starts_with(start)) return false;
  for (const std::string_view end : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"})
    if (name.ends_with(end)) return false;
  return !parse_ip_range(name);
}

}  // namespace tidemill::objects
