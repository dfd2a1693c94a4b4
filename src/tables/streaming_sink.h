// Where a table's Kinesis destination delivers to. Tables do not know what is behind it; server/ connects it with
// topics.
#pragma once

#include <string>
#include <vector>

#include "base/reply.h"

namespace tidemill::tables {

struct StreamingRecord {
  std::string key;  // records of one key stay in order
  std::string data;
};

// On the home loop.
class StreamingSink {
 public:
  virtual ~StreamingSink() = default;
  // Makes sure that the stream of that name is there. The error's text is shown to the user.
  virtual void prepare(const std::string& stream, tidemill::Reply<bool> reply) = 0;
  // Appends all of them, in order; answered when they are durable. An error may leave some of them behind.
  virtual void append(const std::string& stream, std::vector<StreamingRecord> records, tidemill::Reply<bool> reply) = 0;
};

}  // namespace tidemill::tables
