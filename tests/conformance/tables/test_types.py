"""Types and numbers."""
import base64

import pytest

from .wire import L, M, N, NS, S, SS

B = {"B": "AAEC/w=="}
EVERY_TYPE = {"s": S("x"), "n": N("1.5"), "b": B, "t": {"BOOL": True}, "f": {"BOOL": False}, "z": {"NULL": True},
              "l": L(S("x"), N(1), L(N(2))), "m": M(a=S("x"), b=M(c=NS(1))), "ss": SS("a"), "ns": NS(1), "bs": {"BS": ["AA=="]}}
INVALID = "One or more parameter values were invalid: "
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
PRECISION = "Attempting to store more than 38 significant digits in a Number"


def test_TYP_01_every_type_round_trips(put, get):
    assert get(put(**EVERY_TYPE)) == EVERY_TYPE
    nested = {"m": {"M": EVERY_TYPE}, "l": {"L": list(EVERY_TYPE.values())}}
    assert get(put(**nested)) == nested


@pytest.mark.parametrize("value,text", [
    ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    ({"X": "a"}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    ({"S": "a", "N": "1"}, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"),
    ({"NULL": False}, INVALID + "Null attribute value types must have the value of true"),
    ({"SS": []}, INVALID + "An string set  may not be empty"),
    ({"NS": []}, INVALID + "An number set  may not be empty"),
    ({"BS": []}, INVALID + "Binary sets should not be empty"),
    ({"SS": ["a", "a"]}, INVALID + "Input collection [a, a] contains duplicates."),
    ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
    ({"BS": ["Yg==", "Yg=="]}, INVALID + "Input collection [Yg==, Yg==]of type BS contains duplicates."),
    ({"N": ""}, "The parameter cannot be converted to a numeric value"),
    ({"L": [{"M": {"a": {}}}]}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
])
def test_TYP_02_to_TYP_08_bad_values(wire, hash_table, key, value, text):
    wire.invalid("PutItem", text, TableName=hash_table, Item={"p": S(key()), "a": value})
    # The refusal of an empty set is told without the name of the expression's value, as of the whole request.
    of_value = text if list(value.values()) == [[]] and list(value) != ["L"] else f"ExpressionAttributeValues contains invalid value: {text} for key :v"
    wire.invalid("UpdateItem", of_value, TableName=hash_table, Key={"p": S(key())}, UpdateExpression="SET a = :v",
                 ExpressionAttributeValues={":v": value})


def test_TYP_09_empty_strings_and_binaries(put, get):
    values = {"s": S(""), "b": {"B": ""}, "l": L(S("")), "m": M(a=S("")), "ss": SS(""), "bs": {"BS": [""]}}
    assert get(put(**values)) == values


def test_TYP_10_nul_bytes(put, get):
    values = {"s": S("a\0b\0"), "b": {"B": base64.b64encode(b"\0a\0").decode()}}
    assert get(put(**values)) == values


@pytest.mark.parametrize("text,want", [
    ("+1", "1"), ("01", "1"), ("1.0", "1"), ("1E3", "1000"), ("1e-3", "0.001"), ("-0", "0"), (".5", "0.5"), ("5.", "5"),
    ("1e125", "1" + "0" * 125), ("0.1e126", "1" + "0" * 125), ("1" + "0" * 60, "1" + "0" * 60), ("9" * 38, "9" * 38),
    ("0e126", "0"), ("0.0e126", "0"), ("-1.500", "-1.5"),
])
def test_TYP_11_TYP_12_TYP_14_TYP_16_canonical_numbers(put, get, text, want):
    assert get(put(a=N(text), ns=NS(text))) == {"a": N(want), "ns": NS(want)}


@pytest.mark.parametrize("text,error", [
    ("1e126", OVERFLOW), ("-1e126", OVERFLOW), ("1e-131", UNDERFLOW), ("1" * 39, PRECISION), ("1." + "1" * 38, PRECISION),
    *[(text, f"The parameter cannot be converted to a numeric value: {text}")
      for text in ("NaN", "Infinity", " 1", "1 ", "0x1", "1_0", "1e", "--1", "b")],
])
def test_TYP_13_TYP_15_TYP_17_numbers_out_of_range(wire, hash_table, key, text, error):
    wire.invalid("PutItem", error, TableName=hash_table, Item={"p": S(key()), "a": N(text)})
    wire.invalid("PutItem", error, TableName=hash_table, Item={"p": S(key()), "a": L(NS(text))})


def test_TYP_18_exact_addition(wire, put, get, hash_table):
    one = put(a=N("12345678901234567890123456789012345678"), b=N("0.1"))
    wire.ok("UpdateItem", TableName=hash_table, Key=one, UpdateExpression="SET a = a + :b, b = b + :c",
            ExpressionAttributeValues={":b": N("1"), ":c": N("0.2")})
    assert get(one) == {"a": N("12345678901234567890123456789012345679"), "b": N("0.3")}


@pytest.mark.parametrize("old,add", [("1e50", "1"), ("9e125", "9e125")])
def test_TYP_19_TYP_20_arithmetic_overflow(wire, put, get, hash_table, old, add):
    one = put(a=N(old))
    before = get(one)
    for update in ("SET a = a + :b", "ADD a :b"):
        wire.invalid("UpdateItem", OVERFLOW, TableName=hash_table, Key=one, UpdateExpression=update, ExpressionAttributeValues={":b": N(add)})
    assert get(one) == before


def test_TYP_21_TYP_22_number_keys_by_value(wire, make_table, number_table, key):
    table = make_table("n:N")
    wire.ok("PutItem", TableName=table, Item={"n": N("1000"), "a": S("x")})
    assert wire.ok("GetItem", TableName=table, Key={"n": N("1e3")})["Item"] == {"n": N("1000"), "a": S("x")}
    partition = S(key())
    wire.ok("PutItem", TableName=number_table, Item={"p": partition, "c": N("1.50")})
    wire.ok("PutItem", TableName=number_table, Item={"p": partition, "c": N("+1.5"), "a": S("x")})
    assert wire.ok("Query", TableName=number_table, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": partition})[
        "Items"] == [{"p": partition, "c": N("1.5"), "a": S("x")}]


def test_TYP_23_number_sets_by_value(wire, put, get, hash_table):
    one = put(a=NS(1))
    wire.ok("UpdateItem", TableName=hash_table, Key=one, UpdateExpression="ADD a :v", ExpressionAttributeValues={":v": NS("1.0")})
    assert get(one) == {"a": NS(1)}


def test_TYP_24_TYP_31_sets_are_equal_in_any_order(wire, put, hash_table):
    one = put(a=NS(1, 2), b=L(SS("x", "y")))
    wire.ok("PutItem", TableName=hash_table, Item=one, ConditionExpression="a = :a AND b = :b",
            ExpressionAttributeValues={":a": NS("2.0", "1e0"), ":b": L(SS("y", "x"))})


def test_TYP_25_depth(wire, put, get, hash_table, key):
    def nested(levels):
        value = S("x")
        for i in range(levels):
            value = L(value) if i % 2 else M(a=value)
        return value

    assert get(put(a=nested(31))) == {"a": nested(31)}
    wire.invalid("PutItem", "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit",
                 TableName=hash_table, Item={"p": S(key()), "a": nested(32)})


def test_TYP_26_very_deep_json(wire, hash_table):
    body = b'{"TableName":"' + hash_table.encode() + b'","Item":{"p":{"S":"deep"},"a":' + b'{"L":[' * 200000 + b"]}" * 200000 + b"}}"
    assert wire.call("PutItem", body, raw=True).status == 400
    assert wire.call("PutItem", b"[" * 200000, raw=True).status == 400
    wire.ok("ListTables", Limit=1)


def test_TYP_27_long_attribute_names(wire, put, get, hash_table, key):
    assert get(put(**{"n" * 65535: S("x")})) == {"n" * 65535: S("x")}
    answer = wire.fails("PutItem", TableName=hash_table, Item={"p": S(key()), "n" * 65536: S("x")})
    assert answer.code == "ValidationException" and ("65535" in answer.message or "65536" in answer.message)


def test_TYP_28_empty_attribute_names(wire, hash_table, key):
    answer = wire.fails("PutItem", TableName=hash_table, Item={"p": S(key()), "": S("x")})
    assert answer.code == "ValidationException" and "Empty attribute name" in answer.message
    wire.invalid("UpdateItem", "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a", TableName=hash_table,
                 Key={"p": S(key())}, UpdateExpression="REMOVE #a", ExpressionAttributeNames={"#a": ""})


def test_TYP_29_key_attribute_names(make_table, wire):
    make_table("k" * 255 + ":S")
    answer = wire.fails("CreateTable", TableName="conf-long-key", BillingMode="PAY_PER_REQUEST",
                        KeySchema=[{"AttributeName": "k" * 256, "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "k" * 256, "AttributeType": "S"}])
    assert answer.code == "ValidationException"


def test_TYP_30_any_character_in_names(wire, put, get, hash_table):
    names = ["a.b", "a\0b", 'quo"te', "back\\slash", "é😀", " ", "[0]", "#x", ":y"]
    one = put(**{name: S(name) for name in names})
    for name in names:
        answer = wire.ok("GetItem", TableName=hash_table, Key=one, ProjectionExpression="#n", ExpressionAttributeNames={"#n": name})
        assert answer["Item"] == {name: S(name)}


def test_TYP_32_binaries_are_unsigned(wire, binary_table, key):
    partition = S(key())
    values = [base64.b64encode(bytes([b])).decode() for b in (0x80, 0x7f, 0xff, 0x01)]
    for value in values:
        wire.ok("PutItem", TableName=binary_table, Item={"p": partition, "c": {"B": value}})
    items = wire.ok("Query", TableName=binary_table, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": partition})["Items"]
    assert [base64.b64decode(one["c"]["B"])[0] for one in items] == [0x01, 0x7f, 0x80, 0xff]
