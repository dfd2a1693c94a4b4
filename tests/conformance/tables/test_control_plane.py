"""Creating, describing, changing, listing and deleting tables; tags."""
import json
import re
import threading
import uuid

import boto3
import pytest
from botocore.loaders import Loader

from .conftest import index, schema, wait_active, wait_gone
from .wire import S

P = "One or more parameter values were invalid: "
HASH = schema("p:S")


def test_CTL_01_CTL_04_CTL_06_on_demand(wire, unique):
    name = unique("ctl")
    created = wire.ok("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST", **HASH)["TableDescription"]
    assert created["TableStatus"] == "CREATING" and created["TableName"] == name
    assert created["KeySchema"] == HASH["KeySchema"] and created["AttributeDefinitions"] == HASH["AttributeDefinitions"]
    assert (created["ItemCount"], created["TableSizeBytes"], created["DeletionProtectionEnabled"]) == (0, 0, False)
    throughput = {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    assert created["ProvisionedThroughput"] == throughput and created["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert str(uuid.UUID(created["TableId"])) == created["TableId"]
    assert created["TableArn"] == f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}"
    described = wait_active(wire, name)
    assert set(described) - {"WarmThroughput"} == set(created)
    assert described["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] == described["CreationDateTime"]
    wire.ok("DeleteTable", TableName=name)


def test_CTL_01_CTL_04_provisioned(wire, unique):
    name = unique("ctl")
    created = wire.ok("CreateTable", TableName=name, ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}, **HASH)["TableDescription"]
    assert created["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    assert "BillingModeSummary" not in created
    assert wait_active(wire, name)["WarmThroughput"] == {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 6, "Status": "ACTIVE"}
    wire.ok("DeleteTable", TableName=name)


def test_CTL_05_warm_throughput(wire, hash_table):
    described = wire.ok("DescribeTable", TableName=hash_table)["Table"]
    assert described["WarmThroughput"] == {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}


def test_CTL_05_warm_throughput_only_grows(wire, unique):
    def warm(read=None, write=None):
        return {name: units for name, units in (("ReadUnitsPerSecond", read), ("WriteUnitsPerSecond", write)) if units}
    name = unique("warm")
    table = {"TableName": name, "BillingMode": "PAY_PER_REQUEST", **HASH}
    too_low = P + "Requested {} for WarmThroughput for {} is lower than {}"
    initial = ("initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
               "on-demand-capacity-mode.html#on-demand-capacity-mode-initial")
    wire.invalid("CreateTable", too_low.format("ReadUnitsPerSecond", "table", initial), **table, WarmThroughput=warm(11999, 4000))
    wire.invalid("CreateTable", too_low.format("WriteUnitsPerSecond", "table", initial), **table, WarmThroughput=warm(12000, 3999))
    wire.invalid("CreateTable", too_low.format("ReadUnitsPerSecond", "index idx", initial), **table,
                 GlobalSecondaryIndexes=[{**index("idx", "p"), "WarmThroughput": warm(10000, 5000)}])
    created = wire.ok("CreateTable", **table, WarmThroughput=warm(12240))["TableDescription"]
    assert {**created["WarmThroughput"], "Status": ""} == {"ReadUnitsPerSecond": 12240, "WriteUnitsPerSecond": 4000, "Status": ""}
    assert wait_active(wire, name)["WarmThroughput"] == {"ReadUnitsPerSecond": 12240, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    wire.invalid("UpdateTable", too_low.format("ReadUnitsPerSecond", "table", "current WarmThroughput, decreasing WarmThroughput is not supported"),
                 TableName=name, WarmThroughput=warm(12120, 4040))
    wire.ok("UpdateTable", TableName=name, WarmThroughput=warm(write=4080))
    assert wait_active(wire, name)["WarmThroughput"] == {"ReadUnitsPerSecond": 12240, "WriteUnitsPerSecond": 4080, "Status": "ACTIVE"}
    wire.ok("DeleteTable", TableName=name)


ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
TWO = {"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}],
       "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}, {"AttributeName": "b", "AttributeType": "S"}]}


def defined(*names):
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


BAD_TABLES = [
    (HASH, P + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"),
    ({**HASH, **ON_DEMAND, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
     P + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"),
    ({**HASH, "ProvisionedThroughput": {"ReadCapacityUnits": 1000000000001, "WriteCapacityUnits": 1}},
     "Given value 1000000000001 for ReadCapacityUnits is out of bounds"),
    ({**TWO, "AttributeDefinitions": defined("a"), **ON_DEMAND}, "Invalid KeySchema: Some index key attribute have no definition"),
    ({**HASH, "AttributeDefinitions": defined("q"), **ON_DEMAND},
     P + "Some index key attributes are not defined in AttributeDefinitions. Keys: [p], AttributeDefinitions: [q]"),
    ({"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "a", "KeyType": "RANGE"}], "AttributeDefinitions": defined("a", "b"),
      **ON_DEMAND}, "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
    ({"KeySchema": [{"AttributeName": "a", "KeyType": "RANGE"}], "AttributeDefinitions": defined("a"), **ON_DEMAND},
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    ({"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "HASH"}], "AttributeDefinitions": defined("a", "b"),
      **ON_DEMAND}, "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"),
    ({**HASH, "AttributeDefinitions": defined("p", "q"), **ON_DEMAND},
     P + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"),
    ({**HASH, "AttributeDefinitions": defined("p", "p"), **ON_DEMAND}, "Attribute Name is duplicated: p"),
    ({**TWO, **ON_DEMAND, "LocalSecondaryIndexes": []}, P + "List of LocalSecondaryIndexes is empty"),
    ({**TWO, **ON_DEMAND, "GlobalSecondaryIndexes": []}, P + "List of GlobalSecondaryIndexes is empty"),
    ({**HASH, **ON_DEMAND, "LocalSecondaryIndexes": [index("abc", "p", "p")]},
     P + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"),
    ({**TWO, **ON_DEMAND, "LocalSecondaryIndexes": [index("abc", "a")]}, P + "Index KeySchema does not have a range key for index: abc"),
    ({**TWO, **ON_DEMAND, "LocalSecondaryIndexes": [index("abc", "b", "a")]},
     P + "Index KeySchema does not have the same leading hash key as table KeySchema for index: abc. index hash key: b, table hash key: a"),
    ({**TWO, **ON_DEMAND, "LocalSecondaryIndexes": [{**index("abc", "a", "b"), "Projection": {}}]}, P + "Unknown ProjectionType: null"),
    ({**TWO, **ON_DEMAND, "LocalSecondaryIndexes": [index("abc", "a", "b", include=["x"])]},
     P + "ProjectionType is ALL, but NonKeyAttributes is specified"),
    ({**TWO, **ON_DEMAND, "LocalSecondaryIndexes": [index("abc", "a", "b", projection="INCLUDE")]}, re.compile("NonKeyAttributes")),
    ({**TWO, **ON_DEMAND, "LocalSecondaryIndexes": [index("abc", "a", "b")] * 2}, P + "Duplicate index name: abc"),
    ({**TWO, **ON_DEMAND, "LocalSecondaryIndexes": [index(f"abc{i}", "a", "b") for i in range(6)]},
     P + "Number of LocalSecondaryIndexes exceeds per-table limit of 5"),
    ({**TWO, **ON_DEMAND, "GlobalSecondaryIndexes": [index(f"abc{i}", "a", "b") for i in range(21)]},
     P + "GlobalSecondaryIndex count exceeds the per-table limit of 20"),
    ({**TWO, **ON_DEMAND, "GlobalSecondaryIndexes": [{**index("abc", "a"), "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}]},
     P + "ProvisionedThroughput should not be specified for index: abc when BillingMode is PAY_PER_REQUEST"),
    ({**HASH, **ON_DEMAND, "StreamSpecification": {"StreamEnabled": True}},
     P + "Table is being created with a stream enabled, UpdateViewType is required"),
    ({**TWO, **ON_DEMAND, "GlobalSecondaryIndexes": [{**index("abc", "a"), "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "x"]}}]},
     P + "Duplicate element in NonKeyAttributes: x"),
    ({**HASH, **ON_DEMAND, "StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}},
     P + "Table is being created with a stream disabled, UpdateViewType should not be specified"),
]


@pytest.mark.parametrize("body,text", BAD_TABLES, ids=range(len(BAD_TABLES)))
def test_CTL_02_STR_29_bad_tables(wire, body, text):
    wire.invalid("CreateTable", text, TableName="conf-bad-table", **body)
    assert wire.call("DescribeTable", {"TableName": "conf-bad-table"}).status == 400


def test_CTL_03_existing_table(wire, hash_table):
    wire.refuses("CreateTable", "ResourceInUseException", f"Table already exists: {hash_table}", TableName=hash_table, **HASH, **ON_DEMAND)


def test_CTL_07_CTL_08_deletion(wire, make_table):
    table = make_table("p:S", definitions=("g:S",), GlobalSecondaryIndexes=[index("gsi", "g")])
    described = wire.ok("DeleteTable", TableName=table)["TableDescription"]
    assert described["TableStatus"] == "DELETING" and not {"AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"} & set(described)
    wait_gone(wire, table)
    for operation in ("DescribeTable", "DeleteTable"):
        wire.refuses(operation, "ResourceNotFoundException", f"Requested resource not found: Table: {table} not found", TableName=table)
    wire.refuses("GetItem", "ResourceNotFoundException", "Requested resource not found", TableName=table, Key={"p": S("x")})


def test_CTL_07_a_new_table_of_the_old_name_is_empty(wire, make_table):
    table = make_table("p:S")
    wire.ok("PutItem", TableName=table, Item={"p": S("x")})
    wire.ok("DeleteTable", TableName=table)
    wait_gone(wire, table)
    wire.ok("CreateTable", TableName=table, **HASH, **ON_DEMAND)
    wait_active(wire, table)
    assert wire.ok("Scan", TableName=table)["Count"] == 0


def test_CTL_10_deletion_protection(wire, make_table):
    table = make_table("p:S", DeletionProtectionEnabled=True)
    wire.invalid("DeleteTable", "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
                 TableName=table)
    assert wire.ok("UpdateTable", TableName=table, DeletionProtectionEnabled=False)["TableDescription"]["DeletionProtectionEnabled"] is False
    wait_active(wire, table)
    wire.ok("DeleteTable", TableName=table)
    wait_gone(wire, table)


def test_CTL_11_lists(wire, make_table):
    made = [make_table("p:S") for _ in range(3)]
    names, start = [], {}
    while True:
        answer = wire.ok("ListTables", Limit=2, **start)
        assert len(answer["TableNames"]) <= 2
        names += answer["TableNames"]
        if "LastEvaluatedTableName" not in answer:
            break
        assert answer["LastEvaluatedTableName"] == names[-1]
        start = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}
    assert names == sorted(names) and set(made) <= set(names)
    assert wire.ok("ListTables", ExclusiveStartTableName="zzzzz")["TableNames"] == []
    for limit in (0, 101):
        assert wire.fails("ListTables", Limit=limit).code == "ValidationException"


def test_CTL_12_to_CTL_15_updates(wire, make_table, unique):
    table = make_table("p:S", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5})
    wire.invalid("UpdateTable", "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
                 "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, "
                 "OnDemandThroughput, WarmThroughput or TableClass is required", TableName=table)
    wire.invalid("UpdateTable", "The provisioned throughput for the table will not change. The requested value equals the current value. Current "
                 "ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5. Current WriteCapacityUnits provisioned for the table: 5. "
                 "Requested WriteCapacityUnits: 5. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
                 TableName=table, ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5})
    assert wire.ok("UpdateTable", TableName=table, BillingMode="PAY_PER_REQUEST")["TableDescription"]["TableStatus"] == "UPDATING"
    described = wait_active(wire, table)
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST" and described["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    wire.invalid("UpdateTable", P + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED", TableName=table, BillingMode="PROVISIONED")
    wire.ok("UpdateTable", TableName=table, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 8})
    described = wait_active(wire, table)
    assert described["ProvisionedThroughput"]["WriteCapacityUnits"] == 8
    wire.refuses("UpdateTable", "ResourceNotFoundException", "Requested resource not found: Table: not-there not found", TableName="not-there",
                 BillingMode="PAY_PER_REQUEST")


def test_CTL_16_limits_and_endpoints(wire):
    limits = wire.ok("DescribeLimits")
    assert limits == {"AccountMaxReadCapacityUnits": 80000, "AccountMaxWriteCapacityUnits": 80000, "TableMaxReadCapacityUnits": 40000,
                      "TableMaxWriteCapacityUnits": 40000}
    endpoints = wire.ok("DescribeEndpoints")["Endpoints"]
    assert endpoints == [{"Address": wire.server.endpoint.split("//")[1].rstrip("/"), "CachePeriodInMinutes": 1440}]


def test_CTL_17_WIR_26_tags(wire, make_table):
    table = make_table("p:S", Tags=[{"Key": "a", "Value": "1"}])
    arn = wire.ok("DescribeTable", TableName=table)["Table"]["TableArn"]

    def tags():
        return {one["Key"]: one["Value"] for one in wire.ok("ListTagsOfResource", ResourceArn=arn)["Tags"]}

    assert tags() == {"a": "1"}
    answer = wire.call("TagResource", {"ResourceArn": arn, "Tags": [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]})
    assert (answer.status, answer.body) == (200, b"")
    assert tags() == {"a": "2", "b": ""}
    answer = wire.call("UntagResource", {"ResourceArn": arn, "TagKeys": ["a", "unknown"]})
    assert (answer.status, answer.body) == (200, b"")
    assert tags() == {"b": ""}


def test_CTL_18_CTL_19_CTL_20_bad_tags(wire, index_table, make_table):
    arn = wire.ok("DescribeTable", TableName=index_table)["Table"]["TableArn"]
    tag = [{"Key": "a", "Value": "b"}]
    for bad in ([{"Key": "k" * 129, "Value": ""}], [{"Key": "", "Value": ""}], [{"Key": "k", "Value": "v" * 257}], [{"Key": "k!", "Value": ""}],
                [{"Key": "aws:x", "Value": ""}], [{"Key": "AWS:", "Value": ""}], [{"Key": f"k{i}", "Value": ""} for i in range(51)]):
        assert wire.fails("TagResource", ResourceArn=arn, Tags=bad).code == "ValidationException", bad
    for bad, text in (({"Key": "k!", "Value": ""}, "The Tag Key provided is invalid, Key: k!"), ({"Key": "k", "Value": "!"}, "The Tag Value provided is invalid, Value: !"),
                      ({"Key": "Aws:x", "Value": ""}, "Tag Key cannot be prefixed with aws:, Key: Aws:x")):
        wire.invalid("TagResource", text, ResourceArn=arn, Tags=[bad])
    wire.invalid("TagResource", "Number of Tags exceed the current limit for the provided ResourceArn", ResourceArn=arn,
                 Tags=[{"Key": f"k{i}", "Value": ""} for i in range(51)])
    wire.ok("TagResource", ResourceArn=arn, Tags=[{"Key": "é" * 128, "Value": "é" * 256}])
    wire.invalid("TagResource", "Atleast one Tag needs to be provided as Input.", ResourceArn=arn, Tags=[])
    wire.invalid("UntagResource", "Atleast one Tag Key needs to be provided as Input.", ResourceArn=arn, TagKeys=[])
    unknown = arn.replace(index_table, "not-there")
    for operation, more in (("ListTagsOfResource", {}), ("TagResource", {"Tags": tag})):
        wire.refuses(operation, "ResourceNotFoundException", f"Requested resource not found: ResourcArn: {unknown} not found", ResourceArn=unknown, **more)
    wire.refuses("UntagResource", "ResourceNotFoundException", "Requested resource not found", ResourceArn=unknown, TagKeys=["a"])
    for operation, more in (("ListTagsOfResource", {}), ("TagResource", {"Tags": tag}), ("UntagResource", {"TagKeys": ["a"]})):
        for bad, text in (("nonsense", P + "ARNs must start with 'arn:': nonsense"),
                          ("arn:aws:sqs:us-east-1:000000000000:q", P + "Provided Arn is not a DynamoDB resource arn: arn:aws:sqs:us-east-1:000000000000:q"),
                          (arn + "/backup/0170", P + f"Provided Arn is not a DynamoDB resource arn: {arn}/backup/0170"),
                          (arn + "/index/gsi", P + "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: "
                           f"{arn}/index/gsi")):
            wire.invalid(operation, text, ResourceArn=bad, **more)
    for bad, text in (([{}], "The Tag Key provided is invalid, Key: null"), ([{"Key": "k"}], "The Tag Value provided is invalid, Value: null"),
                      ([{"Key": "k", "Value": ""}] * 2, "Duplicate Tag Keys provided as input: Duplicate Tag Key found k")):
        wire.invalid("TagResource", text, ResourceArn=arn, Tags=bad)
    wire.invalid("UntagResource", "Tag Key cannot be prefixed with aws:, Key: aws:x", ResourceArn=arn, TagKeys=["aws:x"])
    wire.invalid("UntagResource", "The Tag Key provided is invalid, Key: ", ResourceArn=arn, TagKeys=[""])


def test_CTL_29_every_operation_has_a_name(wire):
    loader = Loader()
    for service in ("dynamodb", "dynamodbstreams"):
        model = loader.load_service_model(service, "service-2")
        for operation in model["operations"]:
            answer = wire.call(operation, {}, target=f"{model['metadata']['targetPrefix']}.{operation}")
            assert answer.status in (200, 400), operation
            assert b"UnknownOperation" not in answer.body, operation


@pytest.mark.parametrize("operation", [
    "CreateGlobalTable", "UpdateGlobalTable", "UpdateGlobalTableSettings", "DescribeTableReplicaAutoScaling", "UpdateTableReplicaAutoScaling",
    "ExportTableToPointInTime", "ImportTable"])
def test_CTL_28_what_is_missing_is_said(wire, operation):
    """An operation may become supported: then it complains about its empty request. It never succeeds silently."""
    answer = wire.fails(operation)
    assert answer.code == "ValidationException"
    assert " is not supported" in answer.message or "validation error" in answer.message or "required" in answer.message


def test_members_of_an_update_that_go_together(wire, make_table):
    table = make_table("p:S", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5})
    units = {"ProvisionedThroughput": {"ReadCapacityUnits": 6, "WriteCapacityUnits": 5}}
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
    drop = {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "none"}}]}
    only = " must be the only operation in the request"
    for body, text in (
            ({"SSESpecification": {"Enabled": True}, "DeletionProtectionEnabled": True}, "Server-Side Encryption modification" + only),
            ({"TableClass": "STANDARD", **stream}, "TableClass modification" + only),
            ({"DeletionProtectionEnabled": True, **units}, "DeletionProtection modification" + only),
            ({"WarmThroughput": {"ReadUnitsPerSecond": 20000}, **stream}, "WarmThroughput" + only),
            ({"OnDemandThroughput": {"MaxReadRequestUnits": 5}, **stream}, "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"),
            ({**units, **stream}, "You cannot modify stream status while updating table IOPS"),
            ({**units, **drop}, "You cannot create or delete index while updating table IOPS"),
            ({**stream, **drop}, "You cannot create or delete index while changing stream status"),
            ({"StreamSpecification": {"StreamEnabled": True}}, "If stream is being enabled then UpdateViewType is required"),
            ({"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}},
             "If stream is being disabled, then UpdateViewType must not be specified")):
        wire.invalid("UpdateTable", P + text, TableName=table, **body)
    described = wire.ok("DescribeTable", TableName=table)["Table"]
    assert described["ProvisionedThroughput"]["ReadCapacityUnits"] == 5 and "StreamSpecification" not in described
    wire.ok("UpdateTable", TableName=table, BillingMode="PAY_PER_REQUEST", OnDemandThroughput={"MaxReadRequestUnits": 5})
    wire.invalid("UpdateContinuousBackups", "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.", TableName=table,
                 PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False, "RecoveryPeriodInDays": 5})


def test_CTL_28_replicas_are_refused(wire, make_table):
    table = make_table("p:S")
    answer = wire.fails("UpdateTable", TableName=table, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    assert answer.code == "ValidationException"


def test_CTL_30_settings_round_trip(wire, make_table):
    table = make_table("p:S", TableClass="STANDARD_INFREQUENT_ACCESS", OnDemandThroughput={"MaxReadRequestUnits": 10},
                       SSESpecification={"Enabled": True})
    described = wire.ok("DescribeTable", TableName=table)["Table"]
    assert described["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert described["OnDemandThroughput"] == {"MaxReadRequestUnits": 10}
    assert (described["SSEDescription"]["Status"], described["SSEDescription"]["SSEType"]) == ("ENABLED", "KMS")


def test_CTL_31_concurrent_creates_and_deletes(wire, unique):
    name, failures = unique("race"), []

    def work():
        for _ in range(15):
            for operation, body in (("CreateTable", {**HASH, **ON_DEMAND}), ("PutItem", {"Item": {"p": S("x")}}), ("DeleteTable", {})):
                answer = wire.call(operation, {"TableName": name, **body})
                if answer.status not in (200, 400) or answer.status == 400 and answer.code not in (
                        "ResourceInUseException", "ResourceNotFoundException"):
                    failures.append((operation, answer.status, answer.body))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_CTL_32_tables_survive_restarts(wire, make_table):
    table = make_table("p:S", "c:N", definitions=("g:S",), GlobalSecondaryIndexes=[index("gsi", "g", projection="INCLUDE", include=["x"])],
                       StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}, Tags=[{"Key": "a", "Value": "1"}],
                       DeletionProtectionEnabled=True)
    item = {"p": S("x"), "c": {"N": "1"}, "g": S("y"), "x": S("z")}
    wire.ok("PutItem", TableName=table, Item=item)
    before = wire.ok("DescribeTable", TableName=table)["Table"]
    wire.server.restart(kill=True)
    assert wire.ok("DescribeTable", TableName=table)["Table"] == before
    assert wire.ok("ListTagsOfResource", ResourceArn=before["TableArn"])["Tags"] == [{"Key": "a", "Value": "1"}]
    assert wire.ok("GetItem", TableName=table, Key={"p": S("x"), "c": {"N": "1"}})["Item"] == item
    assert wire.ok("Scan", TableName=table, IndexName="gsi")["Items"] == [item]
    wire.ok("UpdateTable", TableName=table, DeletionProtectionEnabled=False)
