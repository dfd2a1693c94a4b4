// Query and Scan: a page of one range of a table or an index.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "item/encoding.h"
#include "item/json.h"
#include "item/key_codec.h"
#include "item/size.h"
#include "tables/operations.h"
#include "tables/plan.h"
#include "tables/throughput.h"

namespace tidemill::tables {
namespace {

using storage::Direction;
using storage::Keyspace;

constexpr std::size_t kPageBytes = 1 << 20;
constexpr std::size_t kFewRows = 16;  // what a page makes room for when it has more than one
constexpr std::string_view kSchemaMismatch = "The provided key element does not match the schema";
constexpr std::string_view kStartInvalid = "The provided starting key is invalid";

// Where a page is read: the table itself or one of its indexes.
struct View {
  TablePtr table;
  const IndexDefinition* index = nullptr;
  const KeySchema& keys() const { return index != nullptr ? index->keys : table->definition.keys; }
  Keyspace keyspace() const { return index != nullptr ? Keyspace::kIndexes : Keyspace::kItems; }
  std::string prefix() const {
    return index != nullptr ? index_prefix(table->definition.id, index->id) : table_prefix(table->definition.id);
  }
  bool is_global() const { return index != nullptr && index->kind == IndexKind::kGlobal; }
};

Result<View> find_view(const Tables& tables, const PageRequest& request) {
  View view{.table = tables.usable(request.scope, request.table)};
  if (!view.table) return table_missing();
  if (request.index) {
    view.index = view.table->definition.find_index(*request.index);
    if (view.index == nullptr || view.index->status == IndexStatus::kDeleting) {
      return invalid("The table does not have the specified index: " + *request.index);
    }
    if (view.is_global() && request.consistent)
      return invalid("Consistent reads are not supported on global secondary indexes");
    if (view.index->status == IndexStatus::kCreating) {
      return invalid("Cannot read from backfilling global secondary index: " + *request.index);
    }
  }
  return view;
}

bool has_type(const Item& item, const KeyAttribute& key) {
  const AttributeValue* value = item.find(key.name);
  return value != nullptr && value->type() == item_type(key.type);
}

bool all_typed(const Item& item, const KeySchema& keys) {
  return std::ranges::all_of(keys.hash, [&](const auto& key) { return has_type(item, key); }) &&
         std::ranges::all_of(keys.range, [&](const auto& key) { return has_type(item, key); });
}

bool all_there(const Item& item, const KeySchema& keys) {
  return std::ranges::all_of(keys.hash, [&](const auto& key) { return item.contains(key.name); }) &&
         std::ranges::all_of(keys.range, [&](const auto& key) { return item.contains(key.name); });
}

std::size_t start_key_size(const View& view) {
  const auto& table = view.table->definition.keys;
  std::size_t count = table.hash.size() + table.range.size();
  if (view.index == nullptr) return count;
  for (const auto* part : {&view.index->keys.hash, &view.index->keys.range}) {
    for (const auto& key : *part) count += table.has(key.name) ? 0 : 1;
  }
  return count;
}

// The shape of an ExclusiveStartKey. The texts of Query and Scan differ on a table.
Status check_start_shape(const View& view, const Item& start, bool is_query) {
  const std::string prefixed = fmt::format("{}: {}", kStartInvalid, kSchemaMismatch);
  const bool whole = start.size() == start_key_size(view) && all_there(start, view.keys());
  if (!whole) return invalid(view.index == nullptr && !is_query ? prefixed : std::string(kStartInvalid));
  if (!all_typed(start, view.keys()))
    return invalid(view.index == nullptr && !is_query ? prefixed : std::string(kSchemaMismatch));
  if (!all_typed(start, view.table->definition.keys)) return invalid(prefixed);
  return {};
}

Result<std::string> start_row(const View& view, const Item& start) {
  if (view.index == nullptr) return item_row(view.table->definition.id, view.table->definition.keys, start).bytes;
  auto row = index_row(view.table->definition.id, *view.index, view.table->definition.keys, start);
  if (!row) return invalid(std::string(kStartInvalid));
  return *std::move(row);
}

Status check_select(const View& view, const PageRequest& request) {
  if (!view.is_global() || view.index->projection.type == ProjectionType::kAll) return {};
  if (request.select == Select::kAllAttributes) {
    return invalid_values(
        fmt::format("Select type ALL_ATTRIBUTES is not supported for global secondary index {} because its projection "
                    "type is not ALL",
                    view.index->name));
  }
  if (request.projection) {
    std::vector<std::string_view> missing;
    for (const auto name : request.projection->names()) {
      if (!projects(*view.index, view.table->definition.keys, name)) missing.push_back(name);
    }
    if (!missing.empty()) {
      return invalid_values(
          fmt::format("Global secondary index {} does not project [{}]", view.index->name, fmt::join(missing, ", ")));
    }
  }
  return {};
}

// Whether a local index must fetch items from the table for this request.
bool must_fetch(const View& view, const PageRequest& request) {
  if (view.index == nullptr || view.is_global() || view.index->projection.type == ProjectionType::kAll) return false;
  const auto missing = [&](std::string_view name) { return !projects(*view.index, view.table->definition.keys, name); };
  if (request.select == Select::kAllAttributes) return true;
  if (request.projection && std::ranges::any_of(request.projection->names(), missing)) return true;
  return request.filter && !request.filter_on_entry &&
         std::ranges::any_of(request.filter->paths(), [&](const expr::Path& path) { return missing(path[0].name); });
}

std::string key_json(const View& view, std::string_view encoded) {
  std::vector<std::string_view> names;
  const auto add = [&names](const KeySchema& keys) {
    for (const auto* part : {&keys.hash, &keys.range}) {
      for (const auto& key : *part) names.push_back(key.name);
    }
  };
  add(view.keys());
  if (view.index != nullptr) add(view.table->definition.keys);
  const auto key = item::decode_some(encoded, names);
  return key ? item::to_json(*key) : std::string();
}

class Page {
 public:
  Page(const storage::Store& store, const View& view, const PageRequest& request)
      : store_(store), view_(view), request_(request), fetch_(must_fetch(view, request)) {
    if (request.projection) {
      for (const auto name : request.projection->names()) names_.push_back(name);
    }
    if (request.filter) {
      for (const auto& path : request.filter->paths()) names_.push_back(path[0].name);
    }
    result_.table = view.table;
    result_.index = view.index;
    result_.count_only = request.select == Select::kCount;
    result_.items = request.before;
  }

  Result<PageResult> read(const storage::Range& range, Direction direction) {
    std::shared_ptr<const storage::Snapshot> snapshot;
    if (fetch_) snapshot = store_.snapshot();
    const bool plain = !fetch_ && !request_.filter && !request_.projection && !result_.count_only;
    const auto cursor = store_.cursor(view_.keyspace(), range, direction, snapshot.get());
    for (; cursor->valid(); cursor->next()) {
      const auto encoded = unseal(cursor->value());
      if (!encoded) return fail(Errc::kInternal, "a stored item is damaged");
      ++result_.scanned;
      TM_CHECK(plain ? show(*encoded) : visit(*encoded, snapshot.get()));
      const bool full = (request_.limit && result_.scanned >= *request_.limit) || result_.read_bytes >= kPageBytes;
      if (full) {
        result_.last_key = key_json(view_, *encoded);
        return std::move(result_);
      }
    }
    if (const auto status = cursor->status(); !status) return fail(Errc::kInternal, status.error().message);
    return std::move(result_);
  }

 private:
  // Every row is shown whole: it is weighed while it is written.
  Status show(std::string_view encoded) {
    if (result_.count++ > 0) {
      // What comes behind the items has room too.
      if (result_.count == 2) result_.items.reserve(std::min(kFewRows * result_.items.size(), kPageBytes) + 256);
      result_.items += ',';
    }
    const auto size = item::append_json_of_encoded(result_.items, encoded);
    if (!size) return fail(Errc::kInternal, size.error().message);
    result_.read_bytes += *size;
    return {};
  }

  Status visit(std::string_view encoded, const storage::Snapshot* snapshot) {
    const auto size = item::size_of_encoded(encoded);
    if (!size) return fail(Errc::kInternal, size.error().message);
    result_.read_bytes += *size;
    std::optional<StoredItem> fetched;
    bool matched = true;
    if (request_.filter && request_.filter_on_entry) {
      const auto entry = item::decode_some(encoded, names_);
      if (!entry) return fail(Errc::kInternal, entry.error().message);
      matched = request_.filter->matches(*entry);
    }
    // What is fetched counts, wanted or not.
    if (fetch_) {
      const auto key = item::decode(encoded);
      if (!key) return fail(Errc::kInternal, key.error().message);
      TM_TRY(fetched,
             StoredItem::read(store_, item_row(view_.table->definition.id, view_.table->definition.keys, *key).bytes,
                              snapshot));
      if (!fetched) return fail(Errc::kInternal, "an index entry has no item");
      result_.fetched.push_back(fetched->size());
      encoded = fetched->encoded();
    }
    if (!matched) return {};
    std::optional<Item> some;
    if (request_.filter || request_.projection) {
      auto decoded = item::decode_some(encoded, names_);
      if (!decoded) return fail(Errc::kInternal, decoded.error().message);
      some = *std::move(decoded);
    }
    if (request_.filter && !request_.filter_on_entry && !request_.filter->matches(*some)) return {};
    ++result_.count;
    if (result_.count_only) return {};
    if (result_.count > 1) result_.items += ',';
    if (request_.projection) {
      item::append_json(result_.items, request_.projection->apply(*some));
    } else if (auto appended = item::append_json_of_encoded(result_.items, encoded); !appended) {
      return fail(Errc::kInternal, appended.error().message);
    }
    return {};
  }

  const storage::Store& store_;
  const View& view_;
  const PageRequest& request_;
  const bool fetch_;
  std::vector<std::string_view> names_;
  PageResult result_;
};

expr::KeySchema to_expr(const KeySchema& keys) {
  expr::KeySchema out;
  for (const auto& key : keys.hash) out.hash.push_back({key.name, item_type(key.type)});
  for (const auto& key : keys.range) out.range.push_back({key.name, item_type(key.type)});
  return out;
}

Status check_key_values(const View& view, const expr::KeyRange& range) {
  const auto check = [](const KeyAttribute& key, const AttributeValue& value, std::size_t size_max,
                        bool is_prefix) -> Status {
    if (key.type == KeyType::kNumber) return {};
    const auto size = item::key_size(value);
    if (size == 0 && !is_prefix) {
      return invalid(
          fmt::format("One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
                      "contain an empty {} value. Key: {}",
                      key.type == KeyType::kBinary ? "binary" : "string", key.name));
    }
    if (size > size_max) {
      return invalid_values(size_max == item::kMaxSortKeySize
                                ? "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
                                : "Size of hashkey has exceeded the maximum size limit of2048 bytes");
    }
    return {};
  };
  const auto& keys = view.keys();
  for (std::size_t i = 0; i < range.hash.size(); ++i)
    TM_CHECK(check(keys.hash[i], range.hash[i], item::kMaxPartitionKeySize, false));
  for (std::size_t i = 0; i < range.equal.size(); ++i)
    TM_CHECK(check(keys.range[i], range.equal[i], item::kMaxSortKeySize, false));
  if (range.range) {
    for (const auto& value : range.range->values)
      TM_CHECK(check(keys.range[range.equal.size()], value, item::kMaxSortKeySize, false));
  }
  return {};
}

// The rows that the key condition selects.
storage::Range rows_of(const View& view, const expr::KeyRange& range) {
  std::vector<item::Member> hash;
  hash.reserve(range.hash.size());
  for (std::size_t i = 0; i < range.hash.size(); ++i) hash.push_back({view.keys().hash[i].name, range.hash[i]});
  std::string prefix = partition_prefix(view.prefix(), view.keys().hash, Item::from(std::move(hash)));
  for (const auto& value : range.equal) item::append_key(prefix, value);
  if (!range.range) {
    auto end = prefix_end(prefix);
    return {std::move(prefix), std::move(end)};
  }
  const auto with = [&prefix](const AttributeValue& value) {
    std::string key = prefix;
    item::append_key(key, value);
    return key;
  };
  const auto& values = range.range->values;
  switch (range.range->op) {
    case expr::KeyOp::kLess: return {prefix, with(values[0])};
    case expr::KeyOp::kLessEqual: return {prefix, prefix_end(with(values[0]))};
    case expr::KeyOp::kGreater: return {prefix_end(with(values[0])), prefix_end(prefix)};
    case expr::KeyOp::kGreaterEqual: return {with(values[0]), prefix_end(prefix)};
    case expr::KeyOp::kBetween: return {with(values[0]), prefix_end(with(values[1]))};
    case expr::KeyOp::kBeginsWith: {
      std::string key = prefix;
      item::append_key_prefix(key, values[0]);
      return {key, prefix_end(key)};
    }
    case expr::KeyOp::kEqual: {
      const std::string key = with(values[0]);
      return {key, prefix_end(key)};
    }
    case expr::KeyOp::kNotIndexable: break;
  }
  return {prefix, prefix};
}

Status check_start_position(const View& view, const expr::KeyRange& range, const Item& start) {
  bool same_hash = true;
  for (std::size_t i = 0; i < range.hash.size(); ++i)
    same_hash = same_hash && *start.find(view.keys().hash[i].name) == range.hash[i];
  bool in_range = true;
  for (std::size_t i = 0; i < range.equal.size(); ++i)
    in_range = in_range && *start.find(view.keys().range[i].name) == range.equal[i];
  if (range.range) in_range = in_range && expr::matches(*range.range, *start.find(range.range->attribute));
  if (!range.equal.empty() || range.range) {
    if (!in_range) return invalid("The provided starting key does not match the range key predicate");
    if (!same_hash) return invalid("The query can return at most one row and cannot be restarted");
  }
  if (!same_hash) return invalid("The provided starting key is outside query boundaries based on provided conditions");
  return {};
}

std::string describe_key(const Item& key) {
  std::string out = "{";
  for (const auto& member : key) {
    if (out.size() > 1) out += ", ";
    out += member.name + "=" + item::describe(member.value);
  }
  return out + "}";
}

// Reads a page, if throughput allows it, and counts what it cost.
Result<PageResult> read_page(const storage::Store& store, const View& view, const PageRequest& request,
                             const storage::Range& range, Direction direction, std::optional<std::uint32_t> partition) {
  const auto& meters = view.table->meters;
  if (meters) {
    if (auto refused = meters->refuse_read(*view.table, view.index, partition))
      return std::unexpected(*std::move(refused));
  }
  auto result = Page(store, view, request).read(range, direction);
  if (meters && result) {
    double units = read_units(result->read_bytes, request.consistent);
    for (const auto size : result->fetched) units += read_units(size, request.consistent);
    meters->charge_read(view.index, partition, units);
  }
  return result;
}

void answer(Tables& tables, runtime::Executor& loop, Result<PageResult> result, Reply<PageResult> reply) {
  // A page touches many items: it waits for everything that was written before its end.
  if (tables.store().newest() <= tables.store().durable()) return std::move(reply)(std::move(result));
  tables.store().when_durable(
      tables.store().newest(), loop,
      [result = std::move(result), reply = std::move(reply)]() mutable { std::move(reply)(std::move(result)); });
}

Result<PageResult> run_query(Tables& tables, const QueryRequest& request) {
  TM_TRY(const auto view, find_view(tables, request));
  if (request.start) {
    if (view.index == nullptr && view.keys().range.empty() && all_typed(*request.start, view.keys()) &&
        request.start->size() == 1) {
      return invalid("The provided exclusive start key is invalid: ExclusiveStartKey: " + describe_key(*request.start));
    }
    TM_CHECK(check_start_shape(view, *request.start, /*is_query=*/true));
  }
  auto matched = expr::match_keys(request.keys, to_expr(view.keys()));
  if (!matched) return invalid(matched.error().message);
  TM_CHECK(check_key_values(view, *matched));
  if (request.start) TM_CHECK(check_start_position(view, *matched, *request.start));
  if (request.filter) {
    for (const auto& path : request.filter->paths()) {
      if (request.keys_in_filter || !view.keys().has(path[0].name)) continue;
      return invalid(fmt::format("{} can only contain non-primary key attributes: Primary key attribute: {}",
                                 request.legacy_filter ? "QueryFilter" : "Filter Expression", path[0].name));
    }
    TM_CHECK(check_paths(view.table->definition, request.filter->paths()));
  }
  if (request.projection) TM_CHECK(check_paths(view.table->definition, request.projection->paths()));
  TM_CHECK(check_select(view, request));
  auto range = rows_of(view, *matched);
  if (request.start) {
    TM_TRY(auto row, start_row(view, *request.start));
    if (request.forward) {
      range.from = std::max(range.from, row + '\0');
    } else {
      range.to = std::min(range.to, row);
    }
  }
  if (range.from >= range.to) {
    return PageResult{.table = view.table,
                      .index = view.index,
                      .items = std::string(request.before),
                      .count_only = request.select == Select::kCount};
  }
  std::optional<std::uint32_t> partition;
  if (view.index == nullptr) partition = load_be<std::uint32_t>(range.from.data() + view.prefix().size());
  auto page = read_page(tables.store(), view, request, range,
                        request.forward ? Direction::kForward : Direction::kReverse, partition);
  // Without a sort key there is one item at most: nothing could follow, and such a start key is refused (above).
  if (page && view.index == nullptr && view.keys().range.empty()) page->last_key.clear();
  return page;
}

Result<PageResult> run_scan(Tables& tables, const ScanRequest& request) {
  TM_TRY(const auto view, find_view(tables, request));
  if (request.start) TM_CHECK(check_start_shape(view, *request.start, /*is_query=*/false));
  if (request.filter) TM_CHECK(check_paths(view.table->definition, request.filter->paths()));
  if (request.projection) TM_CHECK(check_paths(view.table->definition, request.projection->paths()));
  TM_CHECK(check_select(view, request));
  const auto prefix = view.prefix();
  storage::Range range{prefix, prefix_end(prefix)};
  const auto bounds = segment_bounds(request.segment, request.total_segments);
  if (request.segmented) {
    append_be(range.from, bounds.first);
    if (bounds.last != ~0U) {
      range.to = prefix;
      append_be(range.to, bounds.last + 1);
    }
  }
  if (request.start) {
    TM_TRY(const auto row, start_row(view, *request.start));
    const auto hash = load_be<std::uint32_t>(row.data() + prefix.size());
    if (request.segmented && (hash < bounds.first || hash > bounds.last)) {
      return invalid(
          fmt::format("{}: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
                      "TotalSegments: {} Segment: {}",
                      kStartInvalid, request.total_segments, request.segment));
    }
    range.from = std::max(range.from, row + '\0');
  }
  return read_page(tables.store(), view, request, range, Direction::kForward, std::nullopt);
}

}  // namespace

void query(Tables& tables, const QueryRequest& request, runtime::Executor& loop, Reply<PageResult> reply) {
  auto result = run_query(tables, request);
  if (!result) return std::move(reply)(std::unexpected(std::move(result).error()));
  answer(tables, loop, std::move(result), std::move(reply));
}

void scan(Tables& tables, const ScanRequest& request, runtime::Executor& loop, Reply<PageResult> reply) {
  auto result = run_scan(tables, request);
  if (!result) return std::move(reply)(std::unexpected(std::move(result).error()));
  answer(tables, loop, std::move(result), std::move(reply));
}

}  // namespace tidemill::tables
