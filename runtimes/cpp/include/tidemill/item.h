// Items of tables: attribute values with their types, {"S":"x"}, {"N":"1"}, {"M":{...}}.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tidemill/function.h"

namespace tidemill::function {

class Item {
 public:
  Item() = default;
  explicit Item(Json attributes) : attributes_(std::move(attributes)) {}

  Item& set(std::string_view name, std::string_view text);  // S
  Item& set(std::string_view name, const char* text) { return set(name, std::string_view(text)); }
  Item& set(std::string_view name, std::int64_t number);  // N
  Item& set(std::string_view name, int number) { return set(name, static_cast<std::int64_t>(number)); }
  Item& set(std::string_view name, bool flag);                       // BOOL
  Item& set_number(std::string_view name, std::string_view digits);  // N, all its digits kept
  Item& set_value(std::string_view name, Json value);                // any attribute value

  // The attribute of that name and type, or nothing.
  std::optional<std::string> text(std::string_view name) const;
  std::optional<std::string> number(std::string_view name) const;  // its digits
  std::optional<std::int64_t> integer(std::string_view name) const;
  std::optional<bool> flag(std::string_view name) const;
  const Json* find(std::string_view name) const { return attributes_.find(name); }
  bool empty() const { return !attributes_.is_object() || attributes_.as_object().empty(); }
  const Json& json() const { return attributes_; }

 private:
  Json attributes_ = json::Object();
};

}  // namespace tidemill::function
