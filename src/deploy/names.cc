#include "deploy/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidemill::deploy {

std::string random_suffix(runtime::Random& random) { return random.text(12, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"); }

std::string generate_name(const NameRule& rule, std::string_view stack_name, std::string_view logical_id,
                          std::string_view random12, const json::Value& properties) {
  std::string end = "-" + std::string(random12);
  if (!rule.suffix.empty()) {
    const auto* when = properties.find(rule.suffix_when);
    if (when != nullptr && ((when->is_bool() && when->as_bool()) || (when->is_string() && when->as_string() == "true")))
      end += rule.suffix;
  }
  const std::size_t room = rule.max - end.size();
  // Both names stay recognisable: each may have half, and what one leaves free is the other's.
  const std::size_t half = (room - 1) / 2;
  const std::size_t stack_size =
      std::min(stack_name.size(), std::max(half, room - 1 - std::min(logical_id.size(), room - 1)));
  const std::size_t id_size = std::min(logical_id.size(), room - 1 - stack_size);
  std::string name = fmt::format("{}-{}{}", stack_name.substr(0, stack_size), logical_id.substr(0, id_size), end);
  if (rule.lower_case) {
    for (auto& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return name;
}

bool is_stack_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (text.empty() || text.size() > 128 || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

std::string stack_arn(const Scope& scope, std::string_view name, std::string_view uuid) {
  return fmt::format("arn:aws:cloudformation:{}:{}:stack/{}/{}", scope.region, scope.account, name, uuid);
}

std::string change_set_arn(const Scope& scope, std::string_view name, std::string_view uuid) {
  return fmt::format("arn:aws:cloudformation:{}:{}:changeSet/{}/{}", scope.region, scope.account, name, uuid);
}

}  // namespace tidemill::deploy
