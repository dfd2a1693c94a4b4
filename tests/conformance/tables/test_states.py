"""What lasts: tables and indexes that are created, changed and deleted, and transactions on their way.

The server holds each state for an hour of its own time; the tests move that time.
"""
import threading

import pytest

from support import server as servers
from support.waiting import wait_until

from .conftest import index, schema
from .test_transactions import cancelled
from .wire import N, S, Wire

HOUR = 3600
NONE = {"Code": "None"}
CONFLICT = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    hour = str(HOUR * 1000)
    running = servers.Server(tmp_path_factory.mktemp("states"), arguments=[
        "--virtual-clock", "--control-plane-delay-ms", hour, "--transaction-delay-ms", hour]).start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def wire(slow):
    return Wire(slow)


def create(wire, name, **more):
    return wire.ok("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST", **{**schema("p:S"), **more})["TableDescription"]


def described(wire, name):
    return wire.ok("DescribeTable", TableName=name)["Table"]


@pytest.fixture
def table(slow, wire, unique):
    name = unique("states")
    create(wire, name)
    slow.advance(HOUR)
    assert described(wire, name)["TableStatus"] == "ACTIVE"
    return name


def test_KEY_13_CTL_09_a_table_that_is_being_created(slow, wire, unique):
    name = unique("states")
    assert create(wire, name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})["TableStatus"] == "CREATING"
    assert described(wire, name)["TableStatus"] == "CREATING" and name in wire.ok("ListTables")["TableNames"]
    one = {"p": S("x")}
    for operation, body in (("GetItem", {"Key": one}), ("PutItem", {"Item": one}), ("Scan", {}),
                            ("Query", {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": S("x")}})):
        wire.refuses(operation, "ResourceNotFoundException", "Requested resource not found", TableName=name, **body)
    in_use = f"Attempt to change a resource which is still in use: Table is being created: {name}"
    wire.refuses("DeleteTable", "ResourceInUseException", in_use, TableName=name)
    wire.refuses("UpdateTable", "ResourceInUseException", in_use, TableName=name, DeletionProtectionEnabled=True)
    wire.refuses("CreateTable", "ResourceInUseException", f"Table already exists: {name}", TableName=name, BillingMode="PAY_PER_REQUEST", **schema("p:S"))
    slow.advance(HOUR)
    assert described(wire, name)["TableStatus"] == "ACTIVE"
    wire.ok("PutItem", TableName=name, Item=one)


def test_CTL_09_a_table_that_is_being_changed_and_deleted(slow, wire, table):
    changed = wire.ok("UpdateTable", TableName=table, TableClass="STANDARD_INFREQUENT_ACCESS")["TableDescription"]
    assert changed["TableStatus"] == "UPDATING" == described(wire, table)["TableStatus"]
    wire.ok("PutItem", TableName=table, Item={"p": S("x")})
    in_use = "Attempt to change a resource which is still in use: "
    wire.refuses("UpdateTable", "ResourceInUseException", f"{in_use}Table is being updated: {table}", TableName=table, TableClass="STANDARD")
    wire.refuses("DeleteTable", "ResourceInUseException", f"{in_use}Table: {table} is in the process of being updated.", TableName=table)
    slow.advance(HOUR)
    # These have no state of their own.
    for change in ({"DeletionProtectionEnabled": True}, {"SSESpecification": {"Enabled": True}}, {"WarmThroughput": {"ReadUnitsPerSecond": 12001}},
                   {"OnDemandThroughput": {"MaxReadRequestUnits": 5}}):
        assert wire.ok("UpdateTable", TableName=table, **change)["TableDescription"]["TableStatus"] == "ACTIVE" == described(wire, table)["TableStatus"]
    wire.invalid("DeleteTable", "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
                 TableName=table)
    wire.ok("UpdateTable", TableName=table, DeletionProtectionEnabled=False)
    assert wire.ok("DeleteTable", TableName=table)["TableDescription"]["TableStatus"] == "DELETING" == described(wire, table)["TableStatus"]
    wire.refuses("GetItem", "ResourceNotFoundException", "Requested resource not found", TableName=table, Key={"p": S("x")})
    wire.refuses("DeleteTable", "ResourceInUseException", f"Attempt to change a resource which is still in use: Table is being deleted: {table}",
                 TableName=table)
    slow.advance(HOUR)
    assert wire.call("DescribeTable", {"TableName": table}).code == "ResourceNotFoundException"


def test_IDX_19_IDX_20_an_index_that_is_being_built(slow, wire, table):
    for i in range(5):
        wire.ok("PutItem", TableName=table, Item={"p": S(f"{i}"), "g": S("x")})

    def add(name):
        return {"TableName": table, "AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}],
                "GlobalSecondaryIndexUpdates": [{"Create": index(name, "g")}]}

    def drop(name):
        return {"TableName": table, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}

    wire.ok("UpdateTable", **add("one"))
    one = described(wire, table)["GlobalSecondaryIndexes"][0]
    assert (one["IndexStatus"], one["Backfilling"], described(wire, table)["TableStatus"]) == ("CREATING", True, "UPDATING")
    limit = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
    wire.refuses("UpdateTable", "LimitExceededException", limit, **add("two"))
    wire.refuses("DeleteTable", "ResourceInUseException", "Attempt to change a resource which is still in use: "
                 "Cannot delete table while indexes are being created, updated, or deleted.", TableName=table)
    query = {"TableName": table, "IndexName": "one", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": S("x")}}
    wire.invalid("Query", "Cannot read from backfilling global secondary index: one", **query)
    wire.ok("PutItem", TableName=table, Item={"p": S("new"), "g": S("x")})
    slow.advance(HOUR)
    wait_until(lambda: described(wire, table)["TableStatus"] == "ACTIVE")
    assert wire.ok("Query", **query)["Count"] == 6
    wire.ok("UpdateTable", **drop("one"))
    assert described(wire, table)["GlobalSecondaryIndexes"][0]["IndexStatus"] == "DELETING"
    wire.refuses("UpdateTable", "LimitExceededException", limit, **add("two"))
    slow.advance(HOUR)
    wait_until(lambda: "GlobalSecondaryIndexes" not in described(wire, table))


def test_TTL_01_a_setting_that_is_on_its_way(slow, wire, table):
    def status():
        return wire.ok("DescribeTimeToLive", TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"]

    for enabled, states in ((True, ("ENABLING", "ENABLED")), (False, ("DISABLING", "DISABLED"))):
        wire.ok("UpdateTimeToLive", TableName=table, TimeToLiveSpecification={"Enabled": enabled, "AttributeName": "ttl"})
        assert status() == states[0]
        slow.advance(HOUR)
        assert status() == states[1]


class InFlight:
    """A transaction that the server holds until its time is moved."""

    def __init__(self, slow, items, **more):
        self.slow = slow
        self.body = {"TransactItems": items, **more}
        self.answer = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        self.answer = Wire(self.slow).call("TransactWriteItems", self.body)

    def end(self):
        assert self.answer is None
        self.slow.advance(HOUR)
        self.thread.join(20)
        return self.answer


def puts(table, *keys):
    return [{"Put": {"TableName": table, "Item": {**key, "by": S("transaction")}}} for key in keys]


def test_TXN_25_conflicts_with_a_transaction_on_its_way(slow, wire, table):
    a, b, free = ({"p": S(name)} for name in ("a", "b", "free"))
    running = InFlight(slow, puts(table, a, b))
    put = {"TableName": table, "Item": a}
    wait_until(lambda: wire.call("PutItem", put).status == 400)
    text = CONFLICT["Message"]
    wire.refuses("PutItem", "TransactionConflictException", text, **put)
    wire.refuses("DeleteItem", "TransactionConflictException", text, TableName=table, Key=b)
    wire.refuses("UpdateItem", "TransactionConflictException", text, TableName=table, Key=a, UpdateExpression="REMOVE z")
    cancelled(wire.fails("TransactWriteItems", TransactItems=[
        {"Put": {"TableName": table, "Item": free}},
        {"ConditionCheck": {"TableName": table, "Key": b, "ConditionExpression": "attribute_exists(p)"}}]), NONE, CONFLICT)
    cancelled(wire.fails("TransactGetItems", TransactItems=[{"Get": {"TableName": table, "Key": a}}, {"Get": {"TableName": table, "Key": free}}]), CONFLICT, NONE)
    batch = wire.ok("BatchWriteItem", RequestItems={table: [{"PutRequest": {"Item": b}}, {"PutRequest": {"Item": {"p": S("other")}}}]})
    assert batch["UnprocessedItems"] == {table: [{"PutRequest": {"Item": b}}]}
    partiql = wire.ok("BatchExecuteStatement", Statements=[{"Statement": f'DELETE FROM "{table}" WHERE p = \'a\''}])["Responses"]
    assert partiql[0]["Error"]["Code"] == "TransactionConflict"
    # What does not meet it is not refused, and reads never are.
    wire.ok("PutItem", TableName=table, Item=free)
    assert wire.ok("GetItem", TableName=table, Key=a)["Item"]["by"] == S("transaction")
    assert wire.ok("BatchGetItem", RequestItems={table: {"Keys": [a, b]}})["UnprocessedKeys"] == {}
    assert running.end().status == 200
    wire.ok("PutItem", **put)


def test_TXN_25_a_condition_check_is_in_the_way_too(slow, wire, table):
    one = {"p": S("checked")}
    wire.ok("PutItem", TableName=table, Item=one)
    running = InFlight(slow, [{"ConditionCheck": {"TableName": table, "Key": one, "ConditionExpression": "attribute_exists(p)"}}])
    wait_until(lambda: wire.call("PutItem", {"TableName": table, "Item": one}).status == 400)
    wire.refuses("DeleteItem", "TransactionConflictException", CONFLICT["Message"], TableName=table, Key=one)
    assert running.end().status == 200


def test_TXN_25_the_same_token_while_it_runs(slow, wire, table):
    running = InFlight(slow, puts(table, {"p": S("t")}), ClientRequestToken="token-in-flight")
    wait_until(lambda: wire.call("PutItem", {"TableName": table, "Item": {"p": S("t")}}).status == 400)
    again = wire.fails("TransactWriteItems", **running.body)
    assert again.code == "TransactionInProgressException"
    assert running.end().status == 200
    assert wire.ok("PutItem", TableName=table, Item={"p": S("t"), "n": N(1)}) == {}
