// Counts the words of each author's notes.
#include <cctype>
#include <string>
#include <string_view>

#include "tidemill/dynamodb_event.h"
#include "tidemill/function.h"
#include "tidemill/table.h"

namespace fn = tidemill::function;

namespace {

int words_of(std::string_view text) {
  int words = 0;
  bool inside = false;
  for (const unsigned char letter : text) {
    const bool space = std::isspace(letter) != 0;
    if (!space && !inside) ++words;
    inside = !space;
  }
  return words;
}

}  // namespace

int main() {
  fn::Client client;
  fn::Table counts(client, fn::variable("COUNTS_TABLE"));

  return fn::serve<fn::DynamoDbEvent>([&](const fn::DynamoDbEvent& event, const fn::Context&) -> fn::Outcome<fn::Json> {
    for (const auto& record : event.records) {
      if (record.kind != fn::DynamoDbRecord::Kind::kInsert) continue;
      const auto author = record.new_image.text("author"), text = record.new_image.text("text");
      if (!author || !text) return fn::fail("BadNote", "a note needs an author and a text: " + record.event_id);
      const int words = words_of(*text);
      auto counted = counts.update(fn::Item().set("author", *author), "ADD words :words, notes :one",
                                   fn::Item().set(":words", words).set(":one", 1));
      if (!counted) return std::unexpected(counted.error());
      fn::log("note " + record.new_image.text("id").value_or("?") + ": " + std::to_string(words) + " words");
    }
    return fn::Json(static_cast<std::int64_t>(event.records.size()));
  });
}
