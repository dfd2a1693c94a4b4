#include "tables/catalog.h"

namespace tidemill::tables {

TablePtr Catalog::find(const Scope& scope, std::string_view name) const {
  const auto in_scope = tables_.find(scope);
  if (in_scope == tables_.end()) return nullptr;
  const auto it = in_scope->second.find(name);
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
