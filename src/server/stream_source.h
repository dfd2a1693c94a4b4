// A table's stream as event source mappings read it.
#pragma once

#include <memory>
#include <string>

#include "runtime/executor.h"
#include "streams/streams.h"
#include "triggers/record_source.h"

namespace tidemill::server {

class StreamSource final : public triggers::EventSource {
 public:
  StreamSource(streams::Streams& streams, runtime::Executor& home, std::string arn)
      : streams_(streams), home_(home), arn_(std::move(arn)) {}
  void parts(Reply<std::vector<triggers::Part>, triggers::SourceError> reply) override;
  std::unique_ptr<triggers::Watch> watch(std::function<void()> changed) override;
  std::unique_ptr<triggers::RecordSource> open(const triggers::Part& part) override;
  void position(const triggers::Part& part, const triggers::Start& start,
                Reply<triggers::Position, triggers::SourceError> reply) override;
  std::optional<std::int64_t> retention_ms() const override { return 24LL * 3600 * 1000; }

 private:
  streams::Streams& streams_;
  runtime::Executor& home_;
  const std::string arn_;
};

}  // namespace tidemill::server
