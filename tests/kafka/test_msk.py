"""Clients find the broker by the MSK API and sign in with their access keys: AWS_MSK_IAM (npm mechanism), OAUTHBEARER (PyPI signer), PLAIN, SCRAM."""
import base64
import datetime
import hashlib
import hmac
import json
import os
import time
import urllib.parse

import boto3
import pytest
from botocore.exceptions import ClientError

from test_clients_java import java  # noqa: F401
from test_clients_kafkajs import node  # noqa: F401
from wire import Client, Closed

ck = pytest.importorskip("confluent_kafka")


@pytest.fixture
def secured(make_server):
    return make_server(iam="on")


def api(server, service, key=None, secret=None):
    return boto3.client(service, endpoint_url=server.endpoint, region_name=server.region, aws_access_key_id=key or server.access_key_id,
                        aws_secret_access_key=secret or server.secret_access_key)


def brokers(server):
    kafka = api(server, "kafka")
    arn = kafka.list_clusters()["ClusterInfoList"][0]["ClusterArn"]
    return kafka.get_bootstrap_brokers(ClusterArn=arn)


def test_FK_45_the_cluster_is_found(server):
    kafka = boto3.client("kafka", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    listed = kafka.list_clusters()["ClusterInfoList"]
    assert len(listed) == 1 and listed[0]["State"] == "ACTIVE"
    arn = listed[0]["ClusterArn"]
    assert kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]["ClusterName"] == listed[0]["ClusterName"]
    assert kafka.list_clusters_v2()["ClusterInfoList"][0]["ClusterArn"] == arn
    assert kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]["ClusterType"] == "PROVISIONED"
    assert kafka.get_bootstrap_brokers(ClusterArn=arn)["BootstrapBrokerString"] == server.kafka
    with pytest.raises(ClientError) as e:
        kafka.describe_cluster(ClusterArn=arn + "x")
    assert e.value.response["Error"]["Code"] == "NotFoundException"


def token(server, host="127.0.0.1", secret=None, key=None, age=0, expires=900, **changes):
    """The JSON that AWS_MSK_IAM sends, signed here."""
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
    date, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{server.region}/kafka-cluster/aws4_request"
    query = {"Action": "kafka-cluster:Connect", "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": f"{key or server.access_key_id}/{scope}",
             "X-Amz-Date": date, "X-Amz-Expires": str(expires), "X-Amz-SignedHeaders": "host"}
    canonical = "&".join(f"{urllib.parse.quote(k, safe='-_.~')}={urllib.parse.quote(v, safe='-_.~')}" for k, v in sorted(query.items()))
    request = f"GET\n/\n{canonical}\nhost:{host}\n\nhost\n" + hashlib.sha256(b"").hexdigest()
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n" + hashlib.sha256(request.encode()).hexdigest()
    signing = ("AWS4" + (secret or server.secret_access_key)).encode()
    for part in scope.split("/"):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    body = {"version": "2020_10_22", "host": host, "user-agent": "test", "action": "kafka-cluster:Connect",
            "x-amz-signature": hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()}
    body.update({k.lower(): v for k, v in query.items() if k != "Action"})
    body.update(changes)
    return json.dumps(body).encode()


def sign_in(server, mechanism, message):
    client = Client(brokers(server)["BootstrapBrokerStringSaslIam"])
    assert client.call("SaslHandshake", 1, Mechanism=mechanism)["ErrorCode"] == 0
    return client, client.call("SaslAuthenticate", 2, AuthBytes=message)


def test_K_72_FK_42_AWS_MSK_IAM_byte_by_byte(secured):
    client, good = sign_in(secured, "AWS_MSK_IAM", token(secured))
    assert good["ErrorCode"] == 0 and json.loads(good["AuthBytes"])["version"] == "2020_10_22"
    assert 800_000 < good["SessionLifetimeMs"] <= 900_000
    assert client.call("Metadata", 1, Topics=[])["ControllerId"] == 1
    for bad in (token(secured, secret="wrong"), token(secured, key="AKIANOBODYKNOWSTHIS"), token(secured, host="other.example"),
                token(secured, age=2000), token(secured, version="2019_01_01"), token(secured, action="kafka-cluster:Other"),
                token(secured, **{"x-amz-signature": "0" * 64})):
        client, refused = sign_in(secured, "AWS_MSK_IAM", bad)
        assert refused["ErrorCode"] == 58, bad
        with pytest.raises(Closed):
            client.receive_exactly(1)


def test_K_72_the_npm_mechanism(secured, node, name):  # noqa: F811
    got = node("msk_iam", brokers(secured)["BootstrapBrokerStringSaslIam"], name, AWS_ACCESS_KEY_ID=secured.access_key_id,
               AWS_SECRET_ACCESS_KEY=secured.secret_access_key)
    assert got["good"] == "ok"
    assert got["bad"] != "ok" and got["unknown"] != "ok"


def test_FK_41_the_java_library(secured, java, name, monkeypatch, tmp_path):  # noqa: F811
    config = tmp_path / "iam.properties"
    config.write_text("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=AWS_MSK_IAM\n"
                      "sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;\n"
                      "sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler\n")
    at = ("--bootstrap-server", brokers(secured)["BootstrapBrokerStringSaslIam"], "--command-config", str(config))
    monkeypatch.setenv("AWS_REGION", secured.region)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", secured.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secured.secret_access_key)
    assert f"Created topic {name}." in java("topics", *at, "--create", "--topic", name)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    refused = java("topics", *at, "--list", ok=False)
    assert refused.returncode != 0 and "Access denied" in refused.stdout + refused.stderr


def test_K_73_FK_43_OAUTHBEARER_with_the_PyPI_signer(secured, name, monkeypatch):
    signer = pytest.importorskip("aws_msk_iam_sasl_signer.MSKAuthTokenProvider")
    for secret, ok in ((secured.secret_access_key, True), ("wrong", False)):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", secured.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)

        def provide(_):
            value, expiry_ms = signer.generate_auth_token(secured.region)
            return value, expiry_ms / 1000

        delivered = []
        producer = ck.Producer({"bootstrap.servers": brokers(secured)["BootstrapBrokerStringSaslIam"], "security.protocol": "SASL_PLAINTEXT",
                                "sasl.mechanism": "OAUTHBEARER", "oauth_cb": provide, "message.timeout.ms": 4000})
        producer.produce(name, b"x", on_delivery=lambda e, m: delivered.append(e is None))
        producer.flush(8)
        assert delivered == [ok]


def test_K_73_an_expired_token_is_refused(secured):
    query = json.loads(token(secured, host=f"kafka.{secured.region}.amazonaws.com", age=2000))
    url = f"https://kafka.{secured.region}.amazonaws.com/?Action=kafka-cluster%3AConnect&" + "&".join(
        f"{k}={urllib.parse.quote(query[k.lower()], safe='')}" for k in
        ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"))
    bearer = base64.urlsafe_b64encode(url.encode()).rstrip(b"=")
    client, challenge = sign_in(secured, "OAUTHBEARER", b"n,,\x01auth=Bearer " + bearer + b"\x01\x01")
    assert (challenge["ErrorCode"], json.loads(challenge["AuthBytes"])["status"]) == (0, "invalid_token")
    assert client.call("SaslAuthenticate", 2, AuthBytes=b"\x01")["ErrorCode"] == 58


def test_K_75_FK_44_policies_decide_what_a_user_may(secured, name):
    iam = api(secured, "iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    arn = api(secured, "kafka").list_clusters()["ClusterInfoList"][0]["ClusterArn"]
    topics = arn.replace(":cluster/", ":topic/")
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["kafka-cluster:Connect"], "Resource": arn},
        {"Effect": "Allow", "Action": ["kafka-cluster:*"], "Resource": f"{topics}/mine-*"}]}))
    config = {"bootstrap.servers": brokers(secured)["BootstrapBrokerStringSaslIam"], "security.protocol": "SASL_PLAINTEXT",
              "sasl.mechanism": "SCRAM-SHA-256", "sasl.username": key["AccessKeyId"], "sasl.password": key["SecretAccessKey"],
              "message.timeout.ms": 5000}
    results = {}
    producer = ck.Producer(config)
    for topic in ("mine-" + name, "theirs-" + name):
        producer.produce(topic, b"x", on_delivery=lambda e, m, topic=topic: results.__setitem__(topic, e and e.code()))
    producer.flush(10)
    assert results["mine-" + name] is None
    assert results["theirs-" + name] in (29, ck.KafkaError._MSG_TIMED_OUT, ck.KafkaError._UNKNOWN_TOPIC)
    # Without the right to alter the group a consumer cannot join.
    consumer = ck.Consumer({**{k: v for k, v in config.items() if k != "message.timeout.ms"}, "group.id": name})
    consumer.subscribe(["mine-" + name])
    end, error = time.time() + 10, None
    while time.time() < end and error is None:
        message = consumer.poll(0.2)
        error = message.error() if message is not None else None
    consumer.close()
    assert error is not None and error.code() in (30, ck.KafkaError.GROUP_AUTHORIZATION_FAILED)
