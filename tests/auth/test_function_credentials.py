"""Functions carry credentials of their role, and may do what its policies say."""
import json

import pytest

from support import archives

HANDLER = '''
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        boto3.client("dynamodb").put_item(TableName=event["table"], Item={"p": {"S": "from the function"}})
        answer = "written"
    except ClientError as error:
        answer = error.response["Error"]["Code"]
    return {"put": answer, "arn": boto3.client("sts").get_caller_identity()["Arn"]}
'''


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    from support import server as servers
    running = servers.Server(tmp_path_factory.mktemp("roles"), iam="on").start()
    yield running
    running.close()


def test_FL_11_12_function_credentials_are_limited_by_the_role(guarded, unique):
    iam, functions, db = guarded.client("iam"), guarded.client("lambda"), guarded.client("dynamodb")
    role, name, table = unique("role"), unique("fn"), unique("notes")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    db.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}])
    functions.create_function(FunctionName=name, Runtime="python3.12", Role=arn, Handler="index.handler", Timeout=20,
                              Code={"ZipFile": archives.zip_of({"index.py": HANDLER})})
    functions.get_waiter("function_active_v2").wait(FunctionName=name)

    def invoke():
        answer = functions.invoke(FunctionName=name, Payload=json.dumps({"table": table}))
        return json.loads(answer["Payload"].read())

    assert invoke() == {"put": "AccessDeniedException", "arn": f"arn:aws:sts::000000000000:assumed-role/{role}/{name}"}
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:PutItem",
                                                     "Resource": f"arn:aws:dynamodb:*:*:table/{table}"}]}
    iam.put_role_policy(RoleName=role, PolicyName="write", PolicyDocument=json.dumps(allow))
    assert invoke()["put"] == "written"
