#include "queues/message.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/utf8.h"

#include <fmt/format.h>

namespace tidemill::queues {
namespace {

constexpr std::size_t kAttributesMax = 10;

// #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF
bool is_allowed_text(std::string_view text) {
  if (!is_valid_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 && c != 0x09 && c != 0x0A && c != 0x0D) return false;
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    if (c == 0xEF && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) == 0xBF &&
        static_cast<unsigned char>(text[i + 2]) >= 0xBE)
      return false;
  }
  return true;
}

void append_part(std::string& out, std::string_view part) {
  append_be(out, static_cast<std::uint32_t>(part.size()));
  out += part;
}

}  // namespace

std::string md5_of_body(std::string_view body) { return to_hex(md5(body)); }

std::string md5_of_attributes(const MessageAttributes& attributes) {
  if (attributes.empty()) return {};
  std::string text;
  for (const auto& [name, attribute] : attributes) {
    append_part(text, name);
    append_part(text, attribute.type);
    text += attribute.is_binary() ? '\x02' : '\x01';
    append_part(text, attribute.value);
  }
  return to_hex(md5(text));
}

std::size_t size_of(const std::string& body, const MessageAttributes& attributes) {
  std::size_t size = body.size();
  for (const auto& [name, attribute] : attributes) size += name.size() + attribute.type.size() + attribute.value.size();
  return size;
}

Status check(const std::string& body, const MessageAttributes& attributes) {
  if (body.empty()) return fail(Errc::kMissingParameter, "The request must contain the parameter MessageBody.");
  if (!is_allowed_text(body))
    return fail(Errc::kInvalidParameter,
                "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | "
                "#xE000 to #xFFFD | #x10000 to #x10FFFF");
  if (attributes.size() > kAttributesMax)
    return fail(Errc::kInvalidParameter,
                fmt::format("Number of message attributes [{}] exceeds the allowed maximum [{}].", attributes.size(),
                            kAttributesMax));
  for (const auto& [name, attribute] : attributes) {
    const bool good_name = !name.empty() && name.size() <= 256 && std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
             c == '.';
    });
    if (!good_name)
      return fail(Errc::kInvalidParameter,
                  "Message (user) attributes name can only contain upper and lower score characters, digits, "
                  "periods, hyphens and underscores.");
    const std::string_view base = std::string_view(attribute.type).substr(0, attribute.type.find('.'));
    if (base != "String" && base != "Number" && base != "Binary")
      return fail(
          Errc::kInvalidParameter,
          fmt::format(
              "The message attribute '{}' has an invalid message attribute type, the set of supported type prefixes is "
              "Binary, Number, and String.",
              name));
    if (attribute.value.empty())
      return fail(Errc::kInvalidParameter,
                  fmt::format("The message attribute '{}' must contain a non-empty message attribute value.", name));
    if (!attribute.is_binary() && !is_allowed_text(attribute.value))
      return fail(Errc::kInvalidParameter,
                  fmt::format("The message attribute '{}' contains invalid characters.", name));
  }
  return {};
}

std::string encode(const Message& message) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("id", message.id).member("body", message.body).member("sender", message.sender);
  writer.member("sent_ms", message.sent_ms);
  writer.key("attributes").begin_object();
  for (const auto& [name, attribute] : message.attributes)
    writer.key(name).begin_array().string(attribute.type).base64(attribute.value).end_array();
  writer.end_object().end_object();
  return out;
}

Result<Message> decode(std::string_view stored) {
  const auto value = json::Value::parse(stored);
  if (!value || value->string_or("id").empty()) return fail(Errc::kInternal, "a stored message is damaged");
  Message message{.id = value->string_or("id"),
                  .body = value->string_or("body"),
                  .attributes = {},
                  .sender = value->string_or("sender"),
                  .sent_ms = value->integer_or("sent_ms", 0)};
  if (const auto* attributes = value->find("attributes"); attributes && attributes->is_object())
    for (const auto& [name, pair] : attributes->as_object()) {
      if (!pair.is_array() || pair.as_array().size() != 2) return fail(Errc::kInternal, "a stored message is damaged");
      auto bytes = from_base64(pair.as_array()[1].as_string());
      if (!bytes) return fail(Errc::kInternal, "a stored message is damaged");
      message.attributes[name] = {.type = pair.as_array()[0].as_string(), .value = *std::move(bytes)};
    }
  return message;
}

}  // namespace tidemill::queues
