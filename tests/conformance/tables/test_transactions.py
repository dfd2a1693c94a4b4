"""TransactWriteItems and TransactGetItems."""
import re
import threading

import pytest

from .wire import N, S, constraints

CANCELED = "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]"
FAILED = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
NONE = {"Code": "None"}


@pytest.fixture
def write(wire):
    def transact(*items, **more):
        return wire.call("TransactWriteItems", {"TransactItems": list(items), **more})

    return transact


def cancelled(answer, *reasons):
    assert answer.status == 400 and answer.code == "TransactionCanceledException", answer.body
    assert answer.json["CancellationReasons"] == list(reasons)
    assert answer.json["Message"] == CANCELED.format(", ".join(one["Code"] for one in reasons))


def test_TXN_01_all_kinds(write, put, get, hash_table, key):
    checked, updated, deleted, new = put(a=N(1)), put(a=N(1)), put(), {"p": S(key())}
    answer = write({"ConditionCheck": {"TableName": hash_table, "Key": checked, "ConditionExpression": "attribute_exists(a)"}},
                   {"Update": {"TableName": hash_table, "Key": updated, "UpdateExpression": "SET a = a + :v", "ExpressionAttributeValues": {":v": N(1)}}},
                   {"Delete": {"TableName": hash_table, "Key": deleted}}, {"Put": {"TableName": hash_table, "Item": {**new, "b": N(1)}}})
    assert answer.status == 200 and answer.json == {}
    assert (get(checked), get(updated), get(deleted), get(new)) == ({"a": N(1)}, {"a": N(2)}, None, {"b": N(1)})


def test_TXN_02_to_TXN_05_failed_conditions(write, put, get, hash_table, key):
    one, two, new = put(a=N(1)), put(a=N(2)), {"p": S(key())}
    never = "attribute_exists(q)"
    answer = write({"Put": {"TableName": hash_table, "Item": new}},
                   {"Delete": {"TableName": hash_table, "Key": one, "ConditionExpression": never, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
                   {"Update": {"TableName": hash_table, "Key": two, "UpdateExpression": "REMOVE a", "ConditionExpression": never}})
    cancelled(answer, NONE, {**FAILED, "Item": {**one, "a": N(1)}}, FAILED)
    assert (get(new), get(one), get(two)) == (None, {"a": N(1)}, {"a": N(2)})


def test_TXN_06_TXN_22_one_item_twice(wire, put, hash_table, number_table, key):
    text = "Transaction request cannot include multiple operations on one item"
    one = put()
    wire.invalid("TransactWriteItems", text, TransactItems=[{"Delete": {"TableName": hash_table, "Key": one}}, {"Put": {"TableName": hash_table, "Item": one}}])
    p = S(key())
    wire.invalid("TransactWriteItems", text, TransactItems=[
        {"Put": {"TableName": number_table, "Item": {"p": p, "c": N("1000")}}}, {"Delete": {"TableName": number_table, "Key": {"c": N("1e3"), "p": p}}}])
    wire.invalid("TransactGetItems", text, TransactItems=[{"Get": {"TableName": hash_table, "Key": one}}] * 2)


def test_TXN_07_TXN_08_counts(wire, hash_table, key):
    p = key()
    items = [{"Put": {"TableName": hash_table, "Item": {"p": S(f"{p}-{i}")}}} for i in range(101)]
    wire.ok("TransactWriteItems", TransactItems=items[:100])
    for operation, bad in (("TransactWriteItems", items), ("TransactGetItems", [{"Get": {"TableName": hash_table, "Key": {"p": S(f"{i}")}}} for i in range(101)])):
        answer = wire.fails(operation, TransactItems=bad)
        assert answer.code == "ValidationException" and "transactItems" in answer.message and "100" in answer.message
        _, errors = constraints(wire.fails(operation, TransactItems=[]).message)
        assert errors == {"Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1"}


def test_TXN_09_payload(wire, hash_table, key):
    p = key()
    items = [{"Put": {"TableName": hash_table, "Item": {"p": S(f"{p}-{i}"), "a": S("x" * 390000)}}} for i in range(11)]
    answer = wire.fails("TransactWriteItems", TransactItems=items)
    assert answer.code == "ValidationException" and "size cannot exceed" in answer.message
    for item in items:
        wire.ok("PutItem", **item["Put"])
    wire.ok("TransactWriteItems", TransactItems=[{"Delete": {"TableName": hash_table, "Key": {"p": one["Put"]["Item"]["p"]}}} for one in items])


def test_TXN_10_TXN_11_bad_elements(wire, hash_table):
    text = "TransactItems can only contain one of Check, Put, Update or Delete"
    for bad in ({}, {"Put": {"TableName": hash_table, "Item": {"p": S("x")}}, "Delete": {"TableName": hash_table, "Key": {"p": S("x")}}}):
        wire.invalid("TransactWriteItems", text, TransactItems=[bad])
    answer = wire.fails("TransactWriteItems", TransactItems=[{"ConditionCheck": {"TableName": hash_table, "Key": {"p": S("x")}}}])
    assert answer.code == "ValidationException"
    answer = wire.fails("TransactWriteItems", TransactItems=[{"Put": {"TableName": hash_table, "Item": {"p": S("x")}, "ReturnValuesOnConditionCheckFailure": "DOG"}}])
    assert answer.code == "ValidationException"


def test_TXN_12_errors_of_single_actions(write, put, get, hash_table, range_table, key):
    new, one = {"p": S(key())}, put(a=S("x"))

    def canceled_by(bad, text):
        answer = write({"Put": {"TableName": hash_table, "Item": new}}, bad, {"ConditionCheck": {
            "TableName": hash_table, "Key": {"p": S("other")}, "ConditionExpression": "attribute_exists(q)"}})
        cancelled(answer, NONE, {"Code": "ValidationError", "Message": text}, NONE)

    schema = "The provided key element does not match the schema"
    canceled_by({"Delete": {"TableName": hash_table, "Key": {"p": N(1)}}}, schema)
    canceled_by({"Delete": {"TableName": range_table, "Key": {"p": S("x")}}}, schema)
    canceled_by({"Update": {"TableName": hash_table, "Key": one, "UpdateExpression": "SET a = a + :v", "ExpressionAttributeValues": {":v": N(1)}}},
                "An operand in the update expression has an incorrect data type")
    canceled_by({"Update": {"TableName": hash_table, "Key": one, "UpdateExpression": "SET b = q"}},
                "The provided expression refers to an attribute that does not exist in the item")
    canceled_by({"Update": {"TableName": hash_table, "Key": one, "UpdateExpression": "SET x.y = :v", "ExpressionAttributeValues": {":v": N(1)}}},
                "The document path provided in the update expression is invalid for update")
    assert get(new) is None


def test_TXN_13_TXN_14_plain_errors(wire, hash_table):
    base = {"TableName": hash_table, "Key": {"p": S("x")}}
    wire.invalid("TransactWriteItems", 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="',
                 TransactItems=[{"Delete": {**base, "ConditionExpression": "a ="}}])
    empty = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p"
    for action in ({"Put": {"TableName": hash_table, "Item": {"p": S("")}}}, {"Delete": {"TableName": hash_table, "Key": {"p": S("")}}},
                   {"Update": {"TableName": hash_table, "Key": {"p": S("")}, "UpdateExpression": "REMOVE a"}}):
        wire.invalid("TransactWriteItems", empty, TransactItems=[action])
    wire.invalid("TransactWriteItems", "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}",
                 TransactItems=[{"Delete": {**base, "ConditionExpression": "a = b", "ExpressionAttributeNames": {"#a": "a"}}}])
    wire.invalid("TransactWriteItems", "Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :v",
                 TransactItems=[{"Update": {**base, "UpdateExpression": "SET a = :v"}}])


def test_TXN_13_empty_index_keys_are_plain_errors(wire, index_table, key):
    one = {"p": S(key()), "c": S("x")}
    put = {"Put": {"TableName": index_table, "Item": {**one, "g": S("")}}}
    update = {"Update": {"TableName": index_table, "Key": one, "UpdateExpression": "SET g = :g", "ExpressionAttributeValues": {":g": S("")},
                         "ConditionExpression": "attribute_exists(q)"}}
    wire.invalid("TransactWriteItems", "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
                 "AttributeValue for a key attribute cannot contain an empty string value. IndexName: gsi, IndexKey: g", TransactItems=[put])
    wire.invalid("TransactWriteItems", "One or more parameter values are not valid. The update expression attempted to update a secondary index key to "
                 "a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.", TransactItems=[update])
    assert "Item" not in wire.ok("GetItem", TableName=index_table, Key=one)


def test_TXN_21_reads_with_keys_that_do_not_fit(wire, hash_table, range_table):
    def get(table, **key):
        return {"Get": {"TableName": table, "Key": key}}

    reason = {"Code": "ValidationError", "Message": "The provided key element does not match the schema"}
    for bad in (get(hash_table), get(hash_table, p=N(1)), get(hash_table, p=S("x"), q=S("y")), get(range_table, p=S("x"))):
        cancelled(wire.fails("TransactGetItems", TransactItems=[get(hash_table, p=S("fits")), bad]), NONE, reason)
    wire.invalid("TransactGetItems", "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
                 "value. Key: p", TransactItems=[get(hash_table, p=S(""))])


def test_TXN_15_TXN_16_TXN_17_tokens(write, put, get, hash_table, key):
    one, token = put(a=N(0)), key("token")
    add = {"Update": {"TableName": hash_table, "Key": one, "UpdateExpression": "ADD a :v", "ExpressionAttributeValues": {":v": N(1)}}}
    for capacity in ("NONE", "TOTAL", "NONE"):
        assert write(add, ClientRequestToken=token, ReturnConsumedCapacity=capacity).status == 200
    assert get(one) == {"a": N(1)}
    other = {"Update": {**add["Update"], "ExpressionAttributeValues": {":v": N(2)}}}
    assert write(other, ClientRequestToken=token).code == "IdempotentParameterMismatchException"
    assert write(add, ClientRequestToken="t" * 37).code == "ValidationException"
    assert write(add, ClientRequestToken="").code == "ValidationException"
    assert get(one) == {"a": N(1)}


def test_TXN_15_a_token_compares_what_is_meant(wire, write, get, hash_table, key):
    """Go's SDK writes the members of a map in another order each time."""
    p, token = S(key()), key("token")
    item = {"p": p, "a": N(1), "m": {"M": {"x": N(1), "y": {"SS": ["b", "a"]}}}, "l": {"L": [N(1), N(2)]}}
    turned = {"l": {"L": [N(1), N(2)]}, "m": {"M": {"y": {"SS": ["a", "b"]}, "x": N(1)}}, "a": N(1), "p": p}
    assert write({"Put": {"TableName": hash_table, "Item": item}}, ClientRequestToken=token).status == 200
    assert write({"Put": {"Item": turned, "TableName": hash_table}}, ClientRequestToken=token).status == 200
    turned["l"] = {"L": [N(2), N(1)]}
    assert write({"Put": {"Item": turned, "TableName": hash_table}}, ClientRequestToken=token).code == "IdempotentParameterMismatchException"


def test_TXN_15_tokens_survive_a_restart(wire, write, put, get, hash_table, key):
    one, token = put(a=N(0)), key("token")
    add = {"Update": {"TableName": hash_table, "Key": one, "UpdateExpression": "ADD a :v", "ExpressionAttributeValues": {":v": N(1)}}}
    assert write(add, ClientRequestToken=token).status == 200
    wire.server.restart()
    assert write(add, ClientRequestToken=token).status == 200
    assert get(one) == {"a": N(1)}


def test_TXN_19_TXN_20_tables(wire, get, hash_table, range_table, key):
    new, two = {"p": S(key())}, {"p": S(key()), "c": S("x")}
    puts = [{"Put": {"TableName": hash_table, "Item": new}}, {"Put": {"TableName": range_table, "Item": two}}]
    wire.refuses("TransactWriteItems", "ResourceNotFoundException", "Requested resource not found",
                 TransactItems=[*puts, {"Put": {"TableName": "not-there", "Item": new}}])
    assert get(new) is None
    wire.ok("TransactWriteItems", TransactItems=puts)
    assert get(new) == {} and wire.ok("GetItem", TableName=range_table, Key=two)["Item"] == two


def test_TXN_21_gets(wire, put, hash_table, key):
    one, two = put(a=N(1), b=N(2)), put(a=N(3))
    answer = wire.ok("TransactGetItems", TransactItems=[
        {"Get": {"TableName": hash_table, "Key": two}}, {"Get": {"TableName": hash_table, "Key": {"p": S(key())}}},
        {"Get": {"TableName": hash_table, "Key": one, "ProjectionExpression": "#b", "ExpressionAttributeNames": {"#b": "b"}}}])
    assert answer == {"Responses": [{"Item": {**two, "a": N(3)}}, {}, {"Item": {"b": N(2)}}]}


def test_TXN_23_capacity(wire, put, hash_table):
    one, two = put(a=S("x" * 1500)), put()
    answer = wire.ok("TransactWriteItems", ReturnConsumedCapacity="TOTAL", TransactItems=[
        {"Delete": {"TableName": hash_table, "Key": one}},
        {"ConditionCheck": {"TableName": hash_table, "Key": two, "ConditionExpression": "attribute_exists(p)"}}])
    assert answer["ConsumedCapacity"] == [{"TableName": hash_table, "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}]
    answer = wire.ok("TransactGetItems", ReturnConsumedCapacity="TOTAL", TransactItems=[{"Get": {"TableName": hash_table, "Key": two}}])
    assert answer["ConsumedCapacity"] == [{"TableName": hash_table, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]


def test_TXN_24_isolation(wire, put, get, hash_table):
    accounts = [put(n=N(100)) for _ in range(4)]
    failures = []

    def transfer(seed):
        for i in range(25):
            a, b = accounts[(seed + i) % 4], accounts[(seed + 2 * i + 1) % 4]
            if a == b:
                continue
            items = [{"Update": {"TableName": hash_table, "Key": key, "UpdateExpression": "ADD n :v", "ExpressionAttributeValues": {":v": N(by)}}}
                     for key, by in ((a, -1), (b, 1))]
            answer = wire.call("TransactWriteItems", {"TransactItems": items})
            if answer.status != 200 and answer.code != "TransactionCanceledException":
                failures.append(answer.body)

    def watch():
        for _ in range(50):
            found = wire.ok("TransactGetItems", TransactItems=[{"Get": {"TableName": hash_table, "Key": key}} for key in accounts])
            total = sum(int(one["Item"]["n"]["N"]) for one in found["Responses"])
            if total != 400:
                failures.append(total)

    threads = [threading.Thread(target=transfer, args=(seed,)) for seed in range(6)] + [threading.Thread(target=watch)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and sum(int(get(key)["n"]["N"]) for key in accounts) == 400


def test_TXN_26_atomic_after_a_crash(wire, make_server, key):
    """Writers of pairs are cut off by kill -9: after the restart both halves of each pair are there, or neither."""
    from .wire import Wire

    server = make_server()
    own = Wire(server)
    own.ok("CreateTable", TableName="pairs", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
           AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
    acknowledged, stop = [], threading.Event()

    def work(worker):
        wire_of_thread = Wire(server)
        n = 0
        while not stop.is_set():
            name = f"{worker}-{n}"
            try:
                answer = wire_of_thread.call("TransactWriteItems", {"TransactItems": [
                    {"Put": {"TableName": "pairs", "Item": {"p": S(f"{half}{name}")}}} for half in "ab"]})
            except OSError:
                return
            if answer.status == 200:
                acknowledged.append(name)
            n += 1

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    stop.wait(0.7)
    server.kill9()
    stop.set()
    for thread in threads:
        thread.join()
    server.start()
    found, start = set(), {}
    while True:
        answer = own.ok("Scan", TableName="pairs", **start)
        found |= {one["p"]["S"] for one in answer["Items"]}
        if "LastEvaluatedKey" not in answer:
            break
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    assert len(acknowledged) > 20
    assert {name[1:] for name in found if name[0] == "a"} == {name[1:] for name in found if name[0] == "b"}
    assert set(acknowledged) <= {name[1:] for name in found}
