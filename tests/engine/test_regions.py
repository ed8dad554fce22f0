"""One engine, several Regions: they share nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from engine_fixtures import ROLE, Ear, Engine, zip_of

Start = Callable[..., Engine]

TELLS = """
import json, os
{say}
def handler(event, context):
    arn, region = context.invoked_function_arn, os.environ["AWS_REGION"]
    told = {{"event": event, "region": region, "arn": arn}}
    {tell}
    return told
"""


def make(client: Any, name: str, code: str, **settings: Any) -> str:
    """Create a function; its ARN."""
    answer = client.create_function(
        FunctionName=name,
        Runtime="python{}.{}".format(*sys.version_info[:2]),
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": zip_of({"index.py": code})},
        **settings,
    )
    client.get_waiter("function_active_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
    )
    return str(answer["FunctionArn"])


def silent() -> str:
    return TELLS.format(say="", tell="")


def telling(ear: Ear) -> str:
    return TELLS.format(say=ear.say, tell="say(json.dumps(told))")


def called(client: Any, name: str) -> Any:
    return json.load(client.invoke(FunctionName=name)["Payload"])


def test_functions_layers_and_settings_of_a_region_are_its_own(start_engine: Start) -> None:
    engine = start_engine()
    home, away = engine.client(), engine.client(region_name="eu-west-1")
    here = make(home, "same", silent())
    assert away.list_functions()["Functions"] == []
    with pytest.raises(ClientError, match=r"eu-west-1:000000000000:function:same"):
        away.get_function(FunctionName="same")
    there = make(away, "same", silent(), MemorySize=256)
    assert here == "arn:aws:lambda:us-east-1:000000000000:function:same"
    assert there == "arn:aws:lambda:eu-west-1:000000000000:function:same"
    assert called(home, "same") == {"event": {}, "region": "us-east-1", "arn": here}
    assert called(away, "same") == {"event": {}, "region": "eu-west-1", "arn": there}
    with pytest.raises(ClientError) as refused:
        home.invoke(FunctionName=there)
    assert "eu-west-1" in str(refused.value)

    content = {"ZipFile": zip_of({"python/m.py": ""})}
    layer = away.publish_layer_version(LayerName="l", Content=content)["LayerVersionArn"]
    assert layer.startswith("arn:aws:lambda:eu-west-1:")
    assert home.list_layers()["Layers"] == []
    away.put_function_concurrency(FunctionName="same", ReservedConcurrentExecutions=900)
    limits = [c.get_account_settings()["AccountLimit"] for c in (home, away)]
    assert [limit["UnreservedConcurrentExecutions"] for limit in limits] == [1000, 100]
    home.delete_function(FunctionName="same")
    assert away.get_function(FunctionName="same")["Configuration"]["MemorySize"] == 256
    status = engine.status()
    assert status["region"] == "us-east-1"
    assert [e["function"] for e in status["regions"]["eu-west-1"]["environments"]] == ["same"]


@pytest.mark.slow
def test_events_reach_the_functions_of_their_region(start_engine: Start, ear: Ear) -> None:
    engine = start_engine()
    region = "ap-southeast-2"
    away = engine.client(region_name=region)
    arn = make(away, "listens", telling(ear))

    def client(service: str) -> Any:
        return engine.client(service, region_name=region)

    topic = client("sns").create_topic(Name="t")["TopicArn"]
    away.add_permission(
        FunctionName="listens",
        StatementId="sns",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    client("sns").publish(TopicArn=topic, Message="by topic")
    queue = client("sqs").create_queue(QueueName="q")["QueueUrl"]
    asked = {"QueueUrl": queue, "AttributeNames": ["QueueArn"]}
    source = client("sqs").get_queue_attributes(**asked)["Attributes"]["QueueArn"]
    away.create_event_source_mapping(FunctionName="listens", EventSourceArn=source)
    client("sqs").send_message(QueueUrl=queue, MessageBody="by queue")
    client("kinesis").create_stream(StreamName="s", ShardCount=1)
    summary = client("kinesis").describe_stream_summary(StreamName="s")
    away.create_event_source_mapping(
        FunctionName="listens",
        EventSourceArn=summary["StreamDescriptionSummary"]["StreamARN"],
        StartingPosition="TRIM_HORIZON",
    )
    client("kinesis").put_record(StreamName="s", Data=b"by stream", PartitionKey="p")
    away.invoke(FunctionName="listens", InvocationType="Event", Payload=b'"by queue of events"')
    ear.wait(lambda said: len(said) == 4)
    told = [json.loads(text) for text in ear.heard]
    assert {one["region"] for one in told} == {region}
    regions = {
        record["awsRegion"]
        for one in told
        if isinstance(one["event"], dict)
        for record in one["event"]["Records"]
        if "awsRegion" in record
    }
    assert regions == {region}
    assert engine.client().list_event_source_mappings()["EventSourceMappings"] == []
    assert engine.stop() == 0
    assert "is lost" not in engine.log_file.read_text()


@pytest.mark.slow
def test_what_a_region_holds_is_there_again(start_engine: Start, ear: Ear) -> None:
    engine = start_engine()
    away = engine.client(region_name="eu-central-1")
    make(away, "kept", telling(ear))
    queue = engine.client("sqs", region_name="eu-central-1").create_queue(QueueName="q")
    away.create_event_source_mapping(
        FunctionName="kept", EventSourceArn="arn:aws:sqs:eu-central-1:000000000000:q"
    )
    assert engine.stop() == 0

    again = start_engine()  # no client uses the Region before the message is sent
    sqs = again.client("sqs", region_name="eu-central-1")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="q")["QueueUrl"], MessageBody="m")
    ear.wait(lambda said: len(said) == 1)
    assert json.loads(ear.heard[0])["region"] == "eu-central-1"
    assert queue["QueueUrl"].endswith("/q")
    names = again.client(region_name="eu-central-1").list_functions()["Functions"]
    assert [one["FunctionName"] for one in names] == ["kept"]


def test_urls_links_and_logs_of_another_region(start_engine: Start) -> None:
    engine = start_engine()
    away = engine.client(region_name="eu-west-3")
    make(away, "web", silent())
    url = away.create_function_url_config(FunctionName="web", AuthType="NONE")["FunctionUrl"]
    away.add_permission(
        FunctionName="web",
        StatementId="all",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    for address in (url, f"{engine.url}/lambda-url/{engine.identifier(url)}/"):
        with requests.get(address, timeout=30) as answer:
            assert answer.json()["region"] == "eu-west-3"
    link = away.get_function(FunctionName="web")["Code"]["Location"]
    with requests.get(link, timeout=30) as archive:
        assert archive.content[:2] == b"PK"

    def groups(region: str) -> list[str]:
        logs = engine.client("logs", region_name=region)
        found = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
        return [group["arn"] for group in found]

    deadline = time.monotonic() + 20
    while not groups("eu-west-3"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (group,) = groups("eu-west-3")
    assert group.startswith("arn:aws:logs:eu-west-3:000000000000:log-group:/aws/lambda/web")
    assert groups("us-east-1") == []


@pytest.mark.slow
def test_what_waits_to_be_sent_is_sent_before_the_end(start_engine: Start) -> None:
    engine = start_engine()
    engine.client("sqs").list_queues()  # the services have started
    for region in ("us-east-1", "eu-west-1"):
        client = engine.client(region_name=region)
        make(client, "last", silent())
        called(client, "last")
    assert engine.stop() == 0
    assert "wait" not in engine.log_file.read_text()
    again = start_engine()
    for region in ("us-east-1", "eu-west-1"):
        metrics = again.client("cloudwatch", region_name=region)
        told = metrics.list_metrics(Namespace="AWS/Lambda", MetricName="Invocations")["Metrics"]
        assert [{"Name": "FunctionName", "Value": "last"}] in [one["Dimensions"] for one in told]


def test_without_signatures_the_region_of_a_call_counts_too(start_engine: Start) -> None:
    engine = start_engine("--auth", "none", "--region", "eu-west-1")
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    clients = [
        boto3.client("lambda", endpoint_url=engine.url, region_name=name, **keys)
        for name in ("eu-west-1", "us-west-2")
    ]
    arns = [make(client, "f", silent()) for client in clients]
    for client in clients:
        client.close()
    assert [arn.split(":")[3] for arn in arns] == ["eu-west-1", "us-west-2"]


def test_a_stranger_opens_no_region(start_engine: Start) -> None:
    engine = start_engine()
    config = Config(retries={"total_max_attempts": 1})
    stranger = engine.client(region_name="sa-east-1", aws_access_key_id="unknown", config=config)
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        stranger.list_functions()
    assert not (engine.data_dir / "regions").exists()
