"""Kinesis destinations deliver into topics, which any Kafka client reads."""
import pytest
from support.topics import read_topic


@pytest.fixture
def streamed(server, unique):
    """A table whose changes go to a topic: (client, table, topic)."""
    db, table, topic = server.client("dynamodb"), unique("streamed"), unique("changes")
    db.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}])
    db.enable_kinesis_streaming_destination(TableName=table, StreamArn=f"arn:aws:kinesis:us-east-1:000000000000:stream/{topic}")
    yield db, table, topic
    db.delete_table(TableName=table)


def test_every_change_becomes_a_message_in_the_documented_form(server, streamed, wait_until):
    db, table, topic = streamed
    for i in range(20):
        db.put_item(TableName=table, Item={"p": {"S": f"k{i % 5}"}, "v": {"N": str(i)}})
    db.delete_item(TableName=table, Key={"p": {"S": "k0"}})
    found = wait_until(lambda: (lambda got: got if len(got) >= 21 else None)(read_topic(server, topic)), what="21 messages")
    assert len(found) == 21 and len({value["eventID"] for *_, value in found}) == 21
    for key in range(5):
        mine = [value for _, _, k, value in found if k == {"p": {"S": f"k{key}"}}]
        assert [one["eventName"] for one in mine] == ["INSERT"] + ["MODIFY"] * 3 + (["REMOVE"] if key == 0 else [])
        assert [one["dynamodb"]["NewImage"]["v"]["N"] for one in mine[:4]] == [str(key + 5 * n) for n in range(4)]
    one = next(value for *_, value in found if value["eventName"] == "REMOVE")
    assert set(one) == {"awsRegion", "eventID", "eventName", "userIdentity", "recordFormat", "tableName", "dynamodb", "eventSource"}
    assert (one["tableName"], one["recordFormat"], one["userIdentity"]) == (table, "application/json", None)
    assert set(one["dynamodb"]) == {"ApproximateCreationDateTime", "ApproximateCreationDateTimePrecision", "Keys", "OldImage", "SizeBytes"}
    assert one["dynamodb"]["ApproximateCreationDateTimePrecision"] == "MILLISECOND"


def test_a_table_that_is_streamed_needs_no_stream_of_its_own(streamed):
    db, table, _ = streamed
    described = db.describe_table(TableName=table)["Table"]
    assert "StreamSpecification" not in described and "LatestStreamArn" not in described
