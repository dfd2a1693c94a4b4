// Records of a table's stream.
#pragma once

#include <string>
#include <vector>

#include "tidemill/item.h"

namespace tidemill::function {

struct DynamoDbRecord {
  enum class Kind { kInsert, kModify, kRemove };
  std::string event_id;
  Kind kind = Kind::kInsert;
  std::string sequence_number;
  std::string source_arn;           // of the stream
  double created_s = 0;             // Unix time
  Item keys, new_image, old_image;  // as the stream's view type has them
  bool by_expiry = false;           // removed by the table's time to live
};

struct DynamoDbEvent {
  std::vector<DynamoDbRecord> records;
  static Outcome<DynamoDbEvent> parse(const Json& json);
};

// The response that names the records which have failed (FunctionResponseTypes: ReportBatchItemFailures).
Json batch_item_failures(const std::vector<std::string>& sequence_numbers);

}  // namespace tidemill::function
