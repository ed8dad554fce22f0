"""Claim: a hit comes at half of nginx's rate on one core; a trigger costs 0.2 ms above Invoke.

One run measures, in rounds that alternate:

- hits of a page of 3 kB with wrk (one thread, 16 connections): a distribution of lambda_nb (without
  and with a standard log, and with requests that all differ, so that each is parsed), nginx and
  Varnish as caches with an access log, and two servers of Python's: aiohttp and uvicorn, which
  answer from memory. Each has one process for its work;
- a Lambda@Edge function at viewer-request on the way to a hit, beside a direct Invoke of the same
  function with the same event, by turns, on one connection each;
- a CloudFront Function at viewer-request on the way to a hit, beside the same way without it, and
  beside a bare call of its JavaScript engine.

wrk and nginx have to be installed (``apt-get install wrk nginx-light``), Varnish may be. Figures
are medians of the rounds.

    python benchmarks/edge.py [--rounds 3] [--seconds 3] [--requests 2000]
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import importlib
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from support import load, peers
from support.peers import Peer

PAGE = b"<p>hello</p>" * 250
CONNECTIONS = 16
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
BURST = 100
LOGS_S = 5.0
"""Seconds after which the last lines of a log are written."""

TRIGGER = """
def handler(event, context):
    return event["Records"][0]["cf"]["request"]
"""
FUNCTION = """
function handler(event) {
    var request = event.request;
    if (request.uri.endsWith('/')) { request.uri += 'index.html'; }
    request.headers['x-added'] = {value: 'yes'};
    return request;
}
"""
EVENT = {
    "Records": [
        {
            "cf": {
                "config": {"distributionId": "E1", "eventType": "viewer-request"},
                "request": {
                    "clientIp": "127.0.0.1",
                    "headers": {"host": [{"key": "Host", "value": "d1.cloudfront.net"}]},
                    "method": "GET",
                    "querystring": "",
                    "uri": "/trigger/page",
                },
            }
        }
    ]
}
DIFFERENT = """
local number = 0
request = function()
  number = number + 1
  return wrk.format(nil, nil, {["Host"] = wrk.headers["Host"], ["X-Number"] = number})
end
"""
NGINX = """
user {user}; worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log {folder}/access.log; keepalive_requests 1000000000;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  proxy_cache_path {folder}/cache keys_zone=pages:10m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{origin}; proxy_cache pages; proxy_cache_valid 200 1h;
      add_header X-Cache $upstream_cache_status;
    }}
  }}
}}
"""
VARNISH = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{origin}"; }}
sub vcl_backend_response {{ set beresp.ttl = 1h; }}
"""
AIOHTTP = """
import sys
from aiohttp import web
async def page(request):
    return web.Response(body=PAGE, content_type="text/html")
app = web.Application()
app.router.add_get("/page", page)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
"""
UVICORN = """
import sys, uvicorn
async def app(scope, receive, send):
    headers = [(b"content-type", b"text/html"), (b"content-length", b"%d" % len(PAGE))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, lifespan="off",
            log_level="error", loop="uvloop", http="httptools")
"""


class Site(NamedTuple):
    """Where a page answers."""

    port: int
    path: str = "/page"
    host: str | None = None
    script: str = ""


Figures = dict[str, dict[str, list[float]]]


def main() -> None:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of load a round")
    parser.add_argument("--requests", type=int, default=2000, help="sequential requests of each")
    options = parser.parse_args()
    missing = [name for name in ("wrk", "nginx") if _program(name) is None]
    if missing:
        words = " ".join("nginx-light" if name == "nginx" else name for name in missing)
        sys.exit(f"There is no {' and no '.join(missing)} here: apt-get install {words}")
    with contextlib.ExitStack() as ends:
        origin = ends.enter_context(_origin())
        engine = ends.enter_context(peers.lambda_nb())
        distributions = Distributions(engine, origin)
        report_hits(hits(ends, distributions, origin, options))
        report_functions(distributions, options)


class Distributions:
    """Distributions of lambda_nb, all with the same origin.

    Parameters
    ----------
    engine
        Where they are.
    origin
        The port of the server that has the page.
    """

    def __init__(self, engine: Peer, origin: int) -> None:
        self.engine = engine
        self._origin = origin
        self._client = boto3.client("cloudfront", **_settings(engine))

    def make(self, **more: Any) -> Site:
        """Make one, whose behaviour may have more settings; a bucket gets its standard log."""
        bucket = more.pop("log_bucket", "")
        behaviour = {
            "TargetOriginId": "origin",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": CACHING_OPTIMIZED,
            **more,
        }
        server = {
            "HTTPPort": self._origin,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "http-only",
            "OriginSslProtocols": _listed("TLSv1.2"),
        }
        site = {"Id": "origin", "DomainName": "localhost", "CustomOriginConfig": server}
        log = {
            "Enabled": bool(bucket),
            "IncludeCookies": False,
            "Bucket": f"{bucket}.s3.amazonaws.com" if bucket else "",
            "Prefix": "",
        }
        config = {
            "CallerReference": str(time.time_ns()),
            "Comment": "",
            "Enabled": True,
            "Origins": _listed(site),
            "DefaultCacheBehavior": behaviour,
            "Logging": log,
        }
        answer = self._client.create_distribution(DistributionConfig=config)
        return Site(self.engine.port, host=answer["Distribution"]["DomainName"])

    def with_log(self) -> Site:
        """One with a standard log."""
        boto3.client("s3", **_settings(self.engine)).create_bucket(Bucket="logs")
        return self.make(log_bucket="logs")

    def with_trigger(self) -> Site:
        """One with a Lambda@Edge function, ``echo``, at viewer-request."""
        client = self.engine.client()
        peers.create_echo(client, code=TRIGGER, memory=128)
        client.update_function_configuration(FunctionName="echo", Timeout=5)
        client.get_waiter("function_updated_v2").wait(FunctionName="echo")
        arn = client.publish_version(FunctionName="echo")["FunctionArn"]
        one = {"EventType": "viewer-request", "LambdaFunctionARN": arn, "IncludeBody": False}
        return self.make(LambdaFunctionAssociations=_listed(one))

    def with_function(self) -> Site:
        """One with a CloudFront Function at viewer-request."""
        made = self._client.create_function(
            Name="added",
            FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
            FunctionCode=FUNCTION.encode(),
        )
        self._client.publish_function(Name="added", IfMatch=made["ETag"])
        arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
        one = {"EventType": "viewer-request", "FunctionARN": arn}
        return self.make(FunctionAssociations=_listed(one))


def hits(
    ends: contextlib.ExitStack,
    distributions: Distributions,
    origin: int,
    options: argparse.Namespace,
) -> Figures:
    """Load each server in turn."""
    folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="lambda-nb-bench-")))
    script = folder / "different.lua"
    script.write_text(DIFFERENT)
    plain = distributions.make()
    sites = {
        "lambda_nb": plain,
        "lambda_nb, each parsed": plain._replace(script=str(script)),
        "lambda_nb, standard log": distributions.with_log(),
        "nginx": Site(ends.enter_context(_nginx(folder, origin))),
    }
    if _program("varnishd") is None:
        print("There is no Varnish here (apt-get install varnish): it is left out.")
    else:
        sites["Varnish"] = Site(ends.enter_context(_varnish(folder, origin)))
    sites["aiohttp"] = Site(ends.enter_context(_python(AIOHTTP)))
    sites["uvicorn"] = Site(ends.enter_context(_python(UVICORN)))
    figures: Figures = defaultdict(lambda: defaultdict(list))
    for round_ in range(options.rounds):
        for name, site in sites.items():
            print(
                f"{f'round {round_ + 1} of {options.rounds}: {name} ...':60}", end="\r", flush=True
            )
            page = Page(site)
            for _ in range(3):  # whatever caches has the page now
                page.post()
            page.close()
            for what, value in _load(site, options.seconds).items():
                figures[name][what].append(value)
            if name == "lambda_nb, standard log":
                time.sleep(LOGS_S)
    return figures


def report_hits(figures: Figures) -> None:
    """Print the rates and latencies of hits."""
    medians = {
        name: {what: statistics.median(values) for what, values in rows.items()}
        for name, rows in figures.items()
    }
    print(f"{peers.machine():60}\n")
    print(f"{'hits of 3 kB':26} {'a second':>10} {'of nginx':>9} {'p50 ms':>8} {'p99 ms':>8}")
    for name, row in medians.items():
        ratio = row["rate"] / medians["nginx"]["rate"]
        print(f"{name:26} {row['rate']:10.0f} {ratio:9.2f} {row['50%']:8.2f} {row['99%']:8.2f}")
    ratio = medians["lambda_nb"]["rate"] / medians["nginx"]["rate"]
    print(f"\na hit: {ratio:.2f} of nginx's rate (aim: 0.5)")


def report_functions(distributions: Distributions, options: argparse.Namespace) -> None:
    """Measure functions at viewer-request and print what they add."""
    plain, trigger = distributions.make(), distributions.with_trigger()
    function = distributions.with_function()
    port = distributions.engine.port
    clients = {
        "Invoke": load.Connection(port, peers.invoke_path("echo"), json.dumps(EVENT).encode()),
        "trigger": Page(trigger),
        "no function": Page(plain, different=True),
        "function": Page(function, different=True),
    }
    times = _by_turns({name: client.post for name, client in clients.items()}, options.requests)
    for client in clients.values():
        client.close()
    bare = _bare_engine(options.requests)
    print(f"\n{'at viewer-request':26} {'p50 ms':>8} {'p99 ms':>8}")
    for name, values in {**times, "bare JavaScript engine": bare}.items():
        middle, last = load.milliseconds(values)
        print(f"{name:26} {middle:8.3f} {last:8.3f}")
    middles = {name: load.milliseconds(values)[0] for name, values in times.items()}
    added = middles["function"] - middles["no function"]
    alone = load.milliseconds(bare)[0]
    print(
        f"\na trigger above Invoke: {middles['trigger'] - middles['Invoke']:.3f} ms (aim: 0.2)"
        f"\na CloudFront Function adds {added:.3f} ms (aim: 0.1), "
        f"{added / alone:.1f}x a bare call of its engine"
    )


class Page(load.Connection):
    """One keep-alive connection that gets the page.

    Parameters
    ----------
    site
        Where it is.
    different
        Let each request differ from the others, so that each is parsed.
    """

    def __init__(self, site: Site, *, different: bool = False) -> None:
        super().__init__(site.port, site.path)
        host = site.host or f"127.0.0.1:{site.port}"
        self._head = f"GET {site.path} HTTP/1.1\r\nHost: {host}\r\n"
        self._different = different
        self._number = 0
        self._request = f"{self._head}\r\n".encode()

    def post(self) -> bytes:
        """Get the page."""
        if self._different:
            self._number += 1
            self._request = f"{self._head}X-Number: {self._number}\r\n\r\n".encode()
        return super().post()


def _by_turns(calls: dict[str, Callable[[], bytes]], requests: int) -> dict[str, list[float]]:
    """Seconds of each call, in bursts that alternate: a slow phase of the machine hits all."""
    times: dict[str, list[float]] = defaultdict(list)
    for call in calls.values():
        for _ in range(50):
            call()
    for _ in range(max(1, requests // BURST)):
        for name, call in calls.items():
            for _ in range(BURST):
                begun = time.perf_counter()
                call()
                times[name].append(time.perf_counter() - begun)
    return times


def _bare_engine(calls: int) -> list[float]:
    """Seconds of calls of the function in its engine, with JSON on both sides, as it must be."""
    context: Any = importlib.import_module("quickjs").Context()
    context.eval(
        f"{FUNCTION} function call(t) {{ return JSON.stringify(handler(JSON.parse(t))); }}"
    )
    call = context.get("call")
    event = json.dumps({"request": {"uri": "/page", "headers": {"host": {"value": "a"}}}})
    times = []
    for _ in range(calls):
        begun = time.perf_counter()
        json.loads(call(event))
        times.append(time.perf_counter() - begun)
    return times


def _load(site: Site, seconds: float) -> dict[str, float]:
    """Requests a second, and milliseconds of the median and the slowest of hundred."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--latency"]
    if site.host:
        command += ["-H", f"Host: {site.host}"]
    if site.script:
        command += ["-s", site.script]
    command.append(f"http://127.0.0.1:{site.port}{site.path}")
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"not every request was answered:\n{said}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert rate is not None, said
    found = {"rate": float(rate[1])}
    for part, length, unit in re.findall(r"(50%|99%)\s+([\d.]+)(us|ms|s)\b", said):
        found[part] = float(length) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]
    return found


@contextlib.contextmanager
def _origin() -> Iterator[int]:
    """A server that has the page; caches ask it once."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer with the page."""
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


@contextlib.contextmanager
def _nginx(folder: Path, origin: int) -> Iterator[int]:
    port = peers.free_port()
    settings = folder / "nginx.conf"
    settings.write_text(
        NGINX.format(user=getpass.getuser(), folder=folder, port=port, origin=origin)
    )
    error_log = str(folder / "error.log")
    with _running([str(_program("nginx")), "-c", str(settings), "-e", error_log], port):
        yield port


@contextlib.contextmanager
def _varnish(folder: Path, origin: int) -> Iterator[int]:
    port = peers.free_port()
    rules = folder / "rules.vcl"
    rules.write_text(VARNISH.format(origin=origin))
    where = ["-a", f"127.0.0.1:{port}", "-n", str(folder / "varnish")]
    with _running([str(_program("varnishd")), "-F", "-f", str(rules), *where], port):
        yield port


@contextlib.contextmanager
def _python(program: str) -> Iterator[int]:
    port = peers.free_port()
    text = f"PAGE = {PAGE!r}\n{program}"
    with _running([sys.executable, "-c", text, str(port)], port):
        yield port


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        peers.wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait()


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(f"/usr/sbin/{name}")


def _listed(*members: Any) -> dict[str, Any]:
    return {"Quantity": len(members), "Items": list(members)}


def _settings(engine: Peer) -> dict[str, Any]:
    key, secret = engine.credentials
    return {
        "endpoint_url": engine.url,
        "region_name": peers.REGION,
        "aws_access_key_id": key,
        "aws_secret_access_key": secret,
    }


if __name__ == "__main__":
    main()
