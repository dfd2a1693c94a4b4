// Members of a JSON request, typed. Absent and null are the same.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "functions/error.h"

namespace tidemill::lambda {

template <class T>
using Result = functions::Result<T>;

class Body {
 public:
  Body() = default;
  // An empty text is an empty object.
  static Result<Body> parse(std::string_view text);
  explicit Body(const json::Node& node) : node_(&node) {}

  // Each fails with the service's words when the member has another type.
  Result<std::optional<std::string>> text(std::string_view name) const;
  Result<std::optional<std::int64_t>> integer(std::string_view name) const;
  Result<std::optional<bool>> boolean(std::string_view name) const;
  Result<std::optional<std::vector<std::string>>> texts(std::string_view name) const;
  Result<std::optional<std::map<std::string, std::string>>> text_map(std::string_view name) const;
  Result<std::optional<Body>> object(std::string_view name) const;
  const json::Node* node() const { return node_; }

 private:
  const json::Node* find(std::string_view name) const { return node_ == nullptr ? nullptr : node_->find_present(name); }
  std::shared_ptr<json::Document> document_;
  const json::Node* node_ = nullptr;
};

}  // namespace tidemill::lambda
