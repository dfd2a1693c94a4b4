"""What the tables' operations ask of IAM, on a server that enforces it."""
import json

import pytest
from botocore.exceptions import ClientError

from .wire import N, S

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    from support import server as servers

    running = servers.Server(tmp_path_factory.mktemp("access"), iam="on").start()
    yield running
    running.stop()


@pytest.fixture
def restricted(guarded, unique):
    """restricted({action: resource}) -> a DynamoDB client of a user who may do just that."""

    def make(allowed):
        iam, name = guarded.client("iam"), unique("user")
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed.items()]
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}))
        return guarded.client("dynamodb", access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])

    return make


@pytest.fixture(scope="module")
def tables(guarded):
    db = guarded.client("dynamodb")
    for name in ("one", "two"):
        db.create_table(TableName=f"table-{name}", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
        db.put_item(TableName=f"table-{name}", Item={"p": S("x"), "a": N(1)})
    return "table-one", "table-two"


def denied(call, action, resource, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response["Error"]
    assert answer["Code"] == "AccessDeniedException"
    assert f"is not authorized to perform: {action} on resource: {resource}" in answer["Message"]


def test_WIR_36_boto3_without_a_content_hash(guarded, tables):
    assert guarded.client("dynamodb").get_item(TableName=tables[0], Key={"p": S("x")})["Item"] == {"p": S("x"), "a": N(1)}


def test_SIG_14_statements_need_their_own_actions(restricted, tables):
    db = restricted({"dynamodb:PartiQLSelect": ARN + tables[0]})
    assert db.execute_statement(Statement="SELECT * FROM \"table-one\" WHERE p = 'x'")["Items"] == [{"p": S("x"), "a": N(1)}]
    denied(db.execute_statement, "dynamodb:PartiQLSelect", ARN + tables[1], Statement="SELECT * FROM \"table-two\" WHERE p = 'x'")
    for statement, action in (("INSERT INTO \"table-one\" VALUE {'p': 'y'}", "PartiQLInsert"), ("UPDATE \"table-one\" SET a = 2 WHERE p = 'x'", "PartiQLUpdate"),
                              ("DELETE FROM \"table-one\" WHERE p = 'x'", "PartiQLDelete")):
        denied(db.execute_statement, f"dynamodb:{action}", ARN + tables[0], Statement=statement)
        denied(db.batch_execute_statement, f"dynamodb:{action}", ARN + tables[0], Statements=[{"Statement": statement}])
        denied(db.execute_transaction, f"dynamodb:{action}", ARN + tables[0], TransactStatements=[{"Statement": statement}])


def test_exports_and_imports_ask_for_what_they_do_in_buckets(guarded, restricted, tables):
    s3, bucket = guarded.client("s3"), "for-transfers"
    s3.create_bucket(Bucket=bucket)
    guarded.client("dynamodb").update_continuous_backups(TableName=tables[0], PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    export = {"TableArn": ARN + tables[0], "S3Bucket": bucket, "S3Prefix": "mine"}
    db = restricted({"dynamodb:ExportTableToPointInTime": ARN + tables[0], "s3:PutObject": f"arn:aws:s3:::{bucket}/mine/*"})
    assert db.export_table_to_point_in_time(**export)["ExportDescription"]["ExportStatus"] == "IN_PROGRESS"
    denied(db.export_table_to_point_in_time, "s3:PutObject", f"arn:aws:s3:::{bucket}/AWSDynamoDB/", TableArn=ARN + tables[0], S3Bucket=bucket)
    denied(db.export_table_to_point_in_time, "dynamodb:ExportTableToPointInTime", ARN + tables[1], **{**export, "TableArn": ARN + tables[1]})

    load = {"S3BucketSource": {"S3Bucket": bucket, "S3KeyPrefix": "in/"}, "InputFormat": "DYNAMODB_JSON", "TableCreationParameters": {
        "TableName": "table-three", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}]}}
    allowed = {"dynamodb:ImportTable": ARN + "table-three", "s3:ListBucket": f"arn:aws:s3:::{bucket}", "s3:GetObject": f"arn:aws:s3:::{bucket}/in/*"}
    for action, resource in allowed.items():
        rest = {one: of for one, of in allowed.items() if one != action}
        denied(restricted(rest).import_table, action, resource.removesuffix("*"), **load)
    assert restricted(allowed).import_table(**load)["ImportTableDescription"]["ImportStatus"] == "IN_PROGRESS"


def test_SIG_14_every_table_of_a_request_counts(restricted, tables):
    db = restricted({"dynamodb:BatchGetItem": ARN + tables[0], "dynamodb:Query": ARN + tables[0]})
    keys = {"Keys": [{"p": S("x")}]}
    assert len(db.batch_get_item(RequestItems={tables[0]: keys})["Responses"][tables[0]]) == 1
    denied(db.batch_get_item, "dynamodb:BatchGetItem", ARN + tables[1], RequestItems={tables[0]: keys, tables[1]: keys})
    denied(db.query, "dynamodb:Query", ARN + tables[0] + "/index/by-x", TableName=tables[0], IndexName="by-x", KeyConditionExpression="p = :p",
           ExpressionAttributeValues={":p": S("x")})


def statement(effect, who, action, resource):
    return {"Effect": effect, "Principal": {"AWS": who}, "Action": action, "Resource": resource}


def test_CTL_26_a_resource_policy_gives_and_takes(guarded, restricted, tables, unique):
    """Within the account identity and resource policies add up; an explicit deny of either wins."""
    arn, admin = ARN + tables[0], guarded.client("dynamodb")
    db = restricted({"dynamodb:Query": ARN + tables[0]})
    item = {"TableName": tables[0], "Key": {"p": S("x")}}
    query = {"TableName": tables[0], "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": S("x")}}
    denied(db.get_item, "dynamodb:GetItem", arn, **item)
    names = {user["UserName"]: user["Arn"] for user in guarded.client("iam").list_users()["Users"]}
    me = names[sorted(names, key=lambda name: int(name.rsplit("-", 1)[1]))[-1]]
    policy = {"Version": "2012-10-17", "Statement": [statement("Allow", me, "dynamodb:GetItem", arn), statement("Deny", me, "dynamodb:Query", arn)]}
    admin.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    try:
        assert db.get_item(**item)["Item"] == {"p": S("x"), "a": N(1)}
        denied(db.query, "dynamodb:Query", arn, **query)
        denied(db.put_item, "dynamodb:PutItem", arn, TableName=tables[0], Item={"p": S("y")})
    finally:
        admin.delete_resource_policy(ResourceArn=arn)
    denied(db.get_item, "dynamodb:GetItem", arn, **item)
    assert db.query(**query)["Count"] == 1


def test_a_policy_does_not_lock_its_author_out(restricted, tables):
    arn = ARN + tables[1]
    db = restricted({"dynamodb:*": "*"})
    deny = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:PutResourcePolicy", "Resource": "*"}

    def document(**more):
        return json.dumps({"Version": "2012-10-17", "Statement": [deny | more]})

    for more in ({}, {"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::000000000000:user/*"}}}):
        with pytest.raises(ClientError, match="The new resource policy will not allow you to update the resource policy in the future.") as error:
            db.put_resource_policy(ResourceArn=arn, Policy=document(**more))
        assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    db.put_resource_policy(ResourceArn=arn, Policy=document(Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::000000000000:role/*"}}))
    db.put_resource_policy(ResourceArn=arn, Policy=document(Action="dynamodb:DeleteResourcePolicy"))
    db.put_resource_policy(ResourceArn=arn, Policy=document(), ConfirmRemoveSelfResourceAccess=True)
    denied(db.put_resource_policy, "dynamodb:PutResourcePolicy", arn, ResourceArn=arn, Policy=document(Effect="Allow", Principal={"AWS": "000000000000"}))
    db.delete_resource_policy(ResourceArn=arn)
