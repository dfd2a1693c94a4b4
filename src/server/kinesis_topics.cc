#include "server/kinesis_topics.h"

#include <algorithm>

#include "topics/partitioner.h"

namespace tidemill::server {

namespace {

std::unexpected<Error> no_cluster() { return fail(tidemill::Errc::kUnavailable, "the topics are not open yet"); }

}  // namespace

void KinesisTopics::prepare(const std::string& stream, Reply<bool> reply) {
  if (cluster_ == nullptr) return std::move(reply)(no_cluster());
  cluster_->create_topic(
      {.name = stream, .partitions = std::nullopt},
      Reply<topics::TopicSummary, topics::Error>(
          [reply = std::move(reply)](topics::Result<topics::TopicSummary> created) mutable {
            if (!created && created.error().code != topics::Errc::kTopicAlreadyExists) {
              return std::move(reply)(
                  fail(tidemill::Errc::kUnavailable, "the topic cannot be created: " + created.error().message));
            }
            std::move(reply)(true);
          }));
}

// One batch for each partition, one after the other.
struct KinesisTopics::Appending {
  std::string topic;
  std::map<std::int32_t, std::vector<topics::NewRecord>> batches;
  Reply<bool> reply;
};

void KinesisTopics::append(const std::string& stream, std::vector<tables::StreamingRecord> records, Reply<bool> reply) {
  if (cluster_ == nullptr) return std::move(reply)(no_cluster());
  cluster_->describe_topic(
      stream,
      Reply<topics::TopicSummary, topics::Error>([this, stream, records = std::move(records), reply = std::move(reply)](
                                                     topics::Result<topics::TopicSummary> topic) mutable {
        if (!topic) return std::move(reply)(fail(tidemill::Errc::kUnavailable, topic.error().message));
        auto appending = std::make_shared<Appending>(Appending{stream, {}, std::move(reply)});
        for (auto& record : records) {
          const auto partition = topics::partition_of_key(record.key, std::max(1, topic->partitions));
          appending->batches[partition].push_back(
              {.key = std::move(record.key), .value = std::move(record.data), .headers = {}, .timestamp_ms = {}});
        }
        produce_next(std::move(appending));
      }));
}

void KinesisTopics::produce_next(std::shared_ptr<Appending> appending) {
  if (appending->batches.empty()) return std::move(appending->reply)(true);
  auto batch = appending->batches.extract(appending->batches.begin());
  cluster_->produce(
      {.topic = appending->topic, .partition = batch.key(), .records = std::move(batch.mapped())},
      Reply<topics::Produced, topics::Error>([this, appending](topics::Result<topics::Produced> produced) mutable {
        if (!produced) {
          return std::move(appending->reply)(fail(tidemill::Errc::kUnavailable, produced.error().message));
        }
        produce_next(std::move(appending));
      }));
}

}  // namespace tidemill::server
