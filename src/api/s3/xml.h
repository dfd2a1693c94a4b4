// The XML that S3's clients send: elements and text, no document types, bounded in depth and number.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::s3 {

struct Element {
  std::string name;  // without a prefix
  std::string text;  // of the element itself, entities resolved
  std::vector<Element> children;

  const Element* find(std::string_view name) const;
  std::string text_of(std::string_view name, std::string_view fallback = "") const;
};

// Nothing when it is not well-formed, or larger than anything a client has a reason to send.
std::optional<Element> parse_xml(std::string_view text);

}  // namespace tidemill::s3
