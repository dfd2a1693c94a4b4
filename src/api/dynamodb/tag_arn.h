// The ARN of a tagged resource.
#pragma once

#include "api/dynamodb/api.h"
#include "tables/settings.h"

namespace tidemill::dynamodb {

// The table that an ARN names (or whose stream it names). `words` for one that does not exist are the caller's.
inline tables::Result<tables::TablePtr> tagged_table(Services& services, std::string_view arn, std::string missing) {
  if (arn.empty()) return tables::invalid("Invalid TableArn");
  TM_TRY(const auto parsed, tables::table_or_stream(arn));
  auto table = services.tables.catalog()->find(parsed.scope, parsed.table);
  if (!table) return tables::fail(tables::Errc::kResourceNotFound, std::move(missing));
  return table;
}

}  // namespace tidemill::dynamodb
