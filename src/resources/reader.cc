#include "resources/reader.h"

#include <fmt/format.h>

#include <charconv>

#include "deploy/intrinsics.h"
#include "deploy/template.h"

namespace tidemill::resources {

Reader::Reader(const json::Value& properties) : Reader(std::make_shared<State>(), properties, "#") {}

Reader::Reader(std::shared_ptr<State> state, const json::Value& value, std::string path) : state_(std::move(state)) {
  state_->frames.push_back(std::make_unique<Frame>(Frame{&value, std::move(path), {}}));
  frame_ = state_->frames.back().get();
}

const json::Value* Reader::find(std::string_view name) {
  frame_->seen.emplace(name);
  const auto* found = frame_->value->find(name);
  if (found == nullptr || found->is_null()) return nullptr;
  // What is not known before other resources exist is looked at when they do.
  if (found->is_string() && !deploy::is_known(*found)) return nullptr;
  return found;
}

void Reader::fail(std::string_view name, std::string_view expected, const json::Value& found) {
  if (!state_->error)
    state_->error = fmt::format("{}/{}: expected type: {}, found: {}", frame_->path, name, expected, found.text());
}

bool Reader::has(std::string_view name) {
  frame_->seen.emplace(name);
  return frame_->value->find(name) != nullptr;
}

std::optional<std::string> Reader::text(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  auto text = deploy::scalar_text(*found);
  if (!text) fail(name, "String", *found);
  return text;
}

std::string Reader::text_or(std::string_view name, std::string_view fallback) {
  return text(name).value_or(std::string(fallback));
}

std::optional<std::int64_t> Reader::integer(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_integer()) return found->as_integer();
  if (found->is_string()) {
    std::int64_t value = 0;
    const auto& text = found->as_string();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!text.empty() && error == std::errc{} && end == text.data() + text.size()) return value;
  }
  fail(name, "Integer", *found);
  return std::nullopt;
}

std::optional<bool> Reader::boolean(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_bool()) return found->as_bool();
  if (found->is_string() && (found->as_string() == "true" || found->as_string() == "false"))
    return found->as_string() == "true";
  fail(name, "Boolean", *found);
  return std::nullopt;
}

std::vector<std::string> Reader::texts(std::string_view name) {
  std::vector<std::string> out;
  const auto* found = find(name);
  if (found == nullptr) return out;
  if (!found->is_array()) {
    fail(name, "JSONArray", *found);
    return out;
  }
  for (const auto& one : found->as_array()) {
    auto text = deploy::scalar_text(one);
    if (!text)
      fail(name, "String", one);
    else
      out.push_back(*std::move(text));
  }
  return out;
}

std::map<std::string, std::string> Reader::text_map(std::string_view name) {
  std::map<std::string, std::string> out;
  const auto* found = find(name);
  if (found == nullptr) return out;
  if (!found->is_object()) {
    fail(name, "JSONObject", *found);
    return out;
  }
  for (const auto& [key, value] : found->as_object()) {
    auto text = deploy::scalar_text(value);
    if (!text)
      fail(name, "String", value);
    else
      out[key] = *std::move(text);
  }
  return out;
}

std::optional<Reader> Reader::object(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_object()) {
    fail(name, "JSONObject", *found);
    return std::nullopt;
  }
  return Reader(state_, *found, fmt::format("{}/{}", frame_->path, name));
}

std::vector<Reader> Reader::objects(std::string_view name) {
  std::vector<Reader> out;
  const auto* found = find(name);
  if (found == nullptr) return out;
  if (!found->is_array()) {
    fail(name, "JSONArray", *found);
    return out;
  }
  for (std::size_t i = 0; i < found->as_array().size(); ++i) {
    const auto& one = found->as_array()[i];
    if (!one.is_object())
      fail(name, "JSONObject", one);
    else
      out.push_back(Reader(state_, one, fmt::format("{}/{}/{}", frame_->path, name, i)));
  }
  return out;
}

std::map<std::string, std::string> Reader::tags(std::string_view name) {
  std::map<std::string, std::string> out;
  for (auto& tag : objects(name)) out[tag.text_or("Key", "")] = tag.text_or("Value", "");
  return out;
}

const json::Value* Reader::any(std::string_view name) { return find(name); }

void Reader::accept(std::initializer_list<std::string_view> names) {
  for (const auto name : names) frame_->seen.emplace(name);
}

void Reader::refuse(std::string_view name, std::string_view why) {
  if (has(name) && !state_->error) state_->error = fmt::format("{}/{}: {}", frame_->path, name, why);
}

Outcome<void> Reader::finish() const {
  if (state_->error) return deploy::refuse(HandlerErrc::kInvalidRequest, *state_->error);
  for (const auto& frame : state_->frames) {
    if (!frame->value->is_object()) continue;
    for (const auto& [name, value] : frame->value->as_object()) {
      if (!frame->seen.contains(name))
        return deploy::refuse(HandlerErrc::kInvalidRequest,
                              fmt::format("{}: extraneous key [{}] is not permitted", frame->path, name));
    }
  }
  return {};
}

}  // namespace tidemill::resources
