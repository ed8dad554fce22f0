"""TLS on the engine's own port: its certificate, who trusts it, and what comes over it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import socket
import ssl
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from edge_site_lab import CACHING_OPTIMIZED, Site, behaviour, distribute
from engine_fixtures import Engine
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.wire import tls as module
from lambda_nb.engine.api.wire.certificates import Certificates
from lambda_nb.engine.api.wire.tls import Decrypting


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A certificate."""
    made = Certificates(tmp_path_factory.mktemp("tls"))
    asyncio.run(made.make())
    return made


def trusting(engine: Engine) -> ssl.SSLContext:
    """What a function trusts; it is made when the engine has started."""
    trusted = engine.data_dir / "tls/public/lambda-nb.pem"
    deadline = time.monotonic() + 60
    while not (engine.data_dir / "tls/server.pem").exists():
        assert time.monotonic() < deadline, "no certificate was made"
        time.sleep(0.02)
    return ssl.create_default_context(cafile=trusted)


def secure(engine: Engine) -> http.client.HTTPSConnection:
    """A connection to the engine's port, with TLS."""
    host = engine.url.removeprefix("http://")
    return http.client.HTTPSConnection(host, timeout=60, context=trusting(engine))


def healthy(engine: Engine) -> None:
    """Ask the engine twice over one connection."""
    connection = secure(engine)
    try:
        for _ in range(2):
            connection.request("GET", "/_lambda_nb/health")
            answer = connection.getresponse()
            assert (answer.status, json.loads(answer.read())) == (200, {"status": "ok"})
    finally:
        connection.close()


def test_https_on_the_engine_s_port(engine: Engine) -> None:
    healthy(engine)


def test_hits_of_a_distribution_that_repeat(engine: Engine) -> None:
    site = Site()
    cached = behaviour(CachePolicyId=CACHING_OPTIMIZED)
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=cached)
    found = []
    connection = secure(engine)
    try:
        for _ in range(4):
            host = {"Host": f"{identifier.lower()}.cloudfront.localhost"}
            connection.request("GET", "/a", headers=host)
            answer = connection.getresponse()
            assert json.loads(answer.read())["target"] == "/a"
            fast = engine.status()["edge"]["fast_hits"]
            found.append(((answer.getheader("X-Cache") or "").split()[0], fast))
    finally:
        connection.close()
        site.close()
    outcomes, fast = zip(*found, strict=True)
    assert outcomes == ("Miss", "Hit", "Hit", "Hit")
    assert [each - fast[0] for each in fast] == [0, 0, 1, 2]


def test_much_over_tls(engine: Engine) -> None:
    function = engine.create("def handler(event, context):\n    return event[::-1]\n")
    address = engine.url.replace("http://", "https://")
    trusted = str(engine.data_dir / "tls/public/bundle.pem")
    client = engine.client("lambda", endpoint_url=address, verify=trusted)
    text = "0123456789" * 400_000
    answer = client.invoke(FunctionName=function, Payload=json.dumps(text))
    assert json.loads(answer["Payload"].read()) == text[::-1]


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "a1.execute-api.localhost",
        "u1.lambda-url.localhost",
        "e1.cloudfront.localhost",
        "127.0.0.1",
    ],
)
def test_names(engine: Engine, name: str) -> None:
    port = int(engine.url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), 60) as line,
        trusting(engine).wrap_socket(line, server_hostname=name) as secured,
    ):
        secured.sendall(b"GET /_lambda_nb/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert secured.recv(100).startswith(b"HTTP/1.1 200")


def test_nobody_else_trusts_it(engine: Engine) -> None:
    port = int(engine.url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), 60) as line,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(line, server_hostname="localhost")


def test_what_only_begins_like_tls_is_hung_up_on(engine: Engine) -> None:
    port = int(engine.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 60) as line:
        line.sendall(b"\x16GET / HTTP/1.1\r\n\r\n")
        said = b""
        while part := line.recv(1000):
            said += part
        assert b"HTTP" not in said


def test_a_function_trusts_it(engine: Engine) -> None:
    code = (
        "import os, ssl, urllib.request\n"
        "def handler(event, context):\n"
        "    url = os.environ['AWS_ENDPOINT_URL'].replace('http:', 'https:')\n"
        "    context = ssl.create_default_context(cafile=os.environ['AWS_CA_BUNDLE'])\n"
        "    with urllib.request.urlopen(url + '/_lambda_nb/health', context=context) as answer:\n"
        "        return [answer.status, os.environ['NODE_EXTRA_CA_CERTS'].endswith('.pem')]\n"
    )
    answer = engine.client().invoke(FunctionName=engine.create(code))
    assert json.loads(answer["Payload"].read()) == [200, True]


def test_a_function_may_set_the_variables_itself(engine: Engine) -> None:
    code = "import os\ndef handler(event, context):\n    return os.environ['AWS_CA_BUNDLE']\n"
    variables = {"Variables": {"AWS_CA_BUNDLE": "/var/task/mine.pem"}}
    answer = engine.client().invoke(FunctionName=engine.create(code, Environment=variables))
    assert json.loads(answer["Payload"].read()) == "/var/task/mine.pem"


def test_kept_over_a_restart(start_engine: Callable[..., Engine]) -> None:
    first = start_engine()
    healthy(first)
    assert first.stop() == 0
    before = (first.data_dir / "tls/server.pem").read_bytes()
    second = start_engine()
    assert second.stop() == 0
    assert (second.data_dir / "tls/server.pem").read_bytes() == before


def test_one_of_an_older_engine_is_made_again(tmp_path: Path) -> None:
    asyncio.run(Certificates(tmp_path).make())
    own = tmp_path / "server.pem"
    names, _, rest = own.read_bytes().partition(b"\n")
    own.write_bytes(names.replace(b" *.cloudfront.localhost", b"") + b"\n" + rest)
    asyncio.run(Certificates(tmp_path).make())
    assert own.read_bytes().startswith(names)


def test_the_key_is_private(certificates: Certificates) -> None:
    own = certificates.public.parent / "server.pem"
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    for path in certificates.public.iterdir():
        assert b"PRIVATE" not in path.read_bytes()
    variables = certificates.variables()
    assert Path(variables["NODE_EXTRA_CA_CERTS"]).read_bytes().count(b"BEGIN CERTIFICATE") == 1
    assert Path(variables["AWS_CA_BUNDLE"]).read_bytes().count(b"BEGIN CERTIFICATE") > 50


def test_what_is_trusted_otherwise_is_kept_up_to_date(certificates: Certificates) -> None:
    bundle = Path(certificates.variables()["AWS_CA_BUNDLE"])
    before, own = bundle.read_bytes(), (certificates.public.parent / "server.pem").read_bytes()
    bundle.write_bytes(b"old")
    asyncio.run(Certificates(certificates.public.parent).make())
    assert bundle.read_bytes() == before
    assert (certificates.public.parent / "server.pem").read_bytes() == own


def test_functions_may_read_what_they_trust_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        certificates = Certificates(tmp_path / "tls")
        asyncio.run(certificates.make())
    finally:
        os.umask(before)
    assert stat.S_IMODE(certificates.public.stat().st_mode) == 0o755
    for path in certificates.public.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "tls/server.pem").stat().st_mode) == 0o600


def test_without_a_certificate_functions_are_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    certificates = Certificates(tmp_path)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    asyncio.run(certificates.make())
    assert asyncio.run(certificates.context()) is None
    assert certificates.variables() == {}
    assert "no certificate could be made" in caplog.text


class Line:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.longest = 0
        self.closed = False

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.written += data
        self.longest = max(self.longest, len(data))

    def close(self) -> None:
        """End."""
        self.closed = True

    def is_closing(self) -> bool:
        """Whether it ends."""
        return self.closed


@given(st.binary(min_size=1))
def test_any_bytes_in_place_of_a_handshake(certificates: Certificates, data: bytes) -> None:
    context = asyncio.run(certificates.context())
    assert context is not None
    line = Line()
    decrypting = Decrypting(line, context, lambda: pytest.fail("no handshake"))  # type: ignore[arg-type]
    decrypting.data_received(b"\x16" + data)
    decrypting.connection_lost(None)


async def test_a_handshake_may_not_take_for_ever(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    context = await certificates.context()
    assert context is not None
    line, broken_off = Line(), asyncio.Event()
    line.abort = broken_off.set  # type: ignore[attr-defined]
    decrypting = Decrypting(line, context, lambda: pytest.fail("no handshake"))  # type: ignore[arg-type]
    decrypting.limit(asyncio.get_running_loop())
    decrypting.data_received(b"\x16")
    await asyncio.wait_for(broken_off.wait(), 60)
    decrypting.connection_lost(None)


class Inside(asyncio.Protocol):
    """A protocol that knows its transport, and whether that is gone."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.lost = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note."""
        self.lost = True


def test_much_is_encrypted_in_pieces(certificates: Certificates) -> None:
    """What encrypts keeps the room that the largest piece needed, for as long as it lives."""
    context = asyncio.run(certificates.context())
    assert context is not None
    line, inside = Line(), Inside()
    decrypting = Decrypting(line, context, lambda: inside)  # type: ignore[arg-type]
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context(cafile=certificates.public / "lambda-nb.pem")
    tls = client.wrap_bio(coming, going, server_hostname="localhost")
    while decrypting.inside is None:
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        decrypting.data_received(going.read())
        coming.write(line.written)
        line.written = b""
    content = bytes(range(256)) * 8192
    inside.transport.write(content)
    assert line.longest < 100_000
    coming.write(line.written)
    got = b""
    while len(got) < len(content):
        got += tls.read(len(content))
    assert got == content
    decrypting.connection_lost(None)
    assert inside.lost
    assert decrypting.inside is None  # nothing keeps a connection that is gone
