"""Update expressions."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from .wire import L, M, N, NS, S, SS

V = ":v"
MISSING = "The provided expression refers to an attribute that does not exist in the item"
WRONG = "An operand in the update expression has an incorrect data type"
PATH = "The document path provided in the update expression is invalid for update"
TYPE = "Invalid UpdateExpression: Incorrect operand type for operator or function; "
LIST = L(N(0), N(1), N(2), N(3))

GOOD = [
    ("UPD_01", dict(a=N(1)), "SET b = :v, c = :v", {V: N(2)}, dict(a=N(1), b=N(2), c=N(2))),
    ("UPD_02", dict(a=N(1)), "SET b = a", None, dict(a=N(1), b=N(1))),
    ("UPD_03", dict(a=N(1)), "SET a = :v, b = a", {V: N(2)}, dict(a=N(2), b=N(1))),
    ("UPD_03_remove", dict(a=N(1)), "REMOVE a SET b = a", None, dict(b=N(1))),
    ("UPD_04", dict(a=N(5)), "SET a = a - :v, b = :v + a", {V: N("0.5")}, dict(a=N("4.5"), b=N("5.5"))),
    ("UPD_07", dict(a=L(N(1))), "SET a = list_append(a, :v), b = list_append(:v, a)", {V: L(S("x"))}, dict(a=L(N(1), S("x")), b=L(S("x"), N(1)))),
    ("UPD_09", dict(a=N(1)), "SET a = if_not_exists(a, :v), b = if_not_exists(b, :v)", {V: N(2)}, dict(a=N(1), b=N(2))),
    ("UPD_10", dict(a=L(N(1))), "SET a = list_append(if_not_exists(a, :v), :v), c = if_not_exists(q, if_not_exists(r, :v))", {V: L()},
     dict(a=L(N(1)), c=L())),
    ("UPD_10_sum", dict(a=N(1)), "SET a = if_not_exists(a, :v) + if_not_exists(q, :v)", {V: N(2)}, dict(a=N(3))),
    ("UPD_12", dict(a=N(1), m=M(x=N(1), y=N(2)), l=LIST), "REMOVE a, m.x, l[1]", None, dict(m=M(y=N(2)), l=L(N(0), N(2), N(3)))),
    ("UPD_13", dict(l=LIST), "REMOVE l[9], q", None, dict(l=LIST)),
    ("UPD_14", dict(l=LIST), "REMOVE l[1], l[3]", None, dict(l=L(N(0), N(2)))),
    ("UPD_14_set", dict(l=LIST), "REMOVE l[1] SET l[3] = :v", {V: S("x")}, dict(l=L(N(0), N(2), S("x")))),
    ("UPD_15", dict(l=L(N(0))), "SET l[84] = :a, l[37] = :b", {":a": S("84"), ":b": S("37")}, dict(l=L(N(0), S("37"), S("84")))),
    ("UPD_18", dict(m=M(x=N(1)), l=L(N(1))), "REMOVE m.x, l[0]", None, dict(m=M(), l=L())),
    ("UPD_19", dict(a=N(5)), "ADD a :v, b :v", {V: N(-7)}, dict(a=N(-2), b=N(-7))),
    ("UPD_20", dict(a=NS(1, 2)), "ADD a :v, b :v", {V: NS(2, 3)}, dict(a=NS(1, 2, 3), b=NS(2, 3))),
    ("UPD_23", dict(a=SS("x", "y"), b=SS("x")), "DELETE a :v, b :v, c :v", {V: SS("x", "z")}, dict(a=SS("y"))),
    ("UPD_30", dict(a=N(1)), "sEt\tb = :v\nremove\r\na", {V: N(2)}, dict(b=N(2))),
    ("UPD_35", dict(m=M(x=N(1))), "SET m = :v", {V: N(2)}, dict(m=N(2))),
    ("UPD_nested", dict(m=M(l=L(M(x=N(1))))), "SET m.l[0].x = :v, m.l[0].y = m.l[0].x", {V: N(2)}, dict(m=M(l=L(M(x=N(2), y=N(1)))))),
]


def sorted_sets(item):
    return {name: {kind: sorted(value) if kind in ("SS", "NS", "BS") else value} for name, one in item.items() for kind, value in one.items()}


@pytest.mark.parametrize("name,old,expression,values,want", GOOD, ids=[case[0] for case in GOOD])
def test_updates(wire, put, get, hash_table, name, old, expression, values, want):
    one = put(**old)
    wire.ok("UpdateItem", TableName=hash_table, Key=one, UpdateExpression=expression, **({"ExpressionAttributeValues": values} if values else {}))
    assert sorted_sets(get(one)) == sorted_sets(want)


BAD = [
    ("UPD_02", dict(), "SET b = a", None, MISSING),
    ("UPD_05", dict(a=N(1)), "SET a = a + a + a", None, 'Invalid UpdateExpression: Syntax error; token: "+", near: "a + a"'),
    ("UPD_06_constant", dict(a=N(1)), "SET a = a + :v", {V: S("x")}, TYPE + "operator or function: +, operand type: S"),
    ("UPD_06_item", dict(a=S("x")), "SET a = a + :v", {V: N(1)}, WRONG),
    ("UPD_08_count", dict(), "SET a = list_append(a)", None,
     "Invalid UpdateExpression: Incorrect number of operands for operator or function; operator or function: list_append, number of operands: 1"),
    ("UPD_08_type", dict(), "SET a = list_append(a, :v)", {V: S("x")}, TYPE + "operator or function: list_append, operand type: S"),
    ("UPD_11", dict(), "SET a = if_not_exists(a, :v + :v)", {V: N(1)}, 'Invalid UpdateExpression: Syntax error; token: "+", near: ":v + :v"'),
    ("UPD_16_missing", dict(), "SET x.y = :v", {V: N(1)}, PATH),
    ("UPD_16_scalar", dict(x=N(1)), "SET x.y = :v", {V: N(1)}, PATH),
    ("UPD_16_index", dict(x=M()), "SET x[0] = :v", {V: N(1)}, PATH),
    ("UPD_17", dict(), "REMOVE x.y", None, PATH),
    ("UPD_21", dict(), "ADD a :v", {V: L()}, TYPE + "operator: ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND"),
    ("UPD_22", dict(a=S("x")), "ADD a :v", {V: N(1)}, WRONG),
    ("UPD_22_set", dict(a=SS("x")), "ADD a :v", {V: NS(1)}, WRONG),
    ("UPD_24", dict(), "DELETE a :v", {V: S("x")}, TYPE + "operator: DELETE, operand type: STRING, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
    ("UPD_25", dict(), "SET a = :v SET b = :v", {V: N(1)}, 'Invalid UpdateExpression: The "SET" section can only be used once in an update expression;'),
    ("UPD_26", dict(), "SET a = :v, a.b = :v", {V: N(1)}, "Invalid UpdateExpression: Two document paths overlap with each other; must remove or "
     "rewrite one of these paths; path one: [a], path two: [a, b]"),
    ("UPD_27", dict(), "SET a.b = :v, a[1] = :v", {V: N(1)}, "Invalid UpdateExpression: Two document paths conflict with each other; must remove or "
     "rewrite one of these paths; path one: [a, b], path two: [a, [1]]"),
    ("UPD_28", dict(), "", None, "Invalid UpdateExpression: The expression can not be empty;"),
    ("UPD_29", dict(), "HELLO a = :v", {V: N(1)}, 'Invalid UpdateExpression: Syntax error; token: "HELLO", near: "HELLO a"'),
]


@pytest.mark.parametrize("name,old,expression,values,text", BAD, ids=[case[0] for case in BAD])
def test_errors(wire, put, get, hash_table, name, old, expression, values, text):
    one = put(**old)
    wire.invalid("UpdateItem", text, TableName=hash_table, Key=one, UpdateExpression=expression,
                 **({"ExpressionAttributeValues": values} if values else {}))
    assert get(one) == old


def test_VAL_17_counted_errors_of_updates(wire, hash_table):
    for expression in ("", "REMOVE a REMOVE b", "REMOVE a, a"):
        answer = wire.fails("UpdateItem", TableName=hash_table, Key={"p": S("x")}, UpdateExpression=expression)
        assert answer.message.startswith("1 validation error detected: Invalid UpdateExpression: "), answer.message


def test_UPD_09_UPD_19_items_are_created(wire, get, hash_table, key):
    one, other = {"p": S(key())}, {"p": S(key())}
    wire.ok("UpdateItem", TableName=hash_table, Key=one, UpdateExpression="SET a = if_not_exists(a, :v)", ExpressionAttributeValues={V: N(1)})
    wire.ok("UpdateItem", TableName=hash_table, Key=other, UpdateExpression="ADD a :v", ExpressionAttributeValues={V: N(1)})
    assert get(one) == get(other) == {"a": N(1)}


def test_UPD_32_computed_index_key(wire, index_table, key):
    one = {"p": S(key()), "c": S("x")}
    wire.ok("PutItem", TableName=index_table, Item={**one, "x": N(1)})
    wire.invalid("UpdateItem", "The update expression attempted to update the secondary index key to unsupported type", TableName=index_table,
                 Key=one, UpdateExpression="SET g = x")
    wire.invalid("UpdateItem", "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi",
                 TableName=index_table, Key=one, UpdateExpression="SET g = :v", ExpressionAttributeValues={V: N(1)})


def test_UPD_17_UPD_33_removing_from_a_missing_item(wire, get, hash_table, key):
    one = {"p": S(key())}
    for expression in ("REMOVE a", "REMOVE x.y", "REMOVE x[0]"):
        wire.ok("UpdateItem", TableName=hash_table, Key=one, UpdateExpression=expression)
    wire.ok("UpdateItem", TableName=hash_table, Key=one, UpdateExpression="DELETE a :v", ExpressionAttributeValues={V: SS("x")})
    assert get(one) is None


def test_UPD_34_no_update_creates_the_key(wire, get, hash_table, key):
    one = {"p": S(key())}
    wire.ok("UpdateItem", TableName=hash_table, Key=one)
    assert get(one) == {}


def test_UPD_36_concurrent_increments(wire, get, put, hash_table):
    one = put(n=N(0))

    def add(_):
        wire.ok("UpdateItem", TableName=hash_table, Key=one, UpdateExpression="SET n = n + :v", ExpressionAttributeValues={V: N(1)})

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(add, range(200)))
    assert get(one) == {"n": N(200)}
