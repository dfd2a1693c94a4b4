// Any text as each kind of expression: parsing, binding and running must end, without touching what is not theirs.
// The first byte chooses the grammar; after the first line break comes an item as JSON, which also serves as the
// values.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "expr/expression.h"
#include "item/json.h"

using namespace tidemill;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto line = input.find('\n');
  const auto text = input.substr(0, line);
  item::Item item;
  if (line != input.npos) {
    if (const auto document = json::Document::parse(input.substr(line + 1))) {
      if (auto read = item::item_from_json(document->root())) item = *std::move(read);
    }
  }
  expr::Substitutions substitutions;
  for (const auto& [name, value] : item) {
    substitutions.define_name("#" + name, name);
    substitutions.define_value(":" + name, value);
  }
  switch (data[0] % 3) {
    case 0: {
      const auto parsed = expr::parse_condition(text);
      if (!parsed) break;
      const auto bound = expr::Condition::bind(*parsed, expr::Parameter::kFilter, substitutions);
      if (!bound) break;
      (void)bound->matches(item);
      (void)bound->matches(item::Item());
      (void)expr::key_terms(*bound);
      break;
    }
    case 1: {
      const auto parsed = expr::parse_update(text);
      if (!parsed) break;
      const auto bound = expr::Update::bind(*parsed, substitutions);
      if (!bound) break;
      (void)bound->apply(nullptr, item);
      const auto result = bound->apply(&item, item);
      if (!result) break;
      TM_ASSERT(result->has_value());
      const expr::Projection touched(bound->targets());
      (void)touched.apply(item);
      (void)touched.apply(**result);
      break;
    }
    default: {
      const auto parsed = expr::parse_projection(text);
      if (!parsed) break;
      const auto bound = expr::Projection::bind(**parsed, substitutions);
      if (!bound) break;
      const auto once = bound->apply(item);
      TM_ASSERT(once.size() <= item.size());
      break;
    }
  }
  return 0;
}
