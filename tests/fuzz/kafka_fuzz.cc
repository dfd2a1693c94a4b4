// The Kafka front's decoders: requests of every API and version, and produced record batches. The first two bytes
// choose the API and the version; the rest is the body.
#include <cstdint>
#include <string_view>

#include "api/kafka/apis.h"
#include "topics/record_batch.h"

namespace {

using namespace tidemill;

void decode_request(std::string_view bytes) {
  const auto all = kafka::apis();
  const auto& api = *all[static_cast<unsigned char>(bytes[0]) % all.size()];
  const auto versions = static_cast<unsigned>(api.max - api.min_served + 1);
  const auto version = static_cast<std::int16_t>(api.min_served + static_cast<unsigned char>(bytes[1]) % versions);
  (void)api.decodes(bytes.substr(2), version);
}

void read_batch(std::string_view bytes) {
  const auto see = [](const topics::RecordView&) { return true; };
  if (topics::check_produced(bytes)) (void)topics::for_each_record(bytes, see);
  // The same without its checksum, which a fuzzer does not guess.
  (void)topics::for_each_record(bytes, see);
  (void)topics::marker_of(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  decode_request(bytes);
  read_batch(bytes);
  return 0;
}
