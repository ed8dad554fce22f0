"""Services at the user's own endpoint push to functions through queues."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from engine_fixtures import Ear, Engine
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from lambda_nb.engine.events.pushed.bridge_queues import PREFIX


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A moto that is not ours, as another tool or machine would run it."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_pushes_from_elsewhere_arrive_as_the_services_write_them(
    start_engine: Callable[..., Engine], ear: Ear, elsewhere: str
) -> None:
    engine = start_engine("--neighbours", elsewhere)
    name = engine.create(
        f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    )

    def client(service: str) -> Any:
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        return boto3.client(service, endpoint_url=elsewhere, region_name="us-east-1", **keys)

    queue = client("sqs").create_queue(QueueName=f"{PREFIX}{name}")["QueueUrl"]
    answer = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = answer["Attributes"]["QueueArn"]

    s3 = client("s3")
    s3.create_bucket(Bucket="pushing")
    s3.put_bucket_notification_configuration(
        Bucket="pushing",
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    s3.put_object(Bucket="pushing", Key="k", Body=b"data")
    topic = client("sns").create_topic(Name="t")["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    client("sns").publish(TopicArn=topic, Message="m", Subject="s")
    events = client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["my.app"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{"Source": "my.app", "DetailType": "t", "Detail": '{"n": 1}'}])

    ear.wait(lambda said: len(said) == 3)
    told = [json.loads(text) for text in ear.heard]
    (bus,) = (event for event in told if "detail-type" in event)
    assert bus["detail"] == {"n": 1}
    firsts = [event["Records"][0] for event in told if "Records" in event]
    (stored,) = (record for record in firsts if record.get("eventSource") == "aws:s3")
    assert stored["s3"]["object"]["key"] == "k"
    (noted,) = (record for record in firsts if record.get("EventSource") == "aws:sns")
    assert (noted["Sns"]["Message"], noted["Sns"]["Subject"]) == ("m", "s")
    assert noted["EventSubscriptionArn"].startswith(f"{topic}:")
    assert {"SigningCertUrl", "UnsubscribeUrl", "MessageAttributes"} <= noted["Sns"].keys()
    assert noted["Sns"]["TopicArn"] == topic
