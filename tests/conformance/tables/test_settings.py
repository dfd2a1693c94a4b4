"""Settings of tables that CreateTable and UpdateTable take: encryption, classes, limits of on-demand tables, warm throughput, index updates."""
import re

import pytest

from .conftest import index, schema, wait_active
from .wire import S

P = "One or more parameter values were invalid: "
HASH = schema("p:S")
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
PROVISIONED = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS}
BAD_CLASS = "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS]."
KEY = "arn:aws:kms:us-east-1:000000000000:key/8963cda5-0fac-4af1-8635-0af67d16fe14"


def gsi(**more):
    return {"GlobalSecondaryIndexes": [{**index("abc", "p"), **more}]}


BAD_ENCRYPTION = [
    ({"Enabled": False, "SSEType": "KMS"}, "SSEType can not be specified if Enabled is false"),
    ({"Enabled": False, "KMSMasterKeyId": KEY}, "KMSMasterKeyId can not be specified if Enabled is false"),
    ({"Enabled": False, "SSEType": "KMS", "KMSMasterKeyId": KEY}, "SSEType can not be specified if Enabled is false"),
    ({"Enabled": False, "SSEType": "AES256"}, "SSEType can not be specified if Enabled is false"),
    ({"Enabled": True, "SSEType": "AES256"}, "SSEType AES256 is not supported"),
    ({"Enabled": True, "KMSMasterKeyId": KEY}, "SSEType KMS is required if KMSMasterKeyId is specified"),
]
BAD_TABLES = [
    *(({**ON_DEMAND, "SSESpecification": bad}, P + text) for bad, text in BAD_ENCRYPTION),
    ({**ON_DEMAND, "SSESpecification": {"Enabled": True, "SSEType": "kms"}},
     "Value 'kms' at 'sSESpecification.sSEType' failed to satisfy constraint: Member must satisfy enum value set: [AES256, KMS]"),
    ({**ON_DEMAND, "TableClass": "standard"}, BAD_CLASS),
    ({**ON_DEMAND, "OnDemandThroughput": {"MaxReadRequestUnits": 0, "MaxWriteRequestUnits": 0}},
     P + "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"),
    ({**ON_DEMAND, "OnDemandThroughput": {"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": -1}},
     P + "Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range"),
    ({**ON_DEMAND, **gsi(OnDemandThroughput={"MaxReadRequestUnits": -1})},
     P + "Requested MaxReadRequestUnits for OnDemandThroughput for index : abc is outside of valid range"),
    ({**PROVISIONED, "OnDemandThroughput": {"MaxReadRequestUnits": 5}},
     P + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED."),
    ({**PROVISIONED, "OnDemandThroughput": {"MaxWriteRequestUnits": 5}},
     P + "MaxWriteRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED."),
    ({**PROVISIONED, **gsi(ProvisionedThroughput=UNITS, OnDemandThroughput={"MaxReadRequestUnits": 5})},
     P + "MaxReadRequestUnits for OnDemandThroughput for index: abc cannot be specified when table BillingMode is PROVISIONED."),
    ({**PROVISIONED, **gsi()}, P + "ProvisionedThroughput is not specified for index: abc"),
    ({**PROVISIONED, "WarmThroughput": {"ReadUnitsPerSecond": 4}},
     P + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of ProvisionedThroughput"),
    ({**PROVISIONED, **gsi(ProvisionedThroughput=UNITS, WarmThroughput={"WriteUnitsPerSecond": 4})},
     P + "Requested WriteUnitsPerSecond for WarmThroughput for index abc is lower than WriteCapacityUnits of ProvisionedThroughput"),
    ({**ON_DEMAND, "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "new_image"}},
     "Value 'new_image' at 'streamSpecification.streamViewType' failed to satisfy constraint: Member must satisfy enum value set: "
     "[OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, NEW_IMAGE]"),
    ({**ON_DEMAND, "LocalSecondaryIndexes": [{**index("abc", "p", "p"), "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}] * 3}]},
     re.compile("at 'localSecondaryIndexes.1.member.keySchema' failed to satisfy constraint: Member must have length less than or equal to 2$")),
    ({**ON_DEMAND, "Tags": [{"Key": "k"}]}, "The Tag Value provided is invalid, Value: null"),
]


@pytest.mark.parametrize("body,text", BAD_TABLES, ids=range(len(BAD_TABLES)))
def test_refusals_of_create_table(wire, body, text):
    wire.invalid("CreateTable", text, TableName="conf-bad-settings", **HASH, **body)
    assert wire.call("DescribeTable", {"TableName": "conf-bad-settings"}).status == 400


def update(wire, table, **changes):
    wire.ok("UpdateTable", TableName=table, **changes)
    return wait_active(wire, table)


def test_encryption_is_changed(wire, make_table):
    table = make_table("p:S")
    for bad, text in [*BAD_ENCRYPTION, ({}, "Table is already encrypted by default"), ({"Enabled": False}, "Table is already encrypted by default")]:
        wire.invalid("UpdateTable", P + text, TableName=table, SSESpecification=bad)
    # A type alone asks for encryption; a key is shown by its ARN.
    assert update(wire, table, SSESpecification={"SSEType": "KMS"})["SSEDescription"]["KMSMasterKeyArn"].startswith("arn:aws:kms:us-east-1:000000000000:key/")
    named = update(wire, table, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY.split("/")[1]})
    assert named["SSEDescription"] == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY}
    wire.invalid("UpdateTable", P + "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master Key",
                 TableName=table, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY})
    assert "SSEDescription" not in update(wire, table, SSESpecification={"Enabled": False})
    assert "SSEDescription" not in wire.ok("DescribeTable", TableName=make_table("p:S", SSESpecification={}))["Table"]


def test_the_class_is_changed(wire, make_table):
    table = make_table("p:S")
    wire.invalid("UpdateTable", BAD_CLASS, TableName=table, TableClass="junk")
    # A class that was never named is the standard one.
    assert "TableClassSummary" not in update(wire, table, TableClass="STANDARD")
    changed = update(wire, table, TableClass="STANDARD_INFREQUENT_ACCESS")["TableClassSummary"]
    assert changed["TableClass"] == "STANDARD_INFREQUENT_ACCESS" and changed["LastUpdateDateTime"] > 0
    assert update(wire, table, TableClass="STANDARD_INFREQUENT_ACCESS")["TableClassSummary"] == changed
    assert update(wire, table, TableClass="STANDARD")["TableClassSummary"]["TableClass"] == "STANDARD"
    named = wire.ok("DescribeTable", TableName=make_table("p:S", TableClass="STANDARD"))["Table"]
    assert named["TableClassSummary"] == {"TableClass": "STANDARD"}


def test_limits_of_on_demand_tables(wire, make_table):
    table = make_table("p:S", OnDemandThroughput={}, **gsi(OnDemandThroughput={"MaxReadRequestUnits": 50}))
    assert "OnDemandThroughput" not in wire.ok("DescribeTable", TableName=table)["Table"]
    assert update(wire, table, OnDemandThroughput={"MaxReadRequestUnits": 1000, "MaxWriteRequestUnits": 500})["OnDemandThroughput"] == {
        "MaxReadRequestUnits": 1000, "MaxWriteRequestUnits": 500}
    # One that is not named stays; -1 takes one away.
    assert update(wire, table, OnDemandThroughput={"MaxReadRequestUnits": 2000})["OnDemandThroughput"] == {
        "MaxReadRequestUnits": 2000, "MaxWriteRequestUnits": 500}
    for bad in (0, -2):
        wire.invalid("UpdateTable", P + "Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range",
                     TableName=table, OnDemandThroughput={"MaxWriteRequestUnits": bad})
    assert update(wire, table, OnDemandThroughput={"MaxWriteRequestUnits": -1})["OnDemandThroughput"] == {"MaxReadRequestUnits": 2000}
    assert "OnDemandThroughput" not in update(wire, table, OnDemandThroughput={"MaxReadRequestUnits": -1})
    one = {"IndexName": "abc", "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 60}}
    [found] = update(wire, table, GlobalSecondaryIndexUpdates=[{"Update": one}])["GlobalSecondaryIndexes"]
    assert found["OnDemandThroughput"] == {"MaxWriteRequestUnits": 60}
    # They do not outlast a switch, and are for on-demand tables only.
    update(wire, table, OnDemandThroughput={"MaxReadRequestUnits": 7})
    found = update(wire, table, **PROVISIONED, GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "abc", "ProvisionedThroughput": UNITS}}])
    assert "OnDemandThroughput" not in found and "OnDemandThroughput" not in found["GlobalSecondaryIndexes"][0]
    wire.invalid("UpdateTable", P + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED",
                 TableName=table, OnDemandThroughput={"MaxReadRequestUnits": 5})
    wire.refuses("UpdateTable", "ValidationException", re.compile("^At least one of ProvisionedThroughput, "), TableName=table, OnDemandThroughput={}, WarmThroughput={})
    assert update(wire, table, BillingMode="PAY_PER_REQUEST", OnDemandThroughput={"MaxReadRequestUnits": 9})["OnDemandThroughput"] == {"MaxReadRequestUnits": 9}


def test_what_was_warm_stays_warm(wire, make_table):
    def warm(described):
        return described["WarmThroughput"]["ReadUnitsPerSecond"], described["WarmThroughput"]["WriteUnitsPerSecond"]

    def units(read, write):
        return {"ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write}}
    table = make_table("p:S", **PROVISIONED)
    assert warm(update(wire, table, **units(20, 5))) == (20, 5)
    assert warm(update(wire, table, **units(10, 7))) == (20, 7)
    assert warm(update(wire, table, WarmThroughput={"WriteUnitsPerSecond": 50})) == (20, 50)
    wire.invalid("UpdateTable", P + "Requested WriteUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, "
                 "decreasing WarmThroughput is not supported", TableName=table, WarmThroughput={"WriteUnitsPerSecond": 49})
    assert warm(update(wire, table, BillingMode="PAY_PER_REQUEST")) == (12000, 4000)
    assert warm(update(wire, table, BillingMode="PROVISIONED", **units(3, 3))) == (12000, 4000)


def test_refusals_of_index_updates(wire, make_table):
    def refused(text, of, *updates, code="ValidationException", **more):
        wire.refuses("UpdateTable", code, text, TableName=of, GlobalSecondaryIndexUpdates=list(updates), **more)
    table = make_table("p:S", "c:S", definitions=("g:S",), GlobalSecondaryIndexes=[index("gsi", "g")], LocalSecondaryIndexes=[index("lsi", "p", "g")])
    provisioned = make_table("p:S", **PROVISIONED, **gsi(ProvisionedThroughput=UNITS))
    g = {"AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}]}
    only = P + "The only Updates for index: gsi when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput"
    refused("Cannot delete an index that is not a GlobalSecondaryIndex: lsi", table, {"Delete": {"IndexName": "lsi"}})
    refused("Cannot update an index that is not a GlobalSecondaryIndex: lsi", table, {"Update": {"IndexName": "lsi", "ProvisionedThroughput": UNITS}})
    refused(only, table, {"Update": {"IndexName": "gsi", "ProvisionedThroughput": UNITS}})
    refused(only, table, {"Update": {"IndexName": "gsi"}})
    refused(only, table, {"Update": {"IndexName": "gsi", "OnDemandThroughput": {}}})
    refused(P + "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for index: nope", table,
            {"Update": {"IndexName": "nope", "WarmThroughput": {}}})
    refused(P + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object", table,
            {"Update": {"IndexName": "gsi", "ProvisionedThroughput": UNITS}, "Delete": {"IndexName": "gsi"}})
    for action in ("Update", "Delete"):
        refused(f"Requested resource not found: Index nope for table {table}", table, {action: {"IndexName": "nope"}}, code="ResourceNotFoundException")
    refused(P + "List of GlobalSecondaryIndexUpdates is empty", table, BillingMode="PAY_PER_REQUEST")
    refused(P + "AttributeDefinitions is not specified for index: new", table, {"Create": index("new", "g")})
    refused(P + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: new when BillingMode is PAY_PER_REQUEST", table,
            {"Create": {**index("new", "g"), "ProvisionedThroughput": UNITS}}, **g)
    refused(P + "Create global secondary index cannot be specified when updating WarmThroughput", table, {"Create": index("new", "g")}, **g,
            WarmThroughput={"ReadUnitsPerSecond": 20000})
    refused(P + "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: new", provisioned, {"Create": index("new", "g")}, **g)
    refused(P + "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: abc", provisioned, {"Update": {"IndexName": "abc"}})
    refused(P + "MaxReadRequestUnits for OnDemandThroughput for index : abc cannot be specified when the table BillingMode is PROVISIONED", provisioned,
            {"Update": {"IndexName": "abc", "OnDemandThroughput": {"MaxReadRequestUnits": 5}}})
    wire.invalid("UpdateTable", P + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED", TableName=provisioned, BillingMode="PROVISIONED")
    assert [one["IndexName"] for one in wire.ok("DescribeTable", TableName=table)["Table"]["GlobalSecondaryIndexes"]] == ["gsi"]


def test_the_twenty_first_index(wire, make_table):
    table = make_table("p:S", GlobalSecondaryIndexes=[index(f"index{i}", "p") for i in range(20)])
    wire.refuses("UpdateTable", "LimitExceededException", "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20",
                 TableName=table, AttributeDefinitions=HASH["AttributeDefinitions"], GlobalSecondaryIndexUpdates=[{"Create": index("more", "p")}])


def test_a_switch_to_on_demand_goes_with_an_index_or_a_stream(wire, make_table):
    table, other = (make_table("p:S", **PROVISIONED) for _ in range(2))
    wire.ok("PutItem", TableName=table, Item={"p": S("a"), "g": S("x")})
    found = update(wire, table, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
                   GlobalSecondaryIndexUpdates=[{"Create": index("byg", "g")}])
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST" and wire.ok("Scan", TableName=table, IndexName="byg")["Count"] == 1
    found = update(wire, other, BillingMode="PAY_PER_REQUEST", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    assert (found["BillingModeSummary"]["BillingMode"], found["StreamSpecification"]["StreamEnabled"]) == ("PAY_PER_REQUEST", True)
    update(wire, other, StreamSpecification={"StreamEnabled": False})


def test_names_are_shown_in_order(wire, make_table):
    table = make_table("z:S", "m:S", definitions=("a:S",), GlobalSecondaryIndexes=[index("gsi", "a", projection="INCLUDE", include=["zz", "aa", "mm"])])
    described = wire.ok("DescribeTable", TableName=table)["Table"]
    assert [one["AttributeName"] for one in described["AttributeDefinitions"]] == ["a", "m", "z"]
    assert described["GlobalSecondaryIndexes"][0]["Projection"]["NonKeyAttributes"] == ["aa", "mm", "zz"]
