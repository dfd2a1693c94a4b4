"""Query."""
import base64
import re

import pytest

from .wire import N, S, constraints

BOUNDARIES = "The provided starting key is outside query boundaries based on provided conditions"
SCHEMA = "The provided key element does not match the schema"


@pytest.fixture(scope="module")
def ten(wire, number_table):
    """A partition with c = 0..9, even ones with even = 1."""
    partition = S("query-ten")
    for n in range(10):
        wire.ok("PutItem", TableName=number_table, Item={"p": partition, "c": N(n), "even": N(1 - n % 2), "a": S("x")})
    return partition


def query(wire, table, condition, values, **more):
    return wire.ok("Query", TableName=table, KeyConditionExpression=condition, ExpressionAttributeValues=values, **more)


def numbers(answer):
    return [int(one["c"]["N"]) for one in answer["Items"]]


@pytest.mark.parametrize("condition,values,want", [
    ("p = :p", {}, range(10)), ("p = :p AND c = :a", {":a": N(3)}, [3]), ("p = :p AND c < :a", {":a": N(3)}, range(3)),
    ("p = :p AND c <= :a", {":a": N(3)}, range(4)), ("p = :p AND c > :a", {":a": N(7)}, [8, 9]), ("p = :p AND c >= :a", {":a": N(7)}, [7, 8, 9]),
    ("p = :p AND c BETWEEN :a AND :b", {":a": N(3), ":b": N("5.5")}, [3, 4, 5]), ("c > :a AND p = :p", {":a": N(7)}, [8, 9]),
    (":p = p AND :a < c", {":a": N(7)}, [8, 9]), ("(p = :p) AND (:a >= c)", {":a": N(1)}, [0, 1]), ("p = :p AND c = :a", {":a": N("2.5")}, []),
])
def test_QRY_01_QRY_02_QRY_03_conditions_on_numbers(wire, ten, number_table, condition, values, want):
    answer = query(wire, number_table, condition, {":p": ten, **values})
    assert numbers(answer) == list(want) and answer["Count"] == answer["ScannedCount"] == len(list(want))
    back = query(wire, number_table, condition, {":p": ten, **values}, ScanIndexForward=False)
    assert numbers(back) == list(want)[::-1]


def test_QRY_01_conditions_on_strings_and_binaries(wire, range_table, binary_table, key):
    partition = S(key())
    words = ["a", "ab", "abc", "b", "ba", "é"]
    for word in words:
        wire.ok("PutItem", TableName=range_table, Item={"p": partition, "c": S(word)})

    def strings(condition, **values):
        answer = query(wire, range_table, "p = :p AND " + condition, {":p": partition, **{f":{n}": S(v) for n, v in values.items()}})
        return [one["c"]["S"] for one in answer["Items"]]

    assert strings("begins_with(c, :a)", a="ab") == ["ab", "abc"]
    assert strings("c > :a", a="ab") == ["abc", "b", "ba", "é"]
    assert strings("c <= :a", a="ab") == ["a", "ab"]
    assert strings("c BETWEEN :a AND :b", a="ab", b="b") == ["ab", "abc", "b"]
    assert strings("c = :a", a="é") == ["é"]


def test_QRY_30_binary_prefixes(wire, binary_table, key):
    partition = S(key())
    blobs = [b"\xfe", b"\xff", b"\xff\x00", b"\xff\xff", b"\xff\xff\x01"]
    for blob in blobs:
        wire.ok("PutItem", TableName=binary_table, Item={"p": partition, "c": {"B": base64.b64encode(blob).decode()}})

    def prefixed(blob):
        answer = query(wire, binary_table, "p = :p AND begins_with(c, :b)", {":p": partition, ":b": {"B": base64.b64encode(blob).decode()}})
        return [base64.b64decode(one["c"]["B"]) for one in answer["Items"]]

    assert prefixed(b"\xff") == blobs[1:] and prefixed(b"\xff\xff") == blobs[3:]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 10])
def test_QRY_04_QRY_05_pages(wire, ten, number_table, limit, forward):
    seen, start, pages = [], {}, 0
    while True:
        answer = query(wire, number_table, "p = :p", {":p": ten}, Limit=limit, ScanIndexForward=forward, **start)
        seen += numbers(answer)
        pages += 1
        if "LastEvaluatedKey" not in answer:
            break
        assert answer["LastEvaluatedKey"] == {"p": ten, "c": N(seen[-1])} and answer["Count"] == limit
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    assert seen == (list(range(10)) if forward else list(range(9, -1, -1)))
    assert pages == 10 // limit + 1


def test_QRY_06_QRY_07_last_evaluated_key(wire, ten, number_table):
    assert "LastEvaluatedKey" in query(wire, number_table, "p = :p", {":p": ten}, Limit=10)
    assert "LastEvaluatedKey" not in query(wire, number_table, "p = :p", {":p": ten}, Limit=11)
    assert "LastEvaluatedKey" not in query(wire, number_table, "p = :p", {":p": ten})


def test_QRY_08_one_megabyte(wire, range_table, key):
    partition = S(key())
    for i in range(15):
        wire.ok("PutItem", TableName=range_table, Item={"p": partition, "c": S(f"{i:02}"), "a": S("x" * 100000)})
    answer = query(wire, range_table, "p = :p", {":p": partition})
    assert 10 <= answer["Count"] <= 12 and answer["LastEvaluatedKey"]["c"] == answer["Items"][-1]["c"]
    filtered = query(wire, range_table, "p = :p", {":p": partition, ":a": S("y")}, FilterExpression="a = :a", ProjectionExpression="c")
    assert (filtered["Count"], filtered["ScannedCount"]) == (0, answer["Count"]) and filtered["LastEvaluatedKey"] == answer["LastEvaluatedKey"]
    rest = query(wire, range_table, "p = :p", {":p": partition}, ExclusiveStartKey=answer["LastEvaluatedKey"])
    assert answer["Count"] + rest["Count"] == 15 and "LastEvaluatedKey" not in rest


def test_QRY_09_QRY_10_QRY_11_filters_and_counts(wire, ten, number_table):
    values = {":p": ten, ":e": N(1)}
    answer = query(wire, number_table, "p = :p", values, FilterExpression="even = :e", Limit=4)
    assert numbers(answer) == [0, 2] and (answer["Count"], answer["ScannedCount"]) == (2, 4)
    answer = query(wire, number_table, "p = :p", {":p": ten, ":e": N(7)}, FilterExpression="even = :e", Limit=4)
    assert answer["Items"] == [] and answer["LastEvaluatedKey"]["c"] == N(3)
    answer = query(wire, number_table, "p = :p", values, FilterExpression="even = :e", Select="COUNT")
    assert "Items" not in answer and (answer["Count"], answer["ScannedCount"]) == (5, 10)


def test_QRY_12_select(wire, ten, number_table, index_table):
    body = dict(TableName=number_table, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": ten})
    cases = [
        (dict(Select="ALL_PROJECTED_ATTRIBUTES"), "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
        (dict(Select="SPECIFIC_ATTRIBUTES"),
         "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"),
        (dict(Select="ALL_ATTRIBUTES", ProjectionExpression="a"), "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"),
        (dict(Select="COUNT", ProjectionExpression="a"), "Cannot specify the ProjectionExpression when choosing to get only the Count"),
    ]
    for more, text in cases:
        assert wire.fails("Query", **body, **more).message == "1 validation error detected: " + text
    wire.invalid("Query", "Cannot specify the AttributesToGet when choosing to get only the Count", TableName=number_table, Select="COUNT",
                 AttributesToGet=["a"], KeyConditions={"p": {"ComparisonOperator": "EQ", "AttributeValueList": [ten]}})
    wire.invalid("Query", "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index keys "
                 "because its projection type is not ALL", TableName=index_table, IndexName="keys", KeyConditionExpression="g = :g",
                 ExpressionAttributeValues={":g": S("x")}, Select="ALL_ATTRIBUTES")
    assert numbers(wire.ok("Query", **body, Select="SPECIFIC_ATTRIBUTES", ProjectionExpression="c")) == list(range(10))


def test_QRY_13_any_start_key(wire, ten, number_table):
    answer = query(wire, number_table, "p = :p", {":p": ten}, ExclusiveStartKey={"p": ten, "c": N("4.5")})
    assert numbers(answer) == [5, 6, 7, 8, 9]
    answer = query(wire, number_table, "p = :p", {":p": ten}, ExclusiveStartKey={"p": ten, "c": N("4.5")}, ScanIndexForward=False)
    assert numbers(answer) == [4, 3, 2, 1, 0]


def test_QRY_14_to_QRY_19_bad_start_keys(wire, ten, number_table, hash_table):
    def refused(text, start, condition="p = :p", table=number_table, **values):
        wire.invalid("Query", text, TableName=table, KeyConditionExpression=condition, ExpressionAttributeValues={":p": ten, **values},
                     ExclusiveStartKey=start)

    refused("The provided starting key is invalid", {"p": ten})
    refused("The provided starting key is invalid", {"p": ten, "c": N(1), "d": N(1)})
    refused(SCHEMA, {"p": ten, "c": S("x")})
    refused(BOUNDARIES, {"p": S("other"), "c": N(1)})
    refused("The provided starting key does not match the range key predicate", {"p": ten, "c": N(1)}, "p = :p AND c > :c", **{":c": N(5)})
    refused("The query can return at most one row and cannot be restarted", {"p": S("other"), "c": N(5)}, "p = :p AND c = :c", **{":c": N(5)})
    one = {"p": S("x")}
    answer = wire.fails("Query", TableName=hash_table, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": S("x")}, ExclusiveStartKey=one)
    assert answer.message == "The provided exclusive start key is invalid: ExclusiveStartKey: {p=AttributeValue: {S:x}}"


def test_QRY_20_missing_condition(wire, number_table):
    wire.invalid("Query", "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.", TableName=number_table)


BAD_SHAPES = [
    ("p = :p OR c = :c", "Invalid operator used in KeyConditionExpression: OR"), ("NOT p = :p AND c = :c", "Invalid operator used in KeyConditionExpression: NOT"),
    ("p <> :p AND c = :c", "Invalid operator used in KeyConditionExpression: <>"), ("p IN (:p, :c)", "Invalid operator used in KeyConditionExpression: IN"),
    ("attribute_exists(p) AND p = :p AND c = :c", "Invalid operator used in KeyConditionExpression: attribute_exists"),
    ("contains(p, :p) AND c = :c", "Invalid operator used in KeyConditionExpression: contains"),
    ("size(p) = :c AND c = :p", "KeyConditionExpressions cannot contain nested operations"),
    ("begins_with(:p, c) AND p = :c", "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its first operand"),
    (":c BETWEEN c AND c AND p = :p", "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first operand"),
    ("p = c AND x = :p AND y = :c", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
    ("p.x = :p AND c = :c", "KeyConditionExpressions cannot have conditions on nested attributes"),
    (":p = :c", "Invalid condition in KeyConditionExpression: No key attribute specified"),
    ("p = :p AND p = :c", "KeyConditionExpressions must only contain one condition per key"),
    ("p = :p AND c = :c AND x = :c", "Conditions can be of length 1 or 2 only"),
    ("x = :p AND c = :c", "Query condition missed key schema element: p"), ("p = :p AND x = :c", "Query condition missed key schema element: c"),
    ("p > :p AND c = :c", "Query key condition not supported"),
    ("p = :c AND c = :p", "One or more parameter values were invalid: Condition parameter type does not match schema type"),
]


@pytest.mark.parametrize("condition,text", BAD_SHAPES)
def test_QRY_21_to_QRY_24_bad_conditions(wire, number_table, condition, text):
    answer = wire.fails("Query", TableName=number_table, KeyConditionExpression=condition, ExpressionAttributeValues={":p": S("x"), ":c": N(1)})
    assert answer.code == "ValidationException" and answer.message == text


def test_QRY_25_filter_on_keys(wire, number_table):
    for attribute in ("p", "c"):
        wire.invalid("Query", f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {attribute}",
                     TableName=number_table, KeyConditionExpression="p = :p", FilterExpression=f"attribute_exists({attribute})",
                     ExpressionAttributeValues={":p": S("x")})


def test_QRY_26_unknown_index(wire, number_table):
    body = dict(KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": S("x")}, IndexName="nope")
    wire.invalid("Query", "The table does not have the specified index: nope", TableName=number_table, **body)
    wire.refuses("Query", "ResourceNotFoundException", "Requested resource not found", TableName="not-there", **body)


def test_QRY_27_hash_only(wire, put, hash_table):
    one = put(a=N(1))
    assert query(wire, hash_table, "p = :p", {":p": one["p"]})["Items"] == [{**one, "a": N(1)}]


def test_QRY_28_empty_key_values(wire, range_table):
    for values in ({":p": S(""), ":c": S("x")}, {":p": S("x"), ":c": S("")}):
        answer = wire.fails("Query", TableName=range_table, KeyConditionExpression="p = :p AND c = :c", ExpressionAttributeValues=values)
        assert answer.code == "ValidationException" and re.search("empty string value", answer.message)


def test_QRY_29_begins_with_on_numbers(wire, number_table):
    answer = wire.fails("Query", TableName=number_table, KeyConditionExpression="p = :p AND begins_with(c, :c)",
                        ExpressionAttributeValues={":p": S("x"), ":c": N(1)})
    assert answer.message == ("Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: "
                              "begins_with, operand type: N")
    wire.invalid("Query", "One or more parameter values were invalid: Condition parameter type does not match schema type", TableName=number_table,
                 KeyConditionExpression="p = :p AND begins_with(c, :c)", ExpressionAttributeValues={":p": S("x"), ":c": S("1")})


def test_QRY_27_a_query_without_sort_key_has_one_page(wire, hash_table, put):
    one = put(a=N(1))
    answer = wire.ok("Query", TableName=hash_table, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": one["p"]}, Limit=1)
    assert answer["Count"] == 1 and "LastEvaluatedKey" not in answer
