// Logs of functions, as CloudWatch Logs shows them: groups, streams, events. Persistent, bounded per group, with
// retention.
//
// Events live under (group, time, number), so a group is read in the order of time across its streams; a stream is a
// filter on that within its first and last event. Lines of functions are gathered for a moment and written as one
// batch; every read first writes what is gathered, so a reader sees each line that was appended before it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/reply.h"
#include "base/scope.h"
#include "functions/log_filter.h"
#include "runtime/lull.h"
#include "storage/store.h"

namespace tidemill::functions {

enum class LogErrc : std::uint8_t { kInvalidParameter, kNotFound, kAlreadyExists, kLimitExceeded, kInternal };
struct [[nodiscard]] LogError {
  LogErrc code = LogErrc::kInternal;
  std::string message;
  static LogError internal(std::string_view text) { return {LogErrc::kInternal, std::string(text)}; }
};
template <class T>
using LogResult = std::expected<T, LogError>;

struct LogEvent {
  std::string stream;
  std::int64_t timestamp_ms = 0;
  std::int64_t ingested_ms = 0;
  std::string message;
  std::string id;  // 56 digits
};

struct LogGroupView {
  std::string name;
  std::int64_t created_ms = 0;
  std::optional<int> retention_days;
  std::map<std::string, std::string> tags;
};

struct LogStreamView {
  std::string name;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> first_ms, last_ms, ingested_ms;
};

struct LogQuery {
  Scope scope;
  std::string group;
  std::vector<std::string> streams;  // empty: all
  std::string stream_prefix;
  std::optional<std::int64_t> from_ms;  // inclusive
  std::optional<std::int64_t> to_ms;    // inclusive
  std::string pattern;
  std::size_t limit = 10'000;
  std::string token;
};
struct LogPage {
  std::vector<LogEvent> events;
  std::string next_token;  // empty: no more
};

struct StreamQuery {
  Scope scope;
  std::string group, stream;
  std::optional<std::int64_t> from_ms;  // inclusive
  std::optional<std::int64_t> to_ms;    // exclusive
  bool from_head = false;
  std::size_t limit = 10'000;
  std::string token;
};
struct StreamPage {
  std::vector<LogEvent> events;
  std::string forward_token, backward_token;
};

struct NewLogEvent {
  std::int64_t timestamp_ms = 0;
  std::string message;
};
struct PutOutcome {
  std::optional<std::size_t> too_new_from;  // index of the first event that is too new
  std::optional<std::size_t> too_old_to;    // index behind the last event that is too old
};

class LogStore {
 public:
  struct Settings {
    std::uint64_t group_bytes_max = 256ull << 20;  // the oldest events give way
    std::size_t groups_max = 10'000;
    std::size_t streams_per_group_max = 10'000;  // streams without events give way
    runtime::Lull::Times gather = {.quiet = std::chrono::milliseconds(2), .at_most = std::chrono::milliseconds(10)};
    std::size_t gather_bytes = 256 << 10;
    runtime::Duration retention_every = std::chrono::minutes(10);
    std::size_t page_bytes = 1 << 20;
    std::size_t scan_max = 200'000;  // events looked at for one page of a filter
  };
  LogStore(storage::Store& store, runtime::Loop& loop, Settings settings);
  ~LogStore();  // writes what is gathered
  LogStore(const LogStore&) = delete;

  // Reads groups and streams. Blocking: at start only.
  tidemill::Status open();

  // ---- for the engine
  // ------------------------------------------------------------------------------------------------- Group and stream
  // are made when they are not there.
  void append(const Scope& scope, const std::string& group, const std::string& stream, std::int64_t timestamp_ms,
              std::string message);
  void flush();

  // ---- for the API: replies when durable
  // --------------------------------------------------------------------------------
  void create_group(const Scope& scope, const std::string& group, std::map<std::string, std::string> tags,
                    Reply<bool, LogError> reply);
  // All tags of the group, replaced.
  void set_tags(const Scope& scope, const std::string& group, std::map<std::string, std::string> tags,
                Reply<bool, LogError> reply);
  void remove_group(const Scope& scope, const std::string& group, Reply<bool, LogError> reply);
  void create_stream(const Scope& scope, const std::string& group, const std::string& stream,
                     Reply<bool, LogError> reply);
  void remove_stream(const Scope& scope, const std::string& group, const std::string& stream,
                     Reply<bool, LogError> reply);
  void set_retention(const Scope& scope, const std::string& group, std::optional<int> days,
                     Reply<bool, LogError> reply);
  void put(const Scope& scope, const std::string& group, const std::string& stream, std::vector<NewLogEvent> events,
           Reply<PutOutcome, LogError> reply);

  std::vector<LogGroupView> groups(const Scope& scope) const;                                         // by name
  LogResult<std::vector<LogStreamView>> streams(const Scope& scope, const std::string& group) const;  // by name
  LogResult<LogPage> filter(const LogQuery& query);
  LogResult<StreamPage> read(const StreamQuery& query);

 private:
  struct Stream {
    std::uint64_t number = 0;
    LogStreamView view;
    bool dirty = false;
  };
  struct Group {
    std::uint64_t id = 0;
    Scope scope;
    LogGroupView view;
    std::map<std::string, Stream, std::less<>> streams;
    std::map<std::uint64_t, std::string> names;  // stream number to name
    std::uint64_t bytes = 0;                     // about
    std::uint64_t next_stream = 1;
  };
  using GroupKey = std::pair<Scope, std::string>;
  struct GroupRef {
    const Scope& scope;
    std::string_view name;
  };
  // Each line of a function looks its group up: without a key of its own.
  struct GroupOrder {
    using is_transparent = void;
    static auto parts(const GroupKey& key) { return std::tie(key.first, key.second); }
    static auto parts(const GroupRef& ref) { return std::tie(ref.scope, ref.name); }
    bool operator()(const auto& a, const auto& b) const { return parts(a) < parts(b); }
  };

  Group* find(const Scope& scope, const std::string& group);
  const Group* find(const Scope& scope, const std::string& group) const;
  Group& make_group(const Scope& scope, const std::string& group, storage::Mutation& batch);
  Stream& make_stream(Group& group, const std::string& stream);
  void add(Group& group, Stream& stream, std::int64_t timestamp_ms, std::string_view message, storage::Mutation& batch);
  void write_group(const Group& group, storage::Mutation& batch) const;
  void write_stream(const Group& group, const Stream& stream, storage::Mutation& batch) const;
  void write_dirty(storage::Mutation& batch);
  void trim(Group& group, std::int64_t before_ms);
  void enforce_bound(Group& group);
  void retain();
  std::int64_t now_ms() const;

  storage::Store& store_;
  runtime::Loop& loop_;
  const Settings settings_;
  std::map<GroupKey, Group, GroupOrder> groups_;
  std::uint64_t next_group_ = 1;
  std::uint64_t next_event_ = 1;
  storage::Mutation gathered_;
  std::size_t gathered_bytes_ = 0;
  std::vector<std::pair<Group*, Stream*>> dirty_;
  runtime::Lull flush_soon_;
  runtime::TimerId retention_timer_ = 0;
};

}  // namespace tidemill::functions
