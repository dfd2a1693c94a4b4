"""Story (b): results become totals, in Python and in C++, by the same template."""
from decimal import Decimal

import pytest
from support import examples
from support.waiting import wait_until


@pytest.mark.parametrize("language", ["python", "cpp"])
def test_totals_follow_the_results(server, deployed, unique, language):
    outputs = deployed("tournament", **({} if language == "python" else {"language": language}))
    results = server.resource("dynamodb").Table(outputs["ResultsTable"])
    totals = server.resource("dynamodb").Table(outputs["TotalsTable"])
    ada, bob = unique("ada"), unique("bob")
    with results.batch_writer() as batch:
        for game in range(30):
            batch.put_item(Item={"game": f"{ada}-{game}", "player": ada, "points": Decimal(game), "won": game % 3 == 0})
            batch.put_item(Item={"game": f"{ada}-{game}", "player": bob, "points": Decimal(30 - game) + Decimal("0.5"),
                                 "won": game % 3 != 0})
    results.update_item(Key={"game": f"{ada}-0", "player": ada}, UpdateExpression="SET points = :p",
                        ExpressionAttributeValues={":p": 1000})   # a correction is not a new result

    def totals_of(player):
        return totals.get_item(Key={"player": player}, ConsistentRead=True).get("Item", {})

    wait_until(lambda: totals_of(ada).get("games") == 30 and totals_of(bob).get("games") == 30, timeout=40,
               what="all results are counted")
    assert totals_of(ada) == {"player": ada, "games": 30, "points": sum(range(30)), "wins": 10, "best": 29}
    assert totals_of(bob) == {"player": bob, "games": 30, "points": sum(range(1, 31)) + 15, "wins": 20, "best": Decimal("30.5")}


def test_batches_hold_at_most_ten_changes(server, deployed, unique):
    deployed("tournament")
    sizes = [int(line.split(" changes")[0].split()[-1]) for line in examples.messages(server, "tournament-statistics")
             if " changes, " in line]
    assert sizes and max(sizes) <= 10
    assert max(sizes) > 1, "sixty writes at once should not have come one by one"
