"""Parameters from before expressions."""
import pytest

from .wire import L, M, N, NS, S, SS, constraints

INVALID = "One or more parameter values were invalid: "
FAILED = ("ConditionalCheckFailedException", "The conditional request failed")


@pytest.mark.parametrize("old,updates,want", [
    (dict(a=N(1)), dict(b={"Value": N(2)}), dict(a=N(1), b=N(2))),
    (dict(a=N(1)), dict(a={"Action": "ADD", "Value": N(2)}), dict(a=N(3))),
    (dict(), dict(a={"Action": "ADD", "Value": N(2)}), dict(a=N(2))),
    (dict(a=SS("x")), dict(a={"Action": "ADD", "Value": SS("x", "y")}), dict(a=SS("x", "y"))),
    (dict(a=NS(1)), dict(a={"Action": "ADD", "Value": NS("1.0", 2)}), dict(a=NS(1, 2))),
    (dict(), dict(a={"Action": "ADD", "Value": {"BS": ["AA=="]}}), dict(a={"BS": ["AA=="]})),
    (dict(a=L(N(1))), dict(a={"Action": "ADD", "Value": L(N(2))}), dict(a=L(N(1), N(2)))),
    (dict(a=N(1), b=N(2)), dict(a={"Action": "DELETE"}), dict(b=N(2))),
    (dict(a=SS("x", "y")), dict(a={"Action": "DELETE", "Value": SS("x")}), dict(a=SS("y"))),
    (dict(a=SS("x")), dict(a={"Action": "DELETE", "Value": SS("x")}), dict()),
    (dict(a=M(b=N(1))), {"a.b": {"Value": N(2)}}, {"a": M(b=N(1)), "a.b": N(2)}),
])
def test_LEG_01_LEG_03_LEG_06_LEG_11_attribute_updates(wire, put, get, hash_table, old, updates, want):
    one = put(**old)
    wire.ok("UpdateItem", TableName=hash_table, Key=one, AttributeUpdates=updates)
    assert get(one) == want


@pytest.mark.parametrize("old,updates,text", [
    (dict(), dict(a={"Action": "PUT"}), INVALID + "Only DELETE action is allowed when no attribute value is specified"),
    (dict(), dict(a={"Action": "ADD", "Value": S("x")}), INVALID + "ADD action is not supported for the type S"),
    (dict(), dict(a={"Action": "ADD", "Value": {"BOOL": True}}), INVALID + "ADD action is not supported for the type BOOL"),
    (dict(a=S("x")), dict(a={"Action": "ADD", "Value": N(1)}), "Type mismatch for attribute to update"),
    (dict(a=NS(1)), dict(a={"Action": "DELETE", "Value": SS("x")}), "Type mismatch for attribute to update"),
    (dict(), dict(a={"Action": "DELETE", "Value": N(1)}), INVALID + "DELETE action with value is not supported for the type N"),
])
def test_LEG_02_LEG_04_LEG_05_LEG_07_errors(wire, put, get, hash_table, old, updates, text):
    one = put(**old)
    wire.invalid("UpdateItem", text, TableName=hash_table, Key=one, AttributeUpdates=updates)
    assert get(one) == old


def test_LEG_08_unknown_action(wire, hash_table):
    _, errors = constraints(wire.fails("UpdateItem", TableName=hash_table, Key={"p": S("x")}, AttributeUpdates={"a": {"Action": "SET"}}).message)
    assert errors == {"Value 'SET' at 'attributeUpdates.a.member.action' failed to satisfy constraint: Member must satisfy enum value set: "
                      "[ADD, DELETE, PUT]"}


def test_LEG_09_LEG_10_missing_items(wire, get, hash_table, key):
    one, other = {"p": S(key())}, {"p": S(key())}
    wire.ok("UpdateItem", TableName=hash_table, Key=one, AttributeUpdates={})
    wire.ok("UpdateItem", TableName=hash_table, Key=other, AttributeUpdates={"a": {"Action": "DELETE"}})
    assert get(one) == {} and get(other) is None


def test_LEG_12_no_mixing(wire, hash_table):
    wire.invalid("UpdateItem", "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
                 "{AttributeUpdates} Expression parameters: {ConditionExpression}", TableName=hash_table, Key={"p": S("x")},
                 AttributeUpdates={"a": {"Value": N(1)}}, ConditionExpression="attribute_exists(p)")


def test_LEG_13_captured_document_client_update(wire, put, get, hash_table):
    one = put(word_count=N(1), text=S("x"))
    answer = wire.ok("UpdateItem", TableName=hash_table, Key=one, AttributeUpdates={"word_count": {"Action": "PUT", "Value": N(5)}},
                     ReturnValues="UPDATED_NEW")
    assert answer["Attributes"] == {"word_count": N(5)}
    assert get(one) == {"word_count": N(5), "text": S("x")}


SUBJECT = dict(s=S("hello"), n=N(5), b={"B": "AAEC"}, l=L(S("a")), ss=SS("a", "b"), ns=NS(1))


def op(name, *values):
    return {"ComparisonOperator": name, **({"AttributeValueList": list(values)} if values else {})}


CASES = [
    ("s", op("EQ", S("hello")), True), ("s", op("EQ", N(5)), False), ("ss", op("EQ", SS("b", "a")), True), ("q", op("EQ", N(5)), False),
    ("s", op("NE", S("x")), True), ("q", op("NE", S("x")), True), ("s", op("NE", S("hello")), False),
    ("n", op("LT", N(10)), True), ("n", op("LE", N(5)), True), ("n", op("GT", N(5)), False), ("n", op("GE", N(5)), True),
    ("q", op("GE", N(5)), False), ("s", op("LT", N(1)), False),
    ("n", op("BETWEEN", N(5), N(6)), True), ("n", op("BETWEEN", N(6), N(7)), False),
    ("s", op("BEGINS_WITH", S("he")), True), ("b", op("BEGINS_WITH", {"B": "AAE="}), True), ("n", op("BEGINS_WITH", S("5")), False),
    ("s", op("CONTAINS", S("ell")), True), ("ns", op("CONTAINS", N("1.0")), True), ("l", op("CONTAINS", S("a")), True), ("q", op("CONTAINS", S("a")), False),
    ("s", op("NOT_CONTAINS", S("x")), True), ("s", op("NOT_CONTAINS", S("ell")), False), ("q", op("NOT_CONTAINS", S("x")), False),
    ("n", op("IN", N(4), N(5)), True), ("n", op("IN", N(4)), False),
    ("q", op("NULL"), True), ("s", op("NULL"), False), ("s", op("NOT_NULL"), True), ("q", op("NOT_NULL"), False),
]


@pytest.fixture(scope="module")
def subject(wire, hash_table):
    wire.ok("PutItem", TableName=hash_table, Item={"p": S("legacy-subject"), **SUBJECT})
    return {"p": S("legacy-subject")}


@pytest.mark.parametrize("attribute,condition,want", CASES)
def test_LEG_16_LEG_17_LEG_24_LEG_26_operators(wire, subject, hash_table, attribute, condition, want):
    body = dict(TableName=hash_table, Key=subject, Expected={attribute: condition})
    wire.ok("UpdateItem", **body) if want else wire.refuses("UpdateItem", *FAILED, **body)
    only = op("EQ", subject["p"])
    assert wire.ok("Query", TableName=hash_table, KeyConditions={"p": only}, QueryFilter={attribute: condition})["Count"] == want
    assert wire.ok("Scan", TableName=hash_table, ScanFilter={"p": only, attribute: condition})["Count"] == want


@pytest.mark.parametrize("expected,want", [
    (dict(s={"Value": S("hello")}), True), (dict(s={"Value": S("x")}), False), (dict(q={"Value": S("x")}), False),
    (dict(q={"Exists": False}), True), (dict(s={"Exists": False}), False), (dict(s={"Exists": True, "Value": S("hello")}), True),
])
def test_LEG_14_LEG_15_expected(wire, subject, hash_table, expected, want):
    for operation, body in (("UpdateItem", {"Key": subject}), ("PutItem", {"Item": {**subject, **SUBJECT}})):
        body = dict(TableName=hash_table, Expected=expected, **body)
        wire.ok(operation, **body) if want else wire.refuses(operation, *FAILED, **body)
    if not want:
        wire.refuses("DeleteItem", *FAILED, TableName=hash_table, Key=subject, Expected=expected)


@pytest.mark.parametrize("expected,text", [
    ({"Value": S("x"), "AttributeValueList": [S("x")]}, "Value and AttributeValueList cannot be used together for Attribute: a"),
    ({"Exists": True, **op("EQ", S("x"))}, "Exists and ComparisonOperator cannot be used together for Attribute: a"),
    ({"ComparisonOperator": "LT"}, "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a"),
    ({"AttributeValueList": [S("x")]}, "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"),
    ({}, "Value must be provided when Exists is null for Attribute: a"),
    ({"Exists": True}, "Value must be provided when Exists is true for Attribute: a"),
    ({"Exists": False, "Value": S("x")}, "Value cannot be used when Exists is false for Attribute: a"),
    (op("EQ", S("x"), S("y")), "Invalid number of argument(s) for the EQ ComparisonOperator"),
    (op("NULL", S("x")), "Invalid number of argument(s) for the NULL ComparisonOperator"),
    (op("BETWEEN", S("x")), "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
    (op("IN", S("x"), N(1)), "AttributeValues inside AttributeValueList must be of same type"),
    (op("GT", L()), "ComparisonOperator GT is not valid for L AttributeValue type"),
    (op("BEGINS_WITH", N(1)), "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
])
def test_LEG_15_LEG_18_LEG_19_LEG_21_errors(wire, hash_table, expected, text):
    for operation, member in (("PutItem", "Item"), ("UpdateItem", "Key"), ("DeleteItem", "Key")):
        wire.invalid(operation, INVALID + text, TableName=hash_table, Expected={"a": expected}, **{member: {"p": S("x")}})


def test_LEG_20_LEG_23_errors_without_prefix(wire, hash_table):
    body = dict(TableName=hash_table, Item={"p": S("x")})
    wire.invalid("PutItem", "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
                 Expected={"a": op("BETWEEN", N(2), N(1))}, **body)
    for more in ({}, {"Expected": {}}):
        wire.invalid("PutItem", "ConditionalOperator cannot be used without Filter or Expected", ConditionalOperator="OR", **more, **body)


def test_LEG_22_LEG_24_conditional_operator(wire, subject, hash_table):
    two = dict(s=op("EQ", S("x")), n=op("EQ", N(5)))
    wire.ok("UpdateItem", TableName=hash_table, Key=subject, Expected=two, ConditionalOperator="OR")
    wire.refuses("UpdateItem", *FAILED, TableName=hash_table, Key=subject, Expected=two, ConditionalOperator="AND")
    keys = {"p": op("EQ", subject["p"])}
    assert wire.ok("Query", TableName=hash_table, KeyConditions=keys, QueryFilter=two, ConditionalOperator="OR")["Count"] == 1
    assert wire.ok("Query", TableName=hash_table, KeyConditions=keys, QueryFilter=two)["Count"] == 0


def test_LEG_25_query_filter_on_a_key(wire, range_table):
    wire.invalid("Query", "QueryFilter can only contain non-primary key attributes: Primary key attribute: c", TableName=range_table,
                 KeyConditions={"p": op("EQ", S("x"))}, QueryFilter={"c": op("EQ", S("x"))})


def test_LEG_27_key_conditions(wire, number_table, range_table, key):
    partition = S(key())
    for n in range(5):
        wire.ok("PutItem", TableName=number_table, Item={"p": partition, "c": N(n)})
        wire.ok("PutItem", TableName=range_table, Item={"p": partition, "c": S(f"{n}x")})
    for condition, want in ((op("EQ", N(2)), [2]), (op("LT", N(2)), [0, 1]), (op("LE", N(2)), [0, 1, 2]), (op("GT", N(2)), [3, 4]),
                            (op("GE", N(2)), [2, 3, 4]), (op("BETWEEN", N(1), N(3)), [1, 2, 3])):
        items = wire.ok("Query", TableName=number_table, KeyConditions={"p": op("EQ", partition), "c": condition})["Items"]
        assert [int(one["c"]["N"]) for one in items] == want, condition
    items = wire.ok("Query", TableName=range_table, KeyConditions={"p": op("EQ", partition), "c": op("BEGINS_WITH", S("3"))})["Items"]
    assert [one["c"] for one in items] == [S("3x")]


def test_LEG_28_LEG_29_bad_key_conditions(wire, range_table):
    for bad in (op("NE", S("x")), op("CONTAINS", S("x")), op("NOT_NULL"), op("IN", S("x"))):
        wire.invalid("Query", "Attempted conditional constraint is not an indexable operation", TableName=range_table,
                     KeyConditions={"p": op("EQ", S("x")), "c": bad})
    three = {name: op("EQ", S("x")) for name in ("p", "c", "d")}
    wire.invalid("Query", "Conditions can be of length 1 or 2 only", TableName=range_table, KeyConditions=three)


def test_LEG_30_attributes_to_get(wire, put, hash_table):
    one = put(a=N(1), b=N(2), **{"c.d": N(3)})
    want = {"a": N(1), "c.d": N(3)}
    names = ["a", "c.d", "q"]
    assert wire.ok("GetItem", TableName=hash_table, Key=one, AttributesToGet=names)["Item"] == want
    assert wire.ok("Query", TableName=hash_table, KeyConditions={"p": op("EQ", one["p"])}, AttributesToGet=names)["Items"] == [want]
    assert wire.ok("Scan", TableName=hash_table, ScanFilter={"p": op("EQ", one["p"])}, AttributesToGet=names)["Items"] == [want]
    answer = wire.ok("BatchGetItem", RequestItems={hash_table: {"Keys": [one], "AttributesToGet": names}})
    assert answer["Responses"][hash_table] == [want]
