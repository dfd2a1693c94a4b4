#include "api/lambda/body.h"

namespace tidemill::lambda {
namespace {

using functions::Errc;
using functions::fail;

std::unexpected<functions::Error> mismatch(std::string_view member, std::string_view wanted) {
  return fail(Errc::kInvalidRequestContent, "Could not parse request body into json: member " + std::string(member) +
                                                " is not " + std::string(wanted));
}

}  // namespace

Result<Body> Body::parse(std::string_view text) {
  Body body;
  if (text.empty()) return body;
  auto document = json::Document::parse(text, {.max_depth = 64});
  if (!document)
    return fail(Errc::kInvalidRequestContent, "Could not parse request body into json: " + document.error().message);
  body.document_ = std::make_shared<json::Document>(*std::move(document));
  body.node_ = &body.document_->root();
  if (!body.node_->is_object())
    return fail(Errc::kInvalidRequestContent, "Could not parse request body into json: it is not an object");
  return body;
}

Result<std::optional<std::string>> Body::text(std::string_view name) const {
  const auto* member = find(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_string()) return mismatch(name, "a string");
  return std::string(member->as_string());
}

Result<std::optional<std::int64_t>> Body::integer(std::string_view name) const {
  const auto* member = find(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_number()) return mismatch(name, "a number");
  return member->as_integer();
}

Result<std::optional<bool>> Body::boolean(std::string_view name) const {
  const auto* member = find(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_bool()) return mismatch(name, "true or false");
  return member->as_bool();
}

Result<std::optional<std::vector<std::string>>> Body::texts(std::string_view name) const {
  const auto* member = find(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_array()) return mismatch(name, "a list");
  std::vector<std::string> list;
  for (const auto& element : member->elements()) {
    if (!element.is_string()) return mismatch(name, "a list of strings");
    list.emplace_back(element.as_string());
  }
  return list;
}

Result<std::optional<std::map<std::string, std::string>>> Body::text_map(std::string_view name) const {
  const auto* member = find(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_object()) return mismatch(name, "an object");
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : member->members()) {
    if (!value.is_string()) return mismatch(name, "an object of strings");
    map[std::string(key)] = value.as_string();
  }
  return map;
}

Result<std::optional<Body>> Body::object(std::string_view name) const {
  const auto* member = find(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_object()) return mismatch(name, "an object");
  Body body(*member);
  body.document_ = document_;
  return body;
}

}  // namespace tidemill::lambda
