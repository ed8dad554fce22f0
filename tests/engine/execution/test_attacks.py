"""What a malicious function can reach: processes, passwords, other functions, the engine."""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine
from execution_lab import MakeLab, make_lab

from lambda_nb.engine.execution.sandbox.isolation import IsolationError

__all__ = ["make_lab"]

TRY = """
import ctypes, os, signal, socket, subprocess
def handler(event, context):
    try:
        return eval(event)
    except OSError as error:
        return f"{type(error).__name__}: {error.strerror}"
def visible():
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
def connect(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
    return "connected"
def trace(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    return os.strerror(ctypes.get_errno()) if libc.ptrace(16, pid, 0, 0) < 0 else "traced"
"""


class Attacker:
    """A function at one level, asked to evaluate expressions."""

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        self.function = lab.function(TRY, timeout_s=30)

    async def __call__(self, expression: str) -> Any:
        result = await self.lab.invoke(self.function, expression)
        assert result.function_error is None, result.payload
        return json.loads(result.payload)


async def attacker_at(level: str, make_lab: MakeLab) -> Attacker:
    try:
        return Attacker(await make_lab(isolation=level))
    except IsolationError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["L2", "L3"])
async def attacker(request: pytest.FixtureRequest, make_lab: MakeLab) -> Attacker:
    return await attacker_at(request.param, make_lab)


async def test_other_processes_are_not_seen(attacker: Attacker) -> None:
    if os.getuid() != 0:
        pytest.skip("a user namespace may not mount /proc: other processes keep their names")
    own = await attacker("os.getpid()")
    assert own in await attacker("visible()")
    for stranger in (os.getpid(), 1):
        assert stranger not in await attacker("visible()")
        answer = await attacker(f"open('/proc/{stranger}/environ').read()")
        assert answer == "FileNotFoundError: No such file or directory"


async def test_other_processes_are_neither_signalled_nor_traced(attacker: Attacker) -> None:
    for stranger in (os.getpid(), os.getppid()):
        answer = await attacker(f"os.kill({stranger}, 0)")
        assert answer in (
            "PermissionError: Operation not permitted",
            "ProcessLookupError: No such process",
        )
        assert await attacker(f"trace({stranger})") in (
            "Operation not permitted",
            "No such process",
            "Function not implemented",
        )


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/gshadow", "/etc/shadow-"])
async def test_passwords_are_not_readable(attacker: Attacker, path: str) -> None:
    if not Path(path).exists():
        pytest.skip(f"this machine has no {path}")
    assert await attacker(f"open({path!r}).read()") in (
        "",
        "PermissionError: Permission denied",
        "FileNotFoundError: No such file or directory",
    )
    assert "root" in await attacker("open('/etc/passwd').read()")  # public files are readable


@pytest.mark.parametrize("place", ["~/.ssh", "~/.aws", "~/.config", "~/.bash_history", "~"])
async def test_the_home_of_the_engine_s_user_is_shut(attacker: Attacker, place: str) -> None:
    home = os.path.expanduser(place)
    assert await attacker(f"os.listdir({home!r})") in (
        "PermissionError: Permission denied",
        "FileNotFoundError: No such file or directory",
        "NotADirectoryError: Not a directory",
    )


@pytest.mark.parametrize("level", ["L2", "L3"])
async def test_sockets_of_services_are_shut(make_lab: MakeLab, level: str) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can put a socket into /run")
    path = f"/run/lambda-nb-test-{os.getpid()}-{level}.sock"
    with socket.socket(socket.AF_UNIX) as service:
        service.bind(path)
        try:
            os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)
            service.listen()
            attacker = await attacker_at(level, make_lab)
            assert await attacker(f"connect({path!r})") != "connected"
        finally:
            os.unlink(path)


async def test_nothing_can_be_mounted(attacker: Attacker) -> None:
    answer = await attacker("subprocess.run(['mount', '-t', 'tmpfs', 'x', '/mnt']).returncode")
    assert answer != 0


def test_the_engine_s_files_are_not_there(engine: Engine) -> None:
    name = engine.create(TRY)
    other = engine.create("SECRET = 1\ndef handler(event, context):\n    return 1\n")
    engine.client().invoke(FunctionName=other, Payload=b"1")
    if engine.status()["isolation"]["level"] not in ("L2", "L3"):
        pytest.skip("this machine allows no mount namespaces")
    paths = [engine.credentials_file, engine.credentials_file.with_suffix(".json")]
    paths += [path for path in engine.data_dir.rglob("*") if path.is_file()]
    assert len(paths) > 4
    for path in paths:
        if "/runtime/" in str(path) or "/tls/public/" in str(path):  # every function may read these
            continue
        payload = json.dumps(f"open({str(path)!r}).read()")
        answer = engine.client().invoke(FunctionName=name, Payload=payload)
        said = json.loads(answer["Payload"].read())
        assert said in (
            "FileNotFoundError: No such file or directory",
            "PermissionError: Permission denied",
        ), path


LOOK = """
def handler(event, context):
    try:
        return open(event).read()
    except OSError as error:
        return type(error).__name__
"""


@pytest.mark.parametrize("level", ["L1", "L2", "L3"])
@pytest.mark.parametrize(
    "first_line",
    ["#!/usr/../bin/sh", "#!/proc/self/root/bin/sh", "#!/bin/../usr/../bin/sh -e", "#!{secret}"],
)
async def test_a_function_does_not_choose_what_it_may_read(
    make_lab: MakeLab, level: str, first_line: str
) -> None:
    """It cannot do so by the first line of its wrapper, nor by the wrapper's name."""
    lab = (await attacker_at(level, make_lab)).lab
    secret = Path(f"/var/tmp/lambda-nb-secret-{os.getpid()}-{level}")
    secret.write_text("secret")
    secret.chmod(0o600)
    try:
        layer = lab.folder / "layer"
        layer.mkdir(exist_ok=True)
        (layer / "wrap").write_text(f'{first_line.format(secret=secret)}\nexec "$@"\n')
        (layer / "wrap").chmod(0o755)
        for wrapper in ("/opt/wrap", str(secret), "/usr/../bin/env", "/proc/self/root/bin/env"):
            function = lab.function(
                LOOK,
                environment={"AWS_LAMBDA_EXEC_WRAPPER": wrapper},
                layer_dirs=(layer,),
                timeout_s=30,
            )
            result = await lab.invoke(function, str(secret))
            assert b"secret" not in result.payload.replace(str(secret).encode(), b""), wrapper
            if result.function_error is None:
                assert json.loads(result.payload) == "PermissionError"
    finally:
        secret.unlink()
