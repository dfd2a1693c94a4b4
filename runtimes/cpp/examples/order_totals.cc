// Keeps a total for each customer: every order that appears in the stream is added to TOTALS_TABLE.
#include "tidemill/dynamodb_event.h"
#include "tidemill/function.h"
#include "tidemill/table.h"

namespace fn = tidemill::function;

int main() {
  fn::Client client;
  fn::Table totals(client, fn::variable("TOTALS_TABLE", "totals"));
  return fn::serve<fn::DynamoDbEvent>([&](const fn::DynamoDbEvent& event, const fn::Context&) -> fn::Outcome<fn::Json> {
    int counted = 0;
    for (const auto& record : event.records) {
      if (record.kind != fn::DynamoDbRecord::Kind::kInsert) continue;
      const auto customer = record.new_image.text("customer");
      const auto amount = record.new_image.number("amount");
      if (!customer || !amount)
        return fn::fail("BadOrder", "an order needs a customer and an amount: " + record.event_id);
      auto updated = totals.update(fn::Item().set("customer", *customer), "ADD amount_total :amount",
                                   fn::Item().set_number(":amount", *amount));
      if (!updated) return std::unexpected(updated.error());
      ++counted;
    }
    fn::log("counted " + std::to_string(counted) + " orders");
    return fn::Json(counted);
  });
}
