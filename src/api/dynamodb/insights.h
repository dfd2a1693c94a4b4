// Contributor insights on the wire.
#pragma once

#include <string>

#include "api/dynamodb/shapes.h"
#include "tables/settings.h"

namespace tidemill::dynamodb {

inline std::string_view insights_mode(const tables::InsightsSetting& setting) {
  return setting.throttled_only ? "THROTTLED_KEYS" : "ACCESSED_AND_THROTTLED_KEYS";
}

// The members that all three operations show, of the object that is open.
inline void append_insights(json::Writer& writer, const tables::InsightsDescription& description) {
  writer.member("TableName", description.table);
  if (!description.index.empty()) writer.member("IndexName", description.index);
  writer.member("ContributorInsightsStatus", description.status);
  if (description.setting.enabled) writer.member("ContributorInsightsMode", insights_mode(description.setting));
}

}  // namespace tidemill::dynamodb
