"""Backups, recovery, insights, destinations, resource policies: the control plane rows CTL-21 to CTL-26."""
import json
import time

import pytest

from .conftest import index, schema, wait_active, wait_gone
from .wire import N, S

P = "One or more parameter values were invalid: "
UNKNOWN_BACKUP = "arn:aws:dynamodb:us-east-1:000000000000:table/not-there/backup/01489602797149-73d8d5bc"


def items(wire, table):
    return sorted((item["p"]["S"], item["v"]["N"]) for item in wire.ok("Scan", TableName=table, ConsistentRead=True)["Items"])


def wait_backup(wire, arn, wait_until):
    def available():
        described = wire.ok("DescribeBackup", BackupArn=arn)["BackupDescription"]
        return described if described["BackupDetails"]["BackupStatus"] == "AVAILABLE" else None

    return wait_until(available)


@pytest.fixture
def restored(wire, unique):
    """restored(operation, **input) -> the name of the restored table, when it is active."""
    made = []

    def restore(operation, **more):
        name = unique("restored")
        answer = wire.ok(operation, TargetTableName=name, **more)["TableDescription"]
        made.append(name)
        assert (answer["TableName"], answer["TableStatus"]) == (name, "CREATING")
        assert answer["RestoreSummary"]["RestoreInProgress"] is True
        assert "RestoreSummary" not in wait_active(wire, name)
        return name

    yield restore
    for name in made:
        wire.call("DeleteTable", {"TableName": name})


def test_CTL_21_backup_create_describe_list_restore_delete(wire, make_table, restored, unique, wait_until):
    table = make_table("p:S", definitions=("g:S",), GlobalSecondaryIndexes=[index("byg", "g")], Tags=[{"Key": "a", "Value": "b"}],
                       StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    wire.ok("UpdateTimeToLive", TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "t"})
    for i in range(30):
        wire.ok("PutItem", TableName=table, Item={"p": S(f"k{i}"), "v": N(i), "g": S("x")})
    name = unique("backup")
    made = wire.ok("CreateBackup", TableName=table, BackupName=name)["BackupDetails"]
    assert set(made) == {"BackupArn", "BackupName", "BackupSizeBytes", "BackupStatus", "BackupType", "BackupCreationDateTime"}
    assert (made["BackupName"], made["BackupStatus"], made["BackupType"]) == (name, "CREATING", "USER")
    wire.ok("PutItem", TableName=table, Item={"p": S("late"), "v": N(1)})
    described = wait_backup(wire, made["BackupArn"], wait_until)
    source, features = described["SourceTableDetails"], described["SourceTableFeatureDetails"]
    assert (source["TableName"], source["ItemCount"], source["BillingMode"]) == (table, 30, "PAY_PER_REQUEST")
    assert source["TableId"] == wire.ok("DescribeTable", TableName=table)["Table"]["TableId"]
    assert features["StreamDescription"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    assert features["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "t"}
    assert [one["IndexName"] for one in features["GlobalSecondaryIndexes"]] == ["byg"]
    listed = wire.ok("ListBackups", TableName=table)["BackupSummaries"]
    assert [one["BackupArn"] for one in listed] == [made["BackupArn"]]

    copy = restored("RestoreTableFromBackup", BackupArn=made["BackupArn"])
    assert items(wire, copy) == sorted((f"k{i}", str(i)) for i in range(30))
    found = wire.ok("DescribeTable", TableName=copy)["Table"]
    assert "StreamSpecification" not in found and "LatestStreamArn" not in found
    assert wire.ok("ListTagsOfResource", ResourceArn=found["TableArn"])["Tags"] == []
    assert wire.ok("DescribeTimeToLive", TableName=copy)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"
    assert wire.ok("Query", TableName=copy, IndexName="byg", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": S("x")})["Count"] == 30
    wire.refuses("RestoreTableFromBackup", "TableAlreadyExistsException", f"Table already exists: {copy}", TargetTableName=copy, BackupArn=made["BackupArn"])
    bare = restored("RestoreTableFromBackup", BackupArn=made["BackupArn"], GlobalSecondaryIndexOverride=[], BillingModeOverride="PROVISIONED",
                    ProvisionedThroughputOverride={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4})
    found = wire.ok("DescribeTable", TableName=bare)["Table"]
    assert "GlobalSecondaryIndexes" not in found and found["ProvisionedThroughput"]["WriteCapacityUnits"] == 4

    deleted = wire.ok("DeleteBackup", BackupArn=made["BackupArn"])["BackupDescription"]
    assert deleted["BackupDetails"]["BackupStatus"] == "DELETED"
    wire.refuses("DescribeBackup", "BackupNotFoundException", f"Backup not found: {made['BackupArn']}", BackupArn=made["BackupArn"])


def test_CTL_21_a_backup_outlives_its_table(wire, unique, restored, wait_until):
    table = unique("source")
    wire.ok("CreateTable", TableName=table, BillingMode="PAY_PER_REQUEST", **schema("p:S"))
    wait_active(wire, table)
    wire.ok("PutItem", TableName=table, Item={"p": S("a"), "v": N(1)})
    arn = wire.ok("CreateBackup", TableName=table, BackupName="kept")["BackupDetails"]["BackupArn"]
    wait_backup(wire, arn, wait_until)
    wire.ok("DeleteTable", TableName=table)
    wait_gone(wire, table)
    assert items(wire, restored("RestoreTableFromBackup", BackupArn=arn)) == [("a", "1")]
    wire.ok("DeleteBackup", BackupArn=arn)


def test_CTL_22_recovery_is_enabled_described_and_used(wire, make_table, restored):
    table = make_table("p:S")
    off = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}
    assert wire.ok("DescribeContinuousBackups", TableName=table)["ContinuousBackupsDescription"] == off
    wire.refuses("RestoreTableToPointInTime", "PointInTimeRecoveryUnavailableException", f"Point in time recovery is not enabled for table '{table}'",
                 SourceTableName=table, TargetTableName="never", UseLatestRestorableTime=True)
    wire.ok("PutItem", TableName=table, Item={"p": S("a"), "v": N(1)})
    wire.ok("UpdateContinuousBackups", TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    on = wire.ok("DescribeContinuousBackups", TableName=table)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert (on["PointInTimeRecoveryStatus"], on["RecoveryPeriodInDays"]) == ("ENABLED", 35)
    assert on["EarliestRestorableDateTime"] <= on["LatestRestorableDateTime"] <= time.time()

    def next_second():
        """A whole second that begins after now, once it has come."""
        second = int(time.time()) + 1
        time.sleep(max(0.0, second + 0.01 - time.time()))  # the service's own unit of time
        return second

    first = next_second()
    wire.ok("PutItem", TableName=table, Item={"p": S("a"), "v": N(2)})
    wire.ok("PutItem", TableName=table, Item={"p": S("b"), "v": N(2)})
    second = next_second()
    wire.ok("DeleteItem", TableName=table, Key={"p": S("a")})
    assert items(wire, restored("RestoreTableToPointInTime", SourceTableName=table, RestoreDateTime=first)) == [("a", "1")]
    arn = wire.ok("DescribeTable", TableName=table)["Table"]["TableArn"]
    assert items(wire, restored("RestoreTableToPointInTime", SourceTableArn=arn, RestoreDateTime=second)) == [("a", "2"), ("b", "2")]
    latest = restored("RestoreTableToPointInTime", SourceTableName=table, UseLatestRestorableTime=True)
    assert items(wire, latest) == [("b", "2")]
    refused = wire.fails("RestoreTableToPointInTime", SourceTableName=table, TargetTableName="never", RestoreDateTime=first + 3600)
    assert refused.code == "InvalidRestoreTimeException" and "must be within EarliestRestorableDateTime" in refused.message
    wire.invalid("RestoreTableToPointInTime", "Must provide exactly one of: sourceTableArn, sourceTableName", SourceTableName=table,
                 SourceTableArn=arn, TargetTableName="never", UseLatestRestorableTime=True)
    for days in (0, 36):
        answer = wire.fails("UpdateContinuousBackups", TableName=table,
                            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": days})
        assert answer.code == "ValidationException" and "recoveryPeriodInDays" in answer.message
    wire.ok("UpdateContinuousBackups", TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False})
    assert wire.ok("DescribeContinuousBackups", TableName=table)["ContinuousBackupsDescription"] == off


def test_CTL_22_deleting_a_table_with_recovery_leaves_a_system_backup(wire, unique, restored):
    table = unique("source")
    wire.ok("CreateTable", TableName=table, BillingMode="PAY_PER_REQUEST", **schema("p:S"))
    wait_active(wire, table)
    wire.ok("UpdateContinuousBackups", TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    wire.ok("PutItem", TableName=table, Item={"p": S("a"), "v": N(1)})
    wire.ok("DeleteTable", TableName=table)
    wait_gone(wire, table)
    assert wire.ok("ListBackups", TableName=table)["BackupSummaries"] == []
    [kept] = wire.ok("ListBackups", TableName=table, BackupType="SYSTEM")["BackupSummaries"]
    assert (kept["BackupName"], kept["BackupType"]) == (f"{table}$DeletedTableBackup", "SYSTEM")
    assert round((kept["BackupExpiryDateTime"] - kept["BackupCreationDateTime"]) / 86400) == 35
    assert items(wire, restored("RestoreTableFromBackup", BackupArn=kept["BackupArn"])) == [("a", "1")]
    assert kept["BackupArn"].endswith("-00000000")
    refused = wire.fails("DeleteBackup", BackupArn=kept["BackupArn"])
    assert refused.code == "ValidationException"
    assert refused.message.startswith(f"Invalid Request: User is not allowed to delete the system backup with arn {kept['BackupArn']}. "
                                      "It will automatically expire on 20")


OVERRIDES = [
    ({"BillingModeOverride": "PROVISIONED"}, "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED"),
    ({"ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
     "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED"),
    ({"ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, "BillingModeOverride": "PAY_PER_REQUEST"},
     "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"),
    ({"OnDemandThroughputOverride": {"MaxReadRequestUnits": 0}}, "Requested MaxReadRequestUnits for OnDemandThroughput is outside of valid range"),
    ({"BillingModeOverride": "PROVISIONED", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
      "OnDemandThroughputOverride": {"MaxWriteRequestUnits": 5}},
     "Cannot override MaxWriteRequestUnits for OnDemandThroughput unless BillingModeOverride is PAY_PER_REQUEST"),
    ({"GlobalSecondaryIndexOverride": [{**index("byg", "g"), "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}]},
     "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST for index byg"),
    ({"BillingModeOverride": "PROVISIONED", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
      "GlobalSecondaryIndexOverride": [index("byg", "g")]}, "Must specify provisioned throughput for index byg"),
    ({"GlobalSecondaryIndexOverride": [index("byg", "g", projection="KEYS_ONLY")]},
     "Index byg does not match a secondary index that existed in the source table and cannot be created during the restore operation"),
]


def test_CTL_21_overrides_of_a_restore(wire, make_table, restored, unique, wait_until):
    table, name = make_table("p:S", definitions=("g:S",), GlobalSecondaryIndexes=[index("byg", "g")]), unique("never")
    arn = wire.ok("CreateBackup", TableName=table, BackupName="one")["BackupDetails"]["BackupArn"]
    wait_backup(wire, arn, wait_until)
    for overrides, text in OVERRIDES:
        wire.invalid("RestoreTableFromBackup", "Invalid Request: " + text, BackupArn=arn, TargetTableName=name, **overrides)
    wire.invalid("RestoreTableFromBackup", P + "SSEType AES256 is not supported", BackupArn=arn, TargetTableName=name,
                 SSESpecificationOverride={"Enabled": True, "SSEType": "AES256"})
    assert wire.call("DescribeTable", {"TableName": name}).status == 400
    # An index may have another name afterwards.
    copy = restored("RestoreTableFromBackup", BackupArn=arn, GlobalSecondaryIndexOverride=[index("renamed", "g")],
                    OnDemandThroughputOverride={"MaxReadRequestUnits": 7}, SSESpecificationOverride={"Enabled": True, "SSEType": "KMS"})
    found = wire.ok("DescribeTable", TableName=copy)["Table"]
    assert [one["IndexName"] for one in found["GlobalSecondaryIndexes"]] == ["renamed"]
    assert (found["OnDemandThroughput"], found["SSEDescription"]["Status"]) == ({"MaxReadRequestUnits": 7}, "ENABLED")
    wire.ok("DeleteBackup", BackupArn=arn)


def test_CTL_21_the_time_range_of_a_list(wire, make_table, wait_until):
    table = make_table("p:S")
    made = wire.ok("CreateBackup", TableName=table, BackupName="one")["BackupDetails"]
    wait_backup(wire, made["BackupArn"], wait_until)
    at = made["BackupCreationDateTime"]
    for bounds, count in (((at, at + 1), 1), ((at - 1, at), 0), ((at + 0.001, at + 1), 0), ((at, at), 0)):
        listed = wire.ok("ListBackups", TableName=table, TimeRangeLowerBound=bounds[0], TimeRangeUpperBound=bounds[1])
        assert len(listed["BackupSummaries"]) == count, bounds
    wire.invalid("ListBackups", P + "Time range lower bound must be less than or equal to upper bound", TimeRangeLowerBound=2, TimeRangeUpperBound=1)
    wire.ok("DeleteBackup", BackupArn=made["BackupArn"])


@pytest.mark.parametrize("operation, more", [
    ("CreateBackup", {"BackupName": "one"}), ("DescribeContinuousBackups", {}),
    ("UpdateContinuousBackups", {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}})])
def test_CTL_23_unknown_tables(wire, operation, more):
    wire.refuses(operation, "TableNotFoundException", "Table not found: not-there", TableName="not-there", **more)


@pytest.mark.parametrize("operation, more", [("DescribeBackup", {}), ("DeleteBackup", {}), ("RestoreTableFromBackup", {"TargetTableName": "new"})])
def test_CTL_21_unknown_backups(wire, operation, more):
    wire.refuses(operation, "BackupNotFoundException", f"Backup not found: {UNKNOWN_BACKUP}", BackupArn=UNKNOWN_BACKUP, **more)


def test_CTL_24_contributor_insights_flags(wire, make_table):
    table = make_table("p:S", "c:S")
    assert wire.ok("DescribeContributorInsights", TableName=table) == {"TableName": table, "ContributorInsightsStatus": "DISABLED"}
    assert wire.ok("UpdateContributorInsights", TableName=table, ContributorInsightsAction="ENABLE")["ContributorInsightsStatus"] == "ENABLING"
    described = wire.ok("DescribeContributorInsights", TableName=table)
    assert (described["ContributorInsightsStatus"], described["ContributorInsightsMode"]) == ("ENABLED", "ACCESSED_AND_THROTTLED_KEYS")
    assert [rule.split("-")[1] for rule in described["ContributorInsightsRuleList"]] == ["PKC", "SKC", "PKT", "SKT"]
    wire.ok("UpdateContributorInsights", TableName=table, ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS")
    described = wire.ok("DescribeContributorInsights", TableName=table)
    assert [rule.split("-")[1] for rule in described["ContributorInsightsRuleList"]] == ["PKT", "SKT"]
    assert wire.ok("ListContributorInsights", TableName=table)["ContributorInsightsSummaries"] == [
        {"TableName": table, "ContributorInsightsStatus": "ENABLED", "ContributorInsightsMode": "THROTTLED_KEYS"}]


def test_CTL_25_kinesis_destination(wire, make_table, unique, wait_until):
    table, stream = make_table("p:S"), f"arn:aws:kinesis:us-east-1:000000000000:stream/{unique('changes')}"
    of = {"TableName": table, "StreamArn": stream}
    assert wire.ok("DescribeKinesisStreamingDestination", TableName=table)["KinesisDataStreamDestinations"] == []
    assert wire.ok("EnableKinesisStreamingDestination", **of) == {**of, "DestinationStatus": "ENABLING", "EnableKinesisStreamingConfiguration": {}}

    def status():
        [one] = wire.ok("DescribeKinesisStreamingDestination", TableName=table)["KinesisDataStreamDestinations"]
        return one["DestinationStatus"]

    wait_until(lambda: status() == "ACTIVE")
    wire.invalid("EnableKinesisStreamingDestination", "Table is not in a valid state to enable Kinesis Streaming Destination: "
                 "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.", **of)
    wire.invalid("UpdateKinesisStreamingDestination", "Streaming destination cannot be updated with given parameters: "
                 "UpdateKinesisStreamingConfiguration cannot be null or contain only null values", **of)
    micro = {"UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "MICROSECOND"}}
    assert wire.ok("UpdateKinesisStreamingDestination", **of, **micro)["DestinationStatus"] == "UPDATING"
    wait_until(lambda: status() == "ACTIVE")
    table_id = wire.ok("DescribeTable", TableName=table)["Table"]["TableId"]
    wire.invalid("UpdateKinesisStreamingDestination", "Invalid Request: Precision is already set to the desired value of MICROSECOND for "
                 f"tableId: {table_id}, kdsArn: {stream}", **of, **micro)
    assert wire.ok("DisableKinesisStreamingDestination", **of)["DestinationStatus"] == "DISABLING"
    wait_until(lambda: status() == "DISABLED")
    wire.refuses("EnableKinesisStreamingDestination", "ResourceNotFoundException", "Requested resource not found: Table: not-there not found",
                 TableName="not-there", StreamArn=stream)


ROOT = "arn:aws:iam::000000000000:root"


def compact(**document):
    return json.dumps(document, separators=(",", ":"))


def test_policies_are_kept_in_one_form(wire, make_table):
    arn = wire.ok("DescribeTable", TableName=make_table("p:S"))["Table"]["TableArn"]

    def put(document):
        text = document if isinstance(document, str) else json.dumps(document, indent=2)
        return wire.ok("PutResourcePolicy", ResourceArn=arn, Policy=text)["RevisionId"]

    def read():
        return wire.ok("GetResourcePolicy", ResourceArn=arn)["Policy"]

    kept = {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "dynamodb:GetItem", "Resource": arn,
            "Condition": {"StringEquals": {"aws:PrincipalAccount": "000000000000"}}}
    first = put({"Statement": {"Condition": {"StringEquals": {"aws:PrincipalAccount": ["000000000000"]}}, "Resource": [arn], "Effect": "allow",
                               "Action": ["dynamodb:GetItem"], "Principal": {"AWS": ["000000000000", ROOT]}, "Sid": "a"}, "Version": "2012-10-17"})
    assert read() == compact(Version="2012-10-17", Statement=[kept])
    assert put({"Version": "2012-10-17", "Statement": [kept]}) == put(read()) == first
    # Lists of several stay as they are; a document without a version is read with one, and is another document.
    several = kept | {"Action": ["dynamodb:Query", "dynamodb:GetItem", "dynamodb:GetItem"], "Resource": [arn + "/index/*", arn]}
    second = put({"Statement": [several]})
    assert second != first and read() == compact(Version="2008-10-17", Statement=[several])
    assert put({"Statement": [several]}) == second != put(read())


@pytest.mark.parametrize("more", [
    {"Principal": "*"}, {"Principal": {"AWS": "*"}}, {"Principal": {"AWS": [ROOT, "*"]}}, {"NotPrincipal": {"AWS": ROOT}},
    {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
    {"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "000000000000"}}},
    {"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:PrincipalAccount": "000000000000"}}},
    {"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::000000000000:role/*"}}},
    {"Principal": "*", "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}},
])
def test_policies_for_everyone_are_refused(wire, make_table, unique, more):
    arn = wire.ok("DescribeTable", TableName=make_table("p:S"))["Table"]["TableArn"]
    text = ("Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure least-privilege form of access")
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"} | more
    wire.invalid("PutResourcePolicy", text, ResourceArn=arn, Policy=compact(Statement=[statement]))
    wire.invalid("CreateTable", text, TableName=unique("t"), BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                 AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}], ResourcePolicy=compact(Statement=[statement]))


@pytest.mark.parametrize("more", [
    {"Effect": "Deny"}, {"Condition": {"StringEquals": {"aws:PrincipalAccount": "000000000000"}}},
    {"Condition": {"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": ["o-a/r-b/"]}}},
    {"Condition": {"ArnEquals": {"AWS:PrincipalArn": [ROOT]}}}, {"Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}},
])
def test_policies_that_are_not_for_everyone(wire, make_table, more):
    arn = wire.ok("DescribeTable", TableName=make_table("p:S"))["Table"]["TableArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": arn} | more
    wire.ok("PutResourcePolicy", ResourceArn=arn, Policy=compact(Statement=[statement]))
    two = compact(Statement=[statement | {"Sid": "a"}, statement | {"Sid": "a"}])
    wire.invalid("PutResourcePolicy", P + "Invalid policy document: The Statement Ids in the policy are not unique", ResourceArn=arn, Policy=two)


def test_CTL_26_resource_policy_revisions_and_texts(wire, make_table):
    table = make_table("p:S")
    arn = wire.ok("DescribeTable", TableName=table)["Table"]["TableArn"]
    missing = "Resource-based policy not found for the provided ResourceArn: "
    wire.refuses("GetResourcePolicy", "PolicyNotFoundException", missing + arn, ResourceArn=arn)
    assert wire.ok("DeleteResourcePolicy", ResourceArn=arn) == {"RevisionId": ""}
    document = compact(Version="2012-10-17", Statement=[{"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "dynamodb:GetItem", "Resource": arn}])
    first = wire.ok("PutResourcePolicy", ResourceArn=arn, Policy=document)["RevisionId"]
    assert wire.ok("PutResourcePolicy", ResourceArn=arn, Policy=document)["RevisionId"] == first
    wire.refuses("PutResourcePolicy", "PolicyNotFoundException", f"{missing}Requested update for policy with revision id 12, but the policy associated "
                 f"to target table {table} has revision id {first}.", ResourceArn=arn, Policy=document, ExpectedRevisionId="12")
    wire.refuses("PutResourcePolicy", "PolicyNotFoundException", f"{missing}Requested policy update expecting none to be present for table {table}, "
                 f"but a policy exists with revision id {first}.", ResourceArn=arn, Policy=document, ExpectedRevisionId="NO_POLICY")
    assert wire.ok("GetResourcePolicy", ResourceArn=arn) == {"Policy": document, "RevisionId": first}
    assert wire.ok("DeleteResourcePolicy", ResourceArn=arn, ExpectedRevisionId=first) == {"RevisionId": first}
    for bad, text in (
            ("", P + "Invalid policy document: This policy contains invalid Json"),
            ("{not json", P + "Invalid policy document: This policy contains invalid Json"),
            ("[]", P + "Invalid policy document: This policy contains invalid Json"),
            ('{"Statement": []}', P + "Invalid policy document: Could not parse the policy: Statement is empty!"),
            ('{"Statement": [{}]}', P + "Invalid policy document: Missing required field Effect"),
            (document.replace('"Resource"', '"Id"'), P + "Invalid policy document: Missing required field Resource"),
            (document + " " * 20480, P + "Maximum policy size of 20480 bytes exceeded")):
        wire.invalid("PutResourcePolicy", text, ResourceArn=arn, Policy=bad)
    for bad, text in (
            (table, P + f"ARNs must start with 'arn:': {table}"),
            (arn + "/index/abc", P + f"Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {arn}/index/abc"),
            (arn + "/backup/0170", P + f"Provided Arn is not a DynamoDB resource arn: {arn}/backup/0170"),
            (arn.replace("us-east-1", "eu-west-1"), P + "Invalid resource Arn: " + arn.replace("us-east-1", "eu-west-1")),
            (arn.replace("arn:aws:", "arn:aws-cn:"), P + "Invalid resource Arn: " + arn.replace("arn:aws:", "arn:aws-cn:")),
            (arn.replace("000000000000", "111111111111"), "This action is only supported by accounts that match the resource owner\u2019s account.")):
        for operation, more in (("GetResourcePolicy", {}), ("PutResourcePolicy", {"Policy": document}), ("DeleteResourcePolicy", {})):
            wire.invalid(operation, text, ResourceArn=bad, **more)
    wire.refuses("GetResourcePolicy", "ResourceNotFoundException", f"Requested resource not found: Stream: 2000-01-01T00:00:00.000 not found for Table: {table}",
                 ResourceArn=arn + "/stream/2000-01-01T00:00:00.000")
    gone = arn.replace(table, "not-there")
    wire.refuses("PutResourcePolicy", "ResourceNotFoundException", "Requested resource not found: Table: not-there not found", ResourceArn=gone, Policy=document)
