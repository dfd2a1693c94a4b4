// The key condition of a query: from KeyConditionExpression or KeyConditions to terms, and from terms and a key schema
// to the part of one partition that is to be read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "expr/condition.h"
#include "expr/error.h"
#include "item/attribute_value.h"

namespace tidemill::expr {

enum class KeyOp : unsigned char {
  kEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kBetween,
  kBeginsWith,
  kNotIndexable,  // a legacy operator that no key takes
};

struct KeyTerm {
  std::string attribute;
  KeyOp op = KeyOp::kEqual;
  std::vector<item::AttributeValue> values;  // one; two for kBetween
  bool operator==(const KeyTerm&) const = default;
};

// Does the value satisfy the term?
bool matches(const KeyTerm& term, const item::AttributeValue& value);

// Every attribute once, as the condition names them. The errors are those about the shape of the expression.
Result<std::vector<KeyTerm>> key_terms(const Condition& condition);

// Of a table or index. Tables and local indexes have one hash and at most one range element, global indexes up to four
// of each.
struct KeySchema {
  struct Element {
    std::string name;
    item::Type type = item::Type::kString;
    bool operator==(const Element&) const = default;
  };
  std::vector<Element> hash;
  std::vector<Element> range;
  bool operator==(const KeySchema&) const = default;
};

struct KeyRange {
  std::vector<item::AttributeValue> hash;   // one for each hash element
  std::vector<item::AttributeValue> equal;  // of the leading range elements
  std::optional<KeyTerm> range;             // on the range element after those; never kEqual
};

// The errors are those that need the schema.
Result<KeyRange> match_keys(const std::vector<KeyTerm>& terms, const KeySchema& schema);

}  // namespace tidemill::expr
