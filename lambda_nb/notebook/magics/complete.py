"""Tab completion for the magics: options, option values, names of functions and APIs."""

from __future__ import annotations

from datetime import date
from typing import Any

from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.edge.settings import distributions
from lambda_nb.notebook.edge.settings.associations import EVENTS, VIEWER_EVENTS
from lambda_nb.notebook.magics import function_magic
from lambda_nb.notebook.magics.line_magic import Commands
from lambda_nb.notebook.magics.options import API, Parser, cell_parser
from lambda_nb.notebook.web import http_api, routes
from lambda_nb.rules.settings.runtimes import supported

_VALUES = {
    "--arch": ["arm64", "x86_64"],
    "--edge": list(EVENTS),
    "--http": [*routes.METHODS, routes.DEFAULT],
    "--log-format": ["JSON", "Text"],
    "--memory": ["128", "256", "512", "1024", "1769", "2048", "3008", "4096", "10240"],
}


class Completer:
    """Answers IPython's ``complete_command`` hook for ``%lambda`` and ``%%lambda``."""

    def __init__(self, session: Session, commands: Commands) -> None:
        self._session = session
        self._commands = commands

    def __call__(self, _: Any, event: Any) -> list[str]:
        """The words that are possible at the cursor."""
        words = event.line[: len(event.line)].split()
        before = words if not event.symbol else words[:-1]
        if event.line.lstrip().startswith("%%"):
            return self._cell(before)
        if len(before) <= 1:
            return self._commands.names()
        if before[1] == "connect" and len(before) == 2:
            return ["aws", "local", "http://127.0.0.1:"]
        if before[1] in ("access", "api"):
            return self._apis()
        if before[1] == "edge":
            return self._distributions()
        return self._functions()

    def _cell(self, before: list[str]) -> list[str]:
        last = before[-1] if before else ""
        of_cloudfront = before[:1] == ["%%cloudfront_function"]
        if last == "--distribution":
            return self._distributions()
        if of_cloudfront:
            if last == "--on":
                return list(VIEWER_EVENTS)
            return _options(function_magic.parser())
        if last == "--runtime":
            return supported(date.today())
        if last == "--api":
            return sorted({*self._apis(), API})
        if last in _VALUES:
            return _VALUES[last]
        if last == "%%lambda":
            return self._functions()
        return _options(cell_parser())

    def _distributions(self) -> list[str]:
        if self._session.current_client() is None:
            return []
        try:
            found = distributions.all_of(self._session.client("cloudfront"))
            return sorted(one["Comment"] or one["Id"] for one in found)
        except Exception:  # completion must never interrupt typing
            return []

    def _apis(self) -> list[str]:
        if self._session.current_client() is None:
            return []
        try:
            return [api["Name"] for api in http_api.all_apis(self._session.client("apigatewayv2"))]
        except Exception:  # completion must never interrupt typing
            return []

    def _functions(self) -> list[str]:
        client = self._session.current_client()
        if client is None:
            return []
        try:
            pages = client.get_paginator("list_functions").paginate()
            return [config["FunctionName"] for page in pages for config in page["Functions"]]
        except Exception:  # completion must never interrupt typing
            return []


def _options(parser: Parser) -> list[str]:
    """The long options of a magic."""
    return sorted(
        option
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--")
    )
