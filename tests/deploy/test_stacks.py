"""Stacks from templates, through `tidemill deploy` (ids of the deploy specification in the names)."""
import json
import signal
import socket
import subprocess
import time

import pytest
from botocore.exceptions import ClientError
from support.server import binary
from support.waiting import wait_until

APP = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Batch: {{Type: Number, Default: 10}}
Resources:
  Events:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{{AttributeName: pk, AttributeType: S}}]
      KeySchema: [{{AttributeName: pk, KeyType: HASH}}]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {{StreamViewType: {view}}}
  Failures:
    Type: AWS::SQS::Queue
  Log:
    Type: AWS::Logs::LogGroup
    Properties: {{LogGroupName: !Sub "/aws/lambda/${{AWS::StackName}}-counter", RetentionInDays: 7}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: sts:AssumeRole}}]
      ManagedPolicyArns: [!Sub "arn:${{AWS::Partition}}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
      Policies:
        - PolicyName: stream
          PolicyDocument:
            Version: 2012-10-17
            Statement: [{{Effect: Allow, Action: "dynamodb:*", Resource: !GetAtt Events.StreamArn}}]
  Counter:
    Type: AWS::Lambda::Function
    DependsOn: Log
    Properties:
      FunctionName: !Sub "${{AWS::StackName}}-counter"
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Environment: {{Variables: {{VERSION: "{version}"}}}}
      Code:
        ZipFile: |
          import os
          def handler(event, context):
              print("records", len(event.get("Records", [])), event["Records"][0]["dynamodb"] if "Records" in event else "")
              return {{"version": os.environ["VERSION"], "code": "{version}"}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Events.StreamArn
      FunctionName: !Ref Counter
      StartingPosition: TRIM_HORIZON
      BatchSize: !Ref Batch
      DestinationConfig: {{OnFailure: {{Destination: !GetAtt Failures.Arn}}}}
Outputs:
  Table: {{Value: !Ref Events}}
  Stream: {{Value: !GetAtt Events.StreamArn}}
  Function: {{Value: !Ref Counter}}
  Mapping: {{Value: !Ref Mapping}}
  Queue: {{Value: !Ref Failures}}
  Role: {{Value: !Ref Role}}
"""


def app(view="NEW_IMAGE", version="one"):
    return APP.format(view=view, version=version)


def logged(server, function):
    events = server.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    return [event["message"] for event in events]


def test_D40_D46_D52_D53_a_stack_lives(server, deploy, destroy, unique):
    stack = unique("app")
    done, outputs = deploy(stack, app())
    assert "CREATE_COMPLETE" in done.stdout
    assert outputs["Table"].startswith(f"{stack}-Events-")                       # D39
    dynamodb, functions = server.client("dynamodb"), server.client("lambda")
    dynamodb.put_item(TableName=outputs["Table"], Item={"pk": {"S": "a"}})
    wait_until(lambda: any("records 1" in line for line in logged(server, outputs["Function"])), what="the function saw the item")
    assert server.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{stack}")["logGroups"][0]["retentionInDays"] == 7
    assert server.client("sqs").get_queue_attributes(QueueUrl=outputs["Queue"], AttributeNames=["All"])["Attributes"]["VisibilityTimeout"] == "30"
    assert [p["PolicyName"] for p in server.client("iam").list_attached_role_policies(RoleName=outputs["Role"])["AttachedPolicies"]] == ["AWSLambdaBasicExecutionRole"]
    assert server.client("iam").list_role_policies(RoleName=outputs["Role"])["PolicyNames"] == ["stream"]

    done, again = deploy(stack, app())                                           # D07
    assert "no changes" in done.stdout and again == outputs

    done, again = deploy(stack, app(), "--parameter", "Batch=3")                 # D52
    assert again["Mapping"] == outputs["Mapping"]
    mapping = functions.get_event_source_mapping(UUID=outputs["Mapping"])
    assert mapping["BatchSize"] == 3 and mapping["DestinationConfig"]["OnFailure"]["Destination"].endswith(outputs["Queue"].rsplit("/", 1)[1])

    done, again = deploy(stack, app(version="two"))                              # D53; the parameter keeps its value
    answer = json.load(functions.invoke(FunctionName=outputs["Function"])["Payload"])
    assert answer == {"version": "two", "code": "two"}
    assert functions.get_event_source_mapping(UUID=outputs["Mapping"])["BatchSize"] == 3

    destroy(stack)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        dynamodb.describe_table(TableName=outputs["Table"])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        functions.get_function(FunctionName=outputs["Function"])
    with pytest.raises(ClientError, match="NoSuchEntity"):
        server.client("iam").get_role(RoleName=outputs["Role"])
    assert not [url for url in server.client("sqs").list_queues(QueueNamePrefix=stack).get("QueueUrls", [])]
    assert destroy(stack, check=False).returncode == 1


def test_D51_another_stream_view_gives_a_new_stream_and_a_new_mapping(server, deploy, destroy, unique):
    stack = unique("view")
    _, before = deploy(stack, app("KEYS_ONLY"))
    done, after = deploy(stack, app("NEW_AND_OLD_IMAGES"))
    assert after["Table"] == before["Table"]
    assert after["Stream"] != before["Stream"] and after["Mapping"] != before["Mapping"]
    server.client("dynamodb").put_item(TableName=after["Table"], Item={"pk": {"S": "new"}})
    wait_until(lambda: any("NEW_AND_OLD_IMAGES" in line for line in logged(server, after["Function"])), what="a record of the new stream")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        server.client("lambda").get_event_source_mapping(UUID=before["Mapping"])
    destroy(stack)


def tables(**resources):
    def one(name=None, key="pk", **more):
        properties = {"AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}], "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
                      "BillingMode": "PAY_PER_REQUEST", **more.pop("properties", {})}
        if name:
            properties["TableName"] = name
        return {"Type": "AWS::DynamoDB::Table", "Properties": properties, **more}
    return {"Resources": {id: one(**arguments) for id, arguments in resources.items()},
            "Outputs": {id: {"Value": {"Ref": id}} for id in resources}}


def test_D40_a_failed_creation_leaves_nothing_and_the_next_one_works(server, deploy, destroy, unique):
    stack, taken = unique("fail"), unique("taken")
    dynamodb = server.client("dynamodb")
    dynamodb.create_table(TableName=taken, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}], KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    template = tables(A={}, B={"name": taken, "DependsOn": "A"})
    done, _ = deploy(stack, template, check=False)
    assert done.returncode == 1
    assert "ROLLBACK_COMPLETE" in done.stdout and "Table already exists" in done.stdout
    assert not [name for name in dynamodb.list_tables()["TableNames"] if name.startswith(stack)]
    assert dynamodb.describe_table(TableName=taken)["Table"]["TableStatus"] == "ACTIVE"     # not ours: left alone
    dynamodb.delete_table(TableName=taken)
    done, outputs = deploy(stack, template)                                                  # D44: what is left is deleted first
    assert outputs["B"] == taken
    destroy(stack)


def test_D43_a_failed_update_brings_the_old_state_back(server, deploy, destroy, unique):
    stack, taken = unique("undo"), unique("taken")
    dynamodb = server.client("dynamodb")
    _, outputs = deploy(stack, tables(A={}))
    dynamodb.put_item(TableName=outputs["A"], Item={"pk": {"S": "kept"}})
    dynamodb.create_table(TableName=taken, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}], KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    changed = tables(A={"properties": {"DeletionProtectionEnabled": True}}, B={"name": taken, "DependsOn": "A"})
    done, _ = deploy(stack, changed, check=False)
    assert done.returncode == 1 and "UPDATE_ROLLBACK_COMPLETE" in done.stdout
    assert dynamodb.describe_table(TableName=outputs["A"])["Table"]["DeletionProtectionEnabled"] is False
    assert "Item" in dynamodb.get_item(TableName=outputs["A"], Key={"pk": {"S": "kept"}})
    done, again = deploy(stack, tables(A={}))
    assert "no changes" in done.stdout and again == outputs                                  # D87
    destroy(stack)
    dynamodb.delete_table(TableName=taken)


def test_D50_D54_a_key_change_replaces_a_table_unless_it_has_a_name_of_its_own(server, deploy, destroy, unique):
    stack, named = unique("keys"), unique("named")
    dynamodb = server.client("dynamodb")
    _, before = deploy(stack, tables(A={}))
    done, after = deploy(stack, tables(A={"key": "other"}))
    assert "REPLACED" in done.stdout and after["A"] != before["A"]
    assert before["A"] not in dynamodb.list_tables()["TableNames"]
    destroy(stack)

    deploy(stack, tables(A={"name": named}))
    done, _ = deploy(stack, tables(A={"name": named, "key": "other"}), check=False)
    assert done.returncode == 1
    assert f"CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {named} and update the stack again." in done.stdout
    assert dynamodb.describe_table(TableName=named)["Table"]["KeySchema"][0]["AttributeName"] == "pk"
    destroy(stack)


def test_D55_D56_a_retained_table_stays_and_keeps_its_name(server, deploy, destroy, unique):
    stack, name = unique("retain"), unique("kept")
    template = tables(A={"name": name, "DeletionPolicy": "Retain"})
    deploy(stack, template)
    assert "DELETE_SKIPPED" in destroy(stack).stdout
    assert name in server.client("dynamodb").list_tables()["TableNames"]
    done, _ = deploy(stack, template, check=False)
    assert done.returncode == 1 and "already exists" in done.stdout
    assert name in server.client("dynamodb").list_tables()["TableNames"]
    destroy(stack)
    server.client("dynamodb").delete_table(TableName=name)


def test_table_settings_change_in_place(server, deploy, destroy, unique):
    stack = unique("table")
    dynamodb = server.client("dynamodb")
    _, outputs = deploy(stack, tables(A={}))
    index = {"IndexName": "by-kind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
    attributes = [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "kind", "AttributeType": "S"}]
    dynamodb.put_item(TableName=outputs["A"], Item={"pk": {"S": "a"}, "kind": {"S": "k"}})
    deploy(stack, tables(A={"properties": {"AttributeDefinitions": attributes, "GlobalSecondaryIndexes": [index], "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True},
                                           "Tags": [{"Key": "team", "Value": "x"}], "StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}}))
    table = dynamodb.describe_table(TableName=outputs["A"])["Table"]
    assert [one["IndexName"] for one in table["GlobalSecondaryIndexes"]] == ["by-kind"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    found = dynamodb.query(TableName=outputs["A"], IndexName="by-kind", KeyConditionExpression="kind = :k", ExpressionAttributeValues={":k": {"S": "k"}})
    assert found["Count"] == 1                                                    # the index was filled before the stack was done
    assert dynamodb.describe_time_to_live(TableName=outputs["A"])["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    assert {"Key": "team", "Value": "x"} in dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    deploy(stack, tables(A={}))
    table = dynamodb.describe_table(TableName=outputs["A"])["Table"]
    assert "GlobalSecondaryIndexes" not in table and not table.get("StreamSpecification", {}).get("StreamEnabled")
    destroy(stack)


@pytest.mark.parametrize("template, message", [
    ({"Resources": {"A": {"Type": "AWS::X::Y"}}}, "Template format error: Unrecognized resource types: [AWS::X::Y]"),
    ({"Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Nope"}}}}},
     "Template format error: Unresolved resource dependencies [Nope] in the Resources block of the template"),
    ({"Resources": {"A": {"Type": "AWS::SQS::Queue", "DependsOn": "B"}, "B": {"Type": "AWS::SQS::Queue", "DependsOn": "A"}}},
     "Circular dependency between resources: [A, B]"),
    ({"Resources": {"A": {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": [], "Colour": "red"}}}}, "extraneous key [Colour] is not permitted"),
    ({"Resources": {"A": {"Type": "AWS::Lambda::Function", "Properties": {"Role": "r"}}}}, "required key [Code] not found"),
    ({"Parameters": {"P": {"Type": "String"}}, "Resources": {"A": {"Type": "AWS::CDK::Metadata"}}}, "Parameters: [P] must have values"),
    ("Resources: {A: [", "YAML not well-formed"),
    ("", "the template is empty"),
], ids=["type", "D24", "D26", "property", "required", "parameter", "yaml", "empty"])
def test_D24_D26_bad_templates_are_refused_before_anything_is_made(deploy, unique, template, message):
    done, _ = deploy(unique("bad"), template, check=False)
    assert done.returncode == 1 and message in done.stderr


def test_D35_exports_are_protected_while_they_are_imported(deploy, destroy, unique):
    one, two, name = unique("exporter"), unique("importer"), unique("shared")
    deploy(one, {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}, "Export": {"Name": name}}}})
    _, outputs = deploy(two, {"Resources": {"M": {"Type": "AWS::CDK::Metadata"}}, "Outputs": {"Got": {"Value": {"Fn::ImportValue": name}}}})
    assert outputs["Got"].startswith("arn:aws:sqs:")
    refused = destroy(one, check=False)
    assert refused.returncode == 1 and f"Export {name} cannot be deleted as it is in use by {two}" in refused.stderr
    destroy(two)
    destroy(one)


def test_D81_kill_9_in_the_middle_never_leaves_a_stack_in_progress(make_server, tmp_path, unique):
    # Tables take 300 ms each to become ACTIVE here, so the kill falls into the operation.
    server = make_server(arguments=["--control-plane-delay-ms", "300"])
    template = {"Resources": {f"T{i}": tables(T={})["Resources"]["T"] | ({"DependsOn": f"T{i - 1}"} if i else {}) for i in range(4)}}
    path = tmp_path / "t.json"
    path.write_text(json.dumps(template))
    import subprocess
    from support.server import binary
    client = subprocess.Popen([str(binary()), "deploy", str(path), "--stack-name", "killed", "--yes"], env=server.client_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.7)
    server.restart(kill=True)
    assert client.wait(20) != 0

    def final():
        status, _, body = server.http("GET", "/_admin/deploy/stacks")
        assert status == 200
        found = [one for one in json.loads(body)["stacks"] if one["stack"] == "killed"]
        return found and not found[0]["status"].endswith("_IN_PROGRESS") and found[0]["status"]

    assert wait_until(final, timeout=30, what="a final status") == "CREATE_COMPLETE"
    done = server.tidemill("deploy", path, "--stack-name", "killed", "--yes")
    assert "no changes" in done.stdout
    assert len(server.client("dynamodb").list_tables()["TableNames"]) == 4
    server.tidemill("destroy", "killed", "--yes")
    assert server.client("dynamodb").list_tables()["TableNames"] == []


def test_D83_five_hundred_resources(deploy, destroy, unique):
    stack = unique("many")
    began = time.monotonic()
    done, _ = deploy(stack, {"Resources": {f"M{i}": {"Type": "AWS::SQS::Queue"} for i in range(500)}})
    assert "CREATE_COMPLETE" in done.stdout and time.monotonic() - began < 30
    destroy(stack)
    done, _ = deploy(stack, {"Resources": {f"M{i}": {"Type": "AWS::CDK::Metadata"} for i in range(501)}}, check=False)
    assert "Number of resources, 501, is greater than maximum allowed, 500" in done.stderr


def test_names_of_clusters_are_found_by_the_msk_api(server, deploy, destroy, unique):
    stack, name = unique("msk"), unique("orders-cluster")
    _, outputs = deploy(stack, {"Resources": {"C": {"Type": "AWS::MSK::ServerlessCluster", "Properties": {
        "ClusterName": name, "VpcConfigs": [{"SubnetIds": ["subnet-1"]}], "ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}}}}, "Outputs": {"Arn": {"Value": {"Ref": "C"}}}})
    kafka = server.client("kafka")
    assert [one["ClusterArn"] for one in kafka.list_clusters_v2(ClusterNameFilter=name)["ClusterInfoList"]] == [outputs["Arn"]]
    assert kafka.get_bootstrap_brokers(ClusterArn=outputs["Arn"])["BootstrapBrokerStringSaslIam"]
    destroy(stack)
    assert kafka.list_clusters_v2(ClusterNameFilter=name)["ClusterInfoList"] == []


def test_identity_on_deploying_needs_a_signature(make_server, tmp_path):
    server = make_server(iam="on")
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}))
    done = server.tidemill("deploy", path, "--yes", check=False, environment={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
    assert done.returncode == 1 and "Request is missing Authentication Token" in done.stderr
    done = server.tidemill("deploy", path, "--yes", check=False, environment={"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert done.returncode == 1
    assert "CREATE_COMPLETE" in server.tidemill("deploy", path, "--yes").stdout


def test_the_command_names_what_is_wrong(server, tmp_path):
    done = server.tidemill("deploy", tmp_path / "nothing.yaml", check=False)
    assert done.returncode == 2 and "there is no such file or folder" in done.stderr
    done = server.tidemill("deploy", tmp_path / "nothing.yaml", "--endpoint", "http://127.0.0.1:1", check=False)
    assert done.returncode == 2
    (tmp_path / "t.json").write_text('{"Resources":{"M":{"Type":"AWS::CDK::Metadata"}}}')
    done = server.tidemill("deploy", tmp_path / "t.json", "--endpoint", "http://127.0.0.1:1", check=False)
    assert done.returncode == 1 and "no server answers at http://127.0.0.1:1" in done.stderr
    assert server.tidemill("deploy", check=False).returncode == 2


def test_recovery_insights_streams_and_policies_of_tables_come_and_go(server, deploy, destroy, unique):
    stack = unique("features")
    dynamodb = server.client("dynamodb")
    streams = [f"arn:aws:kinesis:us-east-1:000000000000:stream/{unique('changes')}" for _ in range(2)]

    def template(days, stream, **more):
        return tables(A={"properties": {
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": days},
            "ContributorInsightsSpecification": {"Enabled": True}, "KinesisStreamSpecification": {"StreamArn": stream}, **more}})

    def recovery(name):
        return dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]

    def active(name):
        found = dynamodb.describe_kinesis_streaming_destination(TableName=name)["KinesisDataStreamDestinations"]
        return [one["StreamArn"] for one in found if one["DestinationStatus"] in ("ENABLING", "ACTIVE")]

    _, outputs = deploy(stack, template(7, streams[0]))
    name = outputs["A"]
    assert recovery(name)["RecoveryPeriodInDays"] == 7 and active(name) == streams[:1]
    assert dynamodb.describe_contributor_insights(TableName=name)["ContributorInsightsStatus"] == "ENABLED"
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
                                                      "Action": "dynamodb:GetItem", "Resource": "*"}]}
    for_everyone = {**policy, "Statement": [{**policy["Statement"][0], "Principal": "*"}]}
    done, _ = deploy(stack, template(14, streams[1], ResourcePolicy={"PolicyDocument": for_everyone}), check=False)
    assert done.returncode == 1 and "unbounded access" in done.stdout + done.stderr
    deploy(stack, template(14, streams[1], ResourcePolicy={"PolicyDocument": policy}))
    arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    assert recovery(name)["RecoveryPeriodInDays"] == 14 and active(name) == streams[1:]
    assert json.loads(dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]) == policy
    deploy(stack, tables(A={}))
    assert recovery(name) == {"PointInTimeRecoveryStatus": "DISABLED"} and active(name) == []
    with pytest.raises(ClientError, match="PolicyNotFoundException"):
        dynamodb.get_resource_policy(ResourceArn=arn)
    destroy(stack)


def test_two_apis_with_stages_of_one_name_are_deleted(deploy, destroy, server):
    template = "Resources:\n" + "".join(f"""
  Api{n}: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: two-{n}}}}}
  Method{n}:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api{n}
      ResourceId: !GetAtt Api{n}.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration: {{Type: MOCK, RequestTemplates: {{application/json: '{{"statusCode": 200}}'}}}}
  Deployment{n}: {{Type: AWS::ApiGateway::Deployment, DependsOn: Method{n}, Properties: {{RestApiId: !Ref Api{n}}}}}
  Stage{n}: {{Type: AWS::ApiGateway::Stage, Properties: {{RestApiId: !Ref Api{n}, DeploymentId: !Ref Deployment{n}, StageName: prod}}}}
""" for n in (1, 2))
    deploy("two-apis", template)
    done = destroy("two-apis")
    assert "DELETE_COMPLETE" in done.stdout and "DELETE_FAILED" not in done.stdout


def test_what_a_failed_stack_holds_is_not_deleted_unasked(server, tmp_path, unique):
    table, path = unique("kept"), tmp_path / "failed.yaml"
    template = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: {table}
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
  Queue: {{Type: AWS::SQS::Queue, DependsOn: Table, Properties: {{QueueName: "{queue}"}}}}
"""
    path.write_text(template.format(table=table, queue="bad!"))
    assert server.tidemill("deploy", path, "--stack-name", table, "--no-rollback", check=False).returncode != 0
    client = server.client("dynamodb")
    client.put_item(TableName=table, Item={"id": {"S": "1"}})
    path.write_text(template.format(table=table, queue=unique("good")))
    done = server.tidemill("deploy", path, "--stack-name", table, check=False)
    assert done.returncode != 0 and "say --yes" in done.stdout + done.stderr
    assert client.get_item(TableName=table, Key={"id": {"S": "1"}})["Item"]
    server.tidemill("deploy", path, "--stack-name", table, "--yes")
    assert "Item" not in client.get_item(TableName=table, Key={"id": {"S": "1"}})


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_waits_ends_with_a_signal(tmp_path, how):
    (tmp_path / "app.yaml").write_text("Resources:\n  Queue: {Type: AWS::SQS::Queue}\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        command = [binary(), "deploy", "-y", tmp_path / "app.yaml", "--endpoint", "http://127.0.0.1:%d" % silent.getsockname()[1]]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        connection, _ = silent.accept()
        process.send_signal(how)
        assert process.wait(10) == -how
        connection.close()
