"""Paths, templates and connections of pipes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events.pipes import connections, paths, templates

LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.text())
NAME = st.text("abcdefgh_-0123456789", min_size=1)
VALUE = st.recursive(LEAF, lambda inner: st.lists(inner) | st.dictionaries(NAME, inner))
QUEUE = "arn:aws:sqs:us-east-1:111122223333:q"
STREAM = "arn:aws:kinesis:us-east-1:111122223333:stream/s"


@given(st.dictionaries(NAME, VALUE, min_size=1), st.data())
def test_a_path_finds_what_its_steps_lead_to(event: dict[str, Any], data: st.DataObject) -> None:
    value: Any = event
    path = "$"
    while isinstance(value, (dict, list)) and value and data.draw(st.booleans()):
        if isinstance(value, dict):
            step = data.draw(st.sampled_from(sorted(value)))
            path += f".{step}"
        else:
            step = data.draw(st.integers(0, len(value) - 1))
            path += f"[{step}]"
        value = value[step]
    assert paths.find(path, event) == value
    assert paths.find(f"{path}.missing", event) is paths.ABSENT or isinstance(value, dict)


@given(VALUE)
def test_a_value_in_a_template_is_the_value_itself(value: Any) -> None:
    event = {"eventSource": "aws:sqs", "body": json.dumps({"v": value})}
    assert templates.render('{"a": <$.body.v>, "b": 1}', event, {}) == {"a": value, "b": 1}


@given(st.text())
def test_text_between_quotes_is_put_in_as_it_is(text: str) -> None:
    event = {"eventSource": "aws:sqs", "body": json.dumps({"v": text})}
    assert templates.render('{"a": "<<$.body.v>>"}', event, {}) == {"a": f"<{text}>"}
    assert templates.render("Hello <$.body.v>!", event, {}) in (f"Hello {text}!", text)


@given(VALUE, st.sampled_from(["aws:kinesis", "aws:kafka"]))
def test_base64_of_json_is_parsed(value: Any, source: str) -> None:
    name = "data" if source == "aws:kinesis" else "value"
    coded = base64.b64encode(json.dumps(value).encode()).decode()
    assert paths.parsed({"eventSource": source, name: coded})[name] == value


def test_other_fields_are_left_alone() -> None:
    event = {"eventSource": "aws:sqs", "data": "MQ==", "body": "{", "attributes": {"a": "1"}}
    assert paths.parsed(event) == event
    assert paths.parsed("text") == "text"
    broken = {"eventSource": "aws:kinesis", "data": "no base64"}
    assert paths.parsed(broken) == broken


def test_variables() -> None:
    variables = {"aws.pipes.pipe-name": "p"}
    assert templates.render('{"p": "<aws.pipes.pipe-name>"}', {"a": 1}, variables) == {"p": "p"}
    assert templates.render('{"e": <aws.pipes.event.json>}', {"a": 1}, {}) == {"e": {"a": 1}}
    assert templates.render("<$.missing>", {"a": 1}, {}) == ""
    assert templates.render('{"m": <$.missing>}', {"a": 1}, {}) == {"m": ""}


@pytest.mark.parametrize("template", ["<$.a b>", "<aws.pipes.x>", "x" * 8193])
def test_wrong_templates(template: str) -> None:
    assert templates.check(template)


def told(**changes: Any) -> dict[str, Any]:
    return {"Source": QUEUE, "Target": QUEUE, **changes}


@pytest.mark.parametrize(
    "pipe",
    [
        told(),
        told(Target="arn:aws:events:us-east-1:111122223333:api-destination/d/1"),
        told(Source="smk://b:9092", Target="arn:aws:lambda:us-east-1:111122223333:function:f",
             SourceParameters={"SelfManagedKafkaParameters": {"TopicName": "t"}}),
    ],
)  # fmt: skip
def test_what_can_run_is_taken(pipe: dict[str, Any]) -> None:
    assert connections.refusal(pipe) is None


@pytest.mark.parametrize(
    ("pipe", "says"),
    [
        (told(Source=STREAM), "StartingPosition is required"),
        (told(Source=f"{QUEUE}.fifo", SourceParameters={"SqsQueueParameters": {"BatchSize": 11}}),
         "at most 10"),
        (told(Target=f"{QUEUE}.fifo"), "MessageGroupId is required"),
        (told(Target="arn:aws:ecs:us-east-1:111122223333:cluster/c"), "ECS"),
        (told(Target="nonsense"), "not a valid target"),
        (told(Enrichment=QUEUE), "not a valid enrichment"),
        (told(Target=STREAM), "PartitionKey is required"),
        (told(Target="arn:aws:sns:us-east-1:111122223333:t.fifo"), "FIFO topics"),
        (told(Target="arn:aws:events:us-east-1:111122223333:api-destination/d/1",
              SourceParameters={"SqsQueueParameters": {"BatchSize": 2}}), "at most 1"),
        (told(Target="arn:aws:lambda:us-east-1:111122223333:function:f",
              SourceParameters={"SqsQueueParameters": {"BatchSize": 11}}), "InSeconds must be"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused(pipe: dict[str, Any], says: str) -> None:
    assert says in str(connections.refusal(pipe))


@pytest.mark.parametrize("kind", sorted(connections.TARGETS))
def test_the_default_batch_fits_the_target(kind: str) -> None:
    service = {"event-bus": "events", "api-destination": "events"}.get(kind, kind)
    target = f"arn:aws:{service}:us-east-1:111122223333:{kind}/x"
    assert connections.kind_of(target) == kind
    stream = told(
        Source=STREAM,
        Target=target,
        SourceParameters={"KinesisStreamParameters": {"StartingPosition": "LATEST"}},
    )
    assert connections.batch_size(stream) <= connections.TARGETS[kind]


def test_letters_stay_as_they_are_inside_values() -> None:
    event = {"eventSource": "aws:sqs", "body": '{"who": {"name": "Zoë"}}'}
    assert paths.dynamic("$.body.who", event) == '{"name":"Zoë"}'
    assert templates.render('{"text": "<$.body.who>"}', event, {}) == {"text": '{"name":"Zoë"}'}
