"""``AWS::S3::Bucket`` and its policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from engine_fixtures import ROLE, Ear, Engine, error_of
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.data.buckets import Bucket, BucketPolicy
from lambda_nb.engine.stacks.types.messaging.queues import Queue

OF_TABLES = tuple(
    name for name in schemas.of(Bucket.name).attributes if name.startswith("Metadata")
)


def make(lab: Lab, properties: dict[str, Any], logical_id: str = "Bucket") -> Resource:
    return lab.create(Bucket(), properties, logical_id, without=OF_TABLES)


def test_a_file_in_the_bucket_invokes_the_function(engine: Engine, ear: Ear) -> None:
    lab = Lab(engine)
    name = engine.create(
        f"{ear.say}\ndef handler(event, context):\n"
        "    say(event['Records'][0]['s3']['object']['key'])\n"
    )
    function = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    jpg = {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".jpg"}]}}
    told = {"Event": "s3:ObjectCreated:*", "Function": function, "Filter": jpg}
    notify = {"NotificationConfiguration": {"LambdaConfigurations": [told]}}

    code, message = error_of(lambda: make(lab, notify, "TooEarly"))
    assert code == "InvalidArgument"
    assert message == "Unable to validate the following destination configurations"

    engine.client().add_permission(
        FunctionName=name,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
    )
    bucket, put = make(lab, notify), engine.client("s3").put_object
    put(Bucket=bucket.ref, Key="a.txt", Body=b"")
    put(Bucket=bucket.ref, Key="b.jpg", Body=b"")
    ear.wait(lambda heard: "b.jpg" in heard)

    bucket = lab.update(bucket, {})
    put(Bucket=bucket.ref, Key="c.jpg", Body=b"")
    bucket = lab.update(bucket, notify)
    put(Bucket=bucket.ref, Key="d.jpg", Body=b"")
    ear.wait(lambda heard: "d.jpg" in heard)
    assert "a.txt" not in ear.heard
    assert "c.jpg" not in ear.heard


def test_a_queue_hears_of_objects(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("sqs")
    queue = lab.create(Queue(), {}, "Queue")
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue.attribute("Arn"),
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    calls.set_queue_attributes(QueueUrl=queue.ref, Attributes={"Policy": policy})
    one = {"Event": "s3:ObjectCreated:Put", "Queue": queue.attribute("Arn")}
    bucket = make(lab, {"NotificationConfiguration": {"QueueConfigurations": [one]}})
    engine.client("s3").put_object(Bucket=bucket.ref, Key="k", Body=b"")
    keys: list[str] = []
    while "k" not in keys:  # a test message may come first
        for message in calls.receive_message(QueueUrl=queue.ref, WaitTimeSeconds=10)["Messages"]:
            calls.delete_message(QueueUrl=queue.ref, ReceiptHandle=message["ReceiptHandle"])
            records = json.loads(message["Body"]).get("Records", ())
            keys += [record["s3"]["object"]["key"] for record in records]


Look = Callable[[Any, str], Any]
GONE = (
    "NoSuchCORSConfiguration",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchWebsiteConfiguration",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
)
SETTINGS: dict[str, tuple[dict[str, Any], Look, Any]] = {
    "versioning": (
        {"VersioningConfiguration": {"Status": "Enabled"}},
        lambda s3, bucket: s3.get_bucket_versioning(Bucket=bucket).get("Status"),
        "Enabled",
    ),
    "cors": (
        {
            "CorsConfiguration": {
                "CorsRules": [
                    {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": "3000"}
                ]
            }
        },
        lambda s3, bucket: s3.get_bucket_cors(Bucket=bucket)["CORSRules"][0]["MaxAgeSeconds"],
        3000,
    ),
    "encryption": (
        {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
                ]
            }
        },
        lambda s3, bucket: s3.get_bucket_encryption(Bucket=bucket)[
            "ServerSideEncryptionConfiguration"
        ]["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
        "aws:kms",
    ),
    "public access": (
        {"PublicAccessBlockConfiguration": {"BlockPublicAcls": "true"}},
        lambda s3, bucket: s3.get_public_access_block(Bucket=bucket)[
            "PublicAccessBlockConfiguration"
        ]["BlockPublicAcls"],
        True,
    ),
    "website": (
        {
            "WebsiteConfiguration": {
                "IndexDocument": "index.html",
                "RoutingRules": [
                    {
                        "RoutingRuleCondition": {"KeyPrefixEquals": "a"},
                        "RedirectRule": {"ReplaceKeyPrefixWith": "b"},
                    }
                ],
            }
        },
        lambda s3, bucket: s3.get_bucket_website(Bucket=bucket)["RoutingRules"][0]["Redirect"],
        {"ReplaceKeyPrefixWith": "b"},
    ),
    "ownership": (
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        lambda s3, bucket: s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"][
            "Rules"
        ][0]["ObjectOwnership"],
        "BucketOwnerEnforced",
    ),
    "lifecycle": (
        {
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "r",
                        "Status": "Enabled",
                        "Prefix": "p",
                        "TagFilters": [{"Key": "a", "Value": "b"}],
                        "ExpirationInDays": "30",
                        "Transition": {"StorageClass": "GLACIER", "TransitionInDays": 3},
                    }
                ]
            }
        },
        lambda s3, bucket: (
            (rule := s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0])
            and (rule["Expiration"]["Days"], rule["Filter"]["And"]["Prefix"])
        ),
        (30, "p"),
    ),
    "events": (
        {"NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}},
        lambda s3, bucket: (
            "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)
        ),
        True,
    ),
}


@pytest.mark.parametrize("which", SETTINGS)
def test_a_setting_is_made_and_taken_away(engine: Engine, which: str) -> None:
    properties, look, wanted = SETTINGS[which]
    lab, calls = Lab(engine), engine.client("s3")
    bucket = make(lab, properties)
    assert look(calls, bucket.ref) == wanted
    bucket = lab.update(bucket, {})
    now = None
    with absence_is_fine(*GONE):
        now = look(calls, bucket.ref)
    assert now != wanted
    lab.delete(bucket)


def test_what_is_kept_only(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("s3")
    versioned = {"VersioningConfiguration": {"Status": "Enabled"}}
    other = make(lab, versioned, "Other")
    rule = {"Status": "Enabled", "Destination": {"Bucket": other.attribute("Arn")}}
    copied = {"Role": ROLE, "Rules": [{**rule, "Filter": {"Prefix": "a"}}]}
    bucket = make(lab, {**versioned, "ReplicationConfiguration": copied})
    told = calls.get_bucket_replication(Bucket=bucket.ref)["ReplicationConfiguration"]
    assert told["Rules"][0]["Destination"]["Bucket"] == other.attribute("Arn")
    lab.update(bucket, versioned)
    code, _ = error_of(lambda: calls.get_bucket_replication(Bucket=bucket.ref))
    assert code == "ReplicationConfigurationNotFoundError"

    held = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    locked = make(
        lab,
        {
            "ObjectLockEnabled": True,
            "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": held},
        },
        "Locked",
    )
    told = calls.get_object_lock_configuration(Bucket=locked.ref)["ObjectLockConfiguration"]
    assert told["Rule"]["DefaultRetention"]["Mode"] == "GOVERNANCE"


def test_tags(engine: Engine) -> None:
    lab, calls = Lab(engine, tags={"team": "a"}), engine.client("s3")
    bucket = make(lab, {"Tags": [{"Key": "x", "Value": "1"}]})
    bucket = lab.update(bucket, {"Tags": [{"Key": "y", "Value": "2"}]})
    tags = calls.get_bucket_tagging(Bucket=bucket.ref)["TagSet"]
    assert {one["Key"]: one["Value"] for one in tags} == {"team": "a", "y": "2"}


def test_a_bucket_with_objects_stays(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("s3")
    bucket = make(lab, {})
    calls.put_object(Bucket=bucket.ref, Key="a", Body=b"")
    code, message = error_of(lambda: lab.delete(bucket))
    assert (code, message) == ("BucketNotEmpty", "The bucket you tried to delete is not empty")
    with pytest.raises(Refused, match=f"{bucket.ref} already exists"):
        make(lab, {"BucketName": bucket.ref})
    calls.delete_object(Bucket=bucket.ref, Key="a")
    lab.delete(bucket)


def test_what_is_not_here_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="does not have the property MetricsConfigurations"):
        make(Lab(engine), {"MetricsConfigurations": [{"Id": "a"}]})


def test_policy(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("s3")
    bucket = make(lab, {})

    def document(key: str) -> dict[str, Any]:
        denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject"}
        statement = {**denied, "Resource": f"{bucket.attribute('Arn')}/{key}"}
        return {"Version": "2012-10-17", "Statement": [statement]}

    place = {"Bucket": bucket.ref}
    policy = lab.create(BucketPolicy(), {**place, "PolicyDocument": document("a")}, "Policy")
    with pytest.raises(Refused, match="already exists"):
        lab.create(BucketPolicy(), {**place, "PolicyDocument": document("a")}, "Another")
    policy = lab.update(policy, {**place, "PolicyDocument": document("b")})
    assert json.loads(calls.get_bucket_policy(Bucket=bucket.ref)["Policy"]) == document("b")
    lab.delete(policy)
    code, _ = error_of(lambda: calls.get_bucket_policy(Bucket=bucket.ref))
    assert code == "NoSuchBucketPolicy"
