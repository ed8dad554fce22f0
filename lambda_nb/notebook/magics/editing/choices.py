"""What may stand after an option of the magics: fixed words, and names that the endpoint knows."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.edge.settings import distributions
from lambda_nb.notebook.edge.settings.associations import EVENTS, VIEWER_EVENTS
from lambda_nb.notebook.events.samples import SOURCES
from lambda_nb.notebook.magics.options import API
from lambda_nb.notebook.threads import thread
from lambda_nb.notebook.web import http_api, routes
from lambda_nb.rules.settings.runtimes import supported

FUNCTION_CELL, AT_VIEWER, LINE = "%%lambda", "%%cloudfront_function", "%lambda"
NAME = ""
"""Stands for the name of the function, which has no option."""

_FIXED = {
    "--arch": ["arm64", "x86_64"],
    "--edge": list(EVENTS),
    "--event": list(SOURCES),
    "--http": [*routes.METHODS, routes.DEFAULT],
    "--log-format": ["JSON", "Text"],
    "--memory": ["128", "256", "512", "1024", "1769", "2048", "3008", "4096", "10240"],
    "--timeout": ["3", "10", "30", "60", "300", "900"],
}
_SCHEDULES = ["rate(1 minute)", "rate(5 minutes)", "cron(0 8 * * ? *)"]
_MOST = 200
"""Names of one kind."""
_FRESH_S = 1.0


class Choices:
    """The words that may follow an option, at the endpoint of a notebook.

    It never starts an engine and never raises: without an answer there are no words. Answers are
    kept for a second, because an editor asks with every key.

    Parameters
    ----------
    session
        The notebook's connection.
    namespace
        The notebook's variables.
    """

    def __init__(self, session: Session, namespace: Mapping[str, Any]) -> None:
        self._session = session
        self._namespace = namespace
        self._kept: dict[str, tuple[float, list[str]]] = {}
        self._asking: set[str] = set()

    def of(self, magic: str, option: str, *, wait: bool = True) -> list[str]:
        """The words after an option (``""``: the name) of a magic.

        Parameters
        ----------
        wait
            Whether to wait for services that may have to start first. If not, the answer is what
            is known, and they are asked in the background for the next time.
        """
        if magic == AT_VIEWER and option == "--on":
            return list(VIEWER_EVENTS)
        if option == "--runtime":
            return [] if magic == AT_VIEWER else supported(date.today())
        if option == "--include":
            return self._definitions()
        if option in ("--file", "--requirements"):
            return _files()
        ask = _ASKED.get(option)
        if ask is not None and not (magic == AT_VIEWER and option == NAME):
            return self._asked(option, ask, wait=wait or option == NAME)
        return _FIXED.get(option, [])

    def snapshots(self) -> list[str]:
        """The snapshots of this notebook."""
        return [run.place.name for run in self._session.runs.snapshots()]

    def _asked(self, option: str, ask: Callable[[Session], list[str]], *, wait: bool) -> list[str]:
        client = self._session.current_client()
        if client is None or self._session.lost_engine:  # the user's next cell tells of that
            return []
        key = f"{option} {client.meta.endpoint_url}"
        at, found = self._kept.get(key, (0.0, []))
        if time.monotonic() - at <= _FRESH_S:
            return found
        if wait:
            return self._refresh(key, ask)
        if key not in self._asking:
            self._asking.add(key)
            thread("choices", self._refresh, key, ask).start()
        return found

    def _refresh(self, key: str, ask: Callable[[Session], list[str]]) -> list[str]:
        try:
            found = ask(self._session)
        except Exception:  # completion must never interrupt typing
            found = []
        self._kept[key] = (time.monotonic(), found)
        self._asking.discard(key)
        return found

    def _definitions(self) -> list[str]:
        """Functions and classes of the notebook's own cells."""
        return sorted(
            name
            for name, value in list(self._namespace.items())
            if (inspect.isfunction(value) or inspect.isclass(value))
            and value.__module__ == "__main__"
            and not name.startswith("_")
        )


def _files() -> list[str]:
    return sorted(path.name for path in Path().iterdir() if not path.name.startswith("."))[:_MOST]


def _functions(session: Session) -> list[str]:
    pages = session.client().get_paginator("list_functions").paginate()
    return [config["FunctionName"] for page in pages for config in page["Functions"]]


def _layers(session: Session) -> list[str]:
    pages = session.client().get_paginator("list_layers").paginate()
    return [
        layer["LatestMatchingVersion"]["LayerVersionArn"]
        for page in pages
        for layer in page["Layers"]
    ]


def _apis(session: Session) -> list[str]:
    found = [api["Name"] for api in http_api.all_apis(session.client("apigatewayv2"))]
    return sorted({*found, API})


def _distributions(session: Session) -> list[str]:
    found = distributions.all_of(session.client("cloudfront"))
    return sorted(one["Comment"] or one["Id"] for one in found)


def _sources(session: Session) -> list[str]:
    """Queues, streams, tables, buckets and topics that are there, as ``--on`` takes them."""
    kinds: list[tuple[str, Callable[[], list[str]]]] = [
        ("sqs", lambda: [url.rpartition("/")[2] for url in _queues(session)]),
        ("dynamodb", lambda: list(session.client("dynamodb").list_tables()["TableNames"])),
        ("kinesis", lambda: list(session.client("kinesis").list_streams()["StreamNames"])),
        ("s3", lambda: [one["Name"] for one in session.client("s3").list_buckets()["Buckets"]]),
        ("sns", lambda: [arn.rpartition(":")[2] for arn in _topics(session)]),
    ]
    found: list[str] = []
    for kind, names in kinds:
        try:
            there = names()
        except Exception:  # one service that refuses must not hide the others
            there = []
        found += [f"{kind}:{name}" for name in there[:_MOST]] or [f"{kind}:"]
    return [*found, "eventbridge:", "iot:", "logs:", "alarm:", "cognito:", *_SCHEDULES]


def _queues(session: Session) -> list[str]:
    return list(session.client("sqs").list_queues().get("QueueUrls", []))


def _topics(session: Session) -> list[str]:
    return [topic["TopicArn"] for topic in session.client("sns").list_topics()["Topics"]]


_ASKED: dict[str, Callable[[Session], list[str]]] = {
    NAME: _functions,
    "--layer": _layers,
    "--api": _apis,
    "--distribution": _distributions,
    "--on": _sources,
}
