// Parsed expressions by text. An application sends the same few texts over and over; names and values come anew each
// time. One cache per loop: not safe for several threads. Errors are not kept.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "expr/parser.h"

namespace tidemill::expr {

class Cache {
 public:
  // At most so many texts of each kind. A full table is emptied: what is in use comes back with its next request.
  explicit Cache(std::size_t capacity = 1024) : capacity_(capacity) {}

  Result<Shared<ParsedCondition>> condition(std::string_view text) { return get(conditions_, text, parse_condition); }
  Result<Shared<ParsedUpdate>> update(std::string_view text) { return get(updates_, text, parse_update); }
  Result<Shared<ParsedProjection>> projection(std::string_view text) {
    return get(projections_, text, parse_projection);
  }
  std::size_t size() const { return conditions_.size() + updates_.size() + projections_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class T>
  using Table = std::unordered_map<std::string, Shared<T>, Hash, std::equal_to<>>;

  template <class T>
  Result<Shared<T>> get(Table<T>& table, std::string_view text, Result<Shared<T>> (*parse)(std::string_view)) {
    if (const auto at = table.find(text); at != table.end()) return at->second;
    auto parsed = parse(text);
    if (!parsed) return parsed;
    if (table.size() >= capacity_) table.clear();
    table.emplace(text, *parsed);
    return parsed;
  }

  std::size_t capacity_;
  Table<ParsedCondition> conditions_;
  Table<ParsedUpdate> updates_;
  Table<ParsedProjection> projections_;
};

}  // namespace tidemill::expr
