"""An engine that tests may empty: nothing of before is left, and its next calls are fast ones."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from engine_fixtures import ROLE, Engine, launch

from lambda_nb.engine.process.cli import main

ECHO = "def handler(event, context):\n    print('ran')\n    return event\n"
SLOW = "import time\ndef handler(event, context):\n    time.sleep(60)\n"
KEYS_OF = (
    "import os\n"
    "def handler(event, context):\n"
    "    names = ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN')\n"
    "    return [os.environ[name] for name in names]\n"
)
OPTIONS = ("--resettable", "--runtime-fallback", "nearest")


@pytest.fixture(scope="module")
def emptied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that the tests of this module empty, each at its beginning."""
    engine = launch(tmp_path_factory.mktemp("engine"), *OPTIONS)
    yield engine
    assert engine.stop() == 0, engine.log_file.read_text()


def post(engine: Engine, keys: Credentials | None = None) -> tuple[int, Any]:
    """Ask for a reset; the status and the answer."""
    keys = keys or Credentials(*engine.keys.values())
    request = AWSRequest("POST", engine.url + "/_lambda_nb/reset", data=b"")
    SigV4Auth(keys, "lambda", engine.region).add_auth(request)
    signed = urllib.request.Request(
        engine.url + "/_lambda_nb/reset", b"", dict(request.headers.items()), method="POST"
    )
    try:
        with urllib.request.urlopen(signed, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def reset(engine: Engine) -> None:
    assert post(engine) == (200, {"reset": True})


def test_nothing_is_left(emptied: Engine) -> None:
    reset(emptied)
    client = emptied.client
    emptied.create(ECHO, FunctionName="echo")
    client().publish_version(FunctionName="echo")
    client().invoke(FunctionName="echo", Payload=b"1")
    client().invoke(FunctionName="echo", InvocationType="Event", Payload=b"2")
    client("s3").create_bucket(Bucket="orders")
    client("s3").put_object(Bucket="orders", Key="one", Body=b"1")
    queue = client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    client("sqs").send_message(QueueUrl=queue, MessageBody="left")
    arn = f"arn:aws:sqs:us-east-1:{emptied.account}:orders"
    client().create_event_source_mapping(FunctionName="echo", EventSourceArn=arn)
    client("sns").create_topic(Name="orders")
    client("iam").create_user(UserName="somebody")
    client("events").put_rule(Name="often", ScheduleExpression="rate(1 minute)")
    client("logs").create_log_group(logGroupName="mine")
    client("apigatewayv2").create_api(Name="orders", ProtocolType="HTTP")
    client("iot").create_thing(thingName="lamp")
    shelf = json.dumps({"Resources": {"Shelf": {"Type": "AWS::SQS::Queue"}}})
    client("cloudformation").create_stack(StackName="shop", TemplateBody=shelf)
    reset(emptied)
    assert client().list_functions()["Functions"] == []
    assert client().list_event_source_mappings()["EventSourceMappings"] == []
    assert client("s3").list_buckets()["Buckets"] == []
    assert "QueueUrls" not in client("sqs").list_queues()
    assert client("sns").list_topics()["Topics"] == []
    assert client("iam").list_users()["Users"] == []
    assert client("events").list_rules()["Rules"] == []
    assert client("logs").describe_log_groups()["logGroups"] == []
    assert client("apigatewayv2").get_apis()["Items"] == []
    assert client("iot").list_things()["things"] == []
    assert client("cloudformation").list_stacks()["StackSummaries"] == []
    assert emptied.status()["environments"] == []
    shown = json.loads(emptied.get("/_lambda_nb/events?function=echo"))
    assert shown["events"] == []


def test_what_runs_is_killed_and_prepared_interpreters_live(emptied: Engine) -> None:
    reset(emptied)
    emptied.create(ECHO, FunctionName="echo")
    emptied.client().invoke(FunctionName="echo")
    emptied.create(SLOW, FunctionName="slow", Timeout=90)
    emptied.client().invoke(FunctionName="slow", InvocationType="Event")
    while not any(e["function"] == "slow" for e in emptied.status()["environments"]):
        time.sleep(0.02)
    before = {zygote["pid"] for zygote in emptied.status()["zygotes"]}
    reset(emptied)
    status = emptied.status()
    assert status["environments"] == []
    assert {zygote["pid"] for zygote in status["zygotes"]} == before
    emptied.create(ECHO, FunctionName="slow")
    answer = emptied.client().invoke(FunctionName="slow", Payload=b'"new"')
    assert answer["Payload"].read() == b'"new"'


def test_events_of_before_do_not_reach_a_function_of_the_same_name(emptied: Engine) -> None:
    s3, lambda_ = emptied.client("s3"), emptied.client()
    for turn in range(3):
        reset(emptied)
        arn = f"arn:aws:lambda:us-east-1:{emptied.account}:function:sees"
        emptied.create(ECHO, FunctionName="sees")
        lambda_.add_permission(
            FunctionName="sees",
            StatementId="s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
        )
        s3.create_bucket(Bucket="seen")
        configuration = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
        s3.put_bucket_notification_configuration(
            Bucket="seen",
            NotificationConfiguration={"LambdaFunctionConfigurations": [configuration]},
        )
        for number in range(10):
            s3.put_object(Bucket="seen", Key=f"{turn}-{number}", Body=b"")
    while len(shown := _events(emptied, "sees")) < 10:
        time.sleep(0.05)
    assert len(shown) == 10


def _events(engine: Engine, function: str) -> list[Any]:
    told = json.loads(engine.get(f"/_lambda_nb/events?function={function}"))
    return [event for event in told["events"] if event["source"] == "s3"]


def test_executions_of_before_call_no_function_of_the_same_name(emptied: Engine) -> None:
    states = emptied.client("stepfunctions")
    call = f"arn:aws:lambda:us-east-1:{emptied.account}:function:called"
    machine = {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Call"},
            "Call": {"Type": "Task", "Resource": call, "End": True},
        },
    }
    arn = run = ""
    for turn in ("old", "new"):  # the old one would call first
        reset(emptied)
        emptied.create(ECHO, FunctionName="called")
        arn = states.create_state_machine(
            name="calls", definition=json.dumps(machine), roleArn=ROLE
        )["stateMachineArn"]
        run = states.start_execution(
            stateMachineArn=arn, name="same", input=json.dumps({"turn": turn})
        )["executionArn"]
    while (end := states.describe_execution(executionArn=run))["status"] == "RUNNING":
        time.sleep(0.05)
    assert (end["status"], json.loads(end["output"])) == ("SUCCEEDED", {"turn": "new"})
    shown = json.loads(emptied.get("/_lambda_nb/events?function=called"))["events"]
    assert len(shown) == 1


def test_other_regions_are_emptied_too(emptied: Engine) -> None:
    reset(emptied)
    there = emptied.client("lambda", region_name="eu-west-1")
    assert there.list_functions()["Functions"] == []
    emptied.client("sqs", region_name="eu-west-1").create_queue(QueueName="orders")
    there.publish_layer_version(LayerName="shelf", Content={"ZipFile": _empty_zip()})
    assert there.list_layers()["Layers"]
    assert "eu-west-1" in emptied.status()["regions"]
    reset(emptied)
    assert emptied.status()["regions"] == {}  # else each reset would open them all again
    assert not (emptied.data_dir / "regions" / "eu-west-1").exists()
    assert there.list_layers()["Layers"] == []
    assert "QueueUrls" not in emptied.client("sqs", region_name="eu-west-1").list_queues()


def _empty_zip() -> bytes:
    from engine_fixtures import zip_of

    return zip_of({"python/shelf.py": ""})


def test_only_the_engines_user_may_reset_it(emptied: Engine) -> None:
    reset(emptied)
    emptied.create(KEYS_OF, FunctionName="keys")
    answer = emptied.client().invoke(FunctionName="keys")
    of_function = json.loads(answer["Payload"].read())
    status, told = post(emptied, Credentials(*of_function))
    assert (status, told["Message"][:17]) == (403, "Only the keys tha")
    emptied.client("iam").create_user(UserName="guest")
    made = emptied.client("iam").create_access_key(UserName="guest")["AccessKey"]
    guest = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    assert post(emptied, guest)[0] == 403
    assert emptied.client().list_functions()["Functions"]
    reset(emptied)
    assert post(emptied, guest)[0] == 403  # its keys are nobody's now


def test_an_engine_that_was_not_started_for_it_is_not_emptied(
    start_engine: Callable[..., Engine],
) -> None:
    engine = start_engine()
    engine.client("sqs").create_queue(QueueName="kept")
    status, told = post(engine)
    assert status == 403
    assert "--resettable" in told["Message"]
    assert engine.client("sqs").list_queues()["QueueUrls"]


def test_a_reset_engine_begins_empty_when_it_is_started_again(
    start_engine: Callable[..., Engine],
) -> None:
    engine = start_engine(*OPTIONS)
    engine.create(ECHO, FunctionName="gone")
    engine.client("s3").create_bucket(Bucket="gone")
    reset(engine)
    engine.client("s3").create_bucket(Bucket="after")
    assert engine.stop() == 0
    again = start_engine(*OPTIONS)
    assert again.client().list_functions()["Functions"] == []
    assert [one["Name"] for one in again.client("s3").list_buckets()["Buckets"]] == ["after"]


@pytest.mark.parametrize(
    "elsewhere",
    [("--neighbours", "http://127.0.0.1:9"), ("--neighbour", "s3=http://127.0.0.1:9")],
)
def test_what_is_elsewhere_is_not_this_engines_to_empty(
    elsewhere: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--resettable", *elsewhere])
    assert "not this engine's to empty" in capsys.readouterr().err


def test_nothing_of_functions_lies_in_the_data_directory(
    start_engine: Callable[..., Engine],
) -> None:
    engine = start_engine(*OPTIONS)
    engine.create("SECRET_OF_TEST = 1\n" + ECHO, FunctionName="gone")
    reset(engine)
    left = [path for path in Path(engine.data_dir / "files").rglob("*") if path.is_file()]
    assert left == []
