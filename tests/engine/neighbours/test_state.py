"""The services' data survives a restart, a crash and a kill."""

from __future__ import annotations

import io
import json
import pickle
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine
from moto.sqs.models import Queue

from lambda_nb.engine.neighbours.services import patches
from lambda_nb.engine.neighbours.storage import object_bodies, pickle_reducers, private_files
from lambda_nb.engine.neighbours.storage.service_state import Keeper

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
MACHINE = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
TARGET = {
    "Arn": "arn:aws:sqs:us-east-1:000000000000:q",
    "RoleArn": "arn:aws:iam::000000000000:role/r",
}

MADE: list[tuple[str, str, dict[str, Any], str, dict[str, Any], str]] = [
    ("s3", "create_bucket", {"Bucket": "bucket"}, "list_buckets", {}, "bucket"),
    ("sqs", "create_queue", {"QueueName": "q"}, "list_queues", {}, "/q"),
    ("sns", "create_topic", {"Name": "a-topic"}, "list_topics", {}, "a-topic"),
    (
        "dynamodb",
        "create_table",
        {
            "TableName": "a-table",
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        },
        "list_tables",
        {},
        "a-table",
    ),
    ("kinesis", "create_stream", {"StreamName": "st", "ShardCount": 2}, "list_streams", {}, "st"),
    ("events", "put_rule", {"Name": "ru", "EventPattern": '{"a": [1]}'}, "list_rules", {}, "ru"),
    (
        "scheduler",
        "create_schedule",
        {
            "Name": "sched",
            "ScheduleExpression": "cron(0 12 1 1 ? 2199)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": TARGET,
        },
        "list_schedules",
        {},
        "sched",
    ),
    (
        "iam",
        "create_role",
        {"RoleName": "a-role", "AssumeRolePolicyDocument": TRUST},
        "list_roles",
        {},
        "a-role",
    ),
    ("apigateway", "create_rest_api", {"name": "an-api"}, "get_rest_apis", {}, "an-api"),
    (
        "apigatewayv2",
        "create_api",
        {"Name": "http-api", "ProtocolType": "HTTP"},
        "get_apis",
        {},
        "http-api",
    ),
    (
        "stepfunctions",
        "create_state_machine",
        {"name": "machine", "definition": MACHINE, "roleArn": "arn:aws:iam::000000000000:role/r"},
        "list_state_machines",
        {},
        "machine",
    ),
    (
        "secretsmanager",
        "create_secret",
        {"Name": "sec", "SecretString": "hidden"},
        "get_secret_value",
        {"SecretId": "sec"},
        "hidden",
    ),
    (
        "ssm",
        "put_parameter",
        {"Name": "par", "Value": "val", "Type": "String"},
        "get_parameter",
        {"Name": "par"},
        "val",
    ),
    ("kms", "create_key", {"Description": "d"}, "list_keys", {}, "KeyArn"),
    (
        "cognito-idp",
        "create_user_pool",
        {"PoolName": "pool"},
        "list_user_pools",
        {"MaxResults": 5},
        "pool",
    ),
    ("ecr", "create_repository", {"repositoryName": "rep"}, "describe_repositories", {}, "rep"),
    (
        "firehose",
        "create_delivery_stream",
        {
            "DeliveryStreamName": "hose",
            "S3DestinationConfiguration": {
                "RoleARN": "arn:aws:iam::000000000000:role/r",
                "BucketARN": "arn:aws:s3:::bucket",
            },
        },
        "list_delivery_streams",
        {},
        "hose",
    ),
    ("ec2", "create_vpc", {"CidrBlock": "10.9.0.0/16"}, "describe_vpcs", {}, "10.9.0.0/16"),
    ("iot", "create_thing", {"thingName": "thing"}, "list_things", {}, "thing"),
    ("ses", "verify_email_identity", {"EmailAddress": "a@b.de"}, "list_identities", {}, "a@b.de"),
    (
        "cloudwatch",
        "put_metric_alarm",
        {
            "AlarmName": "alarm",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "MetricName": "m",
            "Namespace": "n",
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 1.0,
        },
        "describe_alarms",
        {},
        "alarm",
    ),
    ("glue", "create_database", {"DatabaseInput": {"Name": "gd"}}, "get_databases", {}, "gd"),
    ("athena", "create_work_group", {"Name": "wg"}, "list_work_groups", {}, "wg"),
    ("ecs", "create_cluster", {"clusterName": "clu"}, "list_clusters", {}, "clu"),
    ("acm", "request_certificate", {"DomainName": "a.de"}, "list_certificates", {}, "a.de"),
    (
        "route53",
        "create_hosted_zone",
        {"Name": "zone.de", "CallerReference": "1"},
        "list_hosted_zones",
        {},
        "zone.de",
    ),
]


def make_all(engine: Engine) -> None:
    for service, make, arguments, *_ in MADE:
        getattr(engine.client(service), make)(**arguments)


def missing(engine: Engine) -> list[str]:
    """The services that do not show what was made in them."""
    return [
        service
        for service, _, _, read, arguments, mark in MADE
        if mark not in str(getattr(engine.client(service), read)(**arguments))
    ]


@pytest.mark.slow
def test_every_service_holds_its_things_after_a_normal_end(
    start_engine: Callable[..., Engine],
) -> None:
    first = start_engine("--log-level", "info")
    make_all(first)
    big = bytes(range(256)) * 70_000  # beyond what moto keeps in memory
    first.client("s3").put_object(Bucket="bucket", Key="big", Body=big)
    first.client("s3").put_object(Bucket="bucket", Key="gone", Body=b"gone")
    first.client("s3").delete_object(Bucket="bucket", Key="gone")
    queue = first.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    first.client("sqs").send_message(QueueUrl=queue, MessageBody="waits")
    first.client("dynamodb").put_item(TableName="a-table", Item={"k": {"S": "item"}})
    put = first.client("kinesis").put_record(StreamName="st", PartitionKey="k", Data=b"record")
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    first.client("iam").attach_role_policy(RoleName="a-role", PolicyArn=basic)
    assert first.stop() == 0
    sizes = {f.name: f.stat().st_size for f in (first.data_dir / "services").glob("moto.iam*")}
    assert all(size < 500_000 for size in sizes.values()), sizes

    again = start_engine("--log-level", "info")
    assert missing(again) == []
    assert again.client("s3").get_object(Bucket="bucket", Key="big")["Body"].read() == big
    queue = again.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    (message,) = again.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "waits"
    again.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert again.client("dynamodb").scan(TableName="a-table")["Items"] == [{"k": {"S": "item"}}]
    kinesis = again.client("kinesis")
    at = kinesis.get_shard_iterator(
        StreamName="st", ShardId=put["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert kinesis.get_records(ShardIterator=at)["Records"][0]["Data"] == b"record"
    iam = again.client("iam")
    (attached,) = iam.list_attached_role_policies(RoleName="a-role")["AttachedPolicies"]
    assert attached["PolicyArn"] == basic
    assert iam.get_policy(PolicyArn=basic)["Policy"]["AttachmentCount"] == 1
    # Restored resources can also be changed, and the changes are saved too.
    again.client("s3").put_object(Bucket="bucket", Key="big", Body=b"small")
    with pytest.raises(ClientError, match="BucketAlready"):
        again.client("s3", region_name="eu-west-1").create_bucket(
            Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
    assert "the services hold what they held before" in again.log_file.read_text()
    assert again.stop() == 0
    last = start_engine()
    assert last.client("s3").get_object(Bucket="bucket", Key="big")["Body"].read() == b"small"
    bodies = list((last.data_dir / "services" / "bodies").iterdir())
    assert [body.read_bytes() for body in bodies] == [b"small"]


def wait_for_file(engine: Engine, pattern: str, text: bytes) -> Path:
    """The file that contains ``text``, once it was saved."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for path in (engine.data_dir / "services").glob(pattern):
            if text in path.read_bytes():
                return path
        time.sleep(0.05)
    raise AssertionError(f"{text!r} was not saved")


def test_after_a_kill_of_all_nothing_older_is_lost_and_streams_go_on(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    first = start_engine()
    name = first.create(
        f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    )
    first.client("kinesis").create_stream(StreamName="st", ShardCount=1)
    arn = f"arn:aws:kinesis:us-east-1:{first.account}:stream/st"
    first.client().create_event_source_mapping(
        FunctionName=name, EventSourceArn=arn, StartingPosition="TRIM_HORIZON"
    )
    put = first.client("kinesis").put_record(StreamName="st", PartitionKey="k", Data=b"1")
    ear.wait(lambda said: len(said) == 1)
    wait_for_file(first, "moto.kinesis*", b"MQ==")
    assert first.client("kinesis").list_streams()["StreamNames"] == ["st"]
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(30)

    again = start_engine()
    later = again.client("kinesis").put_record(StreamName="st", PartitionKey="k", Data=b"2")
    assert int(later["SequenceNumber"]) > int(put["SequenceNumber"])
    ear.wait(lambda said: len(said) >= 2)
    told = [json.loads(event)["Records"][0]["kinesis"]["data"] for event in ear.heard]
    assert told[-1] == "Mg=="


def test_what_cannot_be_read_is_kept_aside_and_named(start_engine: Callable[..., Engine]) -> None:
    first = start_engine()
    first.client("sqs").create_queue(QueueName="q")
    first.client("sns").create_topic(Name="t")
    assert first.stop() == 0
    (file,) = (first.data_dir / "services").glob("moto.sqs*@000000000000@us-east-1.state")
    head, _, _ = file.read_bytes().partition(b"\n")
    file.write_bytes(head + b"\nno pickle")
    again = start_engine()
    assert again.client("sqs").list_queues().get("QueueUrls", []) == []
    assert len(again.client("sns").list_topics()["Topics"]) == 1
    (aside,) = (first.data_dir / "services").glob("moto.sqs*.unreadable-*")
    assert str(aside) in again.log_file.read_text()


def test_a_service_whose_state_cannot_be_written_is_named_once(tmp_path: Path) -> None:
    from moto.sns.models import sns_backends
    from moto.sqs.models import sqs_backends

    told: list[str] = []
    account = "111122223333"  # of this test: moto's backends are the process's
    keeper = Keeper(tmp_path / "state")
    keeper.start(told.append)
    sns_backends[account]["us-east-1"].create_topic("kept")
    sqs_backends[account]["us-east-1"].running = (one for one in "")  # type: ignore[attr-defined]
    keeper._touched = {
        (f"moto.{service}.models.{service.upper()}Backend", account, "us-east-1")
        for service in ("sns", "sqs")
    }
    keeper.save()
    keeper.save()
    (words,) = told
    assert words.startswith("what sqs holds is not kept on disk and ends with the engine: ")
    assert [path.name.partition("@")[0] for path in tmp_path.glob("state/*.state")] == [
        "moto.sns.models.SNSBackend"
    ]


def test_what_cannot_be_saved_is_said_where_a_user_reads(
    start_engine: Callable[..., Engine],
) -> None:
    engine = start_engine()
    assert engine.client("s3").list_buckets()["Buckets"] == []  # now the services are there
    assert engine.status()["unkept"] == []
    state = engine.data_dir / "services"
    (state / f"moto.sqs.models.SQSBackend@{engine.account}@{engine.region}.state").mkdir()
    engine.client("sqs").create_queue(QueueName="q")
    deadline = time.monotonic() + 30
    while not (unkept := engine.status()["unkept"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (words,) = unkept
    assert words.startswith("what the services hold cannot be saved: ")
    assert engine.log_file.read_text().count(words) == 1


def test_files_that_others_may_write_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "one"
    private_files.write(file, b"x")
    private_files.check(file)
    file.chmod(0o620)
    with pytest.raises(private_files.UnsafeError, match=r"chmod go= .*one"):
        private_files.check(file)


@pytest.mark.parametrize(
    "name",
    [
        *("_backend", "_certificate", "_defaultdict", "_Fresh", "_managed_policy", "_private"),
        *("_public", "_rsa_key", "_Recent"),
    ],
)
def test_what_an_earlier_version_wrote_is_found_wherever_it_stands_now(name: str) -> None:
    """These names are in the data directories of users."""
    written = f"clambda_nb.engine.neighbours.reducers\n{name}\n.".encode()  # a pickle of the name
    found = pickle_reducers.Reader(io.BytesIO(written)).load()
    assert found.__name__ == name


class _Unnamed:
    """As if it were ours."""


_Unnamed.__module__ = "lambda_nb.engine.somewhere"


def test_a_class_that_could_not_be_read_again_is_not_written() -> None:
    for held in (_Unnamed, _Unnamed()):
        with pytest.raises(pickle.PicklingError, match=r"somewhere\._Unnamed has no lasting name"):
            pickle_reducers.Writer(io.BytesIO()).dump({"held": held})
    file = io.BytesIO()
    pickle_reducers.Writer(file).dump({"held": patches._Recent(), "moto": Queue})
    file.seek(0)
    assert pickle_reducers.Reader(file).load() == {"held": patches._Recent(), "moto": Queue}


def test_a_name_that_nobody_registered_is_refused() -> None:
    written = b"clambda_nb.engine.cli\nmain\n."
    with pytest.raises(pickle.UnpicklingError, match="not known here"):
        pickle_reducers.Reader(io.BytesIO(written)).load()


def test_a_removed_object_does_not_keep_the_others_from_disk(tmp_path: Path) -> None:
    """moto still lists some objects whose buffers it has closed, such as parts of uploads."""
    from moto.s3.models import S3Backend

    backend = S3Backend("aws", "000000000000")
    backend.create_bucket("bucket", "us-east-1")
    removed = backend.put_object("bucket", "removed", b"gone")
    backend.put_object("bucket", "there", b"content")
    removed.dispose()
    object_bodies.write(backend, tmp_path)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"content"]
