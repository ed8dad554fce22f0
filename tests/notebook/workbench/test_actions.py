"""Each action of the workbench against a real engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from engine_fixtures import Engine
from workbench_tools import Actions, connected

from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.functions.code_origin import Origin
from lambda_nb.notebook.web import http_api
from lambda_nb.notebook.workbench.faults import Refusal, fault

HALF = "def handler(event, context):\n    print('halving')\n    return event['n'] / 2\n"


@pytest.fixture(scope="module")
def cells() -> dict[str, Origin]:
    return {}


@pytest.fixture(scope="module")
def act(engine: Engine, cells: dict[str, Origin]) -> Iterator[Actions]:
    with connected(engine) as session:
        yield Actions(session, cells)


# -- invoke


def test_an_invocation_has_its_log_and_bill(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF, MemorySize=256)
    first = act("invoke", name=name, payload='{"n": 3}')
    assert first["status"] == "success"
    assert first["payload"] == "1.5"
    assert first["start"] == "cold"
    assert first["init_ms"] > 0
    assert "halving" in first["log"]
    assert first["memory_mb"] == 256
    assert first["billed_ms"] >= first["duration_ms"]
    assert 0 < first["cost"] < 0.001
    assert abs(first["at"] - time.time() * 1000) < 60_000
    assert act("invoke", name=name, payload='{"n": 3}')["init_ms"] is None


def test_a_failure_shows_the_line_of_the_cell(
    act: Actions, engine: Engine, cells: dict[str, Origin]
) -> None:
    name = engine.create(HALF)
    cells[name] = Origin("Cell In[7]", f"%%lambda {name}\n{HALF}", "index.py", 1)
    told = act("invoke", name=name, payload="{}")
    assert told["status"] == "error"
    assert told["error"]["type"] == "KeyError"
    assert "Cell In[7], line 4, in handler" in told["error"]["frames"]
    assert "\x1b" not in told["error"]["frames"]


def test_an_event_is_accepted(act: Actions, engine: Engine) -> None:
    told = act("invoke", name=engine.create(HALF), payload='{"n": 1}', asynchronous=True)
    assert told["status"] == "accepted"
    assert told["payload"] == ""


def test_a_throttle_is_a_result(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF)
    act("update_settings", name=name, settings={"reserved": 0})
    told = act("invoke", name=name, payload='{"n": 1}')
    assert told["status"] == "throttled"
    assert "ReservedFunctionConcurrentInvocationLimitExceeded" in told["error"]["message"]


@pytest.mark.parametrize("payload", ["{", "{'n': 1}", "n"])
def test_a_payload_that_is_no_json(act: Actions, engine: Engine, payload: str) -> None:
    with pytest.raises(Refusal, match="the payload is no JSON"):
        act("invoke", name="whoever", payload=payload)


def test_every_sample_is_json(act: Actions) -> None:
    told = act("samples")
    assert len({one["title"] for one in told}) == len(told) > 20
    for one in told:
        json.loads(act("sample", source=one["source"]))
    with pytest.raises(UsageError, match="no event source"):
        act("sample", source="pigeon")


def test_what_reached_a_function(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF)
    act("invoke", name=name, payload='{"n": 1}')
    act("invoke", name=name, payload='{"m": 2}')
    latest, first = act("events", name=name)
    assert json.loads(first["payload"]) == {"n": 1}
    assert first["status"] == "success"
    assert first["response"] == "0.5"
    assert first["origin"].startswith("call")
    assert latest["status"] == "error"
    assert latest["start"] == "warm"
    assert first["start"] == "cold"


# -- settings


def test_settings_that_are_given_change_and_the_others_stay(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF, MemorySize=256, Description="halves")
    before = act("settings", name=name)
    assert before["memory_mb"] == 256
    assert before["reserved"] is None
    told = act(
        "update_settings",
        name=name,
        settings={
            "timeout_s": 9,
            "environment": {"AA": "1"},
            "log_format": "JSON",
            "ephemeral_storage_mb": 1024,
            "reserved": 3,
            "memory_mb": None,
        },
    )
    changed = {
        "timeout_s": 9,
        "environment": {"AA": "1"},
        "log_format": "JSON",
        "ephemeral_storage_mb": 1024,
        "reserved": 3,
    }
    assert told == before | changed
    assert act("settings", name=name) == told
    last = {"reserved": None, "log_format": "Text", "environment": {}}
    assert act("update_settings", name=name, settings=last) == told | last


def test_lambda_says_which_setting_is_wrong(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF)
    with pytest.raises(ClientError) as caught:
        act("update_settings", name=name, settings={"runtime": "python2.9"})
    told = fault(caught.value)
    assert told["type"] == "InvalidParameterValueException"
    assert "python2.9" in told["message"]
    with pytest.raises(ParamValidationError) as wrong:
        act("update_settings", name=name, settings={"memory_mb": 64})
    assert fault(wrong.value)["message"] == (
        "Invalid value for parameter MemorySize, value: 64, valid min value: 128"
    )


# -- versions and aliases


def test_versions_and_a_canary(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF)
    assert act("publish", name=name, description="first")["version"] == "1"
    engine.update(name, HALF.replace("/ 2", "/ 4"))
    assert act("publish", name=name)["version"] == "2"
    made = act("put_alias", name=name, alias="live", version="1")
    assert made == {"name": "live", "version": "1", "description": "", "weights": {}}
    moved = act("put_alias", name=name, alias="live", version="1", weights={"2": 0.25})
    assert moved["weights"] == {"2": 0.25}
    told = act("details", name=name)
    assert [one["version"] for one in told["versions"]] == ["2", "1"]
    assert told["versions"][1]["description"] == "first"
    assert told["versions"][0]["code_sha256"] != told["versions"][1]["code_sha256"]
    assert told["aliases"] == [moved]
    assert act("invoke", name=name, qualifier="2", payload='{"n": 4}')["payload"] == "1.0"
    described = act("put_alias", name=name, alias="live", version="2", description="canary")
    assert (described["weights"], described["description"]) == ({}, "canary")
    kept = act("put_alias", name=name, alias="live", version="2")
    assert kept["description"] == "canary"
    act("delete_alias", name=name, alias="live")
    assert act("details", name=name)["aliases"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        act("delete_alias", name=name, alias="live")
    with pytest.raises(ClientError, match="Function not found"):
        act("put_alias", name="nobody-here", alias="live", version="1")


def test_sources_url_and_layers(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF)
    sqs, s3 = engine.client("sqs"), engine.client("s3")
    queue = sqs.create_queue(QueueName=f"{name}-q")["QueueUrl"]
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arns = [
        sqs.get_queue_attributes(QueueUrl=one, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        for one in (queue, dead)
    ]
    engine.client().create_event_source_mapping(FunctionName=name, EventSourceArn=arns[0])
    engine.client().add_permission(
        FunctionName=name,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::photos",
    )
    engine.client().update_function_configuration(
        FunctionName=name, DeadLetterConfig={"TargetArn": arns[1]}
    )
    assert s3
    url = act("url", name=name)["url"]
    assert act("url", name=name)["url"] == url
    told = act("details", name=name)
    assert told["url"] == url
    assert told["dead_letter_arn"] == arns[1]
    found = {(one["service"], one["name"]) for one in told["sources"]}
    assert found == {("sqs", f"{name}-q"), ("s3", "photos")}


# -- deletion


def test_a_deletion_is_undone(act: Actions, engine: Engine) -> None:
    name = engine.create(
        HALF, MemorySize=512, Environment={"Variables": {"AA": 'ä "1"'}}, Tags={"team": "x"}
    )
    client = engine.client()
    act("update_settings", name=name, settings={"reserved": 5})
    url = act("url", name=name)["url"]
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    act("publish", name=name)
    before = act("settings", name=name)
    told = act("delete", name=name)
    assert told["lost"] == "version 1, the address of its URL (an undo makes a new one)"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        act("settings", name=name)
    act("undo", undo=told["undo"])
    assert act("settings", name=name) == before
    assert act("invoke", name=name, payload='{"n": 8}')["payload"] == "4.0"
    assert client.list_tags(Resource=act_arn(engine, name))["Tags"] == {"team": "x"}
    again = client.get_function_event_invoke_config(FunctionName=name)
    assert again["MaximumRetryAttempts"] == 1
    assert act("details", name=name)["url"] not in ("", url)
    policy = json.loads(client.get_policy(FunctionName=name)["Policy"])
    assert len(policy["Statement"]) == 2
    with pytest.raises(Refusal, match="cannot be undone any more"):
        act("undo", undo=told["undo"])


def act_arn(engine: Engine, name: str) -> str:
    return str(engine.client().get_function_configuration(FunctionName=name)["FunctionArn"])


def test_routes_come_back_with_their_function(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF)
    wanted = http_api.Wanted(f"api-{name}", [f"GET /{name}", f"POST /{name}/{{n}}"])
    http_api.serve(act.tools.clients, name, act_arn(engine, name), wanted)
    routes = act("details", name=name)["apis"]
    assert [one["route"] for one in routes] == wanted.keys
    assert routes[0]["api"] == f"api-{name}"
    assert routes[0]["address"].startswith("http")
    told = act("delete", name=name)
    assert told["lost"] == "CORS of its routes"
    act("undo", undo=told["undo"])
    assert act("details", name=name)["apis"] == routes


def test_an_undo_does_not_overwrite(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF)
    told = act("delete", name=name)
    engine.create(HALF.replace("/ 2", "/ 3"), FunctionName=name)
    with pytest.raises(ClientError, match="already exist"):
        act("undo", undo=told["undo"])
    act("delete", name=name)
    act("undo", undo=told["undo"])
    assert act("invoke", name=name, payload='{"n": 6}')["payload"] == "3.0"


def test_an_undo_brings_back_all_it_can_and_says_what_it_cannot(
    act: Actions, engine: Engine
) -> None:
    name = engine.create(HALF)
    act("url", name=name)
    token = act("delete", name=name)["undo"]
    act.tools.deleted[token] = replace(act.tools.deleted[token], retries={"Wrong": 1})
    with pytest.raises(Refusal, match="is back, but without its settings of retries") as caught:
        act("undo", undo=token)
    assert caught.value.type == "PartlyUndone"
    assert act("details", name=name)["url"]
    assert act("invoke", name=name, payload='{"n": 8}')["payload"] == "4.0"


def test_an_undo_goes_to_where_the_function_was(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF)
    token = act("delete", name=name)["undo"]
    kept = act.tools.deleted[token]
    act.tools.deleted[token] = replace(kept, place=("aws", "", "", "us-east-1"))
    with pytest.raises(Refusal, match="another endpoint"):
        act("undo", undo=token)
    act.tools.deleted[token] = kept
    act("undo", undo=token)


def test_a_version_is_deleted(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF)
    act("publish", name=name)
    told = act("delete", name=name, qualifier="1")
    assert told["undo"] == ""
    assert "version 1" in told["lost"]
    assert act("details", name=name)["versions"] == []


# -- queues


def queue(engine: Engine, name: str, **attributes: str) -> tuple[str, str]:
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, told["Attributes"]["QueueArn"]


def depth(engine: Engine, url: str) -> tuple[int, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = engine.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return int(told["Attributes"][names[0]]), int(told["Attributes"][names[1]])


def test_messages_are_looked_at_and_stay(act: Actions, engine: Engine) -> None:
    url, _ = queue(engine, engine.name("peek"))
    for number in range(25):
        engine.client("sqs").send_message(
            QueueUrl=url,
            MessageBody=str(number),
            MessageAttributes={"kind": {"DataType": "String", "StringValue": "odd"}},
        )
    told = act("peek", url=url)
    assert sorted(int(one["body"]) for one in told) == list(range(25))
    assert told[0]["attributes"]["kind"] == "odd"
    assert "SentTimestamp" in told[0]["attributes"]
    assert depth(engine, url) == (25, 0)


def test_a_look_must_not_use_up_the_only_receive(act: Actions, engine: Engine) -> None:
    _, dead = queue(engine, engine.name("dead"))
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})
    url, _ = queue(engine, engine.name("once"), RedrivePolicy=policy)
    with pytest.raises(Refusal, match="maxReceiveCount 1"):
        act("peek", url=url)


def test_a_queue_with_ten_receives_is_looked_at(act: Actions, engine: Engine) -> None:
    _, dead = queue(engine, engine.name("dead"))
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 10})
    url, _ = queue(engine, engine.name("ten"), RedrivePolicy=policy)
    engine.client("sqs").send_message(QueueUrl=url, MessageBody="here")
    assert [one["body"] for one in act("peek", url=url)] == ["here"]


@pytest.mark.parametrize("kind", ["standard", "fifo"])
def test_dead_letters_go_back(act: Actions, engine: Engine, kind: str) -> None:
    sqs = engine.client("sqs")
    end, settings = (".fifo", {"FifoQueue": "true"}) if kind == "fifo" else ("", {})
    dead_url, dead = queue(engine, engine.name("dead") + end, **settings)
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 3})
    name = engine.name("source") + end
    url, _ = queue(engine, name, RedrivePolicy=policy, **settings)
    for number in range(23):
        more = {"MessageGroupId": "g", "MessageDeduplicationId": f"d{number}"} if settings else {}
        sqs.send_message(
            QueueUrl=dead_url,
            MessageBody=f"body {number}",
            MessageAttributes={"n": {"DataType": "Number", "StringValue": str(number)}},
            **more,
        )
    assert act("redrive", url=dead_url) == {"moved": 23, "to": [name]}
    assert depth(engine, dead_url) == (0, 0)
    assert depth(engine, url) == (23, 0)
    found = act("peek", url=url)
    assert len(found) == (10 if settings else 23)  # of a group no more, while ten are in flight
    assert all(one["body"] == f"body {one['attributes']['n']}" for one in found)


def test_a_message_that_cannot_be_sent_stays(act: Actions, engine: Engine) -> None:
    sqs = engine.client("sqs")
    dead_url, dead = queue(engine, engine.name("dead"))
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 3})
    queue(engine, engine.name("small"), RedrivePolicy=policy, MaximumMessageSize="1024")
    sqs.send_message(QueueUrl=dead_url, MessageBody="x" * 2000)
    with pytest.raises(ClientError):
        act("redrive", url=dead_url)
    assert depth(engine, dead_url) == (1, 0)


def test_failed_events_go_back_to_their_function(act: Actions, engine: Engine) -> None:
    dead_url, dead = queue(engine, engine.name("dead"))
    name = engine.create(HALF, DeadLetterConfig={"TargetArn": dead})
    engine.client("sqs").send_message(QueueUrl=dead_url, MessageBody='{"n": 2}')
    assert act("redrive", url=dead_url) == {"moved": 1, "to": [name]}
    deadline = time.monotonic() + 30
    while not (found := act("events", name=name)) or found[0]["status"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert found[0]["response"] == "1.0"


def test_a_queue_of_nobodys_dead_letters(act: Actions, engine: Engine) -> None:
    url, _ = queue(engine, engine.name("plain"))
    with pytest.raises(Refusal, match="for its dead letters, so there is nowhere"):
        act("redrive", url=url)


# -- tuning


def test_tuning_tells_after_each_size(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF, MemorySize=256)
    last = act("tune", name=name, payload='{"n": 1}', memories=[512, 128])
    assert [one["done"] for one in act.pushed] == [1, 2, 2]
    assert act.pushed[0]["best"] is None
    assert [row["memory_mb"] for row in last["rows"]] == [128, 512]
    assert last["best"] in (128, 512)
    assert last["words"].startswith("best balance: ")
    assert act("settings", name=name)["memory_mb"] == 256
    assert act("details", name=name)["versions"] == []


def test_tuning_says_where_the_function_fails(act: Actions, engine: Engine) -> None:
    name = engine.create(HALF)
    last = act("tune", name=name, payload="{}", memories=[128])
    assert last["rows"] == []
    assert last["best"] is None
    assert "128 MB: KeyError: 'n'" in last["words"]


def test_what_is_asked_of_nobody(act: Actions) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [
        ("settings", {}),
        ("delete", {}),
        ("publish", {}),
        ("copy_as", {"form": "cli", "what": "function"}),
        ("tune", {"payload": "{}"}),
    ]
    for action, args in asked:
        with pytest.raises(Exception, match=r"Function not found|ResourceNotFound"):
            act(action, name="nobody-here", **args)
