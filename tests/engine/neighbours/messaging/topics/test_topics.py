"""SNS: order and deduplication, HTTP endpoints, people, dead letters, filters."""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate
from engine_fixtures import Ear, Engine, error_of


class Server:
    """An HTTP endpoint that keeps what it gets; ``statuses`` are its next answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], str]] = []
        self.statuses: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def wait(self, number: int) -> None:
        until(lambda: len(self.got) >= number)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def until(condition: Callable[[], Any], within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


class Queue:
    """A queue and what is in it."""

    def __init__(self, engine: Engine, *, fifo: bool = False) -> None:
        self._sqs = engine.client("sqs")
        name = engine.name("q") + (".fifo" if fifo else "")
        attributes = {"FifoQueue": "true"} if fifo else {}
        self.url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        told = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = told["Attributes"]["QueueArn"]

    def messages(self, number: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + 20
        while len(found) < number and time.monotonic() < deadline:
            got = self._sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            for message in got:
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            found += got
        more = self._sqs.receive_message(QueueUrl=self.url).get("Messages", [])
        assert (len(found), more) == (number, [])
        return found


def topic_of(engine: Engine, **attributes: str) -> str:
    fifo = attributes.get("FifoTopic") == "true"
    name = engine.name("topic") + (".fifo" if fifo else "")
    made = engine.client("sns").create_topic(Name=name, Attributes=attributes)
    return str(made["TopicArn"])


def kept(engine: Engine, **wanted: str) -> list[dict[str, Any]]:
    """The messages to people that have these fields."""
    logs = engine.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix="/lambda-nb/messages")["logGroups"]:
        return []
    found = logs.filter_log_events(logGroupName="/lambda-nb/messages")["events"]
    told = [json.loads(one["message"]) for one in found]
    return [one for one in told if wanted.items() <= one.items()]


def test_a_fifo_topic_keeps_order_and_sends_once(engine: Engine) -> None:
    sns = engine.client("sns")
    topic = topic_of(engine, FifoTopic="true", ContentBasedDeduplication="true")
    queue, plain = Queue(engine, fifo=True), Queue(engine)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=plain.arn, Attributes=raw)
    names = {"TopicArn": topic, "MessageGroupId": "g"}
    numbers = [sns.publish(Message=f"m{n}", **names)["SequenceNumber"] for n in range(3)]
    assert numbers == sorted(numbers)
    assert {len(one) for one in numbers} == {20}
    first = sns.publish(Message="m0", **names)
    assert first["SequenceNumber"] == numbers[0]
    batch = sns.publish_batch(
        TopicArn=topic,
        PublishBatchRequestEntries=[
            {"Id": "a", "Message": "m3", "MessageGroupId": "g"},
            {"Id": "b", "Message": "m3", "MessageGroupId": "g"},
        ],
    )["Successful"]
    assert batch[0]["SequenceNumber"] == batch[1]["SequenceNumber"] > numbers[-1]
    messages = [json.loads(one["Body"]) for one in queue.messages(4)]
    assert [one["Message"] for one in messages] == ["m0", "m1", "m2", "m3"]
    assert [one["SequenceNumber"] for one in messages[:3]] == numbers
    assert sorted(one["Body"] for one in plain.messages(4)) == ["m0", "m1", "m2", "m3"]
    assert error_of(
        lambda: sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint="arn:aws:lambda:f")
    )[0].startswith("InvalidParameter")


def test_an_http_endpoint_confirms_and_gets_signed_messages(engine: Engine, server: Server) -> None:
    sns = engine.client("sns")
    topic = topic_of(engine, SignatureVersion="2")
    told = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=server.url)
    assert told["SubscriptionArn"] == "pending confirmation"
    server.wait(1)
    headers, body = server.got[0]
    confirmation = json.loads(body)
    assert headers["x-amz-sns-message-type"] == confirmation["Type"] == "SubscriptionConfirmation"
    assert headers["content-type"] == "text/plain; charset=UTF-8"
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert attributes["SubscriptionsPending"] == "1"
    sns.publish(TopicArn=topic, Message="too early")
    bad = {"TopicArn": topic, "Token": "wrong"}
    assert error_of(lambda: sns.confirm_subscription(**bad)) == (
        "InvalidParameter",
        "Invalid parameter: Token",
    )
    with urllib.request.urlopen(confirmation["SubscribeURL"], timeout=30) as reply:
        assert b"ConfirmSubscriptionResult" in reply.read()
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"].startswith(f"{topic}:")
    sns.publish(
        TopicArn=topic,
        Message="hello",
        Subject="news",
        MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}},
    )
    server.wait(2)
    headers, body = server.got[1]
    message = json.loads(body)
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-topic-arn"] == topic
    assert headers["x-amz-sns-subscription-arn"] == listed["SubscriptionArn"]
    assert (message["Message"], message["Subject"]) == ("hello", "news")
    assert message["MessageAttributes"] == {"k": {"Type": "String", "Value": "v"}}
    verify(message, ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"])
    verify(
        confirmation,
        ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    )
    urllib.request.urlopen(message["UnsubscribeURL"], timeout=30).close()
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def verify(message: dict[str, Any], fields: list[str]) -> None:
    """Verify a message as its receivers do."""
    with urllib.request.urlopen(message["SigningCertURL"], timeout=30) as reply:
        key = load_pem_x509_certificate(reply.read()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    text = "".join(f"{name}\n{message[name]}\n" for name in fields)
    kind = SHA256() if message["SignatureVersion"] == "2" else SHA1()
    key.verify(base64.b64decode(message["Signature"]), text.encode(), padding.PKCS1v15(), kind)


def test_an_endpoint_is_tried_again_and_then_the_message_is_a_dead_letter(
    engine: Engine, server: Server
) -> None:
    sns = engine.client("sns")
    topic, dead = topic_of(engine), Queue(engine)
    policy = {"healthyRetryPolicy": {"numRetries": 2, "numNoDelayRetries": 2}}
    arn = sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=server.url,
        Attributes={
            "DeliveryPolicy": json.dumps(policy),
            "RawMessageDelivery": "true",
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead.arn}),
        },
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    server.wait(1)
    token = json.loads(server.got[0][1])["Token"]
    assert sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"] == arn
    server.statuses += [500, 503]
    sns.publish(TopicArn=topic, Message="third time")
    server.wait(4)
    assert [body for _, body in server.got[1:]] == ["third time"] * 3
    assert server.got[1][0]["x-amz-sns-rawdelivery"] == "true"
    server.statuses += [500, 500, 500]
    sns.publish(TopicArn=topic, Message="lost")
    server.statuses.append(404)
    (letter,) = dead.messages(1)
    assert letter["Body"] == "lost"
    until(lambda: len(server.got) == 7)
    sns.publish(TopicArn=topic, Message="no retry")
    (letter,) = dead.messages(1)
    assert (letter["Body"], len(server.got)) == ("no retry", 8)
    wrong = json.dumps({"healthyRetryPolicy": {"numRetries": 101}})
    assert (
        "numRetries"
        in error_of(
            lambda: sns.set_subscription_attributes(
                SubscriptionArn=arn, AttributeName="DeliveryPolicy", AttributeValue=wrong
            )
        )[1]
    )


def test_functions_must_let_sns_in(engine: Engine, ear: Ear) -> None:
    sns = engine.client("sns")
    topic, dead = (
        topic_of(engine, LambdaFailureFeedbackRoleArn="arn:aws:iam::1:role/r"),
        Queue(engine),
    )
    name = engine.create(
        f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    )
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"
    sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=arn,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead.arn})},
    )
    sns.publish(TopicArn=topic, Message="refused")
    (letter,) = dead.messages(1)
    assert json.loads(letter["Body"])["Message"] == "refused"
    group = f"sns/{engine.region}/{engine.account}/{topic.rpartition(':')[2]}/Failure"
    (logged,) = engine.client("logs").filter_log_events(logGroupName=group)["events"]
    assert json.loads(logged["message"])["status"] == "FAILURE"
    engine.client().add_permission(
        FunctionName=name,
        StatementId="sns",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    sns.publish(TopicArn=topic, Message="let in")
    ear.wait(lambda said: len(said) == 1)
    event = json.loads(ear.heard[0])["Records"][0]["Sns"]
    assert (event["Message"], event["SignatureVersion"]) == ("let in", "1")
    assert {"SigningCertUrl", "UnsubscribeUrl"} <= event.keys()


def test_each_protocol_gets_its_part_of_a_message(engine: Engine) -> None:
    sns = engine.client("sns")
    topic, queue = topic_of(engine), Queue(engine)
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes=raw)
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+12065550100")
    parts = {"default": "all", "sqs": "queue", "sms": "short"}
    sns.publish(TopicArn=topic, Message=json.dumps(parts), MessageStructure="json")
    assert queue.messages(1)[0]["Body"] == "queue"
    (text,) = kept(engine, topicArn=topic)
    assert (text["channel"], text["to"], text["text"]) == ("sms", "+12065550100", "short")
    names = {"TopicArn": topic, "MessageStructure": "json"}
    assert error_of(lambda: sns.publish(Message="{}", **names)) == (
        "InvalidParameter",
        "Invalid parameter: Message Structure - No default entry in JSON message body",
    )
    assert error_of(lambda: sns.publish(Message="text", **names))[1].endswith("failed to parse")


def test_messages_to_people_are_kept(engine: Engine) -> None:
    sns = engine.client("sns")
    topic = topic_of(engine)
    sns.publish(PhoneNumber="+12065550101", Message="direct")
    (text,) = kept(engine, to="+12065550101")
    assert (text["channel"], text["text"]) == ("sms", "direct")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
    (mail,) = kept(engine, topicArn=topic)
    sns.confirm_subscription(TopicArn=topic, Token=mail["token"])
    sns.publish(TopicArn=topic, Message="by mail", Subject="s")
    assert kept(engine, topicArn=topic, subject="s")[0]["to"] == "ada@example.com"
    application = sns.create_platform_application(
        Name=engine.name("app"), Platform="GCM", Attributes={"PlatformCredential": "x"}
    )["PlatformApplicationArn"]
    endpoint = sns.create_platform_endpoint(PlatformApplicationArn=application, Token="phone-1")[
        "EndpointArn"
    ]
    pushed = {"default": "d", "GCM": json.dumps({"notification": {"title": "t"}})}
    sns.publish(TargetArn=endpoint, Message=json.dumps(pushed), MessageStructure="json")
    (push,) = kept(engine, endpointArn=endpoint)
    assert (push["channel"], push["to"], push["platform"]) == ("push", "phone-1", "GCM")
    assert json.loads(push["text"]) == {"notification": {"title": "t"}}
    sns.subscribe(TopicArn=topic, Protocol="application", Endpoint=endpoint)
    sns.publish(TopicArn=topic, Message="to all")
    assert kept(engine, endpointArn=endpoint, text="to all")


BODY, ATTRIBUTES = "MessageBody", "MessageAttributes"
BOTH = ("String.Array", '["a","b"]')


@pytest.mark.parametrize(
    ("policy", "scope", "message", "attribute", "passes"),
    [
        ({"k": ["a"]}, ATTRIBUTES, "", ("String", "a"), True),
        ({"k": [{"anything-but": {"prefix": "a"}}]}, ATTRIBUTES, "", ("String", "b"), True),
        ({"k": [{"anything-but": ["a"]}]}, ATTRIBUTES, "", BOTH, True),
        ({"k": [{"cidr": "10.0.0.0/8"}]}, ATTRIBUTES, "", ("String", "10.1.1.1"), True),
        ({"k": [{"exists": False}]}, ATTRIBUTES, "", ("String", "a"), False),
        ({"k": [{"numeric": [">", 1]}]}, ATTRIBUTES, "", ("Number", "2.5"), True),
        ({"k": [{"numeric": [">", 1]}]}, ATTRIBUTES, "", ("String", "2.5"), False),
        ({"k": [{"wildcard": "a*c"}]}, ATTRIBUTES, "", ("String", "abc"), True),
        ({"$or": [{"x": ["1"]}, {"k": ["a"]}]}, ATTRIBUTES, "", ("String", "a"), True),
        ({"a": {"b": ["c"]}}, BODY, '{"a": {"b": "c"}}', None, True),
        ({"a": {"b": ["c"]}}, BODY, "no json", None, False),
    ],
)
def test_filters(
    engine: Engine,
    policy: dict[str, Any],
    scope: str,
    message: str,
    attribute: tuple[str, str] | None,
    passes: bool,
) -> None:
    from lambda_nb.engine.neighbours.services.messaging.topics import filter_policies

    sns = engine.client("sns")
    told = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
    arn = sns.subscribe(
        TopicArn=topic_of(engine),
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:000000000000:q",
        Attributes=told,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    kept_policy = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert json.loads(kept_policy["FilterPolicy"]) == policy
    attributes = {"k": {"Type": attribute[0], "Value": attribute[1]}} if attribute else {}
    assert filter_policies.lets_through(policy, scope, message, attributes) is passes


@pytest.mark.slow
def test_retries_go_on_after_a_restart(start_engine: Any, server: Server) -> None:
    engine = start_engine()
    sns = engine.client("sns")
    topic = topic_of(engine)
    policy = {"healthyRetryPolicy": {"numRetries": 1, "minDelayTarget": 2, "maxDelayTarget": 2}}
    sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=server.url,
        Attributes={"DeliveryPolicy": json.dumps(policy)},
    )
    server.wait(1)
    sns.confirm_subscription(TopicArn=topic, Token=json.loads(server.got[0][1])["Token"])
    server.statuses.append(500)
    sns.publish(TopicArn=topic, Message="again")
    server.wait(2)
    engine.stop()
    again = start_engine()
    again.client("sns").list_topics()
    server.wait(3)
    assert json.loads(server.got[2][1])["Message"] == "again"
