"""Exports of tables to buckets and imports from them (CTL-27)."""
import base64
import datetime
import gzip
import hashlib
import json
import time

import pytest
from botocore.exceptions import ClientError

from support import server as servers


@pytest.fixture(scope="module")
def ddb(server):
    return server.client("dynamodb")


@pytest.fixture(scope="module")
def s3(server):
    return server.client("s3")


@pytest.fixture
def bucket(s3, unique):
    name = unique("bucket")
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def table(ddb, unique):
    """A table of 300 items with recovery on; (name, ARN, items)."""
    name = unique("table")
    arn = ddb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                           AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])["TableDescription"]["TableArn"]
    ddb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    items = [{"pk": {"S": f"k{i:03}"}, "n": {"N": str(i)}, "b": {"B": b"\x00\xff"}, "l": {"L": [{"BOOL": True}, {"NULL": True}]}} for i in range(300)]
    for at in range(0, 300, 25):
        ddb.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": item}} for item in items[at:at + 25]]})
    yield name, arn, items
    ddb.delete_table(TableName=name)


def code_of(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def exported(ddb, wait_until, arn):
    def ended():
        one = ddb.describe_export(ExportArn=arn)["ExportDescription"]
        return one if one["ExportStatus"] != "IN_PROGRESS" else None
    return wait_until(ended)


def imported(ddb, wait_until, arn):
    def ended():
        one = ddb.describe_import(ImportArn=arn)["ImportTableDescription"]
        return one if one["ImportStatus"] != "IN_PROGRESS" else None
    return wait_until(ended)


def lines_of(s3, bucket, description):
    """The lines of all data files, found by way of the manifests, whose digests are checked."""
    get = lambda key: s3.get_object(Bucket=bucket, Key=key)["Body"].read()  # noqa: E731
    folder = description["ExportManifest"].rsplit("/", 1)[0]
    summary = get(description["ExportManifest"])
    assert get(f"{folder}/manifest-summary.md5") == base64.b64encode(hashlib.md5(summary).digest())
    summary = json.loads(summary)
    assert summary["exportArn"] == description["ExportArn"] and summary["itemCount"] == description["ItemCount"]
    files = get(summary["manifestFilesS3Key"])
    assert get(f"{folder}/manifest-files.md5") == base64.b64encode(hashlib.md5(files).digest())
    assert get(f"{folder}/_started") == b""
    lines = []
    for file in map(json.loads, files.splitlines()):
        data = get(file["dataFileS3Key"])
        assert file["md5Checksum"] == base64.b64encode(hashlib.md5(data).digest()).decode()
        part = [json.loads(line) for line in gzip.decompress(data).splitlines()]
        assert len(part) == file["itemCount"]
        lines += part
    return lines


def wire(item):
    """An item as the service writes it in JSON."""
    return json.loads(json.dumps(item, default=lambda raw: base64.b64encode(raw).decode()))


def test_CTL_27_a_full_export_and_its_import(ddb, s3, bucket, table, unique, wait_until):
    name, arn, items = table
    begun = ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, S3Prefix="some/where", ClientToken="t1")["ExportDescription"]
    assert begun["ExportStatus"] == "IN_PROGRESS" and begun["ExportArn"].startswith(arn + "/export/")
    ddb.put_item(TableName=name, Item={"pk": {"S": "later"}})  # not a part of it
    done = exported(ddb, wait_until, begun["ExportArn"])
    assert done["ExportStatus"] == "COMPLETED" and done["ItemCount"] == 300, done
    assert done["ExportManifest"] == f"some/where/AWSDynamoDB/{begun['ExportArn'].rsplit('/', 1)[1]}/manifest-summary.json"
    got = {line["Item"]["pk"]["S"]: line["Item"] for line in lines_of(s3, bucket, done)}
    assert got == {item["pk"]["S"]: wire(item) for item in items}
    # The same token is the same export; another request with it is refused.
    again = ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, S3Prefix="some/where", ClientToken="t1")["ExportDescription"]
    assert again["ExportArn"] == begun["ExportArn"]
    assert code_of(ddb.export_table_to_point_in_time, TableArn=arn, S3Bucket=bucket, ClientToken="t1")[0] == "ExportConflictException"
    assert begun["ExportArn"] in [one["ExportArn"] for one in ddb.list_exports(TableArn=arn)["ExportSummaries"]]

    target = unique("imported")
    start = ddb.import_table(S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": done["ExportManifest"].rsplit("/", 1)[0] + "/data/"},
                             InputFormat="DYNAMODB_JSON", InputCompressionType="GZIP",
                             TableCreationParameters={"TableName": target, "BillingMode": "PAY_PER_REQUEST",
                                                      "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                                                      "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]})["ImportTableDescription"]
    assert start["ImportStatus"] == "IN_PROGRESS"
    ended = imported(ddb, wait_until, start["ImportArn"])
    assert (ended["ImportStatus"], ended["ImportedItemCount"], ended["ProcessedItemCount"], ended["ErrorCount"]) == ("COMPLETED", 300, 300, 0)
    assert sorted(i["pk"]["S"] for i in ddb.scan(TableName=target)["Items"]) == sorted(i["pk"]["S"] for i in items)
    assert ddb.get_item(TableName=target, Key={"pk": {"S": "k007"}})["Item"] == items[7]
    assert start["ImportArn"] in [one["ImportArn"] for one in ddb.list_imports()["ImportSummaryList"]]


def test_CTL_27_errors_of_exports(ddb, s3, bucket, table, unique, wait_until):
    name, arn, _ = table
    gone = arn.rsplit("/", 1)[0] + "/no-such-table"
    assert code_of(ddb.export_table_to_point_in_time, TableArn=gone, S3Bucket=bucket) == ("TableNotFoundException", f"Table not found: {gone}")
    plain = unique("plain")
    plain_arn = ddb.create_table(TableName=plain, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                                 AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])["TableDescription"]["TableArn"]
    assert code_of(ddb.export_table_to_point_in_time, TableArn=plain_arn, S3Bucket=bucket) == (
        "PointInTimeRecoveryUnavailableException", f"Point in time recovery is not enabled for table '{plain}'")
    long_ago = datetime.datetime(2001, 1, 1)
    assert code_of(ddb.export_table_to_point_in_time, TableArn=arn, S3Bucket=bucket, ExportTime=long_ago)[0] == "InvalidExportTimeException"
    code, text = code_of(ddb.export_table_to_point_in_time, TableArn=arn, S3Bucket=bucket, ExportFormat="ION")
    assert code == "ValidationException" and "ION" in text
    assert code_of(ddb.describe_export, ExportArn=arn + "/export/01234567890123-abcdef12")[0] == "ExportNotFoundException"
    begun = ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket="no-such-bucket-here")["ExportDescription"]
    failed = exported(ddb, wait_until, begun["ExportArn"])
    assert (failed["ExportStatus"], failed["FailureCode"]) == ("FAILED", "S3NoSuchBucket")


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """A server whose time is moved: windows of incremental exports are 15 minutes long at least."""
    running = servers.Server(tmp_path_factory.mktemp("exports"), arguments=["--virtual-clock"]).start()
    running.client("s3").create_bucket(Bucket="windows")
    yield running
    running.close()


@pytest.fixture
def recovered(moving, unique):
    """Makes a table with recovery on; (name, ARN)."""
    def make():
        ddb, name = moving.client("dynamodb"), unique("window")
        arn = ddb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                               AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])["TableDescription"]["TableArn"]
        ddb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
        return name, arn
    return make


def seconds_of(moving):
    return moving.advance()["now_ms"] // 1000


@pytest.mark.parametrize("told", (True, False))
def test_an_incremental_export_tells_what_changed(moving, recovered, wait_until, told):
    ddb, s3 = moving.client("dynamodb"), moving.client("s3")
    name, arn = recovered()
    for i in range(3):
        ddb.put_item(TableName=name, Item={"pk": {"S": f"k00{i}"}, "n": {"N": str(i)}})
    moving.advance(seconds=2)
    start = seconds_of(moving)
    moving.advance(seconds=2)
    ddb.put_item(TableName=name, Item={"pk": {"S": "k000"}, "n": {"N": "1000"}})
    ddb.put_item(TableName=name, Item={"pk": {"S": "new"}})
    ddb.delete_item(TableName=name, Key={"pk": {"S": "k001"}})
    moving.advance(minutes=15)
    end = seconds_of(moving)
    if told:  # what comes behind the window is not told
        moving.advance(seconds=2)
        ddb.put_item(TableName=name, Item={"pk": {"S": "later"}})
    window = {"ExportFromTime": start, **({"ExportToTime": end} if told else {}), "ExportViewType": "NEW_AND_OLD_IMAGES"}
    begun = ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket="windows", ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=window)["ExportDescription"]
    to = begun["IncrementalExportSpecification"]["ExportToTime"].timestamp()
    assert to == end if told else end <= to <= end + 60
    done = exported(ddb, wait_until, begun["ExportArn"])
    assert done["ExportStatus"] == "COMPLETED", done
    lines = {line["Keys"]["pk"]["S"]: line for line in lines_of(s3, "windows", done)}
    assert sorted(lines) == ["k000", "k001", "new"]
    assert lines["k000"]["NewImage"]["n"] == {"N": "1000"} and lines["k000"]["OldImage"]["n"] == {"N": "0"}
    assert "NewImage" not in lines["k001"] and "OldImage" not in lines["new"]


def test_windows_of_incremental_exports(moving, recovered):
    ddb = moving.client("dynamodb")
    moving.advance(days=2)
    before = seconds_of(moving)
    moving.advance(seconds=2)
    _, arn = recovered()
    moving.advance(seconds=2)
    start = seconds_of(moving)
    moving.advance(hours=30)
    now = seconds_of(moving)

    def text_of(time):
        return datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def refused(**window):
        code, text = code_of(ddb.export_table_to_point_in_time, TableArn=arn, S3Bucket="windows", ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification={
            f"Export{member}Time": time for member, time in window.items()})
        assert code == "InvalidExportTimeException", text
        return text
    period = "Incremental export period "
    assert refused(From=before, To=before + 10) == f"{period}from time cannot be less than the table creation time : {text_of(before)}"
    assert refused(From=start, To=now + 7200) == f"{period}to time cannot be greater than the current time : {text_of(now + 7200)}"
    for to in (start, start + 1000):
        assert refused(From=start + 1000, To=to) == f"{period}from time should not be greater or equal to incremental export period to time"
    between = "Difference between export period from time and export period to time is "
    assert refused(From=start, To=start + 899) == between + "less than 15 minutes"
    assert refused(From=now) == between + "less than 15 minutes"
    assert refused(From=start, To=start + 86401) == between + "greater than 24 hours"
    for time in (before, now + 7200):
        assert code_of(ddb.export_table_to_point_in_time, TableArn=arn, S3Bucket="windows", ExportTime=time) == (
            "InvalidExportTimeException", "Export Time is invalid")


def test_members_of_exports_that_do_not_fit_together(ddb, bucket, table):
    _, arn, _ = table
    window = {"ExportFromTime": 1, "ExportToTime": 2}

    def refused(**members):
        code, text = code_of(ddb.export_table_to_point_in_time, **{"TableArn": arn, "S3Bucket": bucket, **members})
        assert code == "ValidationException", text
        return text
    assert refused(ExportType="INCREMENTAL_EXPORT") == (
        "Invalid Request: Incremental Export Specification expected when export type is set as Incremental Export")
    assert refused(ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification={"ExportToTime": 2}) == (
        "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification")
    assert refused(IncrementalExportSpecification=window) == (
        "Invalid Request: Export Type expected to be Incremental Export when incremental export specification is provided")
    assert refused(ExportType="FULL_EXPORT", IncrementalExportSpecification=window) == (
        "Invalid Request: When Export Type is Full Export , Incremental Export Specification should not be provided")
    for encryption in ({}, {"S3SseAlgorithm": "AES256"}):
        assert refused(S3SseKmsKeyId="some-key", **encryption) == "Invalid Request: KMS Key Id is not supported for this encryption type"
    assert refused(TableArn="just-a-name") == "One or more parameter values were invalid: tableArn is not a valid ARN"
    assert refused(TableArn=arn + "/index/some") == "Invalid Request: Table ARN is invalid."


def test_imports_of_csv_and_of_broken_records(ddb, s3, bucket, unique, wait_until):
    s3.put_object(Bucket=bucket, Key="csv/a.csv", Body=b'pk,sk,note\r\na,1,"x, ""y""\nz"\r\nb,2,\r\n,3,no key\r\nc,not a number,\r\n')
    s3.put_object(Bucket=bucket, Key="json/a", Body=b'{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}\n{"Item":{"pk":{"S":"b"}}}\n{"Item":{"pk":{"S":"c"},"sk":{"N":"2"}}}')
    s3.put_object(Bucket=bucket, Key="json/b", Body=b'{"Item":{"pk":{"S":"d"},"sk":{"N":"2"}}}\n{"pk":{"S":"no Item"}}\n{"Item":{"pk":{"S":"never read"},"sk":{"N":"2"}}}')
    s3.put_object(Bucket=bucket, Key="list/a", Body=b"a;1\nb;2\n")
    common = {"BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
              "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]}

    def run(prefix, **options):
        name = unique("imported")
        arn = ddb.import_table(S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": prefix}, TableCreationParameters={"TableName": name, **common},
                               **options)["ImportTableDescription"]["ImportArn"]
        return imported(ddb, wait_until, arn), ddb.scan(TableName=name)["Items"]
    ended, items = run("csv/", InputFormat="CSV")
    assert (ended["ImportStatus"], ended["ImportedItemCount"], ended["ErrorCount"]) == ("FAILED", 2, 2)
    assert ended["FailureCode"] == "ItemValidationError"
    assert {"pk": {"S": "a"}, "sk": {"N": "1"}, "note": {"S": 'x, "y"\nz'}} in items
    ended, items = run("json/", InputFormat="DYNAMODB_JSON")
    assert (ended["ImportedItemCount"], ended["ErrorCount"], ended["ProcessedItemCount"]) == (3, 2, 5)
    assert sorted(item["pk"]["S"] for item in items) == ["a", "c", "d"]
    ended, items = run("list/", InputFormat="CSV", InputFormatOptions={"Csv": {"Delimiter": ";", "HeaderList": ["pk", "sk"]}})
    assert ended["ImportedItemCount"] == 2 and {"pk": {"S": "b"}, "sk": {"N": "2"}} in items
    ended, _ = run("csv/", InputFormat="DYNAMODB_JSON", InputCompressionType="GZIP")
    assert (ended["ImportStatus"], ended["FailureCode"]) == ("FAILED", "InvalidFormat")
    ended, items = run("none/", InputFormat="CSV")
    assert (ended["ImportStatus"], ended["ProcessedItemCount"], items) == ("COMPLETED", 0, [])
    name = unique("there")
    ddb.create_table(TableName=name, **common)
    assert code_of(ddb.import_table, S3BucketSource={"S3Bucket": bucket}, InputFormat="CSV", TableCreationParameters={"TableName": name, **common})[0] == "ResourceInUseException"


def importing(name, bucket, prefix="", **options):
    return {"S3BucketSource": {"S3Bucket": bucket, "S3KeyPrefix": prefix}, "InputFormat": "DYNAMODB_JSON", **options, "TableCreationParameters": {
        "TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}}


def test_what_an_import_tells_while_it_runs_and_behind_it(ddb, s3, bucket, unique, wait_until):
    lines = b"".join(b'{"Item":{"pk":{"S":"k%d"}}}\n' % i for i in range(50))
    s3.put_object(Bucket=bucket, Key="plain/a", Body=lines)
    s3.put_object(Bucket=bucket, Key="gzip/a", Body=gzip.compress(lines))
    name, token = unique("told"), unique("token")
    request = importing(name, bucket, "plain/", ClientToken=token)
    begun = ddb.import_table(**request)["ImportTableDescription"]
    assert [begun[count] for count in ("ProcessedItemCount", "ImportedItemCount", "ErrorCount")] == [0, 0, 0]
    assert not {"EndTime", "FailureCode", "ProcessedSizeBytes"} & set(begun)
    # The token: the table alone tells requests apart, and only as long as the import runs.
    again = ddb.import_table(**{**request, "S3BucketSource": {"S3Bucket": "another-bucket"}})["ImportTableDescription"]
    assert (again["ImportArn"], again["S3BucketSource"]) == (begun["ImportArn"], begun["S3BucketSource"])
    assert code_of(ddb.import_table, **importing(unique("other"), bucket, ClientToken=token)) == (
        "ImportConflictException", "Import conflict: Duplicate request detected with conflicting parameters")
    ended = imported(ddb, wait_until, begun["ImportArn"])
    assert ended["ProcessedSizeBytes"] == len(lines)
    assert code_of(ddb.import_table, **request)[0] == "ResourceInUseException"
    packed = ddb.import_table(**importing(unique("packed"), bucket, "gzip/", InputCompressionType="GZIP"))["ImportTableDescription"]
    assert imported(ddb, wait_until, packed["ImportArn"])["ProcessedSizeBytes"] == len(lines)


def test_a_table_is_being_created_while_it_is_imported(ddb, s3, bucket, unique, wait_until):
    lines = b"".join(b'{"Item":{"pk":{"S":"k%d"}}}\n' % i for i in range(150000))  # so many that the calls come before its end
    s3.put_object(Bucket=bucket, Key="many", Body=lines)
    name, refusals = unique("filling"), set()
    described = ddb.import_table(**importing(name, bucket))["ImportTableDescription"]
    calls = {"PutItem": (ddb.put_item, {"Item": {"pk": {"S": "mine"}}}), "Scan": (ddb.scan, {}),
             "UpdateTable": (ddb.update_table, {"DeletionProtectionEnabled": True}), "DeleteTable": (ddb.delete_table, {}),
             "UpdateTimeToLive": (ddb.update_time_to_live, {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "t"}})}
    assert ddb.describe_table(TableName=name)["Table"]["TableStatus"] == "CREATING"
    for operation, (call, arguments) in calls.items():
        refusals.add((operation, code_of(call, TableName=name, **arguments)[0]))
    assert ddb.describe_import(ImportArn=described["ImportArn"])["ImportTableDescription"]["ImportStatus"] == "IN_PROGRESS"
    assert refusals == {("PutItem", "ResourceNotFoundException"), ("Scan", "ResourceNotFoundException"), ("UpdateTable", "ResourceInUseException"),
                        ("DeleteTable", "ResourceInUseException"), ("UpdateTimeToLive", "ResourceInUseException")}
    assert imported(ddb, wait_until, described["ImportArn"])["ImportedItemCount"] == 150000
    assert ddb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"
    ddb.put_item(TableName=name, Item={"pk": {"S": "mine"}})
    assert sum(page["Count"] for page in ddb.get_paginator("scan").paginate(TableName=name, Select="COUNT")) == 150001


def test_an_import_is_not_throttled(ddb, s3, bucket, unique, wait_until):
    lines = b"".join(b'{"Item":{"pk":{"S":"k%d"}}}\n' % i for i in range(3000))
    s3.put_object(Bucket=bucket, Key="many", Body=lines)
    request = importing(unique("slow"), bucket)
    request["TableCreationParameters"].update(BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    ended = imported(ddb, wait_until, ddb.import_table(**request)["ImportTableDescription"]["ImportArn"])
    assert (ended["ImportStatus"], ended["ImportedItemCount"], ended["ErrorCount"]) == ("COMPLETED", 3000, 0)


def test_arguments_of_transfers(ddb, s3, bucket, table, unique, wire):
    _, arn, _ = table
    answer = wire.call("ImportTable", importing(unique("untold"), bucket))
    assert answer.code == "ValidationException" and "clientToken" in answer.message
    for changed in ({"ClientToken": "a$b"}, {"ClientToken": ""}, {"S3BucketSource": {"S3Bucket": "-nope!"}},
                    {"InputFormatOptions": {"Csv": {"Delimiter": ","}}}):
        code, text = code_of(ddb.import_table, **{**importing(unique("wrong"), bucket), **changed})
        assert code == "ValidationException" and next(iter(changed))[:8].lower() in text.lower(), (changed, text)
    wire.invalid("ImportTable", "Invalid Request: Unsupported InputFormatOptions for the given input format: DYNAMODB_JSON.",
                 **{**importing(unique("wrong"), bucket), "ClientToken": "t", "InputFormatOptions": {"Csv": {"Delimiter": ","}}})
    for name, value in {"ExportType": "", "ClientToken": "", "ExportFormat": "X", "S3Prefix": "", "S3Bucket": "", "TableArn": "QWERTY",
                        "S3BucketOwner": "", "S3SseAlgorithm": "X"}.items():
        code, text = code_of(ddb.export_table_to_point_in_time, **{"TableArn": arn, "S3Bucket": bucket, name: value})
        assert code == "ValidationException" and name.lower() in text.lower(), (name, text)
    answer = wire.call("ExportTableToPointInTime", {"TableArn": arn, "S3Bucket": bucket, "S3SseKmsKeyId": ""})
    assert answer.code == "ValidationException" and "s3SseKmsKeyId" in answer.message
    code, text = code_of(ddb.export_table_to_point_in_time, TableArn=arn, S3Bucket=bucket, ExportTime=-1)
    assert code == "InvalidExportTimeException" and text.startswith("ExportTime")
    # ARNs of descriptions.
    assert code_of(ddb.describe_export, ExportArn=arn + "/no-export") == ("ValidationException", "Invalid Export ARN")
    assert code_of(ddb.describe_export, ExportArn="qwerty:aws:dynamodb:us-east-1:000000000000:table/some-table") == ("ValidationException", "Invalid Export ARN")
    assert code_of(ddb.describe_export, ExportArn=arn.replace(":dynamodb:", ":other:") + "/export/1")[0] == "AccessDeniedException"
    short = arn.rsplit("/", 1)[0] + "/x/import/01658528578619-c4d4e311"
    assert code_of(ddb.describe_import, ImportArn=short) == ("ValidationException", "Invalid Import ARN")
    # Tokens of pages.
    assert code_of(ddb.list_imports, NextToken="0" * 112)[0] == "ValidationException"
    assert code_of(ddb.list_exports, NextToken="0123456789abcdef" * 16) == ("ValidationException", "Invalid NextToken provided to ListExports")


def test_lists_of_transfers_are_read_page_by_page(ddb, s3, bucket, table, unique, wait_until):
    _, arn, _ = table
    exports = [ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket)["ExportDescription"] for _ in range(3)]
    told = ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, ExportType="FULL_EXPORT")["ExportDescription"]
    assert "ExportType" not in exports[0] and told["ExportType"] == "FULL_EXPORT"  # as it was asked for
    mine = {one["ExportArn"] for one in [*exports, told]}

    def pages(call, limit, member, **arguments):
        token, out = {}, []
        while True:
            page = call(**arguments, **token, **limit)
            assert len(page[member]) <= 1
            out += page[member]
            if "NextToken" not in page:
                return out
            token = {"NextToken": page["NextToken"]}
    listed = pages(ddb.list_exports, {"MaxResults": 1}, "ExportSummaries", TableArn=arn)
    assert {one["ExportArn"] for one in listed} == mine and {one["ExportType"] for one in listed} == {"FULL_EXPORT"}
    assert [one["ExportArn"] for one in listed] == sorted(mine, reverse=True)
    imports = [ddb.import_table(**importing(unique("page"), bucket, "no/such"))["ImportTableDescription"]["ImportArn"] for _ in range(2)]
    for one in imports:
        assert imported(ddb, wait_until, one)["ImportStatus"] == "COMPLETED"
    summaries = pages(ddb.list_imports, {"PageSize": 1}, "ImportSummaryList")
    assert set(imports) <= {one["ImportArn"] for one in summaries}
    assert {member for one in summaries for member in one} == {
        "ImportArn", "ImportStatus", "TableArn", "S3BucketSource", "InputFormat", "StartTime", "EndTime"}
    for one in [*exports, told]:
        exported(ddb, wait_until, one["ExportArn"])


def test_an_import_from_a_bucket_that_is_not_there_leaves_no_table(ddb, unique, wait_until):
    name = unique("absent")
    arn = ddb.import_table(S3BucketSource={"S3Bucket": "no-such-bucket-here"}, InputFormat="CSV", TableCreationParameters={
        "TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]})["ImportTableDescription"]["ImportArn"]
    ended = imported(ddb, wait_until, arn)
    assert (ended["ImportStatus"], ended["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert name not in [table for page in ddb.get_paginator("list_tables").paginate() for table in page["TableNames"]]


def test_transfers_go_on_after_kill_9(make_server, wait_until):
    server = make_server(durability="durable")
    ddb, s3 = server.client("dynamodb"), server.client("s3")
    s3.create_bucket(Bucket="moved")
    arn = ddb.create_table(TableName="filled", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                           AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])["TableDescription"]["TableArn"]
    ddb.update_continuous_backups(TableName="filled", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    lines = "".join(json.dumps({"Item": {"pk": {"S": f"k{i}"}, "text": {"S": "x" * 500}}}) + "\n" for i in range(4000))
    s3.put_object(Bucket="moved", Key="in/a.gz", Body=gzip.compress(lines.encode()))
    into = ddb.import_table(S3BucketSource={"S3Bucket": "moved", "S3KeyPrefix": "in/"}, InputFormat="DYNAMODB_JSON", InputCompressionType="GZIP",
                            TableCreationParameters={"TableName": "into", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                                                     "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]})["ImportTableDescription"]["ImportArn"]
    time.sleep(0.2)  # it begins 100 ms behind the request
    server.restart(kill=True)
    ddb, s3 = server.client("dynamodb"), server.client("s3")
    ended = imported(ddb, wait_until, into)
    assert (ended["ImportStatus"], ended["ImportedItemCount"]) == ("COMPLETED", 4000)
    assert ddb.describe_table(TableName="into")["Table"]["TableStatus"] == "ACTIVE"
    assert len({item["pk"]["S"] for page in ddb.get_paginator("scan").paginate(TableName="into") for item in page["Items"]}) == 4000
    ddb.update_continuous_backups(TableName="into", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    out = ddb.export_table_to_point_in_time(TableArn=arn.rsplit("/", 1)[0] + "/into", S3Bucket="moved", S3Prefix="out")["ExportDescription"]["ExportArn"]
    server.restart(kill=True)
    ddb, s3 = server.client("dynamodb"), server.client("s3")
    done = exported(ddb, wait_until, out)
    assert done["ExportStatus"] == "COMPLETED" and len({line["Item"]["pk"]["S"] for line in lines_of(s3, "moved", done)}) == 4000
