"""Claim: from each of eight sources, an event reaches its handler as fast as with the best peer.

One run measures lambda_nb (checks signatures, durable queues) and ministack (default settings, in
memory). First, the median of milliseconds from the start of the source's call to the handler's
first line, one event at a time. Then events a second: four clients send without pause, until the
last event reaches its handler. Rounds alternate, so that a slow phase of the machine hits both.

    python benchmarks/events.py [--rounds 2] [--events 25] [--seconds 0.5] [--only sqs kinesis]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.config import Config
from support import load, peers
from support.ear import Ear, mark
from support.peers import Peer

ROLE = "arn:aws:iam::000000000000:role/lambda"
SENDERS = 4
LOST_AFTER_S = 5.0
Send = Callable[[Any, str], object]
Figures = dict[str, dict[str, list[float]]]


def main() -> None:
    """Measure both and print the table with ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--events", type=int, default=25, help="of each source in a round")
    parser.add_argument("--seconds", type=float, default=0.5, help="of sending without pause")
    parser.add_argument("--only", nargs="*", choices=list(SOURCES), default=list(SOURCES))
    options = parser.parse_args()

    ear = Ear()
    latencies: dict[str, Figures] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for round_ in range(options.rounds):
        for start in (lambda: peers.lambda_nb(auth="sigv4"), peers.ministack):
            with start() as peer:
                for source in options.only:
                    doing = f"round {round_ + 1} of {options.rounds}: {peer.name}, {source} ..."
                    print(f"{doing:60}", end="\r", file=sys.stderr, flush=True)
                    measure(latencies[source][peer.name], peer, source, ear, options)
    report(latencies)


def measure(
    rows: dict[str, list[float]],
    peer: Peer,
    source: str,
    ear: Ear,
    options: argparse.Namespace,
) -> None:
    """Measure one source of one peer with a new function: latency, then events a second."""
    function = f"{source}-{time.time_ns()}"
    peers.create_echo(peer.client(), function, ear.code)
    with SOURCES[source](peer, function) as (service, send):
        client = connect(peer, service)
        settle(client, send, ear)
        for _ in range(options.events):
            rows["seconds"] += one(client, send, ear)
            time.sleep(0.02)  # the last event's remaining work must not slow down the next
        rows["rate"].append(rate(peer, service, send, ear, options.seconds))


def connect(peer: Peer, service: str) -> Any:
    """A boto3 client of a peer."""
    key, secret = peer.credentials
    return boto3.client(
        service,
        endpoint_url=peer.url,
        region_name=peers.REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def settle(client: Any, send: Send, ear: Ear) -> None:
    """Send until three events came: now the source is read and the function is warm."""
    deadline = time.monotonic() + 60
    through = 0
    while through < 3:
        name = mark()
        send(client, name)
        through += len(ear.wait([name], 1.0))
        if time.monotonic() > deadline:
            raise RuntimeError(f"no event came through: {client.meta.endpoint_url}")


def one(client: Any, send: Send, ear: Ear) -> list[float]:
    """Seconds from the start of the call to the handler; nothing if the event was lost."""
    name = mark()
    began = time.time_ns()
    send(client, name)
    return [(ear.came[name] - began) / 1e9 for name in ear.wait([name], LOST_AFTER_S)]


def rate(peer: Peer, service: str, send: Send, ear: Ear, seconds: float) -> float:
    """Events a second, from the first call to the last handler."""
    sent: list[list[str]] = [[] for _ in range(SENDERS)]
    clients = [connect(peer, service) for _ in range(SENDERS)]
    began = time.time_ns()

    def run(client: Any, names: list[str]) -> None:
        while time.time_ns() - began < seconds * 1e9:
            name = mark()
            send(client, name)
            names.append(name)

    threads = [threading.Thread(target=run, args=pair) for pair in zip(clients, sent, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    came = ear.wait([name for names in sent for name in names], LOST_AFTER_S)
    return len(came) / ((max(ear.came[name] for name in came) - began) / 1e9)


# Each source sets itself up for a function. It yields the service and how to send one event.


@contextlib.contextmanager
def s3(peer: Peer, function: str) -> Iterator[tuple[str, Send]]:
    """A bucket that notifies the function."""
    client = connect(peer, "s3")
    client.create_bucket(Bucket=function)
    connect(peer, "lambda").add_permission(
        FunctionName=function,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{function}",
    )
    client.put_bucket_notification_configuration(
        Bucket=function,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": arn(peer, function), "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )
    yield "s3", lambda client, name: client.put_object(Bucket=function, Key=name, Body=b"x")


@contextlib.contextmanager
def sns(peer: Peer, function: str) -> Iterator[tuple[str, Send]]:
    """A topic that the function is subscribed to."""
    client = connect(peer, "sns")
    topic = client.create_topic(Name=function)["TopicArn"]
    connect(peer, "lambda").add_permission(
        FunctionName=function,
        StatementId="sns",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    client.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn(peer, function))
    yield "sns", lambda client, name: client.publish(TopicArn=topic, Message=name)


@contextlib.contextmanager
def eventbridge(peer: Peer, function: str) -> Iterator[tuple[str, Send]]:
    """A rule of the default bus with the function as its target."""
    client = connect(peer, "events")
    client.put_rule(Name=function, EventPattern=json.dumps({"source": [function]}))
    client.put_targets(Rule=function, Targets=[{"Id": "1", "Arn": arn(peer, function)}])

    def send(client: Any, name: str) -> object:
        detail = json.dumps({"name": name})
        entry = {"Source": function, "DetailType": "t", "Detail": detail}
        return client.put_events(Entries=[entry])

    yield "events", send


@contextlib.contextmanager
def iot(peer: Peer, function: str) -> Iterator[tuple[str, Send]]:
    """A topic rule of AWS IoT that invokes the function; messages are published over HTTP."""
    client = connect(peer, "iot")
    rule = re.sub(r"\W", "_", function)
    client.create_topic_rule(
        ruleName=rule,
        topicRulePayload={
            "sql": "SELECT mark FROM 'bench/+'",
            "awsIotSqlVersion": "2016-03-23",
            "actions": [{"lambda": {"functionArn": arn(peer, function)}}],
        },
    )
    connect(peer, "lambda").add_permission(
        FunctionName=function,
        StatementId="iot",
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
    )

    def send(data: Any, name: str) -> object:
        return data.publish(topic="bench/x", qos=1, payload=json.dumps({"mark": name}))

    yield "iot-data", send
    client.delete_topic_rule(ruleName=rule)


@contextlib.contextmanager
def asynchronous(peer: Peer, function: str) -> Iterator[tuple[str, Send]]:
    """The function itself, invoked asynchronously."""
    yield (
        "lambda",
        lambda client, name: client.invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps({"name": name})
        ),
    )


@contextlib.contextmanager
def sqs(peer: Peer, function: str) -> Iterator[tuple[str, Send]]:
    """A queue that the function reads."""
    client = connect(peer, "sqs")
    url = client.create_queue(QueueName=function)["QueueUrl"]
    told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    with mapped(peer, function, told["Attributes"]["QueueArn"]):
        yield "sqs", lambda client, name: client.send_message(QueueUrl=url, MessageBody=name)


@contextlib.contextmanager
def kinesis(peer: Peer, function: str) -> Iterator[tuple[str, Send]]:
    """A stream of one shard that the function reads."""
    client = connect(peer, "kinesis")
    client.create_stream(StreamName=function, ShardCount=1)
    stream = client.describe_stream(StreamName=function)["StreamDescription"]["StreamARN"]
    with mapped(peer, function, stream, StartingPosition="LATEST"):
        yield (
            "kinesis",
            lambda client, name: client.put_record(
                StreamName=function, PartitionKey="k", Data=name.encode()
            ),
        )


@contextlib.contextmanager
def dynamodb(peer: Peer, function: str) -> Iterator[tuple[str, Send]]:
    """A table whose stream the function reads."""
    made = connect(peer, "dynamodb").create_table(
        TableName=function,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    stream = made["TableDescription"]["LatestStreamArn"]
    with mapped(peer, function, stream, StartingPosition="LATEST"):
        yield (
            "dynamodb",
            lambda client, name: client.put_item(TableName=function, Item={"id": {"S": name}}),
        )


SOURCES: dict[str, Callable[[Peer, str], contextlib.AbstractContextManager[tuple[str, Send]]]] = {
    "s3": s3,
    "sns": sns,
    "eventbridge": eventbridge,
    "iot": iot,
    "asynchronous": asynchronous,
    "sqs": sqs,
    "kinesis": kinesis,
    "dynamodb": dynamodb,
}


@contextlib.contextmanager
def mapped(peer: Peer, function: str, source: str, **settings: Any) -> Iterator[None]:
    """An event source mapping with Lambda's defaults; deleted after the measurement."""
    client = peer.client()
    mapping = client.create_event_source_mapping(
        FunctionName=function, EventSourceArn=source, **settings
    )
    try:
        yield
    finally:
        client.delete_event_source_mapping(UUID=mapping["UUID"])


def arn(peer: Peer, function: str) -> str:
    """A function's ARN."""
    told = peer.client().get_function_configuration(FunctionName=function)
    return re.sub(r":\$LATEST$", "", told["FunctionArn"])


def report(latencies: dict[str, Figures]) -> None:
    """Print medians and the ratio to the peer."""
    print(f"{'':60}", end="\r", file=sys.stderr)
    print(f"Events from source to handler ({peers.machine()})\n")
    head = f"{'':14}{'p50 / p99 ms':>18}{'ministack':>18}{'ratio':>8}"
    print(f"{head}{'events/s':>12}{'ministack':>12}{'ratio':>8}")
    for source, figures in latencies.items():
        ours, theirs = figures["lambda_nb"], figures["ministack"]
        cells = [load.milliseconds(rows["seconds"]) for rows in (ours, theirs)]
        rates = [statistics.median(rows["rate"]) for rows in (ours, theirs)]
        shown = "".join(f"{f'{p50:.1f} / {p99:.1f}':>18}" for p50, p99 in cells)
        print(
            f"{source:14}{shown}{cells[0][0] / cells[1][0]:>8.2f}"
            f"{rates[0]:>12.0f}{rates[1]:>12.0f}{rates[0] / rates[1]:>8.2f}"
        )
    print("\nratio: time below 1 and events a second above 1 are in favour of lambda_nb.")


if __name__ == "__main__":
    main()
