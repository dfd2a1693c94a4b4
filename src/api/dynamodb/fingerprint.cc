#include "api/dynamodb/fingerprint.h"

#include <algorithm>
#include <vector>

#include "base/digest.h"

namespace tidemill::dynamodb {
namespace {

bool is_set(std::string_view name) { return name == "SS" || name == "NS" || name == "BS"; }

std::string canonical(const json::Node& node, bool unordered) {
  std::vector<std::string> parts;
  if (node.is_array()) {
    for (const auto& element : node.elements()) parts.push_back(canonical(element, false));
    if (unordered) std::ranges::sort(parts);
  } else if (node.is_object()) {
    std::size_t members = 0;
    for ([[maybe_unused]] const auto& member : node.members()) ++members;
    for (const auto& member : node.members()) {
      if (member.value.is_null()) continue;  // as if it were not there
      std::string part;
      json::Writer(part).string(member.name);
      parts.push_back(part + ":" + canonical(member.value, members == 1 && is_set(member.name)));
    }
    std::ranges::sort(parts);
  } else {
    std::string text;
    json::Writer(text).value(node);
    return text;
  }
  std::string out = node.is_array() ? "[" : "{";
  for (const auto& part : parts) out.append(part).append(",");
  return out += node.is_array() ? "]" : "}";
}

}  // namespace

std::string fingerprint_of(const json::Node& request) { return sha256(canonical(request, false)); }

}  // namespace tidemill::dynamodb
