"""The command ``lambda-nb``: serve AWS Lambda on this machine's loopback interface."""

from __future__ import annotations

import argparse
import logging
import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from lambda_nb.rules import quotas
from lambda_nb.rules.edge.locations import parse_codes

ISOLATION_LEVELS = ("auto", "L0", "L1", "L2", "L3")


def main(arguments: Sequence[str] | None = None, others: Mapping[str, str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    others
        Commands that somebody else runs, with their help.
    """
    parent = os.getppid()  # read first: it changes when the parent ends
    command = parser(others)
    options = command.parse_args(arguments)
    if options.command == "runtimes":
        from lambda_nb.engine.process import runtimes_command as runtimes

        return runtimes.run(options)
    if options.end_with_parent == 0:
        options.end_with_parent = parent
    elsewhere = dict(options.neighbour)
    for service, url in options.neighbour:
        if elsewhere[service] != url:
            command.error(f"--neighbour: {service} is at {url} and at {elsewhere[service]}")
    if options.resettable and (options.neighbours or elsewhere or options.mqtt):
        command.error(
            "--resettable: what --neighbours, --neighbour and --mqtt name is not this engine's to "
            "empty. Leave one of them out"
        )
    # Imported late, so that --help and a wrong option are answered at once.
    from lambda_nb.engine.options import Options
    from lambda_nb.engine.process.serve import StartError, run

    logging.basicConfig(
        level=options.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        run(
            Options(
                port=options.port,
                data_dir=options.data_dir,
                signed=options.auth == "sigv4",
                neighbours_url=options.neighbours,
                elsewhere=elsewhere,
                account=options.account,
                region=options.region,
                keep_alive_s=options.keep_alive,
                max_age_s=options.max_age,
                retry_delay_s=options.retry_delay,
                mqtt_port=options.mqtt_port,
                mqtt_url=options.mqtt,
                edge_locations=options.edge_locations,
                edge_cache_bytes=options.edge_cache,
                edge_viewer_timeout_s=options.edge_viewer_timeout,
                websocket_idle_s=options.websocket_idle,
                websocket_life_s=options.websocket_life,
                account_concurrency=options.account_concurrency,
                isolation=options.isolation,
                cpu_share=options.cpu_share,
                runtime_fallback=options.runtime_fallback,
                parent=options.end_with_parent,
                allowed_hosts=tuple(options.allow_host),
                addresses=options.addresses,
                recover=options.recover,
                keep_frames=options.keep_frames,
                unknown_resources=options.unknown_resources,
                hot_reload=tuple(options.hot_reload),
                resettable=options.resettable,
            )
        )
    except StartError as error:
        print(f"lambda-nb: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def parser(others: Mapping[str, str] | None = None) -> argparse.ArgumentParser:
    """The command line; ``others`` are listed in its help."""
    command = argparse.ArgumentParser(
        prog="lambda-nb", description="AWS Lambda on your own machine, behind its own API."
    )
    command.add_argument("--version", action="version", version=f"lambda-nb {version('lambda-nb')}")
    commands = command.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="serve the Lambda API and its neighbours on loopback",
        description="Serve the Lambda API and its neighbours on loopback until interrupted. Prints "
        "one line with the URL and the credentials file when ready.",
    )
    add = serve.add_argument
    add(
        "--port",
        type=_port,
        default=4571,
        help="port on 127.0.0.1; 0 takes a free one (%(default)s)",
    )
    add(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where functions, code and credentials are kept; without it they end with the process",
    )
    add(
        "--auth",
        choices=("sigv4", "none"),
        default="sigv4",
        help="whether requests must be signed with the issued credentials (%(default)s)",
    )
    add(
        "--allow-host",
        type=_host,
        action="append",
        default=[],
        metavar="NAME",
        help="a further name by which requests may call the engine, beside localhost and those "
        "below it; *.NAME for all below NAME; repeatable",
    )
    add(
        "--addresses",
        choices=("auto", "host", "port", "path"),
        default="auto",
        help="the address that a function URL or an API shows: ID.lambda-url.localhost at the "
        "engine's port, a port of its own on 127.0.0.1, or a path of the engine; auto is host "
        "where this machine's resolver knows *.localhost, else port. Requests by host and by path "
        "are always answered (%(default)s)",
    )
    add(
        "--neighbours",
        type=_url,
        metavar="URL",
        help="an AWS-compatible endpoint for S3, SQS, Logs and the others, instead of the embedded",
    )
    add(
        "--neighbour",
        type=_neighbour,
        action="append",
        default=[],
        metavar="SERVICE=URL",
        help="a service elsewhere in the place of the embedded one, as boto3 names it: "
        "dynamodb=http://127.0.0.1:8000. Calls are signed with AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY of the environment, or with the engine's credentials; repeatable",
    )
    add(
        "--account",
        type=_account,
        default="000000000000",
        metavar="ID",
        help="12 digits (%(default)s)",
    )
    add(
        "--region",
        type=_region,
        default="us-east-1",
        help="the home Region, that of requests which name none (%(default)s)",
    )
    add(
        "--keep-alive",
        type=_seconds,
        default=600.0,
        metavar="S",
        help="seconds that an idle execution environment is kept (%(default)s)",
    )
    add(
        "--max-age",
        type=_seconds,
        default=math.inf,
        metavar="S",
        help="seconds after which an execution environment is replaced however much it is used, as "
        "AWS does every few hours (%(default)s)",
    )
    add(
        "--retry-delay",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="seconds before the first retry of an asynchronous event whose function failed; the "
        "second waits twice as long (%(default)s, as on AWS)",
    )
    add(
        "--mqtt-port",
        type=_port,
        metavar="PORT",
        help="one more port for devices, such as 8883; MQTT is spoken at the engine's own port as "
        "well, with and without TLS",
    )
    add(
        "--mqtt",
        type=_broker,
        metavar="URL",
        help="an MQTT broker to use in the home Region instead of the engine's own: "
        "mqtt://USER:PASSWORD@HOST:1883, mqtts://HOST:8883?ca=FILE&cert=FILE&key=FILE, ws, wss. "
        "With client_id=NAME in the query, what comes while the engine is down waits for it there",
    )
    add(
        "--edge-locations",
        type=_edge_locations,
        default=(),
        metavar="CODES",
        help="edge locations of CloudFront, such as fra,iad,nrt: requests are answered at the "
        "nearest to where they say they come from, and take as long as they would. Without it "
        "there is one location, which takes no time to reach",
    )
    add(
        "--edge-cache",
        type=_megabytes,
        default=1024 << 20,
        metavar="MB",
        help="megabytes that the caches of all edge locations may take on the disk (1024)",
    )
    add(
        "--edge-viewer-timeout",
        type=_count,
        default=int(quotas.EDGE_TIMEOUT_S.value),
        metavar="S",
        help="seconds that a Lambda@Edge function may have for a viewer event (%(default)s; 5 on "
        "AWS until 2026)",
    )
    add(
        "--websocket-idle",
        type=_seconds,
        default=float(quotas.WEBSOCKET_IDLE_S.value),
        metavar="S",
        help="seconds after which a WebSocket that says nothing is closed (%(default)s, as on AWS)",
    )
    add(
        "--websocket-life",
        type=_seconds,
        default=float(quotas.WEBSOCKET_LIFE_S.value),
        metavar="S",
        help="seconds after which every WebSocket is closed (%(default)s, as on AWS)",
    )
    add(
        "--account-concurrency",
        type=_count,
        default=1000,
        metavar="N",
        help="execution environments that may be busy at once in the account (%(default)s)",
    )
    add(
        "--isolation",
        choices=ISOLATION_LEVELS,
        default="auto",
        help="how far environments are shut off; auto takes the highest level that this machine "
        "allows (%(default)s)",
    )
    add(
        "--cpu-share",
        choices=("whole", "proportional"),
        default="whole",
        help="CPU time of environments: as much as there is, or as on AWS in proportion to memory "
        "(1769 MB: one vCPU) (%(default)s)",
    )
    add(
        "--recover",
        action="store_true",
        help="save what is readable of a damaged data directory, say what was lost, and go on; "
        "damaged files are kept under another name",
    )
    add(
        "--keep-frames",
        action="store_true",
        help="keep the variables of Python functions that failed lately, in memory, for a "
        "debugger: %%debug in a notebook. The notebook's own engine does so",
    )
    add(
        "--resettable",
        action="store_true",
        help="let POST /_lambda_nb/reset, signed with the engine's own keys, remove everything "
        "that the engine holds: for tests. In a data directory nothing is left either",
    )
    add(
        "--runtime-fallback",
        choices=("none", "nearest"),
        default="none",
        help="a function whose version of Python, Node.js, Ruby or Java is not on this machine is "
        "refused, or runs on the nearest version that is, and its log says so (%(default)s)",
    )
    add(
        "--hot-reload",
        type=_directory,
        action="append",
        default=[],
        metavar="DIR",
        help="let functions have a directory in DIR as their code (S3Bucket=hot-reload, "
        "S3Key=/THE/DIRECTORY): what is saved there runs at the next invocation; repeatable",
    )
    add(
        "--unknown-resources",
        choices=("fail", "skip"),
        default="fail",
        help="a stack that has a resource of a type that lambda_nb does not have fails and is "
        "rolled back, or goes on without it, and its events say so (%(default)s)",
    )
    add(
        "--end-with-parent",
        type=_pid,
        nargs="?",
        const=0,
        metavar="PID",
        help="end when the process that started this one ends (or that with the given id)",
    )
    add(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="warning",
        help="what the engine itself logs to standard error (%(default)s)",
    )
    _add_runtimes(commands)
    for name, told in (others or {}).items():
        commands.add_parser(name, help=told)
    return command


def _add_runtimes(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    told = "which program each managed runtime uses on this machine, and what is missing"
    runtimes = commands.add_parser("runtimes", help=told, description=f"Tell {told}.")
    runtimes.add_argument("--json", action="store_true", help="the same as JSON")
    actions = runtimes.add_subparsers(dest="action", metavar="ACTION")
    install = actions.add_parser(
        "install",
        help="fetch a Python or AWS's SDKs",
        description="Fetch a Python (python3.14; needs uv: pip install uv), or the SDK that AWS's "
        "Node.js or Ruby runtime brings along (nodejs-sdk by npm, ruby-sdk by gem; python3.9-sdk "
        "by uv for a Python too old for the engine's boto3), once, into the user's cache "
        "directory. Functions find it at once.",
    )
    add = install.add_argument
    add("name", metavar="NAME", help="python3.14, nodejs-sdk, ruby-sdk, python3.9-sdk")
    add("--mirror", metavar="URL", help="where uv fetches Pythons, file:// too")
    add("--source", metavar="URL", help="where gem fetches the SDK for Ruby")
    add(
        "--with",
        dest="more",
        action="extend",
        nargs="+",
        default=[],
        metavar="PACKAGE",
        help="further packages of the SDK: client-foo, aws-sdk-foo",
    )


def _port(text: str) -> int:
    return _whole(text, 0, 65535, "a port is a number from 0 to 65535")


def _pid(text: str) -> int:
    return _whole(text, 1, 2**31 - 1, "a process id is a positive number")


def _count(text: str) -> int:
    return _whole(text, 1, 1_000_000, "a number from 1 to 1000000 is needed")


def _megabytes(text: str) -> int:
    return _whole(text, 1, 1 << 20, "megabytes are a number from 1 to 1048576") << 20


def _edge_locations(text: str) -> tuple[str, ...]:
    try:
        return parse_codes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _whole(text: str, least: int, most: int, rule: str) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: {rule}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise argparse.ArgumentTypeError(f"{text!r}: seconds are a number from 0 (or inf)")
    return seconds


def _account(text: str) -> str:
    if not re.fullmatch(r"\d{12}", text):
        raise argparse.ArgumentTypeError(f"{text!r}: an account id has 12 digits")
    return text


def _region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d", text):
        raise argparse.ArgumentTypeError(f"{text!r}: a Region looks like us-east-1")
    return text


def _directory(text: str) -> Path:
    path = Path(text).expanduser().resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r}: there is no such directory")
    return path


def _host(text: str) -> str:
    if not re.fullmatch(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", text):
        raise argparse.ArgumentTypeError(
            f"{text!r}: a name has no scheme, port or path: engine.internal, or *.on.aws"
        )
    return text


def _broker(text: str) -> str:
    from lambda_nb.engine.iot.mqtt.external_address import Address

    try:
        Address.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _neighbour(text: str) -> tuple[str, str]:
    from lambda_nb.engine.aws_calls.service_directory import UnknownServiceError, signing_name

    service, equals, url = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r}: a service and its URL: s3=http://127.0.0.1:9")
    url = _url(url)
    parts = urlsplit(url)
    if url != f"{parts.scheme}://{parts.netloc}" or "@" in url:
        raise argparse.ArgumentTypeError(f"{text!r}: a URL here is a scheme, a host and a port")
    try:
        name = signing_name(service)
    except UnknownServiceError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if name == "lambda":
        raise argparse.ArgumentTypeError(f"{text!r}: this engine is Lambda itself")
    return name, url


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r}: a URL looks like http://127.0.0.1:5000")
    return text.rstrip("/")
