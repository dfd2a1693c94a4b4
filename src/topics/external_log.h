// Shows an ExternalPartition to fetches: its records become batches when they are read.
#pragma once

#include <memory>

#include "topics/external_partition.h"
#include "topics/readable_partition.h"

namespace tidemill::topics {

class ExternalLog final : public ReadablePartition {
 public:
  explicit ExternalLog(std::shared_ptr<ExternalPartition> source) : source_(std::move(source)) {}

  std::int64_t log_start() const override { return source_->log_start(); }
  std::int64_t high_watermark() const override { return source_->reached(); }
  // The source writes its transactions whole.
  std::int64_t last_stable() const override { return source_->reached(); }
  Result<std::string> read_batches(const ReadSpec& spec) override;
  std::vector<AbortedTransaction> aborted_in(std::int64_t, std::int64_t) const override { return {}; }
  Result<std::optional<TimedOffset>> find_time(std::int64_t timestamp_ms, std::int64_t end) override;
  Result<std::optional<TimedOffset>> find_max_time() override;
  std::unique_ptr<Watch> watch(std::function<void()> advanced) override { return source_->watch(std::move(advanced)); }

 private:
  // The first record at or after `offset`, when there is one.
  Result<std::optional<Record>> at(std::int64_t offset);
  const std::shared_ptr<ExternalPartition> source_;
};

}  // namespace tidemill::topics
