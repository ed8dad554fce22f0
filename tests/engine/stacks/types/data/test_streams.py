"""``AWS::Kinesis::*``, ``AWS::KinesisFirehose::DeliveryStream`` and ``AWS::ECR::Repository``."""

from __future__ import annotations

import json

from engine_fixtures import ROLE, Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.data.buckets import Bucket
from lambda_nb.engine.stacks.types.data.delivery_streams import DeliveryStream
from lambda_nb.engine.stacks.types.data.repositories import Repository
from lambda_nb.engine.stacks.types.data.streams import ResourcePolicy, Stream, StreamConsumer

NO_WARMTH = ("WarmThroughputObject",)


def test_a_stream(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("kinesis")
    tags = [{"Key": "x", "Value": "1"}]
    stream = lab.create(
        Stream(), {"ShardCount": "2", "RetentionPeriodHours": 48, "Tags": tags}, without=NO_WARMTH
    )
    calls.put_record(StreamName=stream.ref, Data=b"a", PartitionKey="p")
    stream = lab.update(stream, {"ShardCount": 4})

    def summary() -> dict[str, object]:
        told = calls.describe_stream_summary(StreamName=stream.ref)["StreamDescriptionSummary"]
        return dict(told)

    assert summary()["OpenShardCount"] == 4
    assert summary()["RetentionPeriodHours"] == 24
    assert "x" not in {
        one["Key"] for one in calls.list_tags_for_stream(StreamName=stream.ref)["Tags"]
    }
    stream = lab.update(stream, {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}})
    assert summary()["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}

    consumer = lab.create(
        StreamConsumer(), {"ConsumerName": "c", "StreamARN": stream.attribute("Arn")}
    )
    (told,) = calls.list_stream_consumers(StreamARN=stream.attribute("Arn"))["Consumers"]
    assert told["ConsumerARN"] == consumer.ref
    lab.delete(consumer)

    policy = {"Version": "2012-10-17", "Statement": []}
    place = {"ResourceArn": stream.attribute("Arn")}
    made = lab.create(ResourcePolicy(), {**place, "ResourcePolicy": policy})
    told = calls.get_resource_policy(ResourceARN=stream.attribute("Arn"))
    assert json.loads(told["Policy"]) == policy
    lab.delete(made)
    lab.delete(stream)
    gone = error_of(lambda: calls.describe_stream_summary(StreamName=stream.ref))
    assert gone[0] == "ResourceNotFoundException"


def test_a_delivery_stream_writes_where_it_is_told(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("firehose")
    tables = [one for one in schemas.of(Bucket.name).attributes if one.startswith("Metadata")]
    bucket = lab.create(Bucket(), {}, "Bucket", without=tables)
    place = {"BucketARN": bucket.attribute("Arn"), "RoleARN": ROLE}

    def to(prefix: str) -> dict[str, object]:
        return {"ExtendedS3DestinationConfiguration": {**place, "Prefix": prefix}}

    stream = lab.create(DeliveryStream(), to("a/"), "Stream")
    stream = lab.update(stream, to("b/"))
    told = calls.describe_delivery_stream(DeliveryStreamName=stream.ref)
    (destination,) = told["DeliveryStreamDescription"]["Destinations"]
    assert destination["ExtendedS3DestinationDescription"]["Prefix"] == "b/"
    assert told["DeliveryStreamDescription"]["DeliveryStreamARN"] == stream.attribute("Arn")
    other = {"HttpEndpointDestinationConfiguration": {}}
    assert DeliveryStream().replacing(to("a/"), other) == {
        "ExtendedS3DestinationConfiguration",
        "HttpEndpointDestinationConfiguration",
    }
    lab.delete(stream)


def test_a_repository(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("ecr")
    policy = {
        "Version": "2008-10-17",
        "Statement": [
            {
                "Sid": "lambda",
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": ["ecr:BatchGetImage"],
            }
        ],
    }
    repository = lab.create(
        Repository(), {"ImageTagMutability": "IMMUTABLE", "RepositoryPolicyText": policy}
    )
    told = json.loads(calls.get_repository_policy(repositoryName=repository.ref)["policyText"])
    assert told["Statement"][0]["Sid"] == "lambda"
    repository = lab.update(repository, {"ImageScanningConfiguration": {"ScanOnPush": "true"}})
    (found,) = calls.describe_repositories(repositoryNames=[repository.ref])["repositories"]
    assert found["imageTagMutability"] == "MUTABLE"
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert found["repositoryUri"] == repository.attribute("RepositoryUri")
    code, _ = error_of(lambda: calls.get_repository_policy(repositoryName=repository.ref))
    assert code == "RepositoryPolicyNotFoundException"
    lab.delete(repository)
