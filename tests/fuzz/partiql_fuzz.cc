// Any text as a PartiQL statement: parsing, taking it apart by the keys of a table and running must end. After the
// first line break comes an item as JSON.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "expr/expression.h"
#include "expr/partiql.h"
#include "item/json.h"

using namespace tidemill;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  const auto text = input.substr(0, line);
  item::Item item;
  if (line != input.npos) {
    if (const auto document = json::Document::parse(input.substr(line + 1))) {
      if (auto read = item::item_from_json(document->root())) item = *std::move(read);
    }
  }
  const auto subject = expr::partiql::subject(text);
  const auto statement = expr::partiql::parse(text, std::vector<item::AttributeValue>(std::ranges::count(text, '?')));
  if (!statement) return 0;
  // What is authorised is what runs.
  TM_ASSERT(subject && subject->kind == statement->kind && subject->table == statement->table &&
            subject->index == statement->index);
  for (const auto& column : statement->columns) (void)expr::partiql::column_name(column);
  if (statement->update) (void)statement->update->apply(&item, item);
  if (!statement->where) return 0;
  const expr::KeySchema keys{.hash = {{"p", item::Type::kString}}, .range = {{"c", item::Type::kNumber}}};
  const auto selection = expr::partiql::select(&*statement->where, keys);
  if (selection.rest) (void)selection.rest->matches(item);
  (void)statement->where->matches(item);
  if (const auto target = expr::partiql::target(&*statement->where, keys)) TM_ASSERT(target->key.size() == 2);
  return 0;
}
