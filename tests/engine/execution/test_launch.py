"""What the engine reads from a function's code before it starts the function."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambda_nb.engine.execution.runtimes import launch
from lambda_nb.engine.execution.runtimes.interpreters import Program
from lambda_nb.engine.execution.sandbox.paths import Files, Places
from lambda_nb.engine.model import FunctionVersion


@pytest.fixture
def busy_collector() -> Iterator[None]:
    """The garbage collector runs often."""
    usual = gc.get_threshold()
    gc.set_threshold(100)
    yield
    gc.set_threshold(*usual)


class Yields:
    """Garbage that lets another thread run while it is collected."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        time.sleep(0.0005)


@pytest.mark.usefixtures("busy_collector")
def test_modules_of_many_functions_are_read_at_the_same_time(tmp_path: Path) -> None:
    calls = ",".join(f"f({n}, a.b[c])" for n in range(300))
    paths = [tmp_path / f"{number}.py" for number in range(320)]
    for path in paths:
        path.write_text(f"import boto3\nx = [{calls}]\nboto3.client('sqs')\n")
    found = []

    def read(some: list[Path]) -> None:
        for path in some:
            for _ in range(5):
                Yields()
            found.append((launch.imports_of(path), launch.clients_of(path)))

    threads = [threading.Thread(target=read, args=[paths[i::8]]) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [({"boto3"}, ("sqs",))] * len(paths)


@pytest.mark.parametrize(
    "code", [b"def (", b"\xff", b"x = 1\0", b"x = " + b"-" * 100_000 + b"1", b""]
)
def test_a_module_that_cannot_be_read_imports_nothing(tmp_path: Path, code: bytes) -> None:
    path = tmp_path / "module.py"
    path.write_bytes(code)
    assert launch.imports_of(path) == frozenset()
    assert launch.imports_of(tmp_path / "none.py") == frozenset()


@pytest.mark.parametrize("fork", [True, False])
@pytest.mark.parametrize("place", ["", "task", "opt/python"])
def test_an_old_python_has_only_the_sdk_that_its_function_brings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, fork: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = Files(*(tmp_path / name for name in ("task", "opt", "runtime")))
    for folder in (files.task, files.opt, files.runtime / "boto3", tmp_path / place / "boto3"):
        folder.mkdir(parents=True, exist_ok=True)
    (files.task / "app.py").write_text("import boto3\nboto3.client('sqs')\n")
    function = FunctionVersion(
        "000000000000", "us-east-1", "f", "$LATEST", "arn", "1", "app.handler", "python3.9",
        code_dir=files.task,
    )  # fmt: skip
    seen = Places("/var/task", "/opt", "/var/runtime", "/tmp")
    old, new = (
        launch.python(function, files, seen, Program("/python", version), fork)
        for version in ("3.9", "3.12")
    )
    assert "/var/runtime" not in "".join((*old.path, *(old.argv or ())))
    assert "/var/runtime" in "".join((*new.path, *(new.argv or ())))
    assert bool(old.note) == (place == "")
    assert not new.note
    if fork:
        assert new.kind.preload == (() if place == "task" else ("boto3",))
        assert old.kind.preload == (("boto3",) if place == "opt/python" else ())
