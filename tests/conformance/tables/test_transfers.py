"""Exports of tables to buckets and imports from them (CTL-27)."""
import base64
import datetime
import gzip
import hashlib
import json

import pytest
from botocore.exceptions import ClientError


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


def test_an_incremental_export_tells_what_changed(ddb, s3, bucket, table, wait_until):
    name, arn, _ = table
    second = datetime.timedelta(seconds=1)

    def latest():
        about = ddb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        return about["LatestRestorableDateTime"]

    def later_than(time):
        """A time that can be exported, with a whole second behind `time`."""
        return wait_until(lambda: (lambda now: now if now > time + second else None)(latest()))
    start = later_than(latest())
    later_than(start)
    ddb.put_item(TableName=name, Item={"pk": {"S": "k000"}, "n": {"N": "1000"}})
    ddb.put_item(TableName=name, Item={"pk": {"S": "new"}})
    ddb.delete_item(TableName=name, Key={"pk": {"S": "k001"}})
    end = later_than(latest())
    begun = ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification={
        "ExportFromTime": start, "ExportToTime": end, "ExportViewType": "NEW_AND_OLD_IMAGES"})["ExportDescription"]
    done = exported(ddb, wait_until, begun["ExportArn"])
    assert done["ExportStatus"] == "COMPLETED", done
    lines = {line["Keys"]["pk"]["S"]: line for line in lines_of(s3, bucket, done)}
    assert sorted(lines) == ["k000", "k001", "new"]
    assert lines["k000"]["NewImage"]["n"] == {"N": "1000"} and lines["k000"]["OldImage"]["n"] == {"N": "0"}
    assert "NewImage" not in lines["k001"] and "OldImage" not in lines["new"]


def test_imports_of_csv_and_of_broken_records(ddb, s3, bucket, unique, wait_until):
    s3.put_object(Bucket=bucket, Key="csv/a.csv", Body=b'pk,sk,note\r\na,1,"x, ""y""\nz"\r\nb,2,\r\n,3,no key\r\nc,not a number,\r\n')
    s3.put_object(Bucket=bucket, Key="json/a", Body=b'{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}\n{"Item":{"pk":{"S":"b"}}}\nnonsense\n{"Item":{"pk":{"S":"c"},"sk":{"N":"2"}}}')
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
    assert (ended["ImportedItemCount"], ended["ErrorCount"]) == (2, 2) and len(items) == 2
    ended, items = run("list/", InputFormat="CSV", InputFormatOptions={"Csv": {"Delimiter": ";", "HeaderList": ["pk", "sk"]}})
    assert ended["ImportedItemCount"] == 2 and {"pk": {"S": "b"}, "sk": {"N": "2"}} in items
    ended, _ = run("csv/", InputFormat="DYNAMODB_JSON", InputCompressionType="GZIP")
    assert (ended["ImportStatus"], ended["FailureCode"]) == ("FAILED", "InvalidFormat")
    ended, items = run("none/", InputFormat="CSV")
    assert (ended["ImportStatus"], ended["ProcessedItemCount"], items) == ("COMPLETED", 0, [])
    name = unique("there")
    ddb.create_table(TableName=name, **common)
    assert code_of(ddb.import_table, S3BucketSource={"S3Bucket": bucket}, InputFormat="CSV", TableCreationParameters={"TableName": name, **common})[0] == "ResourceInUseException"


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
    wait_until(lambda: ddb.scan(TableName="into", Limit=1)["Count"] == 1)
    server.restart(kill=True)
    ddb, s3 = server.client("dynamodb"), server.client("s3")
    ended = imported(ddb, wait_until, into)
    assert (ended["ImportStatus"], ended["ImportedItemCount"]) == ("COMPLETED", 4000)
    ddb.update_continuous_backups(TableName="into", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    out = ddb.export_table_to_point_in_time(TableArn=arn.rsplit("/", 1)[0] + "/into", S3Bucket="moved", S3Prefix="out")["ExportDescription"]["ExportArn"]
    server.restart(kill=True)
    ddb, s3 = server.client("dynamodb"), server.client("s3")
    done = exported(ddb, wait_until, out)
    assert done["ExportStatus"] == "COMPLETED" and len({line["Item"]["pk"]["S"] for line in lines_of(s3, "moved", done)}) == 4000
