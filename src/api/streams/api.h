// The Streams API as a service of awsjson::Front.
#pragma once

#include <span>
#include <vector>

#include "api/awsjson/service.h"
#include "streams/streams.h"

namespace tidemill::api_streams {

struct Operation {
  awsjson::OperationInfo info;
  awsjson::Answer (*run)(streams::Streams& streams, const awsjson::Call& call);
};

std::span<const Operation* const> operations();
awsjson::WireError to_wire(const streams::Error& error);

class Api final : public awsjson::Service {
 public:
  explicit Api(streams::Streams& streams);
  std::string_view target_prefix() const override { return "DynamoDBStreams_20120810"; }
  std::span<const awsjson::OperationInfo* const> operations() const override { return infos_; }
  void run(awsjson::Call call) override;

 private:
  streams::Streams& streams_;
  std::vector<const awsjson::OperationInfo*> infos_;
};

}  // namespace tidemill::api_streams
