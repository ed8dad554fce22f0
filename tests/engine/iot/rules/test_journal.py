"""What rules have accepted, on disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from topic_rules_lab import DEVICE, rule_arn

from lambda_nb.engine.databases import DatabaseError
from lambda_nb.engine.iot.message import Message, Properties
from lambda_nb.engine.iot.rules.actions.action import Origin
from lambda_nb.engine.iot.rules.actions.kinds import KINDS
from lambda_nb.engine.iot.rules.execution import Execution, Failure, Pending
from lambda_nb.engine.iot.rules.journal import Journal

RICH = Message(
    "a/b",
    b"\x00\xff",
    1,
    sender=DEVICE,
    properties=Properties((("k", "v"),), "text/plain", "answers", b"\x01", True, 5),
)


def execution(message: Message = RICH) -> Execution:
    origin = Origin("r", rule_arn("r"), message, "$aws/rules/r/a/b", "trace", 3)
    pending = [Pending(KINDS["sqs"], {"queueUrl": "u", "useBase64": True}, 2)]
    failures = [Failure("S3Action", "bucket", "it failed")]
    return Execution(origin, 12.5, "actions", b"payload", pending, failures)


@pytest.mark.parametrize("message", [RICH, Message("a", b"{}")])
async def test_an_execution_comes_back_as_it_was(tmp_path: Path, message: Message) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    written = execution(message)
    await journal.add(written)
    journal.close()
    again = Journal(tmp_path / "j.sqlite")
    assert list(again.left()) == [written]
    again.close()


async def test_many_are_written_in_one_transaction(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    statements: list[str] = []
    journal._db.set_trace_callback(statements.append)
    await asyncio.gather(*(journal.add(execution()) for _ in range(50)))
    assert statements.count("COMMIT") == 1
    assert len(journal) == 50
    journal.close()


async def test_what_is_done_is_removed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    one, other = execution(), execution()
    await journal.add(one)
    await journal.add(other)
    journal.remove(one)
    other.pending.clear()
    journal.change(other)
    journal.close()
    again = Journal(tmp_path / "j.sqlite")
    (left,) = again.left()
    assert left == other
    third = execution()
    await again.add(third)
    assert third.number == 3
    again.close()


async def test_what_is_being_written_when_it_closes_is_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    adding = asyncio.ensure_future(journal.add(execution()))
    await asyncio.sleep(0)
    journal.close()
    await adding
    again = Journal(tmp_path / "j.sqlite")
    assert len(again) == 1
    again.close()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseError, match=r"j\.sqlite is damaged"):
        Journal(path)
