"""Streams of tables through boto3."""
import pytest


@pytest.fixture(scope="module")
def db(server):
    return server.client("dynamodb")


@pytest.fixture(scope="module")
def streams(server):
    return server.client("dynamodbstreams")


@pytest.fixture
def table(db, unique):
    name = unique("changes")
    db.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                    StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    yield name
    db.delete_table(TableName=name)


def records_of(db, streams, table):
    arn = db.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    out = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            out += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return out


def test_STR_13_14_one_record_for_each_real_change(db, streams, table):
    db.put_item(TableName=table, Item={"p": {"S": "a"}, "s": {"SS": ["x", "y"]}})
    db.put_item(TableName=table, Item={"p": {"S": "a"}, "s": {"SS": ["y", "x"]}})
    db.update_item(TableName=table, Key={"p": {"S": "a"}}, UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": {"N": "1"}})
    db.delete_item(TableName=table, Key={"p": {"S": "a"}})
    db.delete_item(TableName=table, Key={"p": {"S": "a"}})
    got = records_of(db, streams, table)
    assert [record["eventName"] for record in got] == ["INSERT", "MODIFY", "REMOVE"]
    assert "OldImage" not in got[0]["dynamodb"] and "NewImage" not in got[2]["dynamodb"]
    numbers = [record["dynamodb"]["SequenceNumber"] for record in got]
    assert numbers == sorted(numbers, key=int) and len({len(number) for number in numbers}) == 1


def test_STR_37_a_batch_of_25_gives_25_records(db, streams, table):
    db.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": {"p": {"S": str(i)}}}} for i in range(25)]})
    got = records_of(db, streams, table)
    assert sorted(int(record["dynamodb"]["Keys"]["p"]["S"]) for record in got) == list(range(25))


def test_STR_35_a_record_is_there_when_its_write_is_answered(db, streams, table):
    for i in range(20):
        db.put_item(TableName=table, Item={"p": {"S": str(i)}})
        assert len(records_of(db, streams, table)) == i + 1
