// The first function of the journey: what a stream brings goes to a topic. Variables: BROKER, TOPIC.
#include "broker/protocol.h"
#include "common/clock.h"
#include "tidemill/dynamodb_event.h"
#include "tidemill/function.h"
#include "topics/record_batch.h"

int main() {
  namespace fn = tidemill::function;
  using namespace tidemill;
  bench::BrokerConnection broker(fn::variable("BROKER"));
  const auto topic = fn::variable("TOPIC");
  return fn::serve<fn::DynamoDbEvent>([&](const fn::DynamoDbEvent& event, const fn::Context&) -> fn::Outcome<fn::Json> {
    std::vector<topics::NewRecord> records;
    for (const auto& record : event.records)
      records.push_back({.key = record.keys.text("pk"), .value = record.new_image.number("t")});
    if (records.empty()) return fn::Json(0);
    broker.send(bench::produce_request(1, topic, topics::encode_batch(records, {.now_ms = bench::wall_us() / 1000})));
    bench::produced(broker.receive());
    return fn::Json(static_cast<std::int64_t>(records.size()));
  });
}
