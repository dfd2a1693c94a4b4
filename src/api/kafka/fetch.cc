#include "kafka_messages/fetch.h"

#include <algorithm>
#include <chrono>

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

constexpr std::int16_t kFirstWithZstd = 10;
// What one answer may hold, whatever the client asks for.
constexpr std::size_t kResponseBytesMax = 64 * 1024 * 1024;

using Out = FetchResponse::PartitionData;
using In = FetchRequest::FetchPartition;

bool holds_zstd(std::string_view batches) {
  while (const auto header = topics::parse_header(batches)) {
    if (header->codec() == topics::Codec::kZstd) return true;
    if (header->size() >= batches.size()) break;
    batches.remove_prefix(header->size());
  }
  return false;
}

// A fetch that may have to wait: evaluated when it comes, whenever one of its partitions grows, and at its deadline.
class PendingFetch : public std::enable_shared_from_this<PendingFetch> {
 public:
  explicit PendingFetch(Call<FetchApi> call) : call_(std::move(call)) {}

  void start() {
    if (try_answer(false)) return;
    auto& loop = call_.services().loop;
    timer_ =
        loop.at(loop.clock().now() + std::chrono::milliseconds(call_.request.max_wait_ms), [self = shared_from_this()] {
          self->timer_ = 0;
          self->try_answer(true);
        });
    for (const auto& topic : call_.request.topics) {
      for (const auto& partition : topic.partitions) {
        auto found = call_.broker().catalog().partition(topic.topic, partition.partition);
        if (!found) continue;
        watches_.push_back((*found)->watch([weak = weak_from_this()] {
          if (const auto self = weak.lock()) self->try_answer(false);
        }));
      }
    }
  }

 private:
  bool try_answer(bool at_deadline) {
    if (answered_) return true;
    FetchResponse response;
    const bool complete = collect(response);
    const bool enough = static_cast<std::int64_t>(bytes_) >= call_.request.min_bytes;
    if (!complete && !enough && !at_deadline && call_.request.max_wait_ms > 0) return false;
    const auto self = shared_from_this();
    answered_ = true;
    watches_.clear();
    if (timer_ != 0) call_.services().loop.cancel(std::exchange(timer_, 0));
    std::move(call_).reply(response);
    return true;
  }

  // True when waiting would not help: an error, or nothing asked for.
  bool collect(FetchResponse& response) {
    const auto& request = call_.request;
    bytes_ = 0;
    bool complete = request.topics.empty();
    const auto limit =
        std::min<std::size_t>(kResponseBytesMax, static_cast<std::size_t>(std::max(0, request.max_bytes)));
    response.responses.reserve(request.topics.size());
    for (const auto& topic : request.topics) {
      auto& out = response.responses.emplace_back();
      out.topic = topic.topic;
      out.partitions.reserve(topic.partitions.size());
      const bool allowed = call_.allowed("ReadData", "topic", topic.topic);
      for (const auto& partition : topic.partitions) {
        auto& result = out.partitions.emplace_back();
        result.partition_index = partition.partition;
        result.records.emplace();
        const auto code = allowed ? read(topic.topic, partition, limit, result)
                                  : std::optional(topics::Errc::kTopicAuthorizationFailed);
        if (code) {
          result.error_code = to_wire(*code);
          result.high_watermark = -1;
          result.last_stable_offset = result.log_start_offset = -1;
          complete = true;
        }
        bytes_ += result.records->size();
      }
    }
    return complete;
  }

  std::optional<topics::Errc> read(const std::string& topic, const In& in, std::size_t limit, Out& out) {
    auto found = call_.broker().catalog().partition(topic, in.partition);
    if (!found) return found.error().code;
    auto& partition = **found;
    if (in.current_leader_epoch > partition.leader_epoch()) return topics::Errc::kUnknownLeaderEpoch;
    if (in.current_leader_epoch >= 0 && in.current_leader_epoch < partition.leader_epoch())
      return topics::Errc::kFencedLeaderEpoch;
    const auto isolation = static_cast<topics::Isolation>(call_.request.isolation_level == 1 ? 1 : 0);
    const auto high_watermark = partition.high_watermark();
    if (in.fetch_offset < partition.log_start() || in.fetch_offset > high_watermark)
      return topics::Errc::kOffsetOutOfRange;
    out.high_watermark = high_watermark;
    out.last_stable_offset = partition.last_stable();
    out.log_start_offset = partition.log_start();
    const auto left = limit > bytes_ ? limit - bytes_ : 0;
    const auto wanted = std::min<std::size_t>(left, static_cast<std::size_t>(std::max(0, in.partition_max_bytes)));
    const auto end = isolation == topics::Isolation::kReadCommitted ? out.last_stable_offset : high_watermark;
    // The first partition that has something gives at least one whole batch, however small the limits are.
    auto batches = partition.read_batches(
        {.offset = in.fetch_offset, .end = end, .max_bytes = wanted, .at_least_one = bytes_ == 0});
    if (!batches) return batches.error().code;
    if (call_.version() < kFirstWithZstd && holds_zstd(*batches)) return topics::Errc::kUnsupportedCompressionType;
    if (isolation == topics::Isolation::kReadCommitted) {
      out.aborted_transactions.emplace();
      if (!batches->empty())
        for (const auto& aborted : partition.aborted_in(in.fetch_offset, end))
          out.aborted_transactions->push_back({aborted.producer_id, aborted.first_offset});
    }
    out.records = std::move(*batches);
    return std::nullopt;
  }

  Call<FetchApi> call_;
  bool answered_ = false;
  std::size_t bytes_ = 0;
  runtime::TimerId timer_ = 0;
  std::vector<std::unique_ptr<topics::Watch>> watches_;
};

void handle(Call<FetchApi> call) {
  // Sessions are refused: a full fetch is answered with session id 0, and there is no session to go on with.
  if (call.request.session_id != 0 || call.request.session_epoch > 0) {
    FetchResponse response;
    response.error_code = to_wire(topics::Errc::kFetchSessionIdNotFound);
    return std::move(call).reply(response);
  }
  std::make_shared<PendingFetch>(std::move(call))->start();
}

}  // namespace

extern const ApiEntry kFetch = api<FetchApi, handle>("Fetch", {4, 12});

}  // namespace tidemill::kafka
