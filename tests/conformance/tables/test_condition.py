"""Condition expressions."""
import random

import pytest

from .wire import L, M, N, NS, S, SS

ITEM = {"s": S("hello"), "n": N(5), "n2": N(7), "b": {"B": "AAEC"}, "t": {"BOOL": True}, "z": {"NULL": True},
        "m": M(x=N(1), y=M(z=S("deep"))), "l": L(S("a"), N(2), L(N(3))), "ss": SS("a", "b"), "ns": NS(1, 2),
        "bs": {"BS": ["AA==", "/w=="]}, "dot.ted": S("x")}
V = ":v"

TRUTH = [
    *[(f"EXP_01_{name}", f"{name} = :v", {V: ITEM[name]}, True) for name in ITEM if "." not in name],
    ("EXP_02_eq", "s = :v", {V: N(5)}, False), ("EXP_02_ne", "s <> :v", {V: N(5)}, True),
    ("EXP_03_eq", "q = :v", {V: N(5)}, False), ("EXP_03_ne", "q <> :v", {V: N(5)}, True), ("EXP_03_lt", "q < :v", {V: N(5)}, False),
    ("EXP_03_in", "q IN (:v)", {V: N(5)}, False), ("EXP_03_between", "q BETWEEN :v AND :v", {V: N(5)}, False),
    ("EXP_04_eq", "q = r", None, False), ("EXP_04_ne", "q <> r", None, True), ("EXP_04_lt", "q < r", None, False),
    ("EXP_05_n", "n < :v", {V: N(10)}, True), ("EXP_05_s", "s >= :v", {V: S("hello")}, True), ("EXP_05_b", "b > :v", {V: {"B": "AAEB"}}, True),
    ("EXP_05_le", "n <= n2", None, True), ("EXP_05_gt", "n > n2", None, False),
    ("EXP_06_attribute", "l < :v", {V: S("z")}, False),
    ("EXP_07_inclusive", "n BETWEEN :v AND :v", {V: N(5)}, True), ("EXP_07_attributes", ":v BETWEEN n AND n2", {V: N(6)}, True),
    ("EXP_07_reversed", ":v BETWEEN n2 AND n", {V: N(6)}, False),
    ("EXP_10", "n IN (:v, :w)", {V: S("5"), ":w": N(5)}, True),
    ("EXP_13_exists", "attribute_exists(m.y.z)", None, True), ("EXP_13_not", "attribute_not_exists(l[9])", None, True),
    *[(f"EXP_15_{kind}", f"attribute_type({name}, :v)", {V: S(kind)}, True) for name, kind in
      dict(s="S", n="N", b="B", t="BOOL", z="NULL", m="M", l="L", ss="SS", ns="NS", bs="BS").items()],
    ("EXP_15_other", "attribute_type(s, :v)", {V: S("N")}, False),
    ("EXP_16_s", "begins_with(s, :v)", {V: S("hel")}, True), ("EXP_16_b", "begins_with(b, :v)", {V: {"B": "AAE="}}, True),
    ("EXP_16_n", "begins_with(n, :v)", {V: S("5")}, False),
    ("EXP_17_s", "contains(s, :v)", {V: S("ell")}, True), ("EXP_17_ss", "contains(ss, :v)", {V: S("b")}, True),
    ("EXP_17_ns", "contains(ns, :v)", {V: N("2.0")}, True), ("EXP_17_bs", "contains(bs, :v)", {V: {"B": "/w=="}}, True),
    ("EXP_17_l", "contains(l, :v)", {V: L(N(3))}, True), ("EXP_17_no", "contains(l, :v)", {V: S("b")}, False),
    ("EXP_20_s", "size(s) = :v", {V: N(5)}, True), ("EXP_20_b", "size(b) = :v", {V: N(3)}, True), ("EXP_20_set", "size(ns) = :v", {V: N(2)}, True),
    ("EXP_20_l", "size(l) = :v", {V: N(3)}, True), ("EXP_20_m", "size(m) = :v", {V: N(2)}, True),
    ("EXP_20_utf16", "size(:s) = :v", {":s": S("é😀"), V: N(3)}, True), ("EXP_20_n", "size(n) < :v", {V: N(100)}, False),
    ("EXP_25_or", "s = :v OR s = :w AND s = :w", {V: S("hello"), ":w": S("x")}, True),
    ("EXP_25_group", "(s = :v OR s = :w) AND s = :w", {V: S("hello"), ":w": S("x")}, False),
    ("EXP_25_not", "NOT s = :w AND s = :v", {V: S("hello"), ":w": S("x")}, True),
    ("EXP_26", "attribute_exists(s) aNd nOt attribute_exists(q) oR n in (:v)", {V: N(1)}, True),
    ("EXP_27_single", "(s) = (:v)", {V: S("hello")}, True),
    ("EXP_31_nested", "m.y.z = :v AND l[2][0] = :w", {V: S("deep"), ":w": N(3)}, True),
]


@pytest.fixture(scope="module")
def subject(wire, hash_table):
    one = {"p": S("condition-subject")}
    wire.ok("PutItem", TableName=hash_table, Item={**one, **ITEM})
    return one


def values_of(values):
    return {"ExpressionAttributeValues": values} if values else {}


@pytest.mark.parametrize("name,condition,values,want", TRUTH, ids=[case[0] for case in TRUTH])
def test_truth(wire, hash_table, subject, name, condition, values, want):
    body = dict(TableName=hash_table, Key=subject, ConditionExpression=condition, **values_of(values))
    if want:
        wire.ok("UpdateItem", **body)
    else:
        wire.refuses("UpdateItem", "ConditionalCheckFailedException", "The conditional request failed", **body)


TYPE = "Incorrect operand type for operator or function; operator or function: "
ERRORS = [
    ("EXP_06", "s < :v", {V: L()}, TYPE + "<, operand type: L"),
    ("EXP_08", "n BETWEEN :v AND :w", {V: N(1), ":w": S("a")}, "The BETWEEN operator requires same data type for lower and upper bounds; "
     "lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}"),
    ("EXP_09", "s BETWEEN :v AND :w", {V: S("b"), ":w": S("a")}, "The BETWEEN operator requires upper bound to be greater than or equal to "
     "lower bound; lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"),
    ("EXP_11", "s IN ()", None, 'Syntax error; token: ")", near: "()"'),
    ("EXP_12", "n IN (" + ", ".join([":v"] * 100) + ")", {V: N(1)}, "The IN operator is provided with too many operands; number of operands: 101"),
    ("EXP_14", "attribute_exists(:v)", {V: S("a")}, "Operator or function requires a document path; operator or function: attribute_exists"),
    ("EXP_15", "attribute_type(s, :v)", {V: S("Q")}, "Invalid attribute type name found; type: Q, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"),
    ("EXP_16", "begins_with(s, :v)", {V: N(1)}, TYPE + "begins_with, operand type: N"),
    ("EXP_18", "contains(s, s)", None, "The first operand must be distinct from the remaining operands for this operator or function; "
     "operator: contains, first operand: [s]"),
    ("EXP_19", "m.x[0] = m.x[0]", None, "The first operand must be distinct from the remaining operands for this operator or function; "
     "operator: =, first operand: [m, x, [0]]"),
    ("EXP_21_alone", "size(s)", None, "The function is not allowed to be used this way in an expression; function: size"),
    ("EXP_21_number", "size(:v) = :v", {V: N(1)}, TYPE + "size, operand type: N"),
    ("EXP_22", "attribute_exists(s) < :v", {V: N(1)}, "The function is not allowed to be used this way in an expression; function: attribute_exists"),
    ("EXP_23", "f(s)", None, "Invalid function name; function: f"),
    ("EXP_23_case", "SIZE(s) = :v", {V: N(1)}, "Invalid function name; function: SIZE"),
    ("EXP_24", "if_not_exists(s, :v)", {V: N(1)}, "The function is not allowed in a condition expression; function: if_not_exists"),
    ("EXP_27", "((s = :v))", {V: N(1)}, "The expression has redundant parentheses;"),
    ("EXP_28", "Data = :v", {V: N(1)}, "Attribute name is a reserved keyword; reserved keyword: Data"),
    ("EXP_29_name", "#q = n", None, "An expression attribute name used in the document path is not defined; attribute name: #q"),
    ("EXP_29_value", "s = :q", None, "An expression attribute value used in expression is not defined; attribute value: :q"),
    ("EXP_30", "contains(s)", None, "Incorrect number of operands for operator or function; operator or function: contains, number of operands: 1"),
    ("EXP_32", " " * 4097, None, "Expression size has exceeded the maximum allowed size; expression size: 4097"),
    ("EXP_33", " OR ".join(["q=:v"] * 151), {V: N(1)}, "The expression contains too many operators; operator count: 301"),
    ("EXP_35_bang", "s != :v", {V: N(1)}, 'Syntax error; token: "!", near: "s !="'),
    ("EXP_35_double", "s == :v", {V: N(1)}, 'Syntax error; token: "=", near: "== :v"'),
    ("EXP_36", "l[99999999999] = :v", {V: N(1)}, "List index is not within the allowable range; index: [99999999999]"),
    ("EXP_37", "attribute_exists(" + ".".join("a" * 33) + ")", None, "The document path has too many nesting levels; nesting levels: 33"),
]


@pytest.mark.parametrize("name,condition,values,text", ERRORS, ids=[case[0] for case in ERRORS])
def test_errors(wire, hash_table, subject, name, condition, values, text):
    for operation, member in (("PutItem", "Item"), ("DeleteItem", "Key"), ("UpdateItem", "Key")):
        wire.invalid(operation, f"Invalid ConditionExpression: {text}", TableName=hash_table, ConditionExpression=condition,
                     **{member: {"p": S("not-written")}}, **values_of(values))


@pytest.mark.parametrize("condition", ["_a = :v", "1a = :v", "a[-1] = :v", "a..b = :v", "a. = :v", "a[x] = :v", "# = :v", "a = :", "a AND :v"])
def test_EXP_36_EXP_38_syntax_errors(wire, hash_table, condition):
    answer = wire.fails("PutItem", TableName=hash_table, Item={"p": S("x")}, ConditionExpression=condition,
                        ExpressionAttributeValues={V: N(1)})
    assert answer.code == "ValidationException" and "Invalid ConditionExpression: Syntax error; token: " in answer.message


def test_EXP_12_EXP_32_EXP_33_just_below_the_limits(wire, hash_table, subject):
    for condition in ("n IN (" + ", ".join([":v"] * 99) + ")", "n = :v" + " " * 4090, " OR ".join(["n=:v"] * 150)):
        wire.ok("UpdateItem", TableName=hash_table, Key=subject, ConditionExpression=condition, ExpressionAttributeValues={V: N(5)})


def test_EXP_31_names_with_dots(wire, hash_table, subject):
    wire.ok("UpdateItem", TableName=hash_table, Key=subject, ConditionExpression="#d = :v", ExpressionAttributeValues={V: S("x")},
            ExpressionAttributeNames={"#d": "dot.ted"})


def test_EXP_34_hostile_texts(wire, hash_table):
    pieces = ["(", ")", "NOT ", "AND ", "OR ", "a", ":v", "#n", "size(", "contains(", ",", "=", "<", "[0]", ".", "BETWEEN ", "IN (", "\x00", "é"]
    dice = random.Random(5)
    texts = ["(" * 4096, "NOT " * 1024, "size(" * 800, "a" + "[0]" * 1300, "a=b OR " * 580]
    texts += ["".join(dice.choice(pieces) for _ in range(dice.randint(1, 600)))[:4096] for _ in range(150)]
    for text in texts:
        assert wire.call("PutItem", {"TableName": hash_table, "Item": {"p": S("x")}, "ConditionExpression": text}).status == 400
    wire.ok("ListTables", Limit=1)


def test_EXP_39_failure_leaves_the_item(wire, put, get, hash_table):
    one = put(a=N(1))
    for operation, body in (("PutItem", {"Item": {**one, "a": N(2)}}), ("DeleteItem", {"Key": one}),
                            ("UpdateItem", {"Key": one, "UpdateExpression": "SET a = :w"})):
        values = {V: N(9), **({":w": N(2)} if operation == "UpdateItem" else {})}
        wire.refuses(operation, "ConditionalCheckFailedException", "The conditional request failed", TableName=hash_table, **body,
                     ConditionExpression="a = :v", ExpressionAttributeValues=values)
    assert get(one) == {"a": N(1)}


def test_EXP_40_EXP_41_item_of_a_failed_condition(wire, put, hash_table, key):
    one = put(a=N(1))
    for operation, body in (("PutItem", {"Item": one}), ("DeleteItem", {"Key": one}), ("UpdateItem", {"Key": one})):
        body = {"TableName": hash_table, "ConditionExpression": "attribute_exists(q)", **body}
        answer = wire.fails(operation, **body, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        assert answer.json["Item"] == {**one, "a": N(1)}
        assert "Item" not in wire.fails(operation, **body, ReturnValuesOnConditionCheckFailure="NONE").json
        assert "Item" not in wire.fails(operation, **body).json
    answer = wire.fails("PutItem", TableName=hash_table, Item={"p": S(key())}, ConditionExpression="attribute_exists(q)",
                        ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert "Item" not in answer.json


def test_EXP_42_missing_item(wire, hash_table, key):
    one = {"p": S(key())}
    wire.ok("PutItem", TableName=hash_table, Item=one, ConditionExpression="attribute_not_exists(p)")
    wire.refuses("PutItem", "ConditionalCheckFailedException", "The conditional request failed", TableName=hash_table, Item=one,
                 ConditionExpression="attribute_not_exists(p)")
