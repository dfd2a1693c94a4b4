// The ARN of a tagged resource.
#pragma once

#include "api/dynamodb/api.h"
#include "tables/schema.h"

namespace tidemill::dynamodb {

// The table that an ARN names (or whose stream it names). `words` for one that does not exist are the caller's.
inline tables::Result<tables::TablePtr> tagged_table(Services& services, std::string_view arn, std::string missing) {
  if (arn.empty()) return tables::invalid("Invalid TableArn");
  if (!arn.starts_with("arn:")) {
    return tables::invalid("Invalid TableArn: Invalid ResourceArn provided as input " + std::string(arn) +
                           ": ARNs must start with 'arn:'");
  }
  const auto parsed = tables::parse_table_arn(arn);
  if (!parsed || (!parsed->rest.empty() && !parsed->rest.starts_with("/stream/"))) {
    return tables::invalid("Invalid TableArn: Invalid ResourceArn provided as input " + std::string(arn));
  }
  auto table = services.tables.catalog()->find(parsed->scope, parsed->table);
  if (!table) return tables::fail(tables::Errc::kResourceNotFound, std::move(missing));
  return table;
}

}  // namespace tidemill::dynamodb
