"""The framework of checks: constraints, their texts and their order."""
import pytest

from .wire import N, S, constraints

CONSTRAINT = " failed to satisfy constraint: "


def test_VAL_01_VAL_02_VAL_08_constraints_are_listed_together(wire):
    count, errors = constraints(wire.fails("PutItem", TableName="a;").message)
    assert count == 3 and errors == {
        "Value null at 'item'" + CONSTRAINT + "Member must not be null",
        "Value 'a;' at 'tableName'" + CONSTRAINT + "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        "Value 'a;' at 'tableName'" + CONSTRAINT + "Member must have length greater than or equal to 3",
    }
    count, errors = constraints(wire.fails("GetItem", TableName="abc").message)
    assert (count, errors) == (1, {"Value null at 'key'" + CONSTRAINT + "Member must not be null"})


def test_VAL_03_at_most_ten(wire):
    bad = [{"IndexName": "a", "KeySchema": [{"AttributeName": "a", "KeyType": "X"}], "Projection": {"ProjectionType": "X"}}] * 9
    count, errors = constraints(wire.fails("CreateTable", TableName="abc", LocalSecondaryIndexes=bad).message)
    assert count == 10


def test_VAL_04_paths(wire):
    count, errors = constraints(wire.fails(
        "CreateTable", TableName="abc", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "X"}],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "Y"}]).message)
    assert errors == {
        "Value 'X' at 'attributeDefinitions.1.member.attributeType'" + CONSTRAINT + "Member must satisfy enum value set: [B, N, S]",
        "Value 'Y' at 'keySchema.2.member.keyType'" + CONSTRAINT + "Member must satisfy enum value set: [HASH, RANGE]",
    }


@pytest.mark.parametrize("operation,member,body,path,values", [
    ("PutItem", "ReturnConsumedCapacity", {"Item": {"p": S("x")}}, "returnConsumedCapacity", "[INDEXES, TOTAL, NONE]"),
    ("PutItem", "ReturnItemCollectionMetrics", {"Item": {"p": S("x")}}, "returnItemCollectionMetrics", "[SIZE, NONE]"),
    ("PutItem", "ReturnValues", {"Item": {"p": S("x")}}, "returnValues", "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"),
    ("PutItem", "ConditionalOperator", {"Item": {"p": S("x")}}, "conditionalOperator", "[OR, AND]"),
    ("Scan", "Select", {}, "select", "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"),
    ("CreateTable", "BillingMode",
     {"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}]},
     "billingMode", "[PROVISIONED, PAY_PER_REQUEST]"),
])
def test_VAL_05_VAL_20_enumerations(wire, operation, member, body, path, values):
    for bad in ("x", "none", "all"):
        _, errors = constraints(wire.fails(operation, TableName="abc", **body, **{member: bad}).message)
        assert errors == {f"Value '{bad}' at '{path}'{CONSTRAINT}Member must satisfy enum value set: {values}"}


def test_VAL_05_comparison_operators(wire):
    values = "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"
    _, errors = constraints(wire.fails("Scan", TableName="abc", ScanFilter={"a": {"ComparisonOperator": "x"}}).message)
    assert errors == {f"Value 'x' at 'scanFilter.a.member.comparisonOperator'{CONSTRAINT}Member must satisfy enum value set: {values}"}
    _, errors = constraints(wire.fails("Scan", TableName="abc", ScanFilter={"a": {}}).message)
    assert errors == {f"Value null at 'scanFilter.a.member.comparisonOperator'{CONSTRAINT}Member must not be null"}


def test_VAL_06_VAL_07_control_plane_names(wire):
    for operation in ("CreateTable", "DeleteTable", "DescribeTable", "UpdateTable", "DescribeTimeToLive"):
        wire.invalid(operation, "The parameter 'TableName' is required but was not present in the request")
        for name, *wrong in (("ab", "Member must have length greater than or equal to 3"),
                             ("a" * 256, "Member must have length less than or equal to 255"),
                             ("a;", "Member must have length greater than or equal to 3",
                              "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")):
            # Nothing else is told beside a wrong name.
            _, errors = constraints(wire.fails(operation, TableName=name, KeySchema=[]).message)
            assert errors == {f"Value '{name}' at 'tableName'{CONSTRAINT}{text}" for text in wrong}


def test_VAL_08_data_plane_length(wire):
    _, errors = constraints(wire.fails("Scan", TableName="ab").message)
    assert errors == {"Value 'ab' at 'tableName'" + CONSTRAINT + "Member must have length greater than or equal to 3"}


def test_VAL_08_an_empty_name_is_told_alone(wire):
    for operation in ("GetItem", "PutItem", "DeleteItem", "UpdateItem", "Query", "Scan"):
        wire.invalid(operation, "1 validation error detected: Value at 'TableName'" + CONSTRAINT + "Member must have length greater than or equal to 1",
                     TableName="", ReturnValues="X", ReturnConsumedCapacity="X")


def test_VAL_20_update_item_tells_a_wrong_return_value_alone(wire):
    enum = CONSTRAINT + "Member must satisfy enum value set: "
    values = "Value 'X' at 'returnValues'" + enum + "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
    capacity = "Value 'X' at 'returnConsumedCapacity'" + enum + "[INDEXES, TOTAL, NONE]"
    body = {"TableName": "abc", "ReturnValues": "X", "ReturnConsumedCapacity": "X"}
    assert constraints(wire.fails("UpdateItem", Key={"p": S("x")}, **body).message) == (1, {values})
    assert constraints(wire.fails("DeleteItem", Key={"p": S("x")}, **body).message) == (2, {values, capacity})


MIX = "Can not use both expression and non-expression parameters in the same request: "


def test_VAL_09_mixing(wire):
    wire.invalid("Query", MIX + "Non-expression parameters: {AttributesToGet, QueryFilter, ConditionalOperator, KeyConditions} "
                 "Expression parameters: {ProjectionExpression, FilterExpression, KeyConditionExpression}", TableName="abc",
                 KeyConditions={}, QueryFilter={}, ConditionalOperator="OR", AttributesToGet=["a"], KeyConditionExpression="",
                 FilterExpression="", ProjectionExpression="")
    wire.invalid("UpdateItem", MIX + "Non-expression parameters: {AttributeUpdates, Expected} Expression parameters: "
                 "{UpdateExpression, ConditionExpression}", TableName="abc", Key={"p": S("x")}, AttributeUpdates={}, Expected={},
                 UpdateExpression="", ConditionExpression="")
    wire.invalid("GetItem", MIX + "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}",
                 TableName="abc", Key={}, AttributesToGet=["a"], ProjectionExpression="")


def test_VAL_10_key_conditions_with_a_filter_expression(wire, hash_table, put):
    one = put(a=N(1))
    answer = wire.ok("Query", TableName=hash_table, KeyConditions={"p": {"ComparisonOperator": "EQ", "AttributeValueList": [one["p"]]}},
                     FilterExpression="a = :a", ExpressionAttributeValues={":a": N(1)})
    assert answer["Count"] == 1


def test_VAL_11_names_alone(wire):
    wire.invalid("GetItem", "ExpressionAttributeNames can only be specified when using expressions", TableName="abc", Key={"p": S("x")},
                 ExpressionAttributeNames={"#a": "a"})


@pytest.mark.parametrize("operation,body,absent", [
    ("PutItem", {"Item": {"p": S("x")}}, "ConditionExpression is null"),
    ("DeleteItem", {"Key": {"p": S("x")}}, "ConditionExpression is null"),
    ("UpdateItem", {"Key": {"p": S("x")}}, "UpdateExpression and ConditionExpression are null"),
    ("Query", {"KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [S("x")]}}},
     "FilterExpression and KeyConditionExpression are null"),
    ("Scan", {}, "FilterExpression is null"),
])
def test_VAL_12_values_alone(wire, operation, body, absent):
    wire.invalid(operation, f"ExpressionAttributeValues can only be specified when using expressions: {absent}", TableName="abc", **body,
                 ExpressionAttributeValues={":a": N(1)})


OPERATIONS = [
    ("PutItem", {"Item": {"p": S("x")}, "ConditionExpression": "a = b"}),
    ("DeleteItem", {"Key": {"p": S("x")}, "ConditionExpression": "a = b"}),
    ("UpdateItem", {"Key": {"p": S("x")}, "UpdateExpression": "REMOVE a"}),
    ("Query", {"KeyConditionExpression": "a = b"}),
    ("Scan", {"FilterExpression": "a = b"}),
]


@pytest.mark.parametrize("operation,body", OPERATIONS)
def test_VAL_13_to_VAL_16_substitution_maps(wire, operation, body):
    body = {"TableName": "abc", **body}
    wire.invalid(operation, "ExpressionAttributeNames must not be empty", **body, ExpressionAttributeNames={})
    wire.invalid(operation, "ExpressionAttributeValues must not be empty", **body, ExpressionAttributeValues={})
    wire.invalid(operation, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"', **body, ExpressionAttributeNames={"a": "a"})
    wire.invalid(operation, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "a"', **body, ExpressionAttributeValues={"a": N(1)})
    wire.invalid(operation, "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one "
                 "of the supported datatypes for key :b", **body, ExpressionAttributeValues={":b": {}})
    wire.invalid(operation, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}", **body,
                 ExpressionAttributeNames={"#a": "a"})
    wire.invalid(operation, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}", **body,
                 ExpressionAttributeValues={":a": N(1)})


def test_VAL_17_VAL_18_the_counted_form(wire, hash_table, put):
    one = put()
    unused = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"
    names = {"ExpressionAttributeNames": {"#a": "a"}}
    for operation, body in OPERATIONS[:3]:
        assert wire.fails(operation, TableName="abc", **body, **names).message == "1 validation error detected: " + unused, operation
    for operation, body in [("GetItem", {"Key": one, "ProjectionExpression": "a"}), ("Scan", {"FilterExpression": "a = b"})]:
        assert wire.fails(operation, TableName=hash_table, **body, **names).message == unused, operation
    answer = wire.fails("BatchGetItem", RequestItems={hash_table: {"Keys": [one], "ProjectionExpression": "a", **names}})
    assert answer.message == unused
    answer = wire.fails("TransactWriteItems", TransactItems=[{"Delete": {"TableName": hash_table, "Key": one, "ConditionExpression": "a = b", **names}}])
    assert answer.message == unused


def test_VAL_19_limit(wire, hash_table):
    query = {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": S("x")}}
    for limit in (0, -1):  # Query words it in its own way
        _, errors = constraints(wire.fails("Scan", TableName=hash_table, Limit=limit).message)
        assert errors == {f"Value '{limit}' at 'limit'{CONSTRAINT}Member must have value greater than or equal to 1"}
        wire.invalid("Query", f"1 validation error detected: Value at 'Limit'{CONSTRAINT}Member must have value greater than or equal to 1",
                     TableName=hash_table, Limit=limit, **query)


def test_VAL_21_VAL_22_attributes_to_get(wire):
    wire.invalid("GetItem", "One or more parameter values were invalid: Duplicate value in attribute name: a", TableName="abc",
                 Key={"p": S("x")}, AttributesToGet=["a", "b", "a"])
    _, errors = constraints(wire.fails("GetItem", TableName="abc", Key={"p": S("x")}, AttributesToGet=[]).message)
    assert errors == {"Value '[]' at 'attributesToGet'" + CONSTRAINT + "Member must have length greater than or equal to 1"}


def test_VAL_23_size_before_expected(wire):
    wire.invalid("PutItem", "Item size has exceeded the maximum allowed size", TableName="abc", Item={"p": S("x" * 500000)},
                 Expected={"a": {}})


def test_VAL_24_expressions_before_the_table(wire):
    wire.invalid("PutItem", 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="', TableName="not-there",
                 Item={"p": S("x")}, ConditionExpression="a =")
    wire.refuses("PutItem", "ResourceNotFoundException", "Requested resource not found", TableName="not-there", Item={"p": S("x")},
                 ConditionExpression="a = b")
