"""Sizes and keys."""
import base64

import pytest

from .wire import L, M, N, NS, S, SS

TOO_LARGE = "Item size has exceeded the maximum allowed size"
TOO_LARGE_UPDATE = "Item size to update has exceeded the maximum allowed size"
SCHEMA = "The provided key element does not match the schema"
INVALID = "One or more parameter values were invalid: "
NOT_VALID = "One or more parameter values are not valid. "


def filler(key, size, name="a"):
    return S("x" * (size - len("p") - len(key) - len(name)))


def test_SIZ_01_item_limit(wire, hash_table, key):
    p = key()
    wire.ok("PutItem", TableName=hash_table, Item={"p": S(p), "a": filler(p, 409600)})
    wire.invalid("PutItem", TOO_LARGE, TableName=hash_table, Item={"p": S(p), "a": filler(p, 409601)})


def test_SIZ_01_names_and_every_type_count(wire, hash_table, key):
    p = key()
    rest = {"é": N("100.5"), "l": L(S("ab"), {"NULL": True}), "m": M(k={"BOOL": True}), "s": SS("a", "bc"), "n": NS(1, -123),
            "b": {"B": "AAEC"}}
    size = (2 + 4) + (1 + 3 + 3 + 2) + (1 + 3 + 1 + 1 + 1) + (1 + 3) + (1 + 2 + 4) + (1 + 3)
    wire.ok("PutItem", TableName=hash_table, Item={"p": S(p), **rest, "a": filler(p, 409600 - size)})
    wire.invalid("PutItem", TOO_LARGE, TableName=hash_table, Item={"p": S(p), **rest, "a": filler(p, 409601 - size)})


def test_SIZ_07_update_over_the_limit(wire, put, get, hash_table):
    one = put(a=S("x" * 300000))
    before = get(one)
    wire.invalid("UpdateItem", TOO_LARGE_UPDATE, TableName=hash_table, Key=one, UpdateExpression="SET b = :v",
                 ExpressionAttributeValues={":v": S("x" * 200000)})
    assert get(one) == before


def test_SIZ_08_batch(wire, hash_table, key):
    p = key()
    wire.invalid("BatchWriteItem", TOO_LARGE,
                 RequestItems={hash_table: [{"PutRequest": {"Item": {"p": S(p), "a": filler(p, 409601)}}}]})


def test_SIZ_09_size_before_table(wire, key):
    p = key()
    wire.invalid("PutItem", TOO_LARGE, TableName="not-there", Item={"p": S(p), "a": filler(p, 409601)})


def test_SIZ_10_described_size(wire, make_table):
    table = make_table("p:S")
    for i in range(10):
        wire.ok("PutItem", TableName=table, Item={"p": S(f"{i}"), "a": S("x" * 100)})
    wire.ok("DeleteItem", TableName=table, Key={"p": S("0")})
    described = wire.ok("DescribeTable", TableName=table)["Table"]
    assert (described["ItemCount"], described["TableSizeBytes"]) == (9, 9 * 103)


# ---- keys ---------------------------------------------------------------------------------------------------------------
def test_KEY_01_missing_key(wire, range_table, key):
    wire.invalid("PutItem", INVALID + "Missing the key p in the item", TableName=range_table, Item={"c": S("x")})
    wire.invalid("PutItem", INVALID + "Missing the key c in the item", TableName=range_table, Item={"p": S(key())})


def test_KEY_02_wrong_type(wire, range_table, key):
    wire.invalid("PutItem", INVALID + "Type mismatch for key p expected: S actual: N", TableName=range_table, Item={"p": N(1), "c": S("x")})
    wire.invalid("PutItem", INVALID + "Type mismatch for key c expected: S actual: NULL", TableName=range_table,
                 Item={"p": S(key()), "c": {"NULL": True}})


@pytest.mark.parametrize("operation", ["GetItem", "DeleteItem", "UpdateItem"])
def test_KEY_03_KEY_04_key_shape(wire, range_table, operation):
    for bad in ({"p": S("a"), "c": S("b"), "d": S("c")}, {"p": S("a")}, {"c": S("a")}, {"p": S("a"), "x": S("b")}, {"p": S("a"), "c": N(1)}, {}):
        wire.invalid(operation, SCHEMA, TableName=range_table, Key=bad)


def either(text):
    """The service words it in two ways: `were invalid: ` and `are not valid. `."""
    import re

    return re.compile("^(One or more parameter values were invalid: |One or more parameter values are not valid. )" + re.escape(text) + "$")


def test_KEY_05_KEY_06_KEY_07_empty_keys(wire, hash_table, binary_table, key):
    text = "The AttributeValue for a key attribute cannot contain an empty string value. Key: p"
    wire.invalid("PutItem", NOT_VALID + text, TableName=hash_table, Item={"p": S("")})
    wire.invalid("GetItem", either(text), TableName=hash_table, Key={"p": S("")})
    wire.invalid("PutItem", NOT_VALID + "The AttributeValue for a key attribute cannot contain an empty binary value. Key: c",
                 TableName=binary_table, Item={"p": S(key()), "c": {"B": ""}})


def test_KEY_08_KEY_09_key_sizes(wire, range_table, key):
    p = key().ljust(2048, "p")
    item = {"p": S(p), "c": S("c" * 1024)}
    wire.ok("PutItem", TableName=range_table, Item=item)
    assert wire.ok("GetItem", TableName=range_table, Key=item)["Item"] == item
    hash_text = INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes"
    range_text = INVALID + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
    for operation, member in (("PutItem", "Item"), ("GetItem", "Key")):
        wire.invalid(operation, hash_text, TableName=range_table, **{member: {"p": S(p + "p"), "c": S("c")}})
        wire.invalid(operation, range_text, TableName=range_table, **{member: {"p": S(p), "c": S("c" * 1025)}})


def test_KEY_10_KEY_11_nested_access_to_keys(wire, range_table, index_table, key):
    text = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
    one = {"p": S(key()), "c": S("x")}
    wire.invalid("GetItem", text + "Key: p", TableName=range_table, Key=one, ProjectionExpression="p.x")
    wire.invalid("PutItem", text + "Key: c", TableName=range_table, Item=one, ConditionExpression="attribute_exists(c[0])")
    wire.invalid("Scan", text + "IndexKey: g", TableName=index_table, FilterExpression="attribute_exists(g.x)")


@pytest.mark.parametrize("expression", ["SET p = :v", "REMOVE p", "ADD p :n", "DELETE p :s"])
def test_KEY_12_UPD_31_keys_cannot_be_updated(wire, put, hash_table, expression):
    values = {name: value for name, value in {":v": S("x"), ":n": N(1), ":s": SS("x")}.items() if name in expression}
    wire.invalid("UpdateItem", INVALID + "Cannot update attribute p. This attribute is part of the key", TableName=hash_table, Key=put(),
                 UpdateExpression=expression, **({"ExpressionAttributeValues": values} if values else {}))


def test_KEY_14_arn_as_table_name(wire, hash_table, key):
    arn = wire.ok("DescribeTable", TableName=hash_table)["Table"]["TableArn"]
    one = {"p": S(key())}
    wire.ok("PutItem", TableName=arn, Item=one)
    assert wire.ok("GetItem", TableName=arn, Key=one)["Item"] == one


@pytest.mark.parametrize("was,now,what", [("us-east-1", "us-west-2", "region"), ("arn:aws:", "arn:aws-cn:", "partition")])
@pytest.mark.parametrize("operation", ["DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups", "DescribeContributorInsights"])
def test_an_arn_of_another_place(wire, hash_table, operation, was, now, what):
    arn = wire.ok("DescribeTable", TableName=hash_table)["Table"]["TableArn"].replace(was, now)
    wire.invalid(operation, f"1 validation error detected: Invalid AWS {what} in '{arn}'", TableName=arn)


@pytest.mark.parametrize("operation,body", [
    ("GetItem", {"Key": {"p": S("x")}}), ("PutItem", {"Item": {"p": S("x")}}), ("DeleteItem", {"Key": {"p": S("x")}}),
    ("UpdateItem", {"Key": {"p": S("x")}}), ("Scan", {}),
    ("Query", {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": S("x")}}),
])
def test_KEY_15_unknown_table(wire, operation, body):
    wire.refuses(operation, "ResourceNotFoundException", "Requested resource not found", TableName="not-there", **body)


def test_KEY_16_orders(wire, range_table, number_table, binary_table, key):
    def order(table, values, read):
        partition = S(key())
        for value in values:
            wire.ok("PutItem", TableName=table, Item={"p": partition, "c": value})
        items = wire.ok("Query", TableName=table, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": partition})["Items"]
        return [read(one["c"]) for one in items]

    words = ["b", "a", "A", "é", "aa", "a\0", "😀", "~", "\uffff"]
    assert order(range_table, [S(word) for word in words], lambda v: v["S"]) == sorted(words, key=lambda w: w.encode())
    numbers = ["10", "9", "-1", "-10", "0", "0.5", "1e20", "-1e20", "1e-20", "-1e-20", "99999999999999999999999999999999999999"]
    assert [float(n) for n in order(number_table, [N(n) for n in numbers], lambda v: v["N"])] == sorted(float(n) for n in numbers)
    blobs = [b"\xff", b"\x00", b"\x00\x00", b"\x7f", b"\x80", b"a", b"ab"]
    assert order(binary_table, [{"B": base64.b64encode(b).decode()} for b in blobs], lambda v: base64.b64decode(v["B"])) == sorted(blobs)
