"""Missing versions: refused, or run by the nearest installed one, with a single notice."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from execution_lab import Lab, MakeLab, lab, make_lab

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution.runtimes import interpreters

__all__ = ["lab", "make_lab"]

OWN = "{}.{}".format(*sys.version_info[:2])
TELL = "import sys\ndef handler(event, context):\n    return list(sys.version_info[:2])\n"


def program(folder: Path, name: str, version: str) -> None:
    """A program that only prints its version."""
    folder.mkdir(parents=True)
    (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with one Python (this one) and Node.js 20 and 24, Ruby 3.1 and Java 8."""
    for name, version, place in (
        ("node", "v20.1.0", "a"),
        ("node", "v24.0.1", "b"),
        ("ruby", "ruby 3.1.2p20", "c"),
        ("java", 'openjdk version "1.8.0_392"', "d"),
    ):
        program(tmp_path / "bin" / place, name, version)
    bare = {
        name: language._replace(places=(str(tmp_path / "bin" / "*" / language.program),))
        for name, language in interpreters.LANGUAGES.items()
    }
    monkeypatch.setattr(interpreters, "LANGUAGES", bare)
    monkeypatch.setattr(interpreters, "PATHS", ())
    monkeypatch.setattr(interpreters, "_PYTHON_PLACES", ("{installed}/cpython-{v}.*/bin/py{v}",))
    monkeypatch.setattr(interpreters, "_pythons", {})
    monkeypatch.setattr(interpreters, "_found", set())
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize(
    ("runtime", "version"),
    [("nodejs20.x", "20.1.0"), ("nodejs24.x", "24.0.1"), ("ruby3.1", "3.1.2"),
     ("java8.al2", "1.8.0"), (f"python{OWN}", OWN)],
)  # fmt: skip
@pytest.mark.parametrize("fallback", ["none", "nearest"])
def test_the_right_version_is_taken_and_nothing_is_said(
    few: Path, runtime: str, version: str, fallback: interpreters.Fallback
) -> None:
    assert interpreters.choose(runtime, fallback)[1:] == (version, "")


@pytest.mark.parametrize(
    ("runtime", "said", "nearest"),
    [
        ("nodejs22.x", "there is no Node.js 22 on this machine. Install Node.js 22", "24.0.1"),
        ("nodejs18.x", "(nodejs20.x, nodejs24.x)", "20.1.0"),
        ("ruby3.4", "(ruby3.1)", "3.1.2"),
        ("java21", "(java8)", "1.8.0"),
        ("python3.99", "lambda-nb runtimes install python3.99", OWN),
    ],
)
def test_another_version_is_refused_or_told(
    few: Path, runtime: str, said: str, nearest: str
) -> None:
    with pytest.raises(interpreters.NotHereError) as refused:
        interpreters.choose(runtime)
    assert said in str(refused.value)
    assert "--runtime-fallback nearest" in str(refused.value)
    found = interpreters.choose(runtime, "nearest")
    assert found.version == nearest
    assert found.note.startswith(f"{runtime} runs on ")


def test_a_python_that_comes_later_is_found(few: Path) -> None:
    assert interpreters.python("3.98") is None
    place = interpreters.installed_dir() / "cpython-3.98.0-linux-x86_64-gnu" / "bin"
    program(place, "py3.98", "3.98")
    assert interpreters.python("3.98") == str(place / "py3.98")


@pytest.mark.parametrize("runtime", ["nodejs99.x", "ruby9.9", "java99", "python3.99"])
async def test_one_refusal_for_all_languages(make_lab: MakeLab, runtime: str) -> None:
    lab = await make_lab(runtime_fallback="none")
    with pytest.raises(AWSError) as raised:
        await lab.invoke(lab.function("", runtime=runtime))
    assert raised.value.code == "InvalidRuntimeException"
    assert raised.value.status == 502
    assert raised.value.message.startswith(f"Runtime {runtime} cannot run: there is no ")


async def test_the_log_says_once_that_another_version_runs_it(lab: Lab) -> None:
    function = lab.function(TELL, runtime="python3.99")
    note = f"[lambda_nb] {interpreters.choose('python3.99', 'nearest').note}\n"
    for _ in range(2):
        first, second = await lab.invoke(function), await lab.invoke(function)
        assert json.loads(first.payload) == json.loads(second.payload)
        lab.executor.hooks.code_changed(function.name, function.version)
    messages = [message for *_, message in lab.sink.events]
    assert sum(m.startswith("INIT_START") for m in messages) == 2
    assert messages.count(note) == 1
    other = lab.function(TELL, runtime="python3.99", log_format="JSON")
    await lab.invoke(other)
    told = [json.loads(m) for *_, m in lab.sink.events if m.startswith('{"timestamp"')]
    assert {"level": "WARN", "message": note[12:-1]}.items() <= told[0].items()


def test_the_machine_s_own_path_is_searched(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "mine", "node", "v22.9.9")
    monkeypatch.setenv("PATH", str(tmp_path / "mine"))
    assert interpreters.choose("nodejs22.x").path == os.path.join(tmp_path, "mine", "node")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"runtime": "dotnet8"}, "Runtime dotnet8 cannot run: "),
        ({"package_type": "Image", "image_uri": "host/image:1"}, "container images need"),
    ],
)
async def test_what_cannot_run_is_said_when_it_is_deployed(
    lab: Lab, caplog: pytest.LogCaptureFixture, settings: dict[str, Any], said: str
) -> None:
    function = lab.function("", **settings)
    lab.executor.hooks.prepare(function)
    for _ in range(1000):
        if caplog.messages:
            break
        await asyncio.sleep(0.01)
    assert f"{function.qualified_arn} is kept, but: " in caplog.messages[0]
    assert said in caplog.messages[0]
    lab.executor.hooks.prepare(function)
    with pytest.raises(AWSError):
        await lab.invoke(function)
    assert sum(said in message for message in caplog.messages) == 1
