#include "transfers/source_format.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"
#include "item/json.h"
#include "item/number.h"

namespace tidemill::transfers {
namespace {

constexpr std::size_t kStepBytes = 256 << 10;  // decompressed at once
constexpr std::size_t kRecordMax = 4 << 20;    // an item has 400 KB; escapes make it longer
constexpr std::size_t kFieldsMax = 10'000;

// Where the object that `text` begins with ends; all of `text` when it does not.
std::size_t end_of_object(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return at + 1;
    }
  }
  return text.size();
}

}  // namespace

SourceReader::SourceReader(const SourceFormat& format)
    : format_(format), inflater_(format.compression), header_(format.header) {}

tidemill::Result<SourceReader::Batch> SourceReader::take(bool last) {
  Batch batch;
  std::string text;
  TM_TRY(batch.more, inflater_.take(text, kStepBytes));
  if (last && !batch.more && !inflater_.whole())
    return tidemill::fail(tidemill::Errc::kInvalidArgument, "the object ends inside its compression");
  batch.bytes = text.size();
  if (format_.format == InputFormat::kCsv) {
    csv(text, batch);
    if (last && !batch.more) csv_record(batch);
    return batch;
  }
  const auto end_here = [&] {
    ++batch.errors;
    batch.ended = true;
    return batch;
  };
  std::string_view in = text;
  while (!in.empty()) {
    const auto end = in.find('\n');
    const auto part = in.substr(0, end);
    if (rest_.size() + part.size() > kRecordMax) return end_here();
    rest_ += part;
    if (end == in.npos) break;
    in.remove_prefix(end + 1);
    if (!json_line(rest_, batch)) return end_here();
    rest_.clear();
  }
  if (last && !batch.more) {
    if (!json_line(rest_, batch)) return end_here();
    rest_.clear();
  }
  return batch;
}

// Items may follow one another without an end of line. False at the first record that is none.
bool SourceReader::json_line(std::string_view text, Batch& batch) {
  for (;;) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == text.npos) return true;
    text.remove_prefix(begin);
    const auto end = text.front() == '{' ? end_of_object(text) : text.size();
    const auto document = json::Document::parse(text.substr(0, end), {.max_depth = 64});
    const auto* node = document ? document->root().find("Item") : nullptr;
    if (node == nullptr || !node->is_object()) return false;
    auto item = item::item_from_json(*node);
    if (!item) return false;
    batch.items.push_back(*std::move(item));
    text.remove_prefix(end);
  }
}

void SourceReader::csv(std::string_view text, Batch& batch) {
  for (const char c : text) {
    if (field_.size() > kRecordMax || fields_.size() > kFieldsMax) skipping_ = true;
    if (quoted_) {
      if (quote_seen_) {
        quote_seen_ = false;
        if (c == '"') {
          if (!skipping_) field_ += c;
          continue;
        }
        quoted_ = false;  // the quote ended the text; this character is behind it
      } else if (c == '"') {
        quote_seen_ = true;
        continue;
      } else {
        if (!skipping_) field_ += c;
        continue;
      }
    }
    if (c == '"' && field_.empty() && !was_quoted_) {
      quoted_ = was_quoted_ = any_ = true;
    } else if (c == format_.delimiter) {
      any_ = true;
      fields_.push_back(std::exchange(field_, {}));
      was_quoted_ = false;
    } else if (c == '\n') {
      csv_record(batch);
    } else if (c != '\r') {
      any_ = true;
      if (!skipping_) field_ += c;
    }
  }
}

void SourceReader::csv_record(Batch& batch) {
  const bool broken = skipping_ || (quoted_ && !quote_seen_);
  const bool empty = !any_ && field_.empty() && fields_.empty();
  fields_.push_back(std::exchange(field_, {}));
  const auto fields = std::exchange(fields_, {});
  quoted_ = was_quoted_ = quote_seen_ = any_ = skipping_ = false;
  if (empty) return;
  if (broken) {
    ++batch.errors;
    return;
  }
  if (!header_) {
    header_ = fields;
    return;
  }
  if (fields.size() > header_->size()) {
    ++batch.errors;
    return;
  }
  json::Object object;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& name = (*header_)[i];
    // An empty text of a key is no item; of anything else it is left out.
    const auto type = std::ranges::find(format_.attributes, name, &tables::AttributeInput::name);
    const std::string kind(1, type == format_.attributes.end() ? 'S' : static_cast<char>(type->type));
    if (fields[i].empty() && type == format_.attributes.end()) continue;
    json::Object value;
    value[kind] = fields[i];
    object[name] = std::move(value);
  }
  const auto text = json::Value(std::move(object)).text();
  const auto document = json::Document::parse(text);
  auto item = document ? item::item_from_json(document->root()) : item::Result<item::Item>(item::Item());
  if (!document || !item) {
    ++batch.errors;
    return;
  }
  batch.items.push_back(*std::move(item));
}

}  // namespace tidemill::transfers
