"""What is kept of stacks is there as it was, whoever asks and whenever."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.stacks.deploying.journal import iso
from lambda_nb.engine.stacks.records.change_set_rows import ChangeSet, Problem
from lambda_nb.engine.stacks.records.codec import decoded, encoded
from lambda_nb.engine.stacks.records.event_rows import DriftDetection, Event
from lambda_nb.engine.stacks.records.hiding import hidden
from lambda_nb.engine.stacks.records.rows import (
    Held,
    Output,
    Parameter,
    Revision,
    Stack,
    StackResource,
)
from lambda_nb.engine.stacks.records.store import KEPT_S, Closed, Store

NOW = 1_800_000_000.0
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
properties = st.dictionaries(st.text(max_size=5), json_values, max_size=4)
texts = st.text(max_size=8)
helds = st.builds(
    Held,
    type=texts,
    properties=properties,
    physical_id=texts,
    attributes=properties,
    dependencies=st.lists(texts, max_size=2).map(tuple),
    metadata=json_values,
    secrets=st.lists(texts, max_size=2).map(tuple),
)
revisions = st.builds(
    Revision,
    template=texts,
    processed=texts,
    parameters=st.lists(
        st.builds(Parameter, texts, texts, st.none() | texts, st.booleans()), max_size=2
    ).map(tuple),
    tags=st.dictionaries(texts, texts, max_size=2),
    capabilities=st.lists(texts, max_size=2).map(tuple),
)


def stack(number: int = 1, **fields: object) -> Stack:
    given: dict[str, object] = {
        "id": f"arn:aws:cloudformation:r:1:stack/s{number}/u{number}",
        "name": f"s{number}",
        "status": "CREATE_COMPLETE",
        "revision": Revision("{}", "{}"),
        "created": NOW,
        **fields,
    }
    return Stack(**given)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "stacks.sqlite", NOW)
    yield opened
    opened.close()


@given(helds, st.none() | helds)
def test_resources_survive_being_written(one: Held, before: Held | None) -> None:
    row = StackResource("s", "A", one, "CREATE_COMPLETE", NOW, before=before, step="modify")
    assert decoded(StackResource, encoded(row)) == row


@given(revisions, st.none() | revisions, properties)
def test_stacks_survive_being_written(
    one: Revision, before: Revision | None, operation: dict[str, object]
) -> None:
    outputs = (Output("K", "V", None, "name"),)
    row = stack(revision=one, before=before, operation=operation, outputs=outputs)
    assert decoded(Stack, encoded(row)) == row


@given(helds, revisions)
def test_rows_of_another_version_are_read(one: Held, revision: Revision) -> None:
    """Fields that it had more are left out; those that it lacks have their defaults."""
    resource = StackResource("s", "A", one, "CREATE_COMPLETE", NOW)
    written = json.loads(encoded(resource))
    written["novel"] = {"of": "later"}
    written["held"]["novel"] = 1
    del written["drift_status"]
    assert decoded(StackResource, json.dumps(written)) == resource
    of_stack = stack(revision=revision)
    written = json.loads(encoded(of_stack))
    written["revision"]["novel"] = []
    for name in ("token", "outputs", "termination_protection"):
        del written[name]
    assert decoded(Stack, json.dumps(written)) == of_stack


FIRST_VERSION = {
    Stack: {"id", "name", "status", "revision", "created"},
    Revision: {"template", "processed"},
    Parameter: {"key", "value"},
    Output: {"key", "value"},
    StackResource: {"stack_id", "logical_id", "held", "status", "updated"},
    Held: {"type", "properties"},
    Event: {
        "id", "stack_id", "stack_name", "logical_id", "physical_id", "type", "status", "time",
    },
    ChangeSet: {
        "id", "name", "stack_id", "stack_name", "kind", "status", "execution_status", "revision",
        "created",
    },
    Problem: {"logical_id", "type", "text"},
    DriftDetection: {"id", "stack_id", "status", "time"},
}  # fmt: skip
"""The fields that every file has: they stay, and all others have defaults."""


@pytest.mark.parametrize("kind", FIRST_VERSION)
def test_rows_of_the_first_version_are_always_readable(kind: type) -> None:
    without = {
        field.name
        for field in dataclasses.fields(kind)
        if field.default is field.default_factory is dataclasses.MISSING
    }
    assert without == FIRST_VERSION[kind]


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    Store(tmp_path / "stacks.sqlite", NOW).close()
    assert stat.S_IMODE((tmp_path / "stacks.sqlite").stat().st_mode) == 0o600


def test_stacks_are_found_by_name_and_by_id(store: Store, tmp_path: Path) -> None:
    one = store.put_stack(stack(1))
    assert store.find_stack("s1") == store.find_stack(one.id) == store.stack(one.id) == one
    assert store.find_stack("s2") is None
    with pytest.raises(KeyError):
        store.stack("s1")
    gone = store.change_stack(one.id, status="DELETE_COMPLETE", deleted=NOW)
    assert store.find_stack("s1") is None
    assert store.find_stack(one.id) == gone
    again = store.put_stack(stack(1, id=one.id + "x"))
    assert store.find_stack("s1") == again
    assert store.stacks() == [again]
    assert store.stacks(deleted=True) == [again, gone]
    store.close()
    reopened = Store(tmp_path / "stacks.sqlite", NOW)
    assert reopened.stacks(deleted=True) == [again, gone]
    reopened.close()


def test_deleted_stacks_are_forgotten_after_ninety_days(store: Store, tmp_path: Path) -> None:
    for number, deleted in ((1, NOW - 10), (2, None), (3, NOW)):
        one = store.put_stack(stack(number, deleted=deleted))
        store.add_event(Event("e", one.id, one.name, "A", "", "T", "S", NOW))
        store.put_resource(StackResource(one.id, "A", Held("T", {}), "S", NOW))
    store.close()
    later = Store(tmp_path / "stacks.sqlite", NOW + KEPT_S)
    assert [one.name for one in later.stacks(deleted=True)] == ["s3", "s2"]
    assert later.events(stack(1).id) == []
    assert later.resources(stack(1).id) == {}
    assert len(later.events(stack(3).id)) == 1
    later.close()


def test_old_signals_and_detections_are_forgotten(store: Store, tmp_path: Path) -> None:
    gone = store.put_stack(stack(1, deleted=NOW - 10))
    store.add_signal(gone.id, "A", "x", "SUCCESS")
    for identity, moment in (("old", NOW - 10), ("new", NOW)):
        store.put_detection(DriftDetection(identity, "s", "DETECTION_COMPLETE", moment))
    store.close()
    later = Store(tmp_path / "stacks.sqlite", NOW + KEPT_S)
    assert later.signals(gone.id, "A") == {}
    assert [one.id for one in later.detections()] == ["new"]
    later.close()


def test_events_of_living_stacks_are_forgotten_after_ninety_days(
    store: Store, tmp_path: Path
) -> None:
    one = store.put_stack(stack(1))
    for identity, moment in (("old", NOW - 10), ("older", NOW - 20), ("new", NOW)):
        store.add_event(Event(identity, one.id, one.name, "A", "", "T", "S", moment))
    store.close()
    later = Store(tmp_path / "stacks.sqlite", NOW + KEPT_S)
    assert [event.id for event in later.events(one.id)] == ["new"]
    assert later.add_event(Event("next", one.id, one.name, "A", "", "T", "S", NOW)).number == 4
    later.close()


def test_resources_keep_their_order(store: Store) -> None:
    for name in "CAB":
        store.put_resource(StackResource("s", name, Held("T", {}), "S", NOW))
    store.change_resource("s", "C", status="DONE")
    assert list(store.resources("s")) == ["C", "A", "B"]
    assert store.resources("s")["C"].status == "DONE"
    store.add_signal("s", "C", "x", "SUCCESS")
    store.drop_resource("s", "C")
    assert list(store.resources("s")) == ["A", "B"]
    assert store.signals("s", "C") == {}
    with pytest.raises(KeyError):
        store.change_resource("s", "C", status="DONE")


def test_events_come_newest_first_in_pages(store: Store) -> None:
    for number in range(5):
        store.add_event(Event(f"e{number}", "s", "n", "A", "", "T", "S", NOW))
    store.add_event(Event("other", "t", "n", "A", "", "T", "S", NOW))
    first = store.events("s", most=2)
    assert [event.id for event in first] == ["e4", "e3"]
    rest = store.events("s", before=first[-1].number)
    assert [event.id for event in rest] == ["e2", "e1", "e0"]


def test_clients_that_sort_events_by_milliseconds_keep_their_order(store: Store) -> None:
    for moment in (NOW, NOW, NOW - 5, NOW + 9):
        store.add_event(Event("e", "s", "n", "A", "", "T", "S", moment))
    told = [iso(event.time) for event in reversed(store.events("s"))]
    assert told == sorted(set(told))
    assert told[-1] == iso(NOW + 9)


def test_change_sets(store: Store) -> None:
    revision = Revision("{}", "{}")
    one = ChangeSet("arn:1", "c", "s", "n", "CREATE", "S", "AVAILABLE", revision, NOW,
                    changes=({"Type": "Resource"},))  # fmt: skip
    store.put_change_set(one)
    assert store.find_change_set("arn:1") == store.find_change_set("c", "s") == one
    assert store.find_change_set("c", "t") is None
    changed = store.put_change_set(dataclasses.replace(one, execution_status="OBSOLETE"))
    assert store.change_sets("s") == [changed]
    store.drop_change_set("arn:1")
    assert store.change_sets("s") == []


def test_a_change_set_that_was_carried_out_gives_its_name_free(store: Store) -> None:
    """Those nested in it are as far as it is; it is still found by its ARN."""
    revision = Revision("{}", "{}")

    def made(identity: str, inside: str = "") -> ChangeSet:
        entry = {"ResourceChange": {"LogicalResourceId": "C", "ChangeSetId": inside}}
        return store.put_change_set(
            ChangeSet(identity, "c", f"stack of {identity}", "n", "UPDATE", "S", "AVAILABLE",
                      revision, NOW, changes=(entry,))
        )  # fmt: skip

    one = made("1", inside="2")
    for identity, inside in (("2", "3"), ("3", "")):
        made(identity, inside)
    store.change_execution(one, "EXECUTE_IN_PROGRESS")
    running = store.find_change_set("c", one.stack_id)
    assert running == dataclasses.replace(one, execution_status="EXECUTE_IN_PROGRESS")
    store.change_execution(one, "EXECUTE_COMPLETE")
    assert store.find_change_set("c", one.stack_id) is None
    found = [store.find_change_set(identity) for identity in "123"]
    assert [each and each.execution_status for each in found] == ["EXECUTE_COMPLETE"] * 3


def test_an_export_has_one_owner(store: Store) -> None:
    store.put_stack(stack(1))
    store.put_stack(stack(2))
    one, two = stack(1).id, stack(2).id
    assert store.set_exports(one, {"a": "1", "b": "2"}) is None
    taken = store.set_exports(two, {"b": "3", "c": "4"})
    assert taken is not None
    assert (taken.name, taken.stack_id) == ("b", one)
    assert store.find_export("c") is None
    assert store.set_exports(one, {"a": "5"}) is None
    assert [(export.name, export.value) for export in store.exports()] == [("a", "5")]
    store.set_imports(two, frozenset({"a"}))
    assert store.importers("a") == ["s2"]
    store.change_stack(two, deleted=NOW)
    assert store.importers("a") == []


def test_the_first_signal_of_a_sender_counts(store: Store) -> None:
    store.add_signal("s", "A", "x", "SUCCESS")
    store.add_signal("s", "A", "x", "FAILURE")
    store.add_signal("s", "A", "w", "FAILURE")
    assert list(store.signals("s", "A").items()) == [("x", "SUCCESS"), ("w", "FAILURE")]


def test_detections(store: Store) -> None:
    one = store.put_detection(DriftDetection("d", "s", "DETECTION_IN_PROGRESS", NOW))
    assert store.find_detection("d") == one
    done = store.put_detection(dataclasses.replace(one, status="DETECTION_COMPLETE"))
    assert store.find_detection("d") == done
    assert store.find_detection("e") is None


def test_what_is_written_together_is_there_as_a_whole(store: Store) -> None:
    def both() -> None:
        with store.together():
            store.put_stack(stack(1))
            raise LookupError

    with pytest.raises(LookupError):
        both()
    assert store.stacks() == []


def test_a_resource_is_what_it_was_before_a_failed_block(store: Store) -> None:
    before = store.put_resource(StackResource("s", "R", Held("T", {}), "CREATE_COMPLETE", NOW))

    def change() -> None:
        with store.together():
            store.change_resource("s", "R", status="UPDATE_IN_PROGRESS")
            raise LookupError

    with pytest.raises(LookupError):
        change()
    assert store.resource("s", "R") == before
    store.drop_resource("s", "R")
    assert store.resource("s", "R") is None


def test_many_threads_write_at_once(store: Store) -> None:
    store.put_stack(stack(1, operation={"count": 0}))
    identity = stack(1).id

    def count() -> None:
        for _ in range(20):
            with store.together():
                now = store.stack(identity).operation["count"]
                store.change_stack(identity, operation={"count": now + 1})

    threads = [threading.Thread(target=count) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.stack(identity).operation == {"count": 100}


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "stacks.sqlite", NOW)
    store.close()
    store.close()
    with pytest.raises(Closed):
        store.stacks()


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "stacks.sqlite"
    path.write_bytes(b"this is no database " * 100)
    store = Store(path, NOW)
    assert store.unreadable is not None
    assert store.unreadable.exists()
    assert store.stacks() == []
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_is_together_inside_of_another_is_part_of_that(store: Store) -> None:
    def fail() -> None:
        with store.together():
            with store.together():
                store.put_stack(stack(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.stacks() == []


def test_a_full_disk_leaves_the_file_usable(store: Store) -> None:
    database = store._database
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages:d}")

    def fill() -> None:
        with store.together():
            for number in range(1000):
                store.put_stack(stack(number))

    with pytest.raises(sqlite3.OperationalError, match="full"):
        fill()
    assert store.stacks() == []
    database.execute(f"PRAGMA max_page_count = {pages + 1000}")
    with store.together():
        store.put_stack(stack(1))
    assert len(store.stacks()) == 1


def test_secrets_are_hidden() -> None:
    assert Parameter("K", "hush", no_echo=True).shown == "****"
    assert Parameter("K", "hush").shown == "hush"
    held = Held("T", {"A": ["hush", "x hush"], "B": 1}, secrets=("hush",))
    assert held.shown == {"A": ["****", "x ****"], "B": 1}


@given(json_values, st.text(min_size=1))
def test_no_secret_is_left(value: object, secret: str) -> None:
    def leaves(one: object) -> Iterator[object]:
        if isinstance(one, dict):
            for item in one.values():
                yield from leaves(item)
        elif isinstance(one, list):
            for item in one:
                yield from leaves(item)
        else:
            yield one

    shown = list(leaves(hidden(value, frozenset((secret,)))))
    assert secret not in [one for one in shown if one != "****"]
