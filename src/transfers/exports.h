// Copies of a table's past in a bucket. An export is done in steps; the place reached is stored with each file that was
// written, so a restart goes on from there. Home loop.
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
#include "tables/past.h"
#include "transfers/error.h"
#include "transfers/seams.h"

namespace tidemill::tables {
class Tables;
}

namespace tidemill::transfers {

struct ExportRequest {
  Scope scope;  // the caller's
  std::string table_arn;
  std::string client_token;
  std::string bucket, bucket_owner, prefix;
  std::string encryption, kms_key;  // told, without effect
  bool incremental = false, type_told = false;
  std::optional<std::int64_t> time_ms;  // full: nothing is now
  std::int64_t from_ms = 0;             // incremental
  std::optional<std::int64_t> to_ms;    // nothing is now; an export that began knows it
  bool new_images_only = false;
  std::string fingerprint;  // of what the client asked: one token, one request
};

struct Export {
  enum class State : unsigned char { kInProgress, kCompleted, kFailed };
  ExportRequest request;
  std::string id, arn, table, table_id;
  State state = State::kInProgress;
  std::int64_t started_ms = 0, ended_ms = 0, time_ms = 0;
  std::int64_t items = 0, bytes = 0;  // in the files so far
  std::string failure_code, failure_message;
  // How far it has come.
  tables::PastPoint from, to;
  std::string next;                  // row
  std::vector<std::string> keys;     // of the table
  bool begun = false, read = false;  // _started is there; all rows are
  std::int64_t files = 0;

  std::string folder() const;  // AWSDynamoDB/{id}/ under the prefix
  std::string manifest() const { return folder() + "manifest-summary.json"; }
};
std::string_view to_string(Export::State state);

class Exports {
 public:
  struct Services {
    tables::Tables& tables;
    Buckets& buckets;
    runtime::Loop& loop;
    runtime::Offload& offload;
    runtime::Random& random;
    observe::Log& log;
  };
  struct Settings {
    std::size_t file_bytes = 8 << 20;  // of a data file, before it is compressed
  };
  Exports(Services services, Settings settings);
  ~Exports();
  // Goes on with what was under way.
  void start();

  void begin(ExportRequest request, Reply<Export, Error> reply);
  Result<Export> describe(const std::string& arn) const;
  // Of one table that is there or all of an account's, newest first, those behind `after`.
  std::vector<Export> list(const Scope& scope, const std::string& table_arn, const std::string& after,
                           std::size_t max) const;

 private:
  static constexpr std::size_t kRunningMax = 300;
  static constexpr std::size_t kKeptMax = 10'000;
  struct Work {
    std::string text;  // of the file that is being made
    std::int64_t items = 0;
    std::string next;  // row behind it
    bool last = false;
  };

  void run(const std::string& id);
  void read_step(const std::string& id);
  void write_file(const std::string& id);
  void finish(const std::string& id);
  void write_manifests(const std::string& id, std::shared_ptr<std::vector<std::pair<std::string, std::string>>> left,
                       std::int64_t now);
  void fail_with(const std::string& id, std::string code, std::string message);
  void put(const std::string& id, std::string key, std::string bytes, std::string type,
           std::function<void(std::string etag)> then);
  void again(const std::string& id, void (Exports::*step)(const std::string&), bool later = false);
  void store(const Export& entry);
  tables::Result<bool> append_rows(Export& entry, Work& work);

  const Services services_;
  const Settings settings_;
  std::map<std::string, Export> exports_;  // by id: in the order of their making
  std::map<std::string, Work> work_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace tidemill::transfers
