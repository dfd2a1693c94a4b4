// Messages and their digests.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "queues/error.h"

namespace tidemill::queues {

struct MessageAttribute {
  std::string type;   // "String", "Number", "Binary", with an optional ".label"
  std::string value;  // of Binary: the bytes
  bool is_binary() const { return type.starts_with("Binary"); }
  bool operator==(const MessageAttribute&) const = default;
};
using MessageAttributes = std::map<std::string, MessageAttribute>;

// What is stored of a message and does not change.
struct Message {
  std::string id;  // UUID
  std::string body;
  MessageAttributes attributes;
  std::string sender;  // user id
  std::int64_t sent_ms = 0;
  bool operator==(const Message&) const = default;
};

// Lower-case hexadecimal MD5 digests, as SDKs verify them.
std::string md5_of_body(std::string_view body);
std::string md5_of_attributes(const MessageAttributes& attributes);  // empty when there are none

// Body and attributes: names, types and values.
std::size_t size_of(const std::string& body, const MessageAttributes& attributes);

// Error kInvalidParameter: a character or an attribute that SQS refuses.
Status check(const std::string& body, const MessageAttributes& attributes);

std::string encode(const Message& message);
Result<Message> decode(std::string_view stored);

}  // namespace tidemill::queues
