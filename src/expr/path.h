// Document paths with names filled in, and what they lead to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "expr/ast.h"
#include "expr/error.h"
#include "item/attribute_value.h"

namespace tidemill::expr {

struct Step {
  std::string name;         // of a map member; unused for an index
  std::uint32_t index = 0;  // of a list element
  bool is_index = false;
  bool operator==(const Step&) const = default;
};

using Path = std::vector<Step>;  // at least one step; the first is a name

// `[a, b, [0]]`, as in messages.
std::string to_string(const Path& path);

Path top_level(std::string_view name);

// nullptr when there is nothing.
const item::AttributeValue* find(const item::Item& item, const Path& path);

// What the step leads to inside a map or list; nullptr when there is nothing.
item::AttributeValue* find_child(item::AttributeValue& parent, const Step& step);

// How two targets of one request relate. Equal paths, and a path that the other continues, overlap; paths that go on by
// name and by index from the same place conflict.
enum class Relation : unsigned char { kApart, kOverlap, kConflict };
Relation relation(const Path& a, const Path& b);
// The error about two targets that are not apart.
Error unrelated_error(Relation relation, const Path& one, const Path& two);

}  // namespace tidemill::expr
