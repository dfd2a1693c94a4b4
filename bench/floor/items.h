// The floor of tables: the JSON is parsed by simdjson, the raw text of an item is put into or got from RocksDB. No
// types, no checks, no schema. PutItem, GetItem and Query (ten rows of one hash key) of one table.
#pragma once

#include <string>

namespace tidemill::bench {

[[noreturn]] void serve_items(const std::string& address, const std::string& folder);

// Group commit: `threads` threads, each putting items of 1 KB and syncing the log. Prints the one line of results.
int group_commit(const std::string& folder, int threads, double seconds);

}  // namespace tidemill::bench
