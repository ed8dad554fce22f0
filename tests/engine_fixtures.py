"""A real engine for tests: ``python -m lambda_nb.engine serve`` in a process of its own.

``engine`` is one engine for all tests of a folder, with signed requests; ``start_engine`` starts
further ones with other options. Use function names of your own (``engine.name()``): the folder
shares one engine.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psutil
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from lambda_nb.engine.execution.runtimes import interpreters

READY = re.compile(
    r"lambda-nb serving on (?P<url>http://127\.0\.0\.1:\d+) "
    r"\(account (?P<account>\d{12}), region (?P<region>\S+), credentials (?P<credentials>.+)\)\n"
)
TESTS = Path(__file__).parent
ROLE = "arn:aws:iam::000000000000:role/lambda-role"
_names = itertools.count(1)


@dataclass
class Engine:
    """A running engine, and clients to talk to it as to AWS."""

    process: subprocess.Popen[str]
    url: str
    account: str
    region: str
    credentials_file: Path
    data_dir: Path
    log_file: Path
    _clients: dict[str, Any] = field(default_factory=dict)
    _made: list[Any] = field(default_factory=list)

    @property
    def keys(self) -> dict[str, str]:
        """Access key and secret, as arguments of ``boto3.client``."""
        issued = json.loads(self.credentials_file.with_suffix(".json").read_text())
        return {
            "aws_access_key_id": issued["access_key_id"],
            "aws_secret_access_key": issued["secret_access_key"],
        }

    def client(self, service: str = "lambda", **options: Any) -> Any:
        """A boto3 client that signs with the issued credentials and does not retry."""
        if options:
            return self._new_client(service, options)
        if service not in self._clients:
            self._clients[service] = self._new_client(service, {})
        return self._clients[service]

    def _new_client(self, service: str, options: dict[str, Any]) -> Any:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=100)
        arguments = {
            "endpoint_url": self.url,
            "region_name": self.region,
            "config": config,
            **self.keys,
            **options,
        }
        client = boto3.client(service, **arguments)
        self._made.append(client)  # closed at the end, so that no socket is left to the collector
        return client

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables for a script or CLI that has only the credentials file."""
        return {**os.environ, "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials_file)}

    @staticmethod
    def name(prefix: str = "f") -> str:
        """A function name that no other test of this session uses."""
        return f"{prefix}-{os.getpid()}-{next(_names)}"

    def create(
        self, code: str, *, wait: bool = True, handler: str = "index.handler", **settings: Any
    ) -> str:
        """Create a Python function whose ``index.py`` is ``code``; returns its name."""
        runtime = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        arguments: dict[str, Any] = {
            "FunctionName": self.name(),
            "Runtime": runtime,
            "Role": ROLE,
            "Handler": handler,
            "Code": {"ZipFile": zip_of({"index.py": code})},
            **settings,
        }
        self.client().create_function(**arguments)
        if wait:
            self.wait(arguments["FunctionName"])
        return str(arguments["FunctionName"])

    def update(self, name: str, code: str) -> None:
        """Replace a function's ``index.py`` and wait until the new one is in use."""
        self.client().update_function_code(FunctionName=name, ZipFile=zip_of({"index.py": code}))
        self.wait(name)

    def identifier(self, address: str) -> str:
        """The id of the function URL or the API at an address, whatever form that has."""
        parts = urlsplit(address)
        if parts.netloc.partition(".")[2].startswith(("lambda-url.", "execute-api.")):
            return parts.netloc.partition(".")[0]
        if parts.netloc == urlsplit(self.url).netloc:
            return parts.path.split("/")[2]
        kept = json.loads((self.data_dir / "ports.json").read_text())
        (identifier,) = [identifier for _, identifier, port in kept if port == parts.port]
        return str(identifier)

    def get(self, path: str) -> bytes:
        """A signed GET of a path of the engine."""
        keys = Credentials(self.keys["aws_access_key_id"], self.keys["aws_secret_access_key"])
        request = AWSRequest("GET", self.url + path)
        SigV4Auth(keys, "lambda", self.region).add_auth(request)
        signed = urllib.request.Request(request.url, headers=dict(request.headers.items()))
        with urllib.request.urlopen(signed, timeout=60) as reply:
            content: bytes = reply.read()
        return content

    def status(self) -> dict[str, Any]:
        """The answer of ``/_lambda_nb/status``."""
        status: dict[str, Any] = json.loads(self.get("/_lambda_nb/status"))
        return status

    def wait(self, name: str) -> None:
        """Wait until the function is active and its last update is done."""
        waiter_config = {"Delay": 0.05, "MaxAttempts": 200}
        for waiter in ("function_active_v2", "function_updated_v2"):
            self.client().get_waiter(waiter).wait(FunctionName=name, WaiterConfig=waiter_config)

    def stop(self) -> int:
        """End the engine as Ctrl-C would; its exit code."""
        for client in self._made:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


class Ear:
    """Receives what functions send: a listener on loopback that keeps every message.

    Functions may not write outside their sandbox, but all of them may connect to loopback.
    """

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def say(self) -> str:
        """Source of a function ``say(text)`` for a handler's module."""
        return (
            "import socket\n"
            "def say(text):\n"
            f"    with socket.create_connection(('127.0.0.1', {self.port})) as mouth:\n"
            "        mouth.sendall(text.encode())\n"
            "        mouth.shutdown(socket.SHUT_WR)\n"
            "        mouth.recv(1)\n"
        )

    def _listen(self) -> None:
        while True:
            try:
                speaker, _ = self._listener.accept()
            except OSError:
                return
            with speaker:
                said = b""
                with contextlib.suppress(ConnectionError):
                    while chunk := speaker.recv(65536):
                        said += chunk
                    # A late request to an earlier owner of the port says nothing to us.
                    with contextlib.suppress(UnicodeDecodeError):
                        self.heard.append(said.decode())
                    speaker.sendall(b".")

    def wait(self, condition: Callable[[list[str]], bool], within_s: float = 30.0) -> None:
        """Wait until what was heard satisfies a condition."""
        deadline = time.monotonic() + within_s
        while not condition(self.heard):
            if time.monotonic() > deadline:
                raise AssertionError(f"heard only {len(self.heard)}: {self.heard[-10:]}")
            time.sleep(0.02)

    def close(self) -> None:
        """Stop listening."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


def lives(pid: int) -> bool:
    """Whether a process runs; it may end while we ask."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def zip_of(files: dict[str, str | bytes]) -> bytes:
    """A zip archive of the files, the same bytes whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, date_time=(2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


SERVE = (sys.executable, "-m", "lambda_nb.engine", "serve", "--port", "0")
"""Starts an engine on a free port."""


def launch(directory: Path, *options: str, serve: Sequence[str] = SERVE) -> Engine:
    """Start an engine on a free port and wait for its ready line."""
    directory.mkdir(parents=True, exist_ok=True)
    data_dir = directory / "data"
    log_file = directory / "engine.log"
    with log_file.open("w") as log:
        process = subprocess.Popen(
            [*serve, "--data-dir", str(data_dir), *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    ready = READY.fullmatch(line)
    if ready is None:
        process.kill()
        process.wait()
        process.stdout.close()
        raise AssertionError(f"the engine said {line!r}\n{log_file.read_text()}")
    return Engine(
        process,
        ready["url"],
        ready["account"],
        ready["region"],
        Path(ready["credentials"]),
        data_dir,
        log_file,
    )


def has_runtime(identifier: str) -> bool:
    """Whether this exact version of a managed runtime is on this machine."""
    try:
        interpreters.choose(identifier)
    except interpreters.NotHereError:
        return False
    return True


def needs_runtime(*identifiers: str) -> pytest.MarkDecorator:
    """Skips a test unless exactly these versions of managed runtimes are on this machine."""
    missing = [one for one in identifiers if not has_runtime(one)]
    return pytest.mark.skipif(bool(missing), reason=f"this machine has no {', '.join(missing)}")


def error_of(call: Callable[[], Any]) -> tuple[str, str]:
    """The code and the message with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    told = caught.value.response["Error"]
    return told["Code"], told["Message"]


def needs_program(*names: str) -> pytest.MarkDecorator:
    """Skips a test unless these programs are on PATH."""
    missing = [name for name in names if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}, not on PATH")


class _EngineOfFolder:
    """Runs one engine at a time: another folder gets a new one.

    What thousands of tests leave in an engine, such as pollers of queues, would slow the last ones.
    """

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._folder: tuple[str, ...] = ()
        self._running: Engine | None = None

    def get(self, test_module: Path) -> Engine:
        """The engine for a module; folders below ``tests/engine`` count, those below them not."""
        folder = test_module.relative_to(TESTS).parent.parts[:2]
        if self._running is None or folder != self._folder:
            self.stop()
            self._folder = folder
            place = self._factory.mktemp("engine")
            self._running = launch(place, "--runtime-fallback", "nearest")
        return self._running

    def stop(self) -> None:
        """Stop the engine, which must end well."""
        running, self._running = self._running, None
        if running is not None:
            assert running.stop() == 0, running.log_file.read_text()


@pytest.fixture(scope="session")
def engine_of_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_EngineOfFolder]:
    """Keeps the engine from one module to the next."""
    engines = _EngineOfFolder(tmp_path_factory)
    yield engines
    engines.stop()


@pytest.fixture(scope="module")
def engine(engine_of_folder: _EngineOfFolder, request: pytest.FixtureRequest) -> Engine:
    """One engine for all tests of a folder, with signed requests.

    Tests in other languages run on whatever version of them this machine has.
    """
    return engine_of_folder.get(request.path)


@pytest.fixture
def ear() -> Iterator[Ear]:
    """A listener that functions can connect to."""
    listener = Ear()
    yield listener
    listener.close()


@pytest.fixture
def start_engine(tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """Start further engines: ``start_engine("--auth", "none")``; stopped at the end of the test."""
    running: list[Engine] = []

    def start(*options: str, directory: str = "engine", serve: Sequence[str] = SERVE) -> Engine:
        engine = launch(tmp_path / directory, *options, serve=serve)
        running.append(engine)
        return engine

    yield start
    for engine in running:
        engine.stop()
