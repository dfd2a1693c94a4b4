"""ReturnValues and projections."""
import pytest

from .wire import L, M, N, S

ONLY = "ReturnValues can only be ALL_OLD or NONE"


def update(wire, table, one, expression, returned, values=None):
    return wire.ok("UpdateItem", TableName=table, Key=one, UpdateExpression=expression, ReturnValues=returned,
                   **({"ExpressionAttributeValues": values} if values else {})).get("Attributes")


def test_RET_01_put(wire, hash_table, key):
    one = {"p": S(key())}
    assert wire.ok("PutItem", TableName=hash_table, Item={**one, "a": N(1)}, ReturnValues="ALL_OLD") == {}
    assert wire.ok("PutItem", TableName=hash_table, Item=one, ReturnValues="ALL_OLD") == {"Attributes": {**one, "a": N(1)}}
    assert wire.ok("PutItem", TableName=hash_table, Item=one, ReturnValues="NONE") == {}


@pytest.mark.parametrize("kind", ["UPDATED_NEW", "UPDATED_OLD", "ALL_NEW"])
def test_RET_02_RET_03_kinds(wire, hash_table, kind):
    wire.invalid("PutItem", ONLY, TableName=hash_table, Item={"p": S("x")}, ReturnValues=kind)
    wire.invalid("DeleteItem", ONLY, TableName=hash_table, Key={"p": S("x")}, ReturnValues=kind)


def test_RET_03_delete(wire, put, hash_table):
    one = put(a=N(1))
    assert wire.ok("DeleteItem", TableName=hash_table, Key=one, ReturnValues="ALL_OLD") == {"Attributes": {**one, "a": N(1)}}
    assert wire.ok("DeleteItem", TableName=hash_table, Key=one, ReturnValues="ALL_OLD") == {}


def test_RET_04_update_all(wire, put, hash_table, key):
    one = put(a=N(1))
    assert update(wire, hash_table, one, "SET b = a", "ALL_OLD") == {**one, "a": N(1)}
    assert update(wire, hash_table, one, "REMOVE a", "ALL_NEW") == {**one, "b": N(1)}
    assert update(wire, hash_table, one, "REMOVE b", "NONE") is None
    new = {"p": S(key())}
    assert update(wire, hash_table, new, "SET a = :v", "ALL_OLD", {":v": N(1)}) is None


def test_RET_05_to_RET_10_update_partial(wire, put, hash_table):
    old = dict(a=N(1), m=M(x=N(1), y=N(2)), l=L(N(0), N(1), N(2)))
    assert update(wire, hash_table, put(**old), "SET a = :v, b = :v", "UPDATED_OLD", {":v": N(9)}) == {"a": N(1)}
    assert update(wire, hash_table, put(**old), "SET b = :v", "UPDATED_OLD", {":v": N(9)}) is None
    assert update(wire, hash_table, put(**old), "SET m.x = :v", "UPDATED_OLD", {":v": N(9)}) == {"m": M(x=N(1))}
    assert update(wire, hash_table, put(**old), "SET m.x = :v, a = :v", "UPDATED_NEW", {":v": N(9)}) == {"a": N(9), "m": M(x=N(9))}
    assert update(wire, hash_table, put(**old), "SET l[2] = :v, l[0] = :v", "UPDATED_NEW", {":v": N(9)}) == {"l": L(N(9), N(9))}
    assert update(wire, hash_table, put(**old), "REMOVE a", "UPDATED_NEW") is None
    assert update(wire, hash_table, put(**old), "REMOVE a, m.x", "UPDATED_OLD") == {"a": N(1), "m": M(x=N(1))}
    assert update(wire, hash_table, put(**old), "SET l[100] = :v", "UPDATED_NEW", {":v": N(9)}) is None
    assert update(wire, hash_table, put(**old), "REMOVE l[1]", "UPDATED_NEW") == {"l": L(N(2))}
    assert update(wire, hash_table, put(**old), "SET a = :v", "UPDATED_NEW", {":v": N(1)}) == {"a": N(1)}


def test_RET_10_no_keys_in_partial_results(wire, hash_table, key):
    one = {"p": S(key())}
    assert wire.ok("UpdateItem", TableName=hash_table, Key=one, ReturnValues="UPDATED_NEW") == {}


def test_RET_11_all_new_of_nothing(wire, hash_table, key):
    assert update(wire, hash_table, {"p": S(key())}, "REMOVE a", "ALL_NEW") is None


def test_RET_12_RET_13_RET_14_projection(wire, put, hash_table, key):
    one = put(m=M(x=N(1), y=M(z=S("d"), w=N(2))), l=L(N(0), N(1), M(x=N(3), y=N(4))), o=N(1))

    def project(expression):
        return wire.ok("GetItem", TableName=hash_table, Key=one, ProjectionExpression=expression).get("Item")

    assert project("l[2].x, m.y.z, l[0], q, m.q") == {"l": L(N(0), M(x=N(3))), "m": M(y=M(z=S("d")))}
    assert project("p, o") == {**one, "o": N(1)}
    assert project("q, m.q, l[9]") == {}
    assert wire.ok("GetItem", TableName=hash_table, Key={"p": S(key())}) == {}
    assert wire.ok("GetItem", TableName=hash_table, Key={"p": S(key())}, ProjectionExpression="a") == {}


def test_RET_15_projection_errors(wire, hash_table):
    text = "Invalid ProjectionExpression: Two document paths {} with each other; must remove or rewrite one of these paths; path one: {}, path two: {}"
    body = dict(TableName=hash_table, Key={"p": S("x")})
    wire.invalid("GetItem", text.format("overlap", "[a]", "[a, b]"), ProjectionExpression="a, a.b", **body)
    wire.invalid("GetItem", text.format("overlap", "[a]", "[a]"), ProjectionExpression="a, a", **body)
    wire.invalid("GetItem", text.format("conflict", "[a, b]", "[a, [0]]"), ProjectionExpression="a.b, a[0]", **body)


def test_RET_16_item_collection_metrics(wire, hash_table, index_table, key):
    assert wire.ok("PutItem", TableName=hash_table, Item={"p": S(key())}, ReturnItemCollectionMetrics="SIZE") == {}
    p = S(key())
    answer = wire.ok("PutItem", TableName=index_table, Item={"p": p, "c": S("x")}, ReturnItemCollectionMetrics="SIZE")
    assert answer["ItemCollectionMetrics"]["ItemCollectionKey"] == {"p": p}
    assert len(answer["ItemCollectionMetrics"]["SizeEstimateRangeGB"]) == 2
