// The last function of the journey: what the topic brings is written back to a table. It remembers, for each, the
// microseconds from when the first put was due until its own update was answered; the event {"report":true} asks for
// them. Variables: TABLE.
#include "common/clock.h"
#include "tidemill/function.h"
#include "tidemill/kafka_event.h"
#include "tidemill/table.h"

int main() {
  namespace fn = tidemill::function;
  using tidemill::bench::wall_us;
  fn::Client client;
  fn::Table table(client, fn::variable("TABLE"));
  tidemill::json::Array taken;
  return fn::serve<fn::Json>([&](const fn::Json& event, const fn::Context&) -> fn::Outcome<fn::Json> {
    if (event.bool_or("report", false)) return fn::Json(std::exchange(taken, {}));
    const auto topics = fn::KafkaEvent::parse(event);
    if (!topics) return std::unexpected(topics.error());
    for (const auto& record : topics->records) {
      fn::Item key, values;
      key.set("pk", record.key.value_or(""));
      values.set_number(":t", record.value.value_or("0"));
      if (const auto updated = table.update(key, "SET done = :t", values); !updated)
        return std::unexpected(updated.error());
      taken.push_back(wall_us() - std::stoll(record.value.value_or("0")));
    }
    return fn::Json(static_cast<std::int64_t>(topics->records.size()));
  });
}
