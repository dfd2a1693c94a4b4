#include "api/dynamodb/fingerprint.h"

#include <algorithm>
#include <vector>

#include "base/digest.h"

namespace tidemill::dynamodb {
namespace {

bool is_set(std::string_view name) { return name == "SS" || name == "NS" || name == "BS"; }

void append(std::string& out, const json::Node& node, bool unordered);

void append_elements(std::string& out, const json::Node& node, bool unordered) {
  out += '[';
  if (!unordered) {
    for (const auto& element : node.elements()) {
      append(out, element, false);
      out += ',';
    }
  } else {
    std::vector<std::string> elements;
    for (const auto& element : node.elements()) append(elements.emplace_back(), element, false);
    std::ranges::sort(elements);
    for (const auto& element : elements) out.append(element).append(",");
  }
  out += ']';
}

void append_members(std::string& out, const json::Node& node) {
  std::vector<const json::Member*> members;
  for (const auto& member : node.members()) members.push_back(&member);
  const bool alone = members.size() == 1;
  std::ranges::sort(members, {}, [](const auto* member) { return member->name; });
  out += '{';
  for (const auto* member : members) {
    if (member->value.is_null()) continue;  // as if it were not there
    json::Writer(out).string(member->name);
    out += ':';
    append(out, member->value, alone && is_set(member->name));
    out += ',';
  }
  out += '}';
}

void append(std::string& out, const json::Node& node, bool unordered) {
  if (node.is_array())
    append_elements(out, node, unordered);
  else if (node.is_object())
    append_members(out, node);
  else
    json::Writer(out).value(node);
}

}  // namespace

std::string fingerprint_of(const json::Node& request) {
  std::string canonical;
  append(canonical, request, false);
  return sha256(canonical);
}

}  // namespace tidemill::dynamodb
