// For the tests of this folder: requests and items as JSON text.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "expr/expression.h"
#include "item/json.h"

namespace tidemill::expr::test {

inline item::Item item_of(std::string_view text) {
  const auto document = json::Document::parse(text);
  return *item::item_from_json(document->root());
}

inline item::AttributeValue value_of(std::string_view text) {
  const auto document = json::Document::parse(text);
  return *item::value_from_json(document->root());
}

// {"ConditionExpression":"a = :v", ...} with single quotes for double ones.
inline std::string quoted(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '\'') c = '"';
  }
  return out;
}

inline Result<Expressions> read(std::string_view body, Use use) {
  const auto document = json::Document::parse(quoted(body));
  EXPECT_TRUE(document) << body;
  Cache cache;
  return read_expressions(document->root(), use, cache);
}

// `true`, `false`, or the error's text, for a condition on an item.
inline std::string evaluate(std::string_view condition, std::string_view item, std::string_view values = "",
                            std::string_view names = "") {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("ConditionExpression", condition);
  if (!values.empty()) writer.key("ExpressionAttributeValues").raw(quoted(values));
  if (!names.empty()) writer.key("ExpressionAttributeNames").raw(quoted(names));
  writer.end_object();
  const auto document = json::Document::parse(body);
  EXPECT_TRUE(document) << body;
  Cache cache;
  const auto read = read_expressions(document->root(), Use::kWrite, cache);
  if (!read) return read.error().message;
  return read->condition->matches(item_of(quoted(item))) ? "true" : "false";
}

// The new item as JSON, `nothing`, or the error's text. `old` empty: there is no item; its key is then {"p":{"S":"k"}}.
inline std::string update(std::string_view expression, std::string_view old, std::string_view values = "",
                          std::string_view names = "") {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("UpdateExpression", expression);
  if (!values.empty()) writer.key("ExpressionAttributeValues").raw(quoted(values));
  if (!names.empty()) writer.key("ExpressionAttributeNames").raw(quoted(names));
  writer.end_object();
  const auto document = json::Document::parse(body);
  EXPECT_TRUE(document) << body;
  Cache cache;
  const auto read = read_expressions(document->root(), Use::kUpdate, cache);
  if (!read) return read.error().message;
  const auto key = item_of(R"({"p":{"S":"k"}})");
  const auto before = old.empty() ? item::Item() : item_of(quoted(old));
  const auto result = read->update->apply(old.empty() ? nullptr : &before, key);
  if (!result) return result.error().message;
  return *result ? item::to_json(**result) : "nothing";
}

}  // namespace tidemill::expr::test
