"""BatchGetItem and BatchWriteItem."""
import pytest

from .wire import N, S, constraints

DUPLICATES = "Provided list of item keys contains duplicates"
SCHEMA = "The provided key element does not match the schema"
CONSTRAINT = " failed to satisfy constraint: "


def put_request(**item):
    return {"PutRequest": {"Item": item}}


def delete_request(**key):
    return {"DeleteRequest": {"Key": key}}


def test_BAT_01_BAT_02_two_tables(wire, put, hash_table, range_table, key):
    one, gone = put(a=N(1)), {"p": S(key())}
    two = {"p": S(key()), "c": S("x")}
    wire.ok("PutItem", TableName=range_table, Item=two)
    answer = wire.ok("BatchGetItem", RequestItems={hash_table: {"Keys": [one, gone]}, range_table: {"Keys": [two]}})
    assert answer == {"Responses": {hash_table: [{**one, "a": N(1)}], range_table: [two]}, "UnprocessedKeys": {}}
    answer = wire.ok("BatchGetItem", RequestItems={hash_table: {"Keys": [gone]}})
    assert answer == {"Responses": {hash_table: []}, "UnprocessedKeys": {}}


def test_BAT_03_counts(wire, hash_table, range_table):
    keys = [{"p": S(f"x{i}")} for i in range(101)]
    assert wire.ok("BatchGetItem", RequestItems={hash_table: {"Keys": keys[:100]}})["Responses"] == {hash_table: []}
    wire.invalid("BatchGetItem", f"1 validation error detected: Value at 'RequestItems.{hash_table}.member.Keys'{CONSTRAINT}Member must have length "
                 "less than or equal to 100", RequestItems={hash_table: {"Keys": keys}})
    others = [{"p": S(f"x{i}"), "c": S("x")} for i in range(51)]
    wire.invalid("BatchGetItem", "Too many items requested for the BatchGetItem call",
                 RequestItems={hash_table: {"Keys": keys[:50]}, range_table: {"Keys": others}})


def test_BAT_04_duplicates(wire, hash_table):
    wire.invalid("BatchGetItem", DUPLICATES, RequestItems={hash_table: {"Keys": [{"p": S("a")}, {"p": S("b")}, {"p": S("a")}]}})


def test_BAT_05_options(wire, put, hash_table):
    one = put(a=N(1), b=N(2))
    answer = wire.ok("BatchGetItem", RequestItems={hash_table: {"Keys": [one], "ConsistentRead": True, "ProjectionExpression": "#a",
                                                                "ExpressionAttributeNames": {"#a": "a"}}})
    assert answer["Responses"][hash_table] == [{"a": N(1)}]


def test_BAT_06_large_answers_are_continued(wire, make_table):
    table = make_table("p:S")
    keys = [{"p": S(f"{i:02}")} for i in range(50)]
    for one in keys:
        wire.ok("PutItem", TableName=table, Item={**one, "a": S("x" * 400000)})
    options = {"ConsistentRead": True, "ProjectionExpression": "p, a"}
    request, seen = {table: {"Keys": keys, **options}}, []
    rounds = 0
    while request:
        answer = wire.ok("BatchGetItem", RequestItems=request)
        seen += [one["p"]["S"] for one in answer["Responses"][table]]
        request = answer["UnprocessedKeys"]
        rounds += 1
        if request:
            assert {name: request[table][name] for name in options} == options
    assert sorted(seen) == [one["p"]["S"] for one in keys] and 2 <= rounds <= 3


def test_BAT_07_BAT_08_bad_requests(wire, hash_table):
    wire.refuses("BatchGetItem", "ResourceNotFoundException", "Requested resource not found",
                 RequestItems={"not-there": {"Keys": [{"p": S("x")}]}})
    for bad in ({"p": N(1)}, {"q": S("x")}, {"p": S("x"), "q": S("x")}):
        wire.invalid("BatchGetItem", SCHEMA, RequestItems={hash_table: {"Keys": [bad]}})


def test_BAT_09_BAT_14_BAT_15_writes(wire, put, get, hash_table, range_table, key):
    old, gone, new = put(a=N(1)), put(), {"p": S(key())}
    two = {"p": S(key()), "c": S("x")}
    answer = wire.ok("BatchWriteItem", RequestItems={hash_table: [put_request(**old, b=N(2)), delete_request(**gone), put_request(**new)],
                                                     range_table: [put_request(**two)]})
    assert answer == {"UnprocessedItems": {}}
    assert (get(old), get(gone), get(new)) == ({"b": N(2)}, None, {})
    assert wire.ok("GetItem", TableName=range_table, Key=two)["Item"] == two


def test_BAT_10_counts(wire, hash_table, range_table):
    requests = [put_request(p=S(f"batch{i}")) for i in range(26)]
    wire.ok("BatchWriteItem", RequestItems={hash_table: requests[:25]})
    count, errors = constraints(wire.fails("BatchWriteItem", RequestItems={hash_table: requests}).message)
    assert count == 1 and errors.pop().endswith("at 'requestItems'" + CONSTRAINT + "Map value must satisfy constraint: [Member must have length less "
                                                "than or equal to 25, Member must have length greater than or equal to 1]")
    others = [put_request(p=S(f"b{i}"), c=S("x")) for i in range(13)]
    wire.invalid("BatchWriteItem", "Too many items requested for the BatchWriteItem call",
                 RequestItems={hash_table: requests[:13], range_table: others})


def test_BAT_11_duplicates(wire, hash_table, number_table):
    wire.invalid("BatchWriteItem", DUPLICATES, RequestItems={hash_table: [put_request(p=S("a")), delete_request(p=S("a"))]})
    wire.invalid("BatchWriteItem", DUPLICATES, RequestItems={number_table: [put_request(p=S("a"), c=N("1000")), put_request(p=S("a"), c=N("1e3"))]})


def test_BAT_12_empty_and_double_elements(wire, hash_table):
    text = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
    for element in ({}, {**put_request(p=S("a")), **delete_request(p=S("a"))}):
        wire.invalid("BatchWriteItem", text, RequestItems={hash_table: [element]})


def test_BAT_13_one_bad_request_refuses_all(wire, get, hash_table, key):
    good = {"p": S(key())}
    for bad in (put_request(p=N(1)), put_request(q=S("x")), delete_request(p=S("x"), q=S("y"))):
        wire.invalid("BatchWriteItem", SCHEMA, RequestItems={hash_table: [put_request(**good), bad]})
    assert get(good) is None


def test_BAT_16_nothing_requested(wire):
    for operation in ("BatchGetItem", "BatchWriteItem"):
        wire.invalid(operation, f"The requestItems parameter is required for {operation}", RequestItems={})
