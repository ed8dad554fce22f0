"""The engine under want: damaged files, a full disk, few descriptors, a clock that jumps.

Each time it says what is wrong and what can be done, accepts nothing that it cannot keep, and goes
on by itself once there is enough again.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_fixtures import Ear, Engine

SERVE = [sys.executable, "-m", "lambda_nb.engine", "serve", "--port", "0"]
ECHO = "def handler(event, context):\n    return event\n"


def refused(*options: str) -> str:
    """What the engine says when it does not start."""
    done = subprocess.run([*SERVE, *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def spoil(path: Path, start: int = 0, length: int = 100) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


@pytest.mark.parametrize("name", ["control.sqlite", "events.sqlite"])
def test_a_damaged_file_is_named_and_the_other_one_survives(
    start_engine: Callable[..., Engine], ear: Ear, name: str
) -> None:
    engine = start_engine()
    function = engine.create(f"{ear.say}def handler(event, context):\n    say(event)\n")
    engine.client().put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    for number in range(20):
        engine.client().invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps(f"event {number}")
        )
    engine.process.kill()
    engine.process.wait()
    spoil(engine.data_dir / name)
    for suffix in ("-wal", "-shm"):
        (engine.data_dir / f"{name}{suffix}").unlink(missing_ok=True)

    said = refused("--data-dir", str(engine.data_dir))
    assert f"{engine.data_dir / name} is damaged" in said
    assert "--recover" in said

    again = start_engine("--recover")
    assert f"{name} was damaged" in again.log_file.read_text()
    assert list(engine.data_dir.glob(f"{name}.damaged-*"))
    names = [f["FunctionName"] for f in again.client().list_functions()["Functions"]]
    if name == "events.sqlite":
        assert names == [function]
        assert json.loads(_payload(again, function, "hello")) is None
    else:
        assert names == []
        assert engine.create(ECHO)


def _payload(engine: Engine, function: str, event: object) -> bytes:
    answer = engine.client().invoke(FunctionName=function, Payload=json.dumps(event))
    content: bytes = answer["Payload"].read()
    return content


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small file system")
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "none", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_read_only_data_directory(small_disk: Path) -> None:
    (small_disk / "data").mkdir()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    said = refused("--data-dir", str(small_disk / "data"))
    assert f"cannot write in the data directory {small_disk}/data: Read-only file system" in said
    assert "--data-dir" in said


def test_a_disk_that_is_full_at_the_start(small_disk: Path) -> None:
    (small_disk / "data").mkdir()
    _fill(small_disk)
    said = refused("--data-dir", str(small_disk / "data"))
    assert "No space left on device" in said


def _fill(place: Path) -> Path:
    filler = place / "filler"
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(b"\0" * 65536)
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(b"\0" * 512)
    return filler
