"""Starts each compared tool on loopback, and stops it at the end.

Peers are not changed and are called from outside only: *ministack* from the package index, in its
own virtual environment; AWS's *runtime interface emulator*, the binary inside the aws-sam-cli
wheel. Both stay in ``.benchmarks/`` for the next run.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".benchmarks"
REGION = "us-east-1"
ECHO = "def handler(event, context):\n    return event\n"


@dataclass(frozen=True)
class Peer:
    """A running Lambda endpoint: where to POST an event of its echo function."""

    name: str
    port: int
    path: str
    credentials: tuple[str, str]

    @property
    def url(self) -> str:
        """The endpoint for AWS clients."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> Any:
        """A boto3 client that does not retry."""
        key, secret = self.credentials
        return boto3.client(
            "lambda",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )


def invoke_path(function: str) -> str:
    """The path of Lambda's Invoke operation."""
    return f"/2015-03-31/functions/{function}/invocations"


@contextlib.contextmanager
def lambda_nb(*options: str, auth: str = "none") -> Iterator[Peer]:
    """Our own engine, as a user starts it."""
    with _scratch() as folder:
        command = [sys.executable, "-m", "lambda_nb.engine", "serve", "--port", "0", "--auth", auth]
        command += ["--data-dir", str(folder / "data"), *options]
        with _process(command, folder, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            if "serving on" not in line:
                raise RuntimeError(f"the engine did not start: {(folder / 'log').read_text()}")
            port = int(line.split("http://127.0.0.1:")[1].split()[0].strip("/"))
            credentials = _issued(line) if auth == "sigv4" else ("000000000000", "unsigned")
            yield Peer("lambda_nb", port, invoke_path("echo"), credentials)


@contextlib.contextmanager
def ministack() -> Iterator[Peer]:
    """ministack from the package index, with its default settings."""
    program = _ministack()
    port = free_port()
    with _scratch() as folder:
        environment = {**os.environ, "GATEWAY_PORT": str(port), "HOME": str(folder)}
        with _process([str(program)], folder, environment):
            wait_for(port)
            yield Peer("ministack", port, invoke_path("echo"), ("000000000000", "test"))


@contextlib.contextmanager
def emulator() -> Iterator[Peer]:
    """AWS's runtime interface emulator and client, with the echo function."""
    binary = _emulator_binary()
    port = free_port()
    with _scratch() as folder:
        (folder / "echo.py").write_text(ECHO)
        command = [
            str(binary),
            "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
            "--runtime-api-address", f"127.0.0.1:{free_port()}",
            sys.executable, "-m", "awslambdaric", "echo.handler",
        ]  # fmt: skip
        with _process(command, folder):
            wait_for(port)
            yield Peer("AWS emulator", port, invoke_path("function"), ("000000000000", "test"))


@contextlib.contextmanager
def serverless_offline(app: str) -> Iterator[Peer]:
    """serverless-offline from npm: an HTTP API at ``/http``, a REST API at ``/rest``."""
    program = _serverless()
    port = free_port()
    with _scratch() as folder:
        (folder / "app.py").write_text(app)
        (folder / "node_modules").symlink_to(program.parents[1])
        offline = {"host": "127.0.0.1", "httpPort": port, "noPrependStageInUrl": True}
        offline |= {f"{kind}Port": free_port() for kind in ("lambda", "websocket", "alb")}
        events = [{"httpApi": "POST /http"}, {"http": {"path": "rest", "method": "post"}}]
        service = {
            "service": "echo",
            "frameworkVersion": "3",
            "provider": {"name": "aws", "runtime": f"python3.{sys.version_info.minor}"},
            "plugins": ["serverless-offline"],
            "custom": {"serverless-offline": offline},
            "functions": {"echo": {"handler": "app.handler", "events": events}},
        }
        (folder / "serverless.json").write_text(json.dumps(service))
        environment = {**os.environ, "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}
        with _process(["node", str(program), "offline", "start"], folder, environment):
            wait_for(port)
            path = "/2015-03-31/functions/echo/invocations"
            yield Peer("serverless-offline", port, path, ("000000000000", "test"))


def create_echo(client: Any, name: str = "echo", code: str = ECHO, memory: int = 512) -> None:
    """Create a Python function and wait until it is active."""
    client.create_function(
        FunctionName=name,
        Runtime=f"python3.{sys.version_info.minor}",
        Role="arn:aws:iam::000000000000:role/lambda",
        Handler="app.handler",
        MemorySize=memory,
        Timeout=60,
        Code={"ZipFile": zipped(code)},
    )
    client.get_waiter("function_active_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def zipped(code: str) -> bytes:
    """A deployment package with ``code`` as ``app.py``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("app.py", (2026, 1, 1, 0, 0, 0))
        info.external_attr = 0o644 << 16
        archive.writestr(info, code)
    return buffer.getvalue()


def free_port() -> int:
    """A free port on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def python_with(*packages: str) -> Path:
    """The interpreter of a virtual environment that is named after the first package."""
    python = CACHE / packages[0] / "bin" / "python"
    if not python.exists():
        print(f"Installing {packages[0]} into .benchmarks/ (first run only) ...", file=sys.stderr)
        venv.create(python.parents[1], with_pip=True)
        _pip(python, "install", *packages)
    return python


def machine() -> str:
    """One line about this machine, to print with the figures."""
    return (
        f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}, "
        f"{time.strftime('%Y-%m-%d %H:%M')}"
    )


def _issued(line: str) -> tuple[str, str]:
    """Access key and secret from the file that the engine's first line names."""
    path = Path(line.split("credentials ")[1].strip().rstrip(")"))
    issued = json.loads(path.with_suffix(".json").read_text())
    return issued["access_key_id"], issued["secret_access_key"]


def _ministack() -> Path:
    return python_with("ministack").with_name("ministack")


def _serverless() -> Path:
    folder = CACHE / "serverless"
    program = folder / "node_modules" / ".bin" / "sls"
    if not program.exists():
        print("Installing serverless-offline into .benchmarks/ (first run) ...", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder)]
        subprocess.run([*install, "serverless@3", "serverless-offline@13"], check=True)
    return program


def _emulator_binary() -> Path:
    kind = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
    binary = CACHE / f"aws-lambda-rie-{kind}"
    if not binary.exists():
        print("Fetching AWS's emulator out of the aws-sam-cli wheel ...", file=sys.stderr)
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            _pip(Path(sys.executable), "download", "--no-deps", "-d", folder, "aws-sam-cli")
            with zipfile.ZipFile(next(Path(folder).glob("aws_sam_cli-*.whl"))) as wheel:
                content = wheel.read(f"samcli/local/rapid/aws-lambda-rie-{kind}")
        binary.write_bytes(content)
        binary.chmod(0o755)
    return binary


def _pip(python: Path, *arguments: str) -> None:
    subprocess.run(
        [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments], check=True
    )


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lambda-nb-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _process(
    command: list[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    stdout: int | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A child process that logs to ``folder/log``; it and its children end with the block."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=log if stdout is None else stdout,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            if process.stdout is not None:
                process.stdout.close()


def wait_for(port: int, timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.001)
    raise RuntimeError(f"nothing listens on port {port} after {timeout_s:g} s")
