// New tables filled from objects of a bucket. An import is done object by object; the place reached is stored after
// each, so a restart reads the one under way again (the same items, put once more). Home loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/reply.h"
#include "base/scope.h"
#include "observe/log.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "tables/define_table.h"
#include "transfers/error.h"
#include "transfers/seams.h"
#include "transfers/source_format.h"

namespace tidemill::tables {
class Tables;
}

namespace tidemill::transfers {

struct ImportRequest {
  Scope scope;
  std::string client_token;
  std::string bucket, bucket_owner, prefix;
  SourceFormat format;
  tables::CreateTableInput table;
  std::string shown;  // JSON members of the description that repeat the request
};

struct Import {
  enum class State : unsigned char { kInProgress, kCompleted, kFailed };
  Scope scope;
  std::string id, arn, table, table_arn, table_id;
  std::string client_token, shown;
  std::string bucket, bucket_owner, prefix;
  SourceFormat format;
  State state = State::kInProgress;
  std::int64_t started_ms = 0, ended_ms = 0;
  std::int64_t bytes = 0, processed = 0, imported = 0, errors = 0;  // of the objects that are done; bytes decompressed
  std::string failure_code, failure_message;
  std::string after;  // the last object that is done
};
std::string_view to_string(Import::State state);

class Imports {
 public:
  struct Services {
    tables::Tables& tables;
    Buckets& buckets;
    runtime::Loop& loop;
    runtime::Offload& offload;
    runtime::Random& random;
    observe::Log& log;
  };
  explicit Imports(Services services);
  ~Imports();
  // Goes on with what was under way.
  void start();

  void begin(ImportRequest request, Reply<Import, Error> reply);
  Result<Import> describe(const std::string& arn) const;
  std::vector<Import> list(const Scope& scope, const std::string& table_arn, const std::string& after,
                           std::size_t max) const;

 private:
  static constexpr std::size_t kRunningMax = 50;
  static constexpr std::size_t kKeptMax = 10'000;
  struct Work;
  using WorkPtr = std::shared_ptr<Work>;

  void next_object(const std::string& id);
  void read_step(const std::string& id, WorkPtr work);
  void parse_step(const std::string& id, WorkPtr work);
  void write_items(const std::string& id, WorkPtr work);
  void written(const std::string& id, WorkPtr work);
  void end_object(const std::string& id, WorkPtr work);
  void abandon(const std::string& id, std::string code, std::string message);
  void finish(const std::string& id, std::string code, std::string message);
  void later(const std::string& id, std::function<void()> step);
  void store(const Import& entry);

  const Services services_;
  std::map<std::string, Import> imports_;  // by id: in the order of their making
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace tidemill::transfers
