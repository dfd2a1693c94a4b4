// Keeps each player's totals: games, points, wins and the best result. Called with up to ten changes of the results
// table.
#include <map>
#include <string>

#include "tidemill/dynamodb_event.h"
#include "tidemill/function.h"
#include "tidemill/table.h"

namespace fn = tidemill::function;

int main() {
  fn::Client client;
  fn::Table totals(client, fn::variable("TOTALS_TABLE"));

  return fn::serve<fn::DynamoDbEvent>([&](const fn::DynamoDbEvent& event, const fn::Context&) -> fn::Outcome<fn::Json> {
    std::map<std::string, int> players;
    for (const auto& record : event.records) {
      if (record.kind != fn::DynamoDbRecord::Kind::kInsert) continue;
      const auto player = record.new_image.text("player");
      const auto points = record.new_image.number("points");
      if (!player || !points) return fn::fail("BadResult", "a result needs a player and points: " + record.event_id);
      const auto key = fn::Item().set("player", *player);
      const int won = record.new_image.flag("won").value_or(false) ? 1 : 0;
      // Points keep all their digits: the table adds them, not this program.
      auto added = totals.update(key, "ADD games :game, points :points, wins :won",
                                 fn::Item().set(":game", 1).set_number(":points", *points).set(":won", won));
      if (!added) return std::unexpected(added.error());
      auto best = totals.update(key, "SET best = :points", fn::Item().set_number(":points", *points),
                                "attribute_not_exists(best) OR best < :points");
      // A condition that fails says that an earlier game was better.
      if (!best && best.error().type != "ConditionalCheckFailedException") return std::unexpected(best.error());
      ++players[*player];
    }
    fn::log(std::to_string(event.records.size()) + " changes, " + std::to_string(players.size()) + " players");
    return fn::Json(static_cast<std::int64_t>(players.size()));
  });
}
