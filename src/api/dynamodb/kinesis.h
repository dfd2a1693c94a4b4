// Kinesis destinations on the wire.
#pragma once

#include <optional>
#include <string>

#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"
#include "tables/destinations.h"

namespace tidemill::dynamodb {

inline constexpr Shape kStreamArn{.type = Type::kString, .min = 37, .max = 1024};
inline constexpr std::string_view kPrecisions[] = {"MILLISECOND", "MICROSECOND"};
inline constexpr Shape kPrecision{.type = Type::kString, .values = kPrecisions};
inline constexpr Field kStreamingFields[] = {{"ApproximateCreationDateTimePrecision", &kPrecision}};
inline constexpr Shape kStreamingConfiguration{
    .type = Type::kStructure, .name = "KinesisStreamingConfiguration", .fields = kStreamingFields};

// What the three operations that change a destination were given.
struct StreamingRequest {
  Scope scope;
  std::string table, stream_arn;
  std::optional<tables::Precision> precision;
};
// Any of them: `work` does it; the configuration is echoed under the name that it has in the request.
void run_streaming(Services& services, awsjson::Call call, std::string_view configuration,
                   void (*work)(tables::Destinations& destinations, const StreamingRequest& request,
                                tables::Reply<tables::StreamingDestination> reply));

}  // namespace tidemill::dynamodb
