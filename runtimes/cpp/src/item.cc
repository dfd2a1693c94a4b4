#include "tidemill/item.h"

#include <charconv>

namespace tidemill::function {
namespace {

Json typed(std::string_view type, Json value) {
  json::Object o;
  o[type] = std::move(value);
  return o;
}

}  // namespace

Item& Item::set_value(std::string_view name, Json value) {
  attributes_.as_object()[name] = std::move(value);
  return *this;
}
Item& Item::set(std::string_view name, std::string_view text) { return set_value(name, typed("S", text)); }
Item& Item::set(std::string_view name, std::int64_t number) {
  return set_value(name, typed("N", std::to_string(number)));
}
Item& Item::set(std::string_view name, bool flag) { return set_value(name, typed("BOOL", flag)); }
Item& Item::set_number(std::string_view name, std::string_view digits) { return set_value(name, typed("N", digits)); }

std::optional<std::string> Item::text(std::string_view name) const {
  const auto* attribute = find(name);
  const auto* value = attribute == nullptr ? nullptr : attribute->find("S");
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->as_string();
}

std::optional<std::string> Item::number(std::string_view name) const {
  const auto* attribute = find(name);
  const auto* value = attribute == nullptr ? nullptr : attribute->find("N");
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->as_string();
}

std::optional<std::int64_t> Item::integer(std::string_view name) const {
  const auto digits = number(name);
  std::int64_t value = 0;
  if (!digits) return std::nullopt;
  const auto read = std::from_chars(digits->data(), digits->data() + digits->size(), value);
  if (read.ec != std::errc() || read.ptr != digits->data() + digits->size()) return std::nullopt;
  return value;
}

std::optional<bool> Item::flag(std::string_view name) const {
  const auto* attribute = find(name);
  const auto* value = attribute == nullptr ? nullptr : attribute->find("BOOL");
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->as_bool();
}

}  // namespace tidemill::function
