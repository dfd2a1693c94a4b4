"""IAM and STS through boto3, on a server that enforces identity."""
import json

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    from support import server as servers
    running = servers.Server(tmp_path_factory.mktemp("iam"), iam="on").start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def iam(guarded):
    return guarded.client("iam")


def allow(action, resource="*", effect="Allow"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]})


def trust(principal):
    return json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})


def code_of(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.fixture
def user(iam, guarded, unique):
    """A user with a key: (name, client factory)."""
    name = unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    assert key["AccessKeyId"].startswith("AKIA") and len(key["AccessKeyId"]) == 20

    def client(service):
        return guarded.client(service, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])

    return name, client


def test_FL_11_caller_identity_of_administrator_user_and_role(guarded, iam, user, unique):
    assert guarded.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    name, client = user
    identity = client("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/{name}"
    assert identity["Account"] == ACCOUNT and identity["UserId"].startswith("AIDA")
    role = unique("role")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust({"AWS": identity["Arn"]}))["Role"]["Arn"]
    session = client("sts").assume_role(RoleArn=arn, RoleSessionName="night")
    credentials = session["Credentials"]
    assert session["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/night"
    assert credentials["AccessKeyId"].startswith("ASIA")
    as_role = guarded.client("sts", access_key_id=credentials["AccessKeyId"], secret_access_key=credentials["SecretAccessKey"],
                             session_token=credentials["SessionToken"])
    assert as_role.get_caller_identity()["Arn"] == session["AssumedRoleUser"]["Arn"]
    wrong = guarded.client("sts", access_key_id=credentials["AccessKeyId"], secret_access_key=credentials["SecretAccessKey"],
                           session_token="other")
    assert code_of(wrong.get_caller_identity)[0] == "InvalidClientTokenId"


def test_SIG_14_policy_decides(guarded, iam, user, unique):
    name, client = user
    table = unique("notes")
    guarded.client("dynamodb").create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}])
    arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{table}"
    db = client("dynamodb")
    code, message = code_of(db.put_item, TableName=table, Item={"p": {"S": "1"}})
    assert code == "AccessDeniedException"
    assert message.startswith(f"User: arn:aws:iam::{ACCOUNT}:user/{name} is not authorized to perform: dynamodb:PutItem on resource: {arn}")
    iam.put_user_policy(UserName=name, PolicyName="write", PolicyDocument=allow("dynamodb:PutItem", arn))
    db.put_item(TableName=table, Item={"p": {"S": "1"}})
    assert code_of(db.get_item, TableName=table, Key={"p": {"S": "1"}})[0] == "AccessDeniedException"
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess")
    assert db.get_item(TableName=table, Key={"p": {"S": "1"}})["Item"] == {"p": {"S": "1"}}
    iam.put_user_policy(UserName=name, PolicyName="never", PolicyDocument=allow("dynamodb:*", "*", effect="Deny"))
    assert "explicit deny" in code_of(db.get_item, TableName=table, Key={"p": {"S": "1"}})[1]


def test_roles_and_their_policies(iam, unique):
    role = unique("role")
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}), Description="d & <e>",
                           Tags=[{"Key": "k", "Value": "v"}])["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/{role}" and made["RoleId"].startswith("AROA")
    got = iam.get_role(RoleName=role)["Role"]
    assert got["Description"] == "d & <e>" and got["Tags"] == [{"Key": "k", "Value": "v"}]
    assert got["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert role in [one["RoleName"] for page in iam.get_paginator("list_roles").paginate() for one in page["Roles"]]
    iam.put_role_policy(RoleName=role, PolicyName="p1", PolicyDocument=allow("s3:*"))
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["p1"]
    assert iam.get_role_policy(RoleName=role, PolicyName="p1")["PolicyDocument"]["Statement"][0]["Action"] == "s3:*"
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName=role, PolicyArn=basic)
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == [
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": basic}]
    assert code_of(iam.delete_role, RoleName=role) == ("DeleteConflict", "Cannot delete entity, must detach all policies first.")
    iam.detach_role_policy(RoleName=role, PolicyArn=basic)
    iam.delete_role_policy(RoleName=role, PolicyName="p1")
    iam.delete_role(RoleName=role)
    assert code_of(iam.get_role, RoleName=role) == ("NoSuchEntity", f"The role with name {role} cannot be found.")


def test_managed_policies(iam, unique):
    name = unique("policy")
    arn = iam.create_policy(PolicyName=name, PolicyDocument=allow("sqs:*"))["Policy"]["Arn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:policy/{name}"
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert document["Statement"][0]["Action"] == "sqs:*"
    assert code_of(iam.create_policy, PolicyName=name, PolicyDocument=allow("sqs:*"))[0] == "EntityAlreadyExists"
    assert code_of(iam.create_policy, PolicyName=unique("bad"), PolicyDocument="{}")[0] == "MalformedPolicyDocument"
    iam.delete_policy(PolicyArn=arn)
    assert code_of(iam.get_policy, PolicyArn=arn)[0] == "NoSuchEntity"
    assert iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")["Policy"]["PolicyName"] == "AdministratorAccess"


def test_a_role_is_assumed_only_by_whom_it_trusts(iam, user, unique):
    name, client = user
    role = unique("role")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))["Role"]["Arn"]
    code, message = code_of(client("sts").assume_role, RoleArn=arn, RoleSessionName="s1")
    assert code == "AccessDenied"
    assert message == f"User: arn:aws:iam::{ACCOUNT}:user/{name} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    # Trust in the account lets those in whose own policies say so.
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    assert code_of(client("sts").assume_role, RoleArn=arn, RoleSessionName="s1")[0] == "AccessDenied"
    iam.put_user_policy(UserName=name, PolicyName="assume", PolicyDocument=allow("sts:AssumeRole", arn))
    assert client("sts").assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"]


def test_inactive_keys_are_refused(guarded, iam, unique):
    name = unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client = guarded.client("sts", access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
    assert client.get_caller_identity()
    iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert code_of(client.get_caller_identity)[0] == "InvalidClientTokenId"
    assert code_of(iam.delete_user, UserName=name)[0] == "DeleteConflict"
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def test_session_token_of_a_user(guarded, user):
    name, client = user
    credentials = client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    as_session = guarded.client("sts", access_key_id=credentials["AccessKeyId"], secret_access_key=credentials["SecretAccessKey"],
                                session_token=credentials["SessionToken"])
    assert as_session.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/{name}"


def test_identities_survive_kill_9(make_server):
    server = make_server(iam="on", durability="durable")
    iam = server.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    iam.put_user_policy(UserName="ann", PolicyName="list", PolicyDocument=allow("dynamodb:ListTables"))
    server.restart(kill=True)
    client = server.client("dynamodb", access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
    assert client.list_tables()["TableNames"] == []


def test_unknown_actions_are_refused_in_xml(guarded, iam):
    code, message = code_of(iam.create_group, GroupName="g")
    assert (code, message) == ("InvalidAction", "The action CreateGroup is not valid for this web service.")
