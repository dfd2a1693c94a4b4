#include "deploy/provider.h"

#include <utility>

namespace tidemill::deploy {

std::string_view to_string(HandlerErrc code) {
  switch (code) {
    case HandlerErrc::kInvalidRequest: return "InvalidRequest";
    case HandlerErrc::kNotFound: return "NotFound";
    case HandlerErrc::kAlreadyExists: return "AlreadyExists";
    case HandlerErrc::kResourceConflict: return "ResourceConflict";
    case HandlerErrc::kAccessDenied: return "AccessDenied";
    case HandlerErrc::kServiceLimitExceeded: return "ServiceLimitExceeded";
    case HandlerErrc::kNotStabilized: return "NotStabilized";
    case HandlerErrc::kUnsupported: return "InvalidRequest";
    case HandlerErrc::kInternalFailure: return "InternalFailure";
  }
  std::unreachable();
}

const json::Value* at_path(const json::Value& properties, std::string_view path) {
  const json::Value* at = &properties;
  while (at != nullptr && !path.empty()) {
    const auto slash = path.find('/');
    at = at->find(path.substr(0, slash));
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
  }
  return at;
}

std::expected<void, HandlerError> ResourceProvider::validate(const json::Value&) const { return {}; }

bool ResourceProvider::replaces(std::string_view property, const json::Value& before, const json::Value& after) const {
  for (const auto& path : schema().replacement) {
    if (path == "*" || path == property) return true;
    if (!path.starts_with(property) || path.size() <= property.size() || path[property.size()] != '/') continue;
    const auto inner = std::string_view(path).substr(property.size() + 1);
    const auto* old_value = at_path(before, inner);
    const auto* new_value = at_path(after, inner);
    if ((old_value == nullptr) != (new_value == nullptr) || (old_value != nullptr && !(*old_value == *new_value)))
      return true;
  }
  return false;
}

void Providers::add(std::unique_ptr<ResourceProvider> provider) { providers_.push_back(std::move(provider)); }

ResourceProvider* Providers::find(std::string_view type) const {
  for (const auto& provider : providers_) {
    if (provider->schema().type == type) return provider.get();
  }
  for (const auto& provider : providers_) {
    const std::string_view own = provider->schema().type;
    if (own.ends_with("::*") && type.starts_with(own.substr(0, own.size() - 1))) return provider.get();
  }
  return nullptr;
}

std::vector<std::string> Providers::types() const {
  std::vector<std::string> out;
  out.reserve(providers_.size());
  for (const auto& provider : providers_) out.push_back(provider->schema().type);
  return out;
}

}  // namespace tidemill::deploy
