"""Buckets and objects through boto3, awscli and raw requests."""
import base64
import hashlib
import http.client
import io
import json
import os
import threading
import urllib.request
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import boto3.s3.transfer
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from support.server import STATE

MB = 1 << 20


@pytest.fixture(scope="module")
def s3(server):
    return server.client("s3")


@pytest.fixture
def bucket(s3, unique):
    name = unique("bucket")
    s3.create_bucket(Bucket=name)
    yield name
    empty(s3, name)
    s3.delete_bucket(Bucket=name)


def empty(s3, name):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for item in page.get("Contents", []):
            s3.delete_object(Bucket=name, Key=item["Key"])


def code_of(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"]


def blob_files(server):
    return [path for path in (server.data_dir / "objects").rglob("*") if path.is_file()]


# ---- buckets ----------------------------------------------------------------------------------------------------------
def test_buckets_are_made_listed_and_deleted(s3, unique):
    name = unique("b")
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"
    s3.create_bucket(Bucket=name)  # again: fine in the oldest region
    assert name in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    s3.put_object(Bucket=name, Key="k", Body=b"")
    assert code_of(s3.delete_bucket, Bucket=name) == "BucketNotEmpty"
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)
    assert code_of(s3.delete_bucket, Bucket=name) == "NoSuchBucket"
    assert code_of(s3.head_bucket, Bucket=name) == "404"
    assert code_of(s3.list_objects_v2, Bucket=name) == "NoSuchBucket"


def test_a_bucket_of_another_region(server, unique):
    s3 = server.client("s3", region="eu-west-1")
    name = unique("b")
    assert code_of(s3.create_bucket, Bucket=name) == "IllegalLocationConstraintException"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    assert code_of(s3.create_bucket, Bucket=name,
                   CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}) == "BucketAlreadyOwnedByYou"
    s3.delete_bucket(Bucket=name)


def test_bad_names_and_what_a_plain_bucket_answers(s3, bucket):
    assert code_of(s3.create_bucket, Bucket="UPPER") == "InvalidBucketName"
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert code_of(s3.get_bucket_policy, Bucket=bucket) == "NoSuchBucketPolicy"
    assert code_of(s3.get_bucket_tagging, Bucket=bucket) == "NoSuchTagSet"
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"][0]["Permission"] == "FULL_CONTROL"
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert code_of(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}) == "NotImplemented"
    assert code_of(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == "AccessControlListNotSupported"


def test_tags_of_buckets(make_server):
    server = make_server()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="tagged")
    tags = [{"Key": "b", "Value": "1"}, {"Key": "a", "Value": ""}, {"Key": "ü/@ .:=+-_", "Value": "ö" * 256}]
    assert s3.put_bucket_tagging(Bucket="tagged", Tagging={"TagSet": tags})["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_tagging(Bucket="tagged")["TagSet"] == tags
    server.restart(kill=True)
    s3 = server.client("s3")
    assert s3.get_bucket_tagging(Bucket="tagged")["TagSet"] == tags
    s3.put_bucket_tagging(Bucket="tagged", Tagging={"TagSet": tags[:1]})  # in place of all that were there
    assert s3.get_bucket_tagging(Bucket="tagged")["TagSet"] == tags[:1]
    one = {"Key": "k", "Value": "v"}
    for wrong in ([one, one], [{"Key": "aws:x", "Value": ""}], [{"Key": "k" * 129, "Value": ""}],
                  [{"Key": "k", "Value": "v" * 257}], [{"Key": "k!", "Value": ""}]):
        assert code_of(s3.put_bucket_tagging, Bucket="tagged", Tagging={"TagSet": wrong}) == "InvalidTag", wrong
    assert code_of(s3.put_bucket_tagging, Bucket="tagged", Tagging={"TagSet": [{"Key": f"k{i}", "Value": ""} for i in range(51)]}) == "BadRequest"
    assert s3.get_bucket_tagging(Bucket="tagged")["TagSet"] == tags[:1]
    assert s3.delete_bucket_tagging(Bucket="tagged")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert code_of(s3.get_bucket_tagging, Bucket="tagged") == "NoSuchTagSet"
    assert code_of(s3.put_bucket_tagging, Bucket="not-there-at-all", Tagging={"TagSet": tags}) == "NoSuchBucket"
    s3.create_bucket(Bucket="born", CreateBucketConfiguration={"Tags": [one]})
    assert s3.get_bucket_tagging(Bucket="born")["TagSet"] == [one]


# ---- objects ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [0, 1, 65536, 65537, MB, MB + 1, 9 * MB])
def test_bodies_come_back_with_etag_and_checksum(s3, bucket, size):
    body = os.urandom(size)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)  # CRC32 in a trailer by default
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert put["ChecksumCRC32"] == base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == body and got["ContentLength"] == size
    assert got["ETag"] == put["ETag"] and got["ChecksumCRC32"] == put["ChecksumCRC32"]


def test_attributes_come_back(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentType="text/plain", CacheControl="no-cache", ContentEncoding="gzip",
                  ContentDisposition="inline", ContentLanguage="de", Metadata={"Colour": "blue"}, StorageClass="STANDARD_IA")
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentType"], head["CacheControl"], head["ContentEncoding"]) == ("text/plain", "no-cache", "gzip")
    assert (head["ContentDisposition"], head["ContentLanguage"]) == ("inline", "de")
    assert head["Metadata"] == {"colour": "blue"} and head["StorageClass"] == "STANDARD_IA"
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-id-2"]
    got = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="a/b", ResponseContentDisposition="attachment")
    assert (got["ContentType"], got["ContentDisposition"]) == ("a/b", "attachment")
    assert s3.put_object(Bucket=bucket, Key="plain", Body=b"") and s3.head_object(Bucket=bucket, Key="plain")["ContentType"] == "binary/octet-stream"
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"", Tagging="a=b") == "NotImplemented"


@pytest.mark.parametrize("key", ["a/b//c", "ümläut/€", "a b+c%20d", "?&=#;", "../x/./y", "t~(')*!", "x" * 1024])
def test_odd_keys(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert code_of(s3.put_object, Bucket=bucket, Key="x" * 1025, Body=b"") == "KeyTooLongError"


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_each_checksum_is_verified(s3, bucket, algorithm):
    if algorithm in ("CRC32C", "CRC64NVME"):
        pytest.importorskip("awscrt")
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm=algorithm)
    assert put[f"Checksum{algorithm}"]
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]


def test_wrong_digests_are_refused_and_change_nothing(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"new", ChecksumSHA256=wrong) == "BadDigest"
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"new", ContentMD5=wrong) == "BadDigest"
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"new", ContentMD5="x") == "InvalidDigest"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"old"


def test_ranges(s3, bucket):
    body = bytes(range(256)) * 12288  # 3 MiB
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    for text, want in (("bytes=0-9", body[:10]), ("bytes=100-", body[100:]), ("bytes=-5", body[-5:]),
                       ("bytes=1048570-2097160", body[1048570:2097161]), ("bytes=3145727-9999999", body[-1:])):
        got = s3.get_object(Bucket=bucket, Key="k", Range=text)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206 and got["Body"].read() == want
        assert got["ContentRange"].endswith(f"/{len(body)}")
    assert code_of(s3.get_object, Bucket=bucket, Key="k", Range="bytes=9999999-") == "InvalidRange"


def test_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfMatch='"0"') == "PreconditionFailed"
    assert code_of(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag) == "304"
    assert code_of(s3.get_object, Bucket=bucket, Key="k", IfMatch='"0"') == "PreconditionFailed"
    modified = s3.head_object(Bucket=bucket, Key="k", IfMatch=etag)["LastModified"]
    assert code_of(s3.head_object, Bucket=bucket, Key="k", IfModifiedSince=modified) == "304"
    assert s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=modified)["Body"].read() == b"1"


def test_what_is_not_there(s3, bucket):
    assert code_of(s3.get_object, Bucket=bucket, Key="none") == "NoSuchKey"
    assert code_of(s3.head_object, Bucket=bucket, Key="none") == "404"
    s3.delete_object(Bucket=bucket, Key="none")
    assert code_of(s3.get_object, Bucket="no-such-bucket-here", Key="k") == "NoSuchBucket"
    assert code_of(s3.get_object, Bucket=bucket, Key="k", VersionId="abc") == "InvalidArgument"


def test_copies(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from/ä", Body=b"x" * (2 * MB), Metadata={"a": "1"}, ContentType="text/x")
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from/ä"})
    head = s3.head_object(Bucket=bucket, Key="to")
    assert head["Metadata"] == {"a": "1"} and head["ContentType"] == "text/x"
    s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/to", MetadataDirective="REPLACE", Metadata={"b": "2"})
    assert s3.head_object(Bucket=bucket, Key="to")["Metadata"] == {"b": "2"}
    assert code_of(s3.copy_object, Bucket=bucket, Key="to", CopySource=f"{bucket}/to") == "InvalidRequest"
    assert code_of(s3.copy_object, Bucket=bucket, Key="x", CopySource=f"{bucket}/none") == "NoSuchKey"
    s3.delete_object(Bucket=bucket, Key="from/ä")
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == b"x" * (2 * MB)


def test_many_objects_are_deleted_at_once(s3, bucket):
    for i in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{i}", Body=b"x")
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"k{i}"} for i in range(4)] + [{"Key": "none"}]})
    assert sorted(item["Key"] for item in done["Deleted"]) == ["k0", "k1", "k2", "k3", "none"]
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k4"}], "Quiet": True})
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_lists_page_group_and_go_on(s3, bucket):
    keys = sorted(f"{a}/{b}" for a in "abc" for b in range(5)) + ["top"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for operation in ("list_objects_v2", "list_objects"):
        pages = list(s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": 4}))
        assert len(pages) == 4 and [item["Key"] for page in pages for item in page["Contents"]] == keys
        pages = list(s3.get_paginator(operation).paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 2}))
        assert [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])] == ["a/", "b/", "c/"]
        assert [item["Key"] for page in pages for item in page.get("Contents", [])] == ["top"]
    assert [i["Key"] for i in s3.list_objects_v2(Bucket=bucket, Prefix="b/", StartAfter="b/2")["Contents"]] == ["b/3", "b/4"]
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=0)["KeyCount"] == 0
    assert code_of(s3.list_objects_v2, Bucket=bucket, ContinuationToken="*") == "InvalidArgument"


# ---- multipart --------------------------------------------------------------------------------------------------------
def test_uploads_in_parts(s3, bucket, tmp_path):
    body = os.urandom(17 * MB)
    s3.upload_fileobj(io.BytesIO(body), bucket, "k", Config=boto3.s3.transfer.TransferConfig(multipart_threshold=8 * MB))
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ETag"].endswith('-3"') and head["ContentLength"] == len(body)
    s3.download_file(bucket, "k", str(tmp_path / "got"))
    assert (tmp_path / "got").read_bytes() == body
    part = s3.get_object(Bucket=bucket, Key="k", PartNumber=3)
    assert part["PartsCount"] == 3 and part["Body"].read() == body[16 * MB:]
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=8388600-8388620")["Body"].read() == body[8388600:8388621]


def test_parts_are_listed_completed_and_aborted(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    name = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    first = s3.upload_part(**name, PartNumber=1, Body=b"a" * (5 * MB))["ETag"]
    second = s3.upload_part(**name, PartNumber=2, Body=b"b")["ETag"]
    assert [one["UploadId"] for one in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload]
    listed = s3.list_parts(**name, MaxParts=1)
    assert listed["IsTruncated"] and [(p["PartNumber"], p["ETag"], p["Size"]) for p in listed["Parts"]] == [(1, first, 5 * MB)]
    assert code_of(s3.upload_part, **name, PartNumber=0, Body=b"") == "InvalidArgument"

    def complete(*parts):
        return s3.complete_multipart_upload(**name, MultipartUpload={"Parts": [{"PartNumber": n, "ETag": e} for n, e in parts]})
    for parts, code in ((((2, second), (1, first)), "InvalidPartOrder"), (((1, second),), "InvalidPart"), (((3, first),), "InvalidPart")):
        with pytest.raises(ClientError) as error:
            complete(*parts)
        assert error.value.response["Error"]["Code"] == code
    done = complete((1, first), (2, second))
    assert done["ETag"].endswith('-2"')
    assert code_of(s3.list_parts, **name) == "NoSuchUpload"
    other = s3.create_multipart_upload(Bucket=bucket, Key="k2")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k2", UploadId=other, PartNumber=1, Body=b"x" * (2 * MB))
    s3.abort_multipart_upload(Bucket=bucket, Key="k2", UploadId=other)
    assert code_of(s3.abort_multipart_upload, Bucket=bucket, Key="k2", UploadId=other) == "NoSuchUpload"


def test_parts_can_be_copied(s3, bucket):
    body = os.urandom(6 * MB)
    s3.put_object(Bucket=bucket, Key="from", Body=body)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    name = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    source = {"Bucket": bucket, "Key": "from"}
    first = s3.upload_part_copy(**name, PartNumber=1, CopySource=source)["CopyPartResult"]["ETag"]
    second = s3.upload_part_copy(**name, PartNumber=2, CopySource=source, CopySourceRange="bytes=10-19")["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(**name, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body + body[10:20]


# ---- clients ----------------------------------------------------------------------------------------------------------
def test_awscli_copies_lists_syncs_and_removes(server, unique, tmp_path):
    name = unique("cli")
    aws = lambda *words, **options: server.run("aws", "--endpoint-url", server.endpoint, "s3", *words, **options)  # noqa: E731
    big = os.urandom(20 * MB)
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "one.txt").write_text("one")
    (tmp_path / "tree" / "sub" / "big.bin").write_bytes(big)
    aws("mb", f"s3://{name}")
    aws("sync", tmp_path / "tree", f"s3://{name}/tree")
    assert "sub/big.bin" in aws("ls", "--recursive", f"s3://{name}/").stdout
    assert "PRE sub/" in aws("ls", f"s3://{name}/tree/").stdout
    aws("cp", f"s3://{name}/tree/sub/big.bin", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == big
    aws("cp", f"s3://{name}/tree/sub/big.bin", f"s3://{name}/copy.bin")
    url = aws("presign", f"s3://{name}/tree/one.txt").stdout.strip()
    assert urllib.request.urlopen(url, timeout=10).read() == b"one"
    assert aws("rb", f"s3://{name}", check=False).returncode != 0
    aws("rm", "--recursive", f"s3://{name}/")
    aws("rb", f"s3://{name}")


def test_the_sdk_for_javascript(server, unique):
    sdk = STATE / "runtimes" / "node_modules"
    if not (sdk / "@aws-sdk" / "client-s3").is_dir():
        pytest.fail("the SDK for JavaScript is not there (./dev setup)")
    done = server.run("node", Path(__file__).parent / "client.mjs", unique("js"), environment={"SDK_FOLDER": str(sdk)})
    assert json.loads(done.stdout) == {"checksum": base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode(), "text": "hello",
                                       "colour": "blue", "size": 10 * MB, "keys": ["a/ü", "big"], "missing": "NoSuchKey"}


def test_functions_take_their_code_from_a_bucket(server, s3, bucket, unique, zip_of, wait_until):
    functions = server.client("lambda")
    name = unique("fn")
    base = dict(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role="arn:aws:iam::000000000000:role/r")
    for code, want in (({"S3Bucket": "no-such-bucket-here", "S3Key": "k"}, "NoSuchBucket"), ({"S3Bucket": bucket, "S3Key": "none"}, "NoSuchKey")):
        with pytest.raises(ClientError) as error:
            functions.create_function(**base, Code=code)
        assert f"S3 Error Code: {want}" in error.value.response["Error"]["Message"]
    for version in ("1", "2"):
        s3.put_object(Bucket=bucket, Key="code.zip", Body=zip_of({"index.py": f"def handler(event, context):\n    return {version}\n"}))
        if version == "1":
            functions.create_function(**base, Code={"S3Bucket": bucket, "S3Key": "code.zip"})
        else:
            functions.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key="code.zip")
        wait_until(lambda: functions.get_function_configuration(FunctionName=name).get("LastUpdateStatus") == "Successful")
        wait_until(lambda: functions.get_function_configuration(FunctionName=name)["State"] == "Active")
        assert functions.invoke(FunctionName=name)["Payload"].read() == version.encode()
    functions.delete_function(FunctionName=name)


def test_a_stack_has_a_bucket_and_a_function_from_another(server, s3, bucket, unique, zip_of, tmp_path):
    s3.put_object(Bucket=bucket, Key="code.zip", Body=zip_of({"index.py": "def handler(event, context):\n    return 7\n"}))
    stack = unique("stack")
    (tmp_path / "t.yaml").write_text(f"""
Resources:
  Store: {{Type: AWS::S3::Bucket, Properties: {{PublicAccessBlockConfiguration: {{BlockPublicAcls: true}}}}}}
  Fn:
    Type: AWS::Lambda::Function
    Properties: {{FunctionName: {stack}-fn, Runtime: python3.12, Handler: index.handler, Role: "arn:aws:iam::000000000000:role/r",
                  Code: {{S3Bucket: {bucket}, S3Key: code.zip}}, Environment: {{Variables: {{STORE: !Ref Store}}}}}}
Outputs: {{Store: {{Value: !Ref Store}}, Arn: {{Value: !GetAtt Store.Arn}}}}
""")
    server.tidemill("deploy", tmp_path / "t.yaml", "--stack-name", stack, "--yes")
    functions = server.client("lambda")
    store = functions.get_function_configuration(FunctionName=f"{stack}-fn")["Environment"]["Variables"]["STORE"]
    assert store.startswith(stack.lower()) and s3.head_bucket(Bucket=store)
    assert functions.invoke(FunctionName=f"{stack}-fn")["Payload"].read() == b"7"
    s3.put_object(Bucket=store, Key="k", Body=b"x")
    assert server.tidemill("destroy", stack, "--yes", check=False).returncode != 0  # D58: not empty
    s3.delete_object(Bucket=store, Key="k")
    server.tidemill("destroy", stack, "--yes")
    assert code_of(s3.head_bucket, Bucket=store) == "404"


def test_virtual_hosts(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    address = urlsplit(server.endpoint)
    for host, path in ((f"{bucket}.s3.us-east-1.amazonaws.com", "/a/b"), (f"{bucket}.s3.localhost:{address.port}", "/a/b"),
                       (f"{bucket}.localhost", "/a/b"), ("s3.us-east-1.amazonaws.com", f"/{bucket}/a/b")):
        request = AWSRequest("GET", f"http://{host}{path}", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
        SigV4Auth(Credentials(server.access_key_id, server.secret_access_key), "s3", "us-east-1").add_auth(request)
        status, _, body = server.http("GET", path, headers={**dict(request.headers), "Host": host})
        assert (status, body) == (200, b"x"), host


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """Identity on, durable."""
    from support.server import Server
    one = Server(tmp_path_factory.mktemp("strict"), mode="start", iam="on", durability="durable").start()
    yield one
    one.close()


@pytest.mark.parametrize("signature_version", ["s3v4", "s3"])
def test_presigned_urls(strict, signature_version, unique):
    s3 = strict.client("s3", signature_version="s3v4")
    name = unique("presigned")
    s3.create_bucket(Bucket=name)
    signer = boto3.session.Session(aws_access_key_id=strict.access_key_id, aws_secret_access_key=strict.secret_access_key,
                                   region_name="us-east-1").client("s3", endpoint_url=strict.endpoint, config=Config(
                                       signature_version=signature_version, s3={"addressing_style": "path"}))
    put = signer.generate_presigned_url("put_object", {"Bucket": name, "Key": "a b", "ContentType": "text/x"})
    request = urllib.request.Request(put, data=b"hello", method="PUT", headers={"Content-Type": "text/x"})
    assert urllib.request.urlopen(request, timeout=10).status == 200
    get = signer.generate_presigned_url("get_object", {"Bucket": name, "Key": "a b", "ResponseContentType": "text/y"})
    with urllib.request.urlopen(get, timeout=10) as answer:
        assert answer.read() == b"hello" and answer.headers["Content-Type"] == "text/y"
    for url, code in ((get.replace("a%20b", "a%20c"), b"SignatureDoesNotMatch"),
                      (signer.generate_presigned_url("get_object", {"Bucket": name, "Key": "a b"}, ExpiresIn=-10), b"")):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(url, timeout=10)
        assert error.value.code in (400, 403) and code in error.value.read()


def test_signed_bodies_are_verified(strict, unique):
    s3 = strict.client("s3")
    name = unique("signed")
    s3.create_bucket(Bucket=name)
    body = os.urandom(3 * MB)
    s3.put_object(Bucket=name, Key="k", Body=body)
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == body
    stranger = strict.client("s3", secret_access_key="wrong")
    assert code_of(stranger.put_object, Bucket=name, Key="k", Body=b"x" * MB) == "SignatureDoesNotMatch"
    assert code_of(strict.client("s3", access_key_id="AKIDNOBODY").list_buckets) == "InvalidAccessKeyId"
    address = urlsplit(strict.endpoint)
    host = f"{address.hostname}:{address.port}"
    request = AWSRequest("PUT", f"{strict.endpoint}/{name}/k", data=b"good", headers={"Host": host})
    auth = SigV4Auth(Credentials(strict.access_key_id, strict.secret_access_key), "s3", "us-east-1")
    request.headers["x-amz-content-sha256"] = hashlib.sha256(b"good").hexdigest()
    auth.add_auth(request)
    status, _, text = strict.http("PUT", f"/{name}/k", body=b"evil", headers=dict(request.headers))
    assert status == 400 and b"XAmzContentSHA256Mismatch" in text
    status, headers, text = strict.http("GET", f"/{name}/k", headers={"Host": "s3.localhost"})
    assert status == 403 and b"<Code>AccessDenied</Code>" in text and headers["x-amz-request-id"]


def chunk_signature(key, date, scope, previous, data):
    import hmac
    text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", date, scope, previous, hashlib.sha256(b"").hexdigest(), hashlib.sha256(data).hexdigest()])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize("tampered", [False, True])
def test_signed_chunks(strict, unique, tampered):
    import hmac
    name = unique("chunks")
    strict.client("s3").create_bucket(Bucket=name)
    data = [os.urandom(65536), os.urandom(65536), os.urandom(1000), b""]
    length = sum(len(d) for d in data)
    address = urlsplit(strict.endpoint)
    request = AWSRequest("PUT", f"{strict.endpoint}/{name}/k", headers={
        "Host": f"{address.hostname}:{address.port}", "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-decoded-content-length": str(length), "Content-Encoding": "aws-chunked"})

    class Signer(SigV4Auth):
        def payload(self, _):
            return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    Signer(Credentials(strict.access_key_id, strict.secret_access_key), "s3", "us-east-1").add_auth(request)
    date = request.headers["X-Amz-Date"]
    scope = f"{date[:8]}/us-east-1/s3/aws4_request"
    key = ("AWS4" + strict.secret_access_key).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    previous = request.headers["Authorization"].rsplit("Signature=", 1)[1]
    body = b""
    for index, one in enumerate(data):
        previous = chunk_signature(key, date, scope, previous, one)
        sent = b"!" * len(one) if tampered and index == 1 else one
        body += f"{len(one):x};chunk-signature={previous}\r\n".encode() + sent + b"\r\n"
    status, _, text = strict.http("PUT", f"/{name}/k", body=body, headers=dict(request.headers))
    if tampered:
        assert status == 403 and b"SignatureDoesNotMatch" in text
    else:
        assert status == 200, text
        assert strict.client("s3").get_object(Bucket=name, Key="k")["Body"].read() == b"".join(data)


@pytest.mark.parametrize("good", [True, False])
def test_a_checksum_behind_the_body(strict, unique, good):
    name = unique("trailer")
    strict.client("s3").create_bucket(Bucket=name)
    body = os.urandom(200_000)
    crc = base64.b64encode(zlib.crc32(body if good else b"other").to_bytes(4, "big")).decode()
    address = urlsplit(strict.endpoint)
    request = AWSRequest("PUT", f"{strict.endpoint}/{name}/k", headers={
        "Host": f"{address.hostname}:{address.port}", "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(len(body)), "Content-Encoding": "aws-chunked", "x-amz-trailer": "x-amz-checksum-crc32"})

    class Signer(SigV4Auth):
        def payload(self, _):
            return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    Signer(Credentials(strict.access_key_id, strict.secret_access_key), "s3", "us-east-1").add_auth(request)
    chunks = b"".join(f"{len(body[i:i + 65536]):x}".encode() + b"\r\n" + body[i:i + 65536] + b"\r\n" for i in range(0, len(body), 65536))
    sent = chunks + f"0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n".encode()
    status, headers, text = strict.http("PUT", f"/{name}/k", body=sent, headers=dict(request.headers))
    s3 = strict.client("s3")
    if good:
        assert status == 200 and headers["x-amz-checksum-crc32"] == crc, text
        got = s3.get_object(Bucket=name, Key="k")
        assert got["Body"].read() == body and "ContentEncoding" not in got
    else:
        assert status == 400 and b"<Code>BadDigest</Code>" in text
        assert code_of(s3.head_object, Bucket=name, Key="k") == "404"


def test_policies_are_asked(strict, unique):
    name = unique("policy")
    admin = strict.client("s3")
    admin.create_bucket(Bucket=name)
    admin.put_object(Bucket=name, Key="open/a", Body=b"a")
    admin.put_object(Bucket=name, Key="shut/b", Body=b"b")
    iam = strict.client("iam")
    user = unique("reader")
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/open/*"}]}))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    s3 = strict.client("s3", access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
    assert s3.get_object(Bucket=name, Key="open/a")["Body"].read() == b"a"
    assert code_of(s3.get_object, Bucket=name, Key="shut/b") == "AccessDenied"
    assert code_of(s3.get_object, Bucket=name, Key="open/none") == "AccessDenied"  # may not know what is not there
    assert code_of(s3.put_object, Bucket=name, Key="open/a", Body=b"x" * MB) == "AccessDenied"
    assert code_of(s3.list_objects_v2, Bucket=name) == "AccessDenied"
    assert code_of(s3.copy_object, Bucket=name, Key="open/c", CopySource=f"{name}/shut/b") == "AccessDenied"
    failed = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "open/a"}]})["Errors"]
    assert [one["Code"] for one in failed] == ["AccessDenied"]


# ---- bad days ---------------------------------------------------------------------------------------------------------
def test_what_was_answered_survives_kill_9_and_nothing_else_stays(make_server, wait_until):
    server = make_server(mode="start", iam="on", durability="durable")
    s3 = server.client("s3")
    s3.create_bucket(Bucket="kept")
    bodies = {f"k{i}": os.urandom(size) for i, size in enumerate((10, 70_000, MB + 1, 5 * MB))}
    for key, body in bodies.items():
        s3.put_object(Bucket="kept", Key=key, Body=body)
    # An upload that never ends.
    address = urlsplit(server.endpoint)
    request = AWSRequest("PUT", f"{server.endpoint}/kept/half", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD",
                                                                        "Host": f"{address.hostname}:{address.port}"})
    SigV4Auth(Credentials(server.access_key_id, server.secret_access_key), "s3", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    connection.putrequest("PUT", "/kept/half", skip_host=True)
    for name, value in request.headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(50 * MB))
    connection.endheaders()
    connection.send(b"x" * (10 * MB))
    wait_until(lambda: any(path.parent.name == "uploads" for path in blob_files(server)))
    server.restart(kill=True)
    connection.close()
    s3 = server.client("s3")
    for key, body in bodies.items():
        assert s3.get_object(Bucket="kept", Key=key)["Body"].read() == body
    assert s3.list_objects_v2(Bucket="kept")["KeyCount"] == len(bodies)
    wait_until(lambda: len(blob_files(server)) == 2)
    for key in bodies:
        s3.delete_object(Bucket="kept", Key=key)
    wait_until(lambda: not blob_files(server))


def test_a_large_body_costs_little_memory(make_server):
    server = make_server()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="large")

    def resident():
        text = open(f"/proc/{server.process.pid}/status").read()
        return int(text.split("VmHWM:")[1].split()[0]) >> 10
    before = resident()
    s3.put_object(Bucket="large", Key="k", Body=b"x" * (100 * MB))
    size = 0
    for chunk in s3.get_object(Bucket="large", Key="k")["Body"].iter_chunks(MB):
        size += len(chunk)
    assert size == 100 * MB and resident() - before < 40


def test_clients_that_go_away_in_the_middle(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x" * (8 * MB))
    for _ in range(5):
        body = s3.get_object(Bucket=bucket, Key="k")["Body"]
        body.read(1000)
        body.close()
    assert s3.get_object(Bucket=bucket, Key="k")["ContentLength"] == 8 * MB


def test_parallel_writers_of_one_key(s3, server, bucket):
    bodies = [bytes([65 + i]) * (2 * MB) for i in range(6)]
    threads = [threading.Thread(target=lambda b=b: server.client("s3").put_object(Bucket=bucket, Key="k", Body=b)) for b in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() in bodies
