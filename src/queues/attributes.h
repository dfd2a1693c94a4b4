// The attributes of a queue: which there are, their defaults and ranges.
#pragma once

#include <optional>
#include <string>

#include "queues/queues.h"

namespace tidemill::queues {

// Checked one by one and against each other. Errors: kInvalidAttributeName, kInvalidAttributeValue, kUnsupported
// (FIFO).
Status check_attributes(const QueueName& name, const Attributes& attributes);

// The value, or its default.
std::int64_t attribute_integer(const Attributes& attributes, std::string_view name);
// Every attribute that has a default, with what is set over it.
Attributes with_defaults(const Attributes& attributes);

struct Redrive {
  QueueName target;
  std::int64_t receives_max = 0;
};
std::optional<Redrive> redrive_of(const Attributes& attributes);

bool is_queue_name(std::string_view name);

}  // namespace tidemill::queues
