// Where records go that a mapping gives up: a queue, a notification topic, a topic of the cluster.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/reply.h"
#include "base/scope.h"

namespace tidemill::triggers {

struct FailureMessage {
  Scope scope;
  std::string destination;         // queue ARN, "kafka://topic", ...
  std::string body;                // JSON
  std::optional<std::string> key;  // of the record, for a topic
};

class FailureSink {
 public:
  virtual ~FailureSink() = default;
  // Whether this kind of destination is offered here: asked when a mapping is created or updated.
  virtual bool supports(std::string_view destination) const = 0;
  // Answers when the message is durable.
  virtual void send(FailureMessage message, Reply<void> reply) = 0;
};

}  // namespace tidemill::triggers
