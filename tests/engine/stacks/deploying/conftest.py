"""Small resource types that keep real files, and stacks made of them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.deploying.stacks import Stacks
from lambda_nb.engine.stacks.deploying.steps.clients import Clients
from lambda_nb.engine.stacks.deploying.surroundings import Surroundings
from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.records.event_rows import Event
from lambda_nb.engine.stacks.records.rows import Stack, StackResource
from lambda_nb.engine.stacks.records.store import Store
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType

ACCOUNT = "000000000000"
REGION = "us-east-1"
FILE = "Test::File::File"
HALF_WAY: Any = {
    "Error": {"Code": "InternalError", "Message": "Oops"},
    "ResponseMetadata": {"HTTPStatusCode": 500},
}


class Gates:
    """Where resources wait until the test lets them go on."""

    def __init__(self) -> None:
        self._gates: dict[str, threading.Event] = {}
        self.reached: dict[str, threading.Event] = {}

    def close(self, name: str) -> None:
        self._gates[name] = threading.Event()
        self.reached[name] = threading.Event()

    def open(self, name: str) -> None:
        self._gates[name].set()

    def passed(self, name: str) -> bool:
        return name not in self._gates or self._gates[name].is_set()

    def reach(self, name: str) -> None:
        if name in self.reached:
            self.reached[name].set()


class File(ResourceType):
    """A file. ``Path`` is its path, if given; a change of ``Kind`` needs a new one."""

    name = FILE

    def __init__(self, directory: Path, gates: Gates) -> None:
        self.directory = directory
        self.gates = gates
        self.log: list[tuple[str, str]] = []

    def create(self, context: Context, properties: Properties) -> Made:
        self.log.append(("create", context.logical_id))
        if properties.get("Fails") == "create":
            raise Refused("It cannot be made.", "InvalidRequest")
        path = self.directory / (properties.get("Path") or context.name(40))
        self._write(path, properties)
        if properties.get("Fails") == "unrecorded":
            raise RuntimeError("the connection was lost")
        if properties.get("Fails") == "half-way":
            raise ClientError(HALF_WAY, "CreateFile")
        context.made(str(path.name))
        self._wait(context, f"create {context.logical_id}")
        if properties.get("Fails") == "late":
            raise Refused("It is not well.", "NotStabilized")
        return Made(path.name, {"Size": str(path.stat().st_size), "Stack": context.stack_name})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        self.log.append(("update", context.logical_id))
        if "untouched" in (old.get("Fails"), new.get("Fails")):
            raise Refused("It stays what it is.", "NotUpdatable")
        self._write(self.directory / made.physical_id, {**new, "Half": True})
        self._wait(context, f"update {context.logical_id}")
        if new.get("Fails") == "update":
            raise Refused("It cannot be changed.", "InvalidRequest")
        self._write(self.directory / made.physical_id, new)
        return Made(made.physical_id, made.attributes)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        self.log.append(("delete", context.logical_id))
        self._wait(context, f"delete {context.logical_id}")
        if (self.directory / "locked").exists() and properties.get("Fails") == "delete":
            raise Refused("It is locked.", "InvalidRequest")
        (self.directory / made.physical_id).unlink(missing_ok=True)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        path = self.directory / made.physical_id
        if not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        return {"Kind"} if old.get("Kind") != new.get("Kind") else set()

    def contents(self) -> dict[str, dict[str, Any]]:
        """What is in the files."""
        return {path.name: json.loads(path.read_text()) for path in self.directory.glob("*-*")}

    def _wait(self, context: Context, name: str) -> None:
        self.gates.reach(name)
        context.wait(lambda: self.gates.passed(name) or None, "its gate", 60.0)

    def _write(self, path: Path, properties: Mapping[str, Any]) -> None:
        path.write_text(json.dumps(dict(properties)))


@dataclasses.dataclass
class Room:
    """A room of stacks with the type :data:`FILE`."""

    store: Store
    stacks: Stacks
    files: File
    gates: Gates
    texts: dict[str, str]

    def template(self, resources: Mapping[str, Any], **sections: Any) -> str:
        """A template of files: properties by logical IDs; a key that is no property is the
        resource's own (``DependsOn``)."""
        own = ("DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "Type",
               "Condition", "Metadata")  # fmt: skip
        made = {}
        for name, given in resources.items():
            properties = {key: value for key, value in given.items() if key not in own}
            rest = {key: value for key, value in given.items() if key in own}
            made[name] = {"Type": FILE, "Properties": properties, **rest}
        return json.dumps({"Resources": made, **sections})

    def create(
        self,
        name: str,
        resources: Mapping[str, Any] | str,
        parameters: Mapping[str, str] | None = None,
        *,
        wait: bool = True,
        sections: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Stack:
        stack_id = self.stacks.new_id(name)
        text = resources if isinstance(resources, str) else ""
        text = text or self.template(resources, **(sections or {}))  # type: ignore[arg-type]
        revision = self.stacks.prepared(name, stack_id, text, parameters or {})
        stack = self.stacks.create(name, stack_id, revision, **options)
        return self.wait(stack) if wait else stack

    def update(
        self,
        stack: Stack,
        resources: Mapping[str, Any] | str,
        parameters: Mapping[str, str | None] | None = None,
        *,
        wait: bool = True,
        sections: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Stack:
        text = resources if isinstance(resources, str) else ""
        text = text or self.template(resources, **(sections or {}))  # type: ignore[arg-type]
        revision = self.stacks.prepared(
            stack.name, stack.id, text, parameters or {}, previous=stack.revision, tags=tags
        )
        stack = self.stacks.update(stack, revision, **options)
        return self.wait(stack) if wait else stack

    def delete(self, stack: Stack, **options: Any) -> Stack:
        self.stacks.delete(stack, **options)
        return self.wait(stack)

    def wait(self, stack: Stack) -> Stack:
        """The stack when nothing runs on it any more."""
        return until(lambda: _settled(self.store.stack(stack.id)))

    def events(self, stack: Stack) -> list[Event]:
        """All events, the oldest first."""
        return self.store.events(stack.id)[::-1]

    def told(self, stack: Stack, logical_id: str) -> list[str]:
        """The statuses in the events of a resource, or of the stack (its name)."""
        return [e.status for e in self.events(stack) if e.logical_id == logical_id]

    def reason(self, stack: Stack, logical_id: str, status: str) -> str:
        """The reason in the last event of a status."""
        found = [
            event.reason or ""
            for event in self.store.events(stack.id)
            if event.logical_id == logical_id and event.status == status
        ]
        return found[0]


def _settled(stack: Stack) -> Stack | None:
    return None if stack.in_progress else stack


def until(look: Callable[[], Any], timeout_s: float = 30.0) -> Any:
    """What ``look`` returns once that is true."""
    end = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.005)
    return found


def room_in(directory: Path, **settings: Any) -> Room:
    """A room whose files and records are in a directory."""
    gates = Gates()
    (directory / "files").mkdir(exist_ok=True)
    files = File(directory / "files", gates)
    texts: dict[str, str] = {}

    def read(address: str) -> str:
        if address not in texts:
            raise AWSError("ValidationError", f"{address} is not there")
        return texts[address]

    around = Surroundings(
        account=ACCOUNT,
        region=REGION,
        clients=Clients(lambda: "http://127.0.0.1:9", ("key", "secret"), REGION),
        find_type=lambda name: files if name == FILE else None,
        read=read,
        call_macro=lambda name, request: request,
        **settings,
    )
    store = Store(directory / "stacks.sqlite", time.time())
    return Room(store, Stacks(store, around), files, gates, texts)


def forget(store: Store, row: StackResource) -> None:
    """Record a resource as one whose physical ID is not known yet."""
    store.change_resource(
        row.stack_id, row.logical_id, held=dataclasses.replace(row.held, physical_id="")
    )


RoomFactory = Callable[..., Room]


@pytest.fixture
def new_room(tmp_path: Path) -> Iterator[RoomFactory]:
    """Makes rooms; all share one directory of files, and one file of records."""
    with contextlib.ExitStack() as cleanup:

        def make(**settings: Any) -> Room:
            made = room_in(tmp_path, **settings)
            cleanup.callback(made.stacks.close)
            return made

        yield make


@pytest.fixture
def room(new_room: RoomFactory) -> Room:
    return new_room()
