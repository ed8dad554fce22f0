"""The engine under shortage: damaged files, a full disk, few descriptors, a clock that jumps.

Each time the engine says what is wrong and what to do. It accepts nothing that it cannot keep, and
goes on by itself when the shortage is over.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from engine_fixtures import ROLE, SERVE, Ear, Engine, launch, lives, zip_of

ECHO = "def handler(event, context):\n    return event\n"
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def refused(*options: str) -> str:
    """The engine's error message when it does not start."""
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
    code = f"{ear.say}def handler(event, context):\n    say(event)\n"
    function = engine.create(code)
    engine.client().put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    accepted = [f"event {number}" for number in range(200)]
    for text in accepted:
        engine.client().invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps(text)
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
        assert _payload(again, function, "hello") == b"null"
    else:  # the events wait for their function
        assert names == []
        again.create(code, FunctionName=function)
        ear.wait(lambda said: set(accepted) <= set(said))


def test_damaged_apis(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine()
    engine.client("apigatewayv2").create_api(Name="before", ProtocolType="HTTP")
    engine.stop()
    database = engine.data_dir / "apis.sqlite"
    database.write_bytes(b"no database" * 1000)
    for log in engine.data_dir.glob("apis.sqlite-*"):
        log.unlink()
    said = refused("--data-dir", str(engine.data_dir))
    assert f"{database} is damaged" in said
    assert "--recover" in said
    again = start_engine("--recover")
    assert "apis.sqlite was damaged" in again.log_file.read_text()
    assert again.client("apigatewayv2").get_apis()["Items"] == []


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


def test_a_disk_that_fills_up_and_has_room_again(
    small_disk: Path, tmp_path: Path, ear: Ear
) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "data").symlink_to(small_disk)
    engine = launch(tmp_path / "engine")
    try:
        says = engine.create(f"{ear.say}def handler(event, context):\n    say(event)\n")
        assert _payload(engine, says, "before") == b"null"
        filler = _fill(small_disk)
        client = engine.client()
        for call in (
            lambda: client.create_function(
                FunctionName="late",
                Runtime=PYTHON,
                Role=ROLE,
                Handler="index.handler",
                Code={"ZipFile": zip_of({"index.py": ECHO, "data": os.urandom(200_000)})},
            ),
            lambda: client.publish_layer_version(
                LayerName="late", Content={"ZipFile": zip_of({"data": os.urandom(200_000)})}
            ),
        ):
            with pytest.raises(ClientError, match="The disk is full") as error:
                call()
            assert error.value.response["Error"]["Code"] == "ServiceException"
        os.truncate(filler, filler.stat().st_size - (256 << 10))  # a little room for some events
        accepted = _until_full(
            lambda number: client.invoke(
                FunctionName=says,
                InvocationType="Event",
                Payload=json.dumps(f"{number:04d}" + "x" * 5000),
            )
        )
        assert accepted
        _until_full(
            lambda number: client.update_function_configuration(
                FunctionName=says, Description=f"{number}" * 50
            )
        )
        assert json.loads(engine.get("/_lambda_nb/health")) == {"status": "ok"}
        filler.unlink()
        ear.wait(lambda said: {f"{n:04d}" for n in range(accepted)} <= {t[:4] for t in said})
        name = engine.create(ECHO)
        assert _payload(engine, name, "after") == b'"after"'
        client.invoke(FunctionName=says, InvocationType="Event", Payload=b'"after"')
        ear.wait(lambda said: "after" in said)
        assert "late" not in {f["FunctionName"] for f in client.list_functions()["Functions"]}
    finally:
        assert engine.stop() == 0
    log = engine.log_file.read_text()
    assert "Traceback" not in log
    assert "the disk is full" in log


def _until_full(call: Callable[[int], object]) -> int:
    """Make calls until one is refused because the disk is full; returns how many succeeded."""
    for number in range(2000):
        try:
            call(number)
        except ClientError as error:
            if "The disk is full" not in str(error):
                raise
            return number
    raise AssertionError("the disk never filled up")


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="util-linux has no prlimit here")
def test_few_file_descriptors(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine(serve=["prlimit", "--nofile=128:128", *SERVE])
    name = engine.create("import time\ndef handler(event, context):\n    time.sleep(event)\n")
    others = [engine.create(ECHO) for _ in range(25)]
    answers: Counter[str] = Counter()

    def call() -> None:
        client = engine.client(verify=False)  # its own connection, kept open
        try:
            client.invoke(FunctionName=name, Payload=b"0.5")
        except ClientError as error:
            answers[error.response["Error"]["Code"]] += 1
        else:
            answers["right"] += 1

    callers = [threading.Thread(target=call) for _ in range(150)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join(60)
    assert set(answers) == {"right", "TooManyRequestsException"}, answers
    assert sum(answers.values()) == len(callers)
    patient = engine.client(config=Config(retries={"mode": "standard", "total_max_attempts": 8}))
    for other in others:  # each needs its own environment; idle ones make room
        answer = patient.invoke(FunctionName=other, Payload=b"1")
        assert answer["Payload"].read() == b"1"
    assert engine.stop() == 0
    log = engine.log_file.read_text()
    assert log.count("this process may open only 128 files") == 1
    assert "Traceback" not in log


LONELY = """
import fcntl, os, socket, struct, subprocess, sys
if sys.argv[1] == "up":
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.pack("16sh22x", b"lo", 1)  # IFF_UP
        fcntl.ioctl(any_socket, 0x8914, flags)  # SIOCSIFFLAGS
subprocess.run(["mount", "--bind", os.devnull, "/etc/hosts"], check=True)
os.execv(sys.executable, sys.argv[2:])
"""
CALL = """
import sys, boto3
client = boto3.client("lambda", endpoint_url=sys.argv[1], region_name="us-east-1")
print(client.invoke(FunctionName=sys.argv[2], Payload=b'"alone"')["Payload"].read().decode())
"""


def _alone(loopback: str) -> list[str]:
    """Start an engine in its own network, without DNS, and with loopback up or down."""
    if os.getuid() != 0:
        pytest.skip("only root can make a network namespace")
    command = ["unshare", "--net", "--mount", sys.executable, "-c", LONELY, loopback, *SERVE]
    if subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let root make a network namespace")
    return command


def test_a_network_without_names(start_engine: Callable[..., Engine], tmp_path: Path) -> None:
    first = start_engine(directory="alone")
    name = first.create(ECHO)
    assert first.stop() == 0
    engine = start_engine(serve=_alone("up"), directory="alone")
    inside = ["nsenter", f"--net=/proc/{engine.process.pid}/ns/net", sys.executable, "-c", CALL]
    done = subprocess.run(
        [*inside, engine.url, name], capture_output=True, text=True, env=engine.environ, timeout=60
    )
    assert done.stdout == '"alone"\n', done.stderr
    assert engine.log_file.read_text() == ""


def test_a_network_without_loopback() -> None:
    done = subprocess.run(_alone("down"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "127.0.0.1 cannot be reached here" in done.stderr
    assert "ip link set lo up" in done.stderr


def test_the_launcher_of_functions_is_killed(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine()
    name = engine.create(ECHO)
    for number in range(3):
        assert _payload(engine, name, number) == str(number).encode()
        for zygote in engine.status()["zygotes"]:
            os.kill(zygote["pid"], signal.SIGKILL)
            while lives(zygote["pid"]):
                time.sleep(0.01)
        # A warm environment dies with its launcher: its caller gets an error, the next does not.
        with contextlib.suppress(ClientError):
            _payload(engine, name, "meanwhile")
    assert _payload(engine, name, "after") == b'"after"'
