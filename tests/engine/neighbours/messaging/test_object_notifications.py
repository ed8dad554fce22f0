"""S3 tells functions, queues, topics and EventBridge about changes of objects."""

from __future__ import annotations

import json
import time
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from engine_fixtures import Ear, Engine, error_of

from lambda_nb.engine.neighbours.services.messaging import notification_settings


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    listener = Ear()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def function(engine: Engine, ear: Ear) -> str:
    """A function that repeats its events, and that every bucket may invoke; its ARN."""
    name = engine.create(
        f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    )
    engine.client().add_permission(
        FunctionName=name,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::*",
    )
    return f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"


class Bucket:
    """A bucket that tells a queue and EventBridge about everything."""

    def __init__(self, engine: Engine, *, versioned: bool = False) -> None:
        self.s3 = engine.client("s3", config=Config(signature_version="s3v4"))
        self.sqs = engine.client("sqs")
        self.name = engine.name("bucket")
        self.s3.create_bucket(Bucket=self.name)
        if versioned:
            self.s3.put_bucket_versioning(
                Bucket=self.name, VersioningConfiguration={"Status": "Enabled"}
            )
        self.queue = self._queue(engine.name("s3"))
        self.bus_queue = self._queue(engine.name("bus"))
        events = engine.client("events")
        rule = engine.name("rule")
        pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [self.name]}}}
        events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": self._arn(self.bus_queue)}])
        kinds = ("ObjectCreated", "ObjectRemoved", "ObjectTagging", "ObjectRestore")
        self.configure(
            QueueConfigurations=[
                {
                    "Id": "all",
                    "QueueArn": self._arn(self.queue),
                    "Events": [*(f"s3:{kind}:*" for kind in kinds), "s3:ObjectAcl:Put"],
                }
            ],
            EventBridgeConfiguration={},
        )
        (self.test_event,) = self._received(self.queue, 1)

    def configure(self, **configuration: Any) -> None:
        self.s3.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration=configuration
        )

    def told(self, number: int) -> list[dict[str, Any]]:
        """The next records of the queue, in order, and no more than that."""
        events = self._received(self.queue, number)
        records = [record for event in events for record in event["Records"]]
        return sorted(records, key=lambda one: one["s3"]["object"]["sequencer"])

    def told_bus(self, number: int) -> list[dict[str, Any]]:
        """The next events of EventBridge."""
        return self._received(self.bus_queue, number)

    def _queue(self, name: str) -> str:
        return str(self.sqs.create_queue(QueueName=name)["QueueUrl"])

    def _arn(self, url: str) -> str:
        told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(told["Attributes"]["QueueArn"])

    def _received(self, url: str, number: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + 20
        while len(found) < number and time.monotonic() < deadline:
            got = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in got.get("Messages", []):
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
        more = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        assert len(found) == number, found
        assert not more
        return found


@pytest.fixture(scope="module")
def bucket(engine: Engine) -> Bucket:
    return Bucket(engine)


@pytest.fixture(scope="module")
def versioned(engine: Engine) -> Bucket:
    return Bucket(engine, versioned=True)


def test_a_new_configuration_is_tested(bucket: Bucket) -> None:
    event = bucket.test_event
    assert (event["Service"], event["Event"]) == ("Amazon S3", "s3:TestEvent")
    assert event["Bucket"] == bucket.name
    assert event["RequestId"]
    assert event["HostId"]
    told = bucket.s3.get_bucket_notification_configuration(Bucket=bucket.name)
    assert told["EventBridgeConfiguration"] == {}


def test_put_and_copy_and_post(bucket: Bucket) -> None:
    s3, name = bucket.s3, bucket.name
    s3.put_object(Bucket=name, Key="a b.txt", Body=b"12345", Metadata={"m": "1"}, Tagging="t=1")
    s3.copy_object(Bucket=name, Key="copy", CopySource={"Bucket": name, "Key": "a b.txt"})
    url = s3.generate_presigned_url("put_object", Params={"Bucket": name, "Key": "presigned"})
    request = urllib.request.Request(url, data=b"abc", method="PUT")
    urllib.request.urlopen(request, timeout=30).close()
    _post_form(s3.generate_presigned_post(name, "form"), b"posted")
    records = bucket.told(4)
    assert [one["eventName"] for one in records] == [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectCreated:Put",
        "ObjectCreated:Post",
    ]
    assert [one["s3"]["object"]["key"] for one in records] == [
        "a+b.txt",
        "copy",
        "presigned",
        "form",
    ]
    assert [one["s3"]["object"]["size"] for one in records] == [5, 5, 3, 6]
    events = bucket.told_bus(4)
    assert [one["detail"]["reason"] for one in events] == [
        "PutObject",
        "CopyObject",
        "PutObject",
        "POST Object",
    ]
    assert {one["detail-type"] for one in events} == {"Object Created"}
    detail = events[0]["detail"]
    assert detail["object"]["key"] == "a b.txt"
    assert (detail["version"], detail["event-version"]) == ("0", "1.2")
    assert "version-id" not in detail["object"]


def _post_form(form: dict[str, Any], content: bytes) -> None:
    """Upload as a browser's form does."""
    edge = uuid.uuid4().hex
    parts = b"".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form["fields"].items()
    )
    head = 'Content-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = parts + f"--{edge}\r\n{head}".encode() + content + f"\r\n--{edge}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    request = urllib.request.Request(form["url"], data=body, headers=headers, method="POST")
    urllib.request.urlopen(request, timeout=30).close()


def test_a_multipart_upload_is_told_once(bucket: Bucket) -> None:
    s3, name = bucket.s3, bucket.name
    upload = s3.create_multipart_upload(Bucket=name, Key="big", Tagging="t=1")["UploadId"]
    names = {"Bucket": name, "Key": "big", "UploadId": upload}
    part = s3.upload_part(PartNumber=1, Body=b"x" * 1000, **names)
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **names)
    (record,) = bucket.told(1)
    assert record["eventName"] == "ObjectCreated:CompleteMultipartUpload"
    assert record["s3"]["object"]["size"] == 1000
    (event,) = bucket.told_bus(1)
    assert event["detail"]["reason"] == "CompleteMultipartUpload"


def test_tags_and_access_lists_and_restorations(bucket: Bucket) -> None:
    s3, names = bucket.s3, {"Bucket": bucket.name, "Key": "t"}
    s3.put_object(Body=b"1", StorageClass="GLACIER", **names)
    s3.put_object_tagging(Tagging={"TagSet": [{"Key": "k", "Value": "v"}]}, **names)
    s3.delete_object_tagging(**names)
    s3.put_object_acl(ACL="public-read", **names)
    s3.restore_object(RestoreRequest={"Days": 2}, **names)
    records = bucket.told(6)
    assert [(one["eventName"], one["eventVersion"]) for one in records] == [
        ("ObjectCreated:Put", "2.1"),
        ("ObjectTagging:Put", "2.3"),
        ("ObjectTagging:Delete", "2.3"),
        ("ObjectAcl:Put", "2.3"),
        ("ObjectRestore:Post", "2.1"),
        ("ObjectRestore:Completed", "2.1"),
    ]
    restored = records[-1]["glacierEventData"]["restoreEventData"]
    assert restored["lifecycleRestoreStorageClass"] == "GLACIER"
    events = bucket.told_bus(6)
    assert [one["detail-type"] for one in events] == [
        "Object Created",
        "Object Tags Added",
        "Object Tags Deleted",
        "Object ACL Updated",
        "Object Restore Initiated",
        "Object Restore Completed",
    ]
    assert "sequencer" not in events[1]["detail"]["object"]
    assert events[4]["detail"]["source-storage-class"] == "GLACIER"
    assert events[5]["detail"]["restore-expiry-time"].endswith("Z")
    assert events[5]["detail"]["requester"] == "s3.amazonaws.com"
    assert "source-ip-address" not in events[5]["detail"]


def test_many_deletions_are_told_one_by_one(bucket: Bucket) -> None:
    s3, name = bucket.s3, bucket.name
    for key in ("d1", "d2"):
        s3.put_object(Bucket=name, Key=key, Body=b"")
    wanted = [{"Key": key} for key in ("d1", "d2", "there is none")]
    s3.delete_objects(Bucket=name, Delete={"Objects": wanted})
    records = bucket.told(4)[2:]
    assert {one["eventName"] for one in records} == {"ObjectRemoved:Delete"}
    assert {one["s3"]["object"]["key"] for one in records} == {"d1", "d2"}
    events = bucket.told_bus(4)[2:]
    assert {one["detail"]["deletion-type"] for one in events} == {"Permanently Deleted"}
    assert {one["detail"]["reason"] for one in events} == {"DeleteObject"}


def test_versions_and_delete_markers(versioned: Bucket) -> None:
    s3, names = versioned.s3, {"Bucket": versioned.name, "Key": "v"}
    first = s3.put_object(Body=b"1", **names)["VersionId"]
    s3.put_object(Body=b"2", **names)
    marker = s3.delete_object(**names)["VersionId"]
    s3.delete_object(VersionId=first, **names)
    s3.delete_object(VersionId=marker, **names)
    records = versioned.told(5)
    assert [(one["eventName"], one["s3"]["object"]["versionId"]) for one in records[2:]] == [
        ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", first),
        ("ObjectRemoved:Delete", marker),
    ]
    assert records[0]["s3"]["object"]["versionId"] == first
    assert "eTag" in records[2]["s3"]["object"]
    assert "eTag" not in records[3]["s3"]["object"]
    events = versioned.told_bus(5)
    assert events[2]["detail"]["deletion-type"] == "Delete Marker Created"
    assert events[0]["detail"]["object"]["version-id"] == first


def test_functions_hear_what_their_filter_lets_through(
    engine: Engine, function: str, ear: Ear
) -> None:
    s3, name = engine.client("s3"), engine.name("bucket")
    s3.create_bucket(Bucket=name)
    rules = [
        {"Name": "Prefix", "Value": "year%3D2026/"},
        {"Name": "suffix", "Value": "(1).jpg"},
    ]
    one = {
        "LambdaFunctionArn": function,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"LambdaFunctionConfigurations": [one]}
    )
    for key in ("year=2026/a.jpg", "year=2025/(1).jpg", "year=2026/a(1).jpg"):
        s3.put_object(Bucket=name, Key=key, Body=b"")
    ear.wait(lambda said: any(name in one for one in said))
    told = [json.loads(one) for one in ear.heard if name in one]
    keys = [event["Records"][0]["s3"]["object"]["key"] for event in told]
    assert keys == ["year%3D2026/a%281%29.jpg"]


def test_what_cannot_be_told_is_refused(engine: Engine, bucket: Bucket, function: str) -> None:
    def configure(*rules: dict[str, Any]) -> tuple[str, str]:
        return error_of(lambda: bucket.configure(LambdaFunctionConfigurations=list(rules)))

    def rule(event: str, arn: str = function, **filters: str) -> dict[str, Any]:
        told: dict[str, Any] = {"LambdaFunctionArn": arn, "Events": [event]}
        if filters:
            rules = [{"Name": name, "Value": value} for name, value in filters.items()]
            told["Filter"] = {"Key": {"FilterRules": rules}}
        return told

    created = "s3:ObjectCreated:*"
    code, text = configure(rule("s3:Replication:*"))
    assert (code, "replicates no objects" in text) == ("InvalidArgument", True)
    assert configure(rule(created), rule("s3:ObjectCreated:Put")) == (
        "InvalidArgument",
        "Configurations overlap. Configurations on the same bucket cannot share a common event "
        "type.",
    )
    assert configure(rule(created, prefix="a", suffix="g"), rule(created, prefix="ab"))[1] == (
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if "
        "the prefixes are overlapping for the same event type."
    )
    unable = ("InvalidArgument", "Unable to validate the following destination configurations")
    assert configure(rule(created, arn=f"{function}-there-is-none")) == unable
    closed = engine.create("def handler(event, context):\n    pass\n")
    arn = f"{function.rpartition(':')[0]}:{closed}"
    assert configure(rule(created, arn=arn)) == unable
    assert configure(rule(created, arn="arn:aws:sqs:us-east-1:000000000000:q"))[1] == (
        "The ARN is not well formed"
    )
    told = bucket.s3.get_bucket_notification_configuration(Bucket=bucket.name)
    assert told["QueueConfigurations"][0]["Id"] == "all"
    other = engine.name("bucket")
    bucket.s3.create_bucket(Bucket=other)
    bucket.s3.put_bucket_notification_configuration(
        Bucket=other,
        NotificationConfiguration={"LambdaFunctionConfigurations": [rule(created, arn=arn)]},
        SkipDestinationValidation=True,
    )


def test_a_filter_is_compared_with_the_encoded_key() -> None:
    def matches(kind: str, value: str, key: str) -> bool:
        rules = {"S3Key": {"FilterRule": [{"Name": kind, "Value": value}]}}
        return notification_settings.matches(rules, key)

    assert matches("prefix", "a+b/", "a b/c")
    assert not matches("prefix", "a b/", "a b/c")
    assert matches("prefix", "a%c3%a9", "aé")
    assert not matches("suffix", ".JPG", "a.jpg")
    assert notification_settings.matches({}, "anything")
