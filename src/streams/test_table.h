// A table whose changes are a stream, for tests.
#pragma once

#include <memory>

#include "storage/store.h"
#include "streams/streams.h"

namespace tidemill::streams {

inline tables::TableDefinition things() {
  tables::TableDefinition table;
  table.name = "things";
  table.keys.hash = {{"p", tables::KeyType::kString}};
  table.stream = {.enabled = true, .view = tables::StreamView::kKeysOnly, .label = "label"};
  return table;
}

inline std::shared_ptr<tables::ChangeStream> open_stream(Streams& streams, storage::Store& store,
                                                         tables::TableDefinition& table) {
  storage::Mutation batch;
  auto writer = streams.open(table, batch);
  store.write(std::move(batch));
  return writer;
}

}  // namespace tidemill::streams
