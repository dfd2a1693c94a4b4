"""Keeps each player's totals: games, points, wins and the best result. Called with up to ten changes of the results table."""
import os
from collections import defaultdict
from decimal import Decimal

import boto3
from boto3.dynamodb.types import TypeDeserializer

totals = boto3.resource("dynamodb").Table(os.environ["TOTALS_TABLE"])
plain = TypeDeserializer().deserialize


def handler(event, context):
    changes = defaultdict(lambda: {"games": 0, "points": Decimal(0), "wins": 0, "best": Decimal(0)})
    for record in event["Records"]:
        if record["eventName"] != "INSERT":
            continue
        result = {name: plain(value) for name, value in record["dynamodb"]["NewImage"].items()}
        change = changes[result["player"]]
        change["games"] += 1
        change["points"] += result["points"]
        change["wins"] += 1 if result.get("won") else 0
        change["best"] = max(change["best"], result["points"])
    for player, change in changes.items():
        add(player, change)
    print(f"{len(event['Records'])} changes, {len(changes)} players")
    return {"players": len(changes)}


def add(player, change):
    totals.update_item(
        Key={"player": player},
        UpdateExpression="ADD games :games, points :points, wins :wins",
        ExpressionAttributeValues={":games": change["games"], ":points": change["points"], ":wins": change["wins"]},
    )
    try:
        totals.update_item(
            Key={"player": player},
            UpdateExpression="SET best = :best",
            ConditionExpression="attribute_not_exists(best) OR best < :best",
            ExpressionAttributeValues={":best": change["best"]},
        )
    except totals.meta.client.exceptions.ConditionalCheckFailedException:
        pass  # an earlier game was better
