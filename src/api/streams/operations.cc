#include "api/streams/api.h"

namespace tidemill::api_streams {

extern const Operation kDescribeStream, kGetRecords, kGetShardIterator, kListStreams;

std::span<const Operation* const> operations() {
  static constexpr const Operation* kAll[] = {&kDescribeStream, &kGetRecords, &kGetShardIterator, &kListStreams};
  return kAll;
}

Api::Api(streams::Streams& streams) : streams_(streams) {
  for (const auto* operation : api_streams::operations()) infos_.push_back(&operation->info);
}

void Api::run(awsjson::Call call) {
  for (const auto* operation : api_streams::operations()) {
    if (&operation->info != &call.operation()) continue;
    auto answer = operation->run(streams_, call);
    return std::move(call).answer(std::move(answer));
  }
}

}  // namespace tidemill::api_streams
