// What an import reads: items as JSON (of a line, one or several), or as CSV.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "item/attribute_value.h"
#include "tables/define_table.h"
#include "transfers/compression.h"

namespace tidemill::transfers {

enum class InputFormat : unsigned char { kJson, kCsv };

struct SourceFormat {
  InputFormat format = InputFormat::kJson;
  Compression compression = Compression::kNone;
  char delimiter = ',';
  std::optional<std::vector<std::string>> header;  // CSV without a line of names
  std::vector<tables::AttributeInput> attributes;  // types of keys; everything else of a CSV is text
};

// Of one object, in parts; after a batch that ended nothing more may be asked for. Used by one thread at a time.
class SourceReader {
 public:
  explicit SourceReader(const SourceFormat& format);

  struct Batch {
    std::vector<item::Item> items;
    std::uint64_t errors = 0;  // records that are no items
    std::uint64_t bytes = 0;   // of the source, decompressed
    bool more = false;         // there is more before anything must be fed
    bool ended = false;        // a record was no JSON item: as on AWS, nothing behind it in the object is read
  };
  void feed(std::string_view bytes) { inflater_.feed(bytes); }
  // At the end of the object, `last`: what has no end of line is a record too.
  tidemill::Result<Batch> take(bool last);

 private:
  bool json_line(std::string_view text, Batch& batch);
  void csv_record(Batch& batch);
  void csv(std::string_view text, Batch& batch);

  const SourceFormat format_;
  Inflater inflater_;
  std::string rest_;  // begins a record
  std::optional<std::vector<std::string>> header_;
  // CSV
  bool skipping_ = false;  // inside a record that is too long
  std::vector<std::string> fields_;
  std::string field_;
  bool quoted_ = false, was_quoted_ = false, quote_seen_ = false, any_ = false;
};

}  // namespace tidemill::transfers
