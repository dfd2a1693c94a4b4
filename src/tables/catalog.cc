#include "tables/catalog.h"

namespace tidemill::tables {
namespace {

// As map.find(). Of a few, most differ in length, or in their first letters: to look at each is faster than to descend.
template <class Map, class Key>
auto find_in(const Map& map, const Key& key) {
  constexpr std::size_t kFew = 4;
  if (map.size() > kFew) return map.find(key);
  auto at = map.begin();
  while (at != map.end() && !(at->first == key)) ++at;
  return at;
}

}  // namespace

TablePtr Catalog::find(const Scope& scope, std::string_view name) const {
  const auto in_scope = find_in(tables_, scope);
  if (in_scope == tables_.end()) return nullptr;
  const auto it = find_in(in_scope->second, name);
  return it == in_scope->second.end() ? nullptr : it->second;
}

const std::map<std::string, TablePtr, std::less<>>& Catalog::of(const Scope& scope) const {
  static const std::map<std::string, TablePtr, std::less<>> kNone;
  const auto in_scope = tables_.find(scope);
  return in_scope == tables_.end() ? kNone : in_scope->second;
}

void Catalog::for_each(const std::function<void(const TablePtr&)>& visit) const {
  for (const auto& [scope, tables] : tables_) {
    for (const auto& [name, table] : tables) visit(table);
  }
}

void Catalog::put(TablePtr table) {
  auto& slot = tables_[table->definition.scope][table->definition.name];
  slot = std::move(table);
}

void Catalog::erase(const Scope& scope, std::string_view name) {
  const auto in_scope = tables_.find(scope);
  if (in_scope == tables_.end()) return;
  if (const auto it = in_scope->second.find(name); it != in_scope->second.end()) in_scope->second.erase(it);
}

}  // namespace tidemill::tables
