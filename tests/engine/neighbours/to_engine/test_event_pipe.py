"""Events that services push are kept until the engine has them."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import boto3

from lambda_nb.engine.neighbours.process.supervisor import Neighbours
from lambda_nb.engine.neighbours.to_engine.event_pipe import NAME, Journal, Outlet

ACCOUNT, REGION = "000000000000", "eu-west-1"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_kept_until_it_is_acknowledged(tmp_path: Path) -> None:
    stream = io.StringIO()
    outlet = Outlet(stream, Journal(tmp_path / NAME))
    for number in range(3):
        outlet.send("s3", ARN, {"n": number})
    outlet.tell_news("arn:stream", "shard-0")
    assert [line.get("number") for line in lines(stream)] == [1, 2, 3, None]
    outlet.acknowledged(2)

    again = io.StringIO()
    second = Outlet(again, Journal(tmp_path / NAME))
    second.send_again()
    assert [json.loads(line["payload"]) for line in lines(again)] == [{"n": 2}]
    second.acknowledged(lines(again)[0]["number"])
    assert Journal(tmp_path / NAME).left() == []


def test_numbers_rise_when_the_journal_was_emptied(tmp_path: Path) -> None:
    first = Journal(tmp_path / NAME)
    first.forget(first.keep('{"a": 1}'))
    assert Journal(tmp_path / NAME).keep('{"a": 2}') == 2


def test_a_damaged_journal_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database" * 1000)
    journal = Journal(tmp_path / NAME)
    assert journal.unreadable == tmp_path / f"{NAME}.damaged"
    assert journal.unreadable.read_bytes().startswith(b"no database")
    assert journal.keep('{"a": 1}') == 1


def test_an_event_that_cannot_be_kept_is_sent_all_the_same(tmp_path: Path) -> None:
    stream = io.StringIO()
    outlet = Outlet(stream, Journal(tmp_path / NAME))
    with sqlite3.connect(tmp_path / NAME) as other:
        other.execute("DROP TABLE event")
    outlet.send("s3", ARN, {"n": 1})
    assert "number" not in lines(stream)[0]


async def test_an_event_that_the_engine_did_not_take_comes_again(tmp_path: Path) -> None:
    came: list[str] = []
    stuck = asyncio.Event()

    async def never(source: str, arn: str, payload: bytes) -> None:
        stuck.set()
        await asyncio.Event().wait()

    async def take(source: str, arn: str, payload: bytes) -> None:
        packed = json.loads(payload)["awslogs"]["data"]
        told = json.loads(gzip.decompress(base64.b64decode(packed)))
        came.extend(event["message"] for event in told["logEvents"])

    first = Neighbours(account=ACCOUNT, region=REGION, work_dir=tmp_path, pushed=never)
    await first.start()
    try:
        await asyncio.to_thread(_write, first, ["a", "b"])
        await asyncio.wait_for(stuck.wait(), 30)
    finally:
        await first.close()
    second = Neighbours(account=ACCOUNT, region=REGION, work_dir=tmp_path, pushed=take)
    await second.start()
    try:
        await _until(lambda: len(came) == 2)
        assert came == ["a", "b"]
        await _until(lambda: not _left(tmp_path / "state" / NAME))
    finally:
        await second.close()


def _write(neighbours: Neighbours, messages: list[str]) -> None:
    """Write log events that a subscription pushes to a function."""
    told = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": REGION}
    made = boto3.client("logs", endpoint_url=neighbours.endpoint.url, **told)
    logs = neighbours.endpoint.reach(made)
    logs.create_log_group(logGroupName="/g")
    logs.create_log_stream(logGroupName="/g", logStreamName="s")
    logs.put_subscription_filter(
        logGroupName="/g", filterName="f", filterPattern="", destinationArn=ARN
    )
    for message in messages:
        event = {"timestamp": int(time.time() * 1000), "message": message}
        logs.put_log_events(logGroupName="/g", logStreamName="s", logEvents=[event])


def _left(path: Path) -> int:
    with sqlite3.connect(path) as database:
        return int(database.execute("SELECT count(*) FROM event").fetchone()[0])


async def _until(condition: Any) -> None:
    for _ in range(600):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about within 30 s")
