// TableDescription on the wire.
#pragma once

#include <string>

#include "base/json.h"
#include "tables/engine.h"

namespace tidemill::dynamodb {

enum class Shown : unsigned char {
  kChanged,    // answer of CreateTable and UpdateTable
  kDescribed,  // DescribeTable: adds WarmThroughput
  kDeleted,    // answer of DeleteTable: without schema and indexes
};

// Pieces that other descriptions have too; members of the object that the caller has opened.
void append_time(json::Writer& writer, std::string_view name, WallTime time);
void append_key_schema(json::Writer& writer, const tables::KeySchema& keys);
void append_projection(json::Writer& writer, const tables::Projection& projection);
void append_on_demand(json::Writer& writer, const tables::OptionalThroughput& on_demand);  // when it is not empty

// Appends the members of the object that the caller has opened.
void append_description(json::Writer& writer, const tables::TableDescription& description, Shown shown);
// `{"<member>":{...}}`
std::string description_body(std::string_view member, const tables::TableDescription& description, Shown shown);

}  // namespace tidemill::dynamodb
