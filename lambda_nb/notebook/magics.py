"""``%%lambda`` and ``%lambda``."""

from __future__ import annotations

import json
import keyword
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.display import display as show

from lambda_nb.notebook import display
from lambda_nb.notebook.connecting import connection_of
from lambda_nb.notebook.deploy import deploy, refused
from lambda_nb.notebook.display import Rows
from lambda_nb.notebook.errors import NotebookError
from lambda_nb.notebook.handle import Function
from lambda_nb.notebook.options import HelpShown, Parser, cell_parser, parse_cell, split
from lambda_nb.notebook.package import build
from lambda_nb.notebook.session import Session

_USAGE = """\
%lambda COMMAND

  invoke NAME [JSON]   run a function; --tail shows its log, --event queues it
  ls                   all functions
  logs NAME [-n 50]    the last lines of a function's log
  config NAME          its configuration
  rm NAME              delete it
  status               where this notebook is connected, and what runs there
  connect URL          use another endpoint: --credentials FILE, --profile, --region
  connect aws          use AWS: --profile, --region, --role ARN
  connect local        back to an engine of this notebook's own
  stop                 end this notebook's own engine

%%lambda NAME [options] turns a cell into a function: %%lambda --help
"""


@magics_class
class LambdaMagics(Magics):  # type: ignore[misc]
    """The magics; one session for the notebook."""

    def __init__(self, shell: Any, session: Session) -> None:
        super().__init__(shell)
        self.session = session
        self._handles: dict[str, Function] = {}

    # -- cells

    @cell_magic("lambda")
    def lambda_cell(self, line: str, cell: str = "") -> None:
        """Turn this cell into a Lambda function. See %%lambda --help."""
        try:
            options = parse_cell(line)
        except HelpShown:
            return
        package = build(
            cell,
            line,
            runtime=options.runtime,
            handler=options.handler,
            files=options.file,
            include=options.include,
            requirements=options.requirements,
            namespace=self.shell.user_ns,
        )
        began = time.perf_counter()
        client, connection = self.session.client(), self.session.connection
        done = deploy(client, connection, package, options)
        took = time.perf_counter() - began
        handle = Function(self.session, options.name, package)
        self._handles[options.name] = handle
        bound = variable(options.name)
        self.shell.user_ns[bound] = handle
        show(Deployed(options.name, bound, done, package.runtime, options.memory, took))

    # -- lines

    @line_magic("lambda")
    def lambda_line(self, line: str) -> Any:
        """Look after functions. ``%lambda help`` lists the commands."""
        words = split(line)
        commands: dict[str, Callable[[list[str]], Any]] = {
            "invoke": self._invoke,
            "ls": self._ls,
            "logs": self._logs,
            "config": self._config,
            "rm": self._rm,
            "status": self._status,
            "connect": self._connect,
            "stop": self._stop,
        }
        if not words or words[0] in ("help", "--help", "-h"):
            print(_USAGE)  # noqa: T201
            return None
        command = commands.get(words[0])
        if command is None:
            raise NotebookError(
                f"%lambda has no command {words[0]!r}; it has {', '.join(commands)}. "
                "To define a function begin the cell with %%lambda"
            )
        try:
            return command(words[1:])
        except HelpShown:
            return None

    def _handle(self, name: str) -> Function:
        return self._handles.get(name) or Function(self.session, name)

    def _invoke(self, words: list[str]) -> Any:
        parser = Parser(prog="%lambda invoke")
        parser.add_argument("name")
        parser.add_argument("event", nargs="*", help="JSON, or the name of a variable")
        parser.add_argument("--event", dest="queued", action="store_true", help="queue it")
        parser.add_argument("--tail", action="store_true", help="print the log")
        parser.add_argument("--qualifier", help="a version or alias")
        options = parser.parse_args(words)
        event = self._event(" ".join(options.event))
        handle = self._handle(options.name)
        if options.queued:
            return handle.send(event, qualifier=options.qualifier)
        answer = handle.invoke(event, qualifier=options.qualifier)
        if options.tail:
            print(answer.log, end="")  # noqa: T201
        if answer.function_error:
            raise handle._failure(answer)
        return answer

    def _event(self, text: str) -> Any:
        if not text:
            return {}
        if text in self.shell.user_ns:
            return self.shell.user_ns[text]
        try:
            return json.loads(text)
        except ValueError as error:
            raise NotebookError(
                f"{text!r} is neither JSON ({error}) nor a variable of this notebook; quote JSON: "
                "%lambda invoke NAME '{\"key\": 1}'"
            ) from None

    def _ls(self, words: list[str]) -> Rows:
        Parser(prog="%lambda ls").parse_args(words)
        rows = []
        for found in self._paged("list_functions", "Functions"):
            rows.append(
                [
                    found["FunctionName"],
                    found.get("Runtime", found.get("PackageType", "")),
                    found.get("MemorySize", 128),
                    found.get("Timeout", 3),
                    found.get("State", "Active"),
                    found.get("LastModified", "")[:19],
                ]
            )
        head = ["function", "runtime", "memory MB", "timeout s", "state", "modified"]
        return Rows(f"{len(rows)} function{'s' * (len(rows) != 1)}", head, rows)

    def _paged(self, operation: str, key: str) -> list[dict[str, Any]]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            pages = self.session.client().get_paginator(operation).paginate()
            return [item for page in pages for item in page[key]]
        except ClientError as error:
            raise refused("%lambda", error) from None
        except BotoCoreError as error:
            raise NotebookError(f"%lambda: {error}") from None

    def _logs(self, words: list[str]) -> None:
        parser = Parser(prog="%lambda logs")
        parser.add_argument("name")
        parser.add_argument("-n", type=int, default=50, help="lines (default 50)")
        options = parser.parse_args(words)
        print(self._handle(options.name).logs(options.n))  # noqa: T201

    def _config(self, words: list[str]) -> Rows:
        parser = Parser(prog="%lambda config")
        parser.add_argument("name")
        name = parser.parse_args(words).name
        rows = [
            [key, value if isinstance(value, str) else json.dumps(value, default=str)]
            for key, value in self._handle(name).config.items()
        ]
        return Rows(name, ["setting", "value"], rows)

    def _rm(self, words: list[str]) -> None:
        parser = Parser(prog="%lambda rm")
        parser.add_argument("name", nargs="+")
        for name in parser.parse_args(words).name:
            self._handle(name).delete()
            self._handles.pop(name, None)
            bound = variable(name)
            if isinstance(self.shell.user_ns.get(bound), Function):
                del self.shell.user_ns[bound]
            print(f"{name} deleted")  # noqa: T201

    def _status(self, words: list[str]) -> Rows:
        Parser(prog="%lambda status").parse_args(words)
        connection = self.session.connection
        rows = [["endpoint", connection.url or "AWS"], ["region", connection.region or "default"]]
        if connection.url is not None:
            rows += _engine_status(connection.url)
        return Rows("lambda_nb", ["", "value"], rows)

    def _connect(self, words: list[str]) -> None:
        parser = Parser(prog="%lambda connect")
        parser.add_argument("to", metavar="URL", help="an endpoint, aws, or local")
        parser.add_argument("--credentials", type=Path, help="the file an engine named")
        parser.add_argument("--profile", help="of ~/.aws")
        parser.add_argument("--region")
        parser.add_argument("--role", help="execution role of functions made here")
        options = parser.parse_args(words)
        if options.to == "local":
            self.session.restart()
            print(f"connected to {self.session.connection.url}")  # noqa: T201
            return
        connection = connection_of(options)
        self.session.connect(connection)
        where = connection.url or f"AWS in {connection.region}"
        paid = "; what you create and run there costs money" if connection.is_aws else ""
        print(f"connected to {where} as account {connection.account}{paid}")  # noqa: T201

    def _stop(self, words: list[str]) -> None:
        Parser(prog="%lambda stop").parse_args(words)
        stopped = self.session.stop()
        print("the engine ended" if stopped else "no engine of this notebook runs")  # noqa: T201


def _engine_status(url: str) -> list[list[str]]:
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"{url}/_lambda_nb/status", timeout=5) as reply:  # noqa: S310
            told = json.load(reply)
    except (urllib.error.URLError, ValueError):
        return []
    return [
        [str(key), value if isinstance(value, str) else json.dumps(value)]
        for key, value in told.items()
        if key not in ("url", "region")
    ]


def variable(name: str) -> str:
    """The Python name that a function's handle is bound to: ``my-func`` becomes ``my_func``."""
    word = re.sub(r"\W", "_", name.split(":")[-1])
    if word[:1].isdigit() or keyword.iskeyword(word):
        word = f"_{word}" if word[:1].isdigit() else f"{word}_"
    return word


class Deployed:
    """What ``%%lambda`` says when it is done."""

    def __init__(
        self, name: str, bound: str, done: str, runtime: str, memory: int, took: float
    ) -> None:
        self.name = name
        self.bound = bound
        self.done = done
        self.runtime = runtime
        self.memory = memory
        self.took = took

    def __repr__(self) -> str:
        return (
            f"{self.name} {self.done}: {self.runtime}, {self.memory} MB. Call {self.bound}(event)"
        )

    def _repr_html_(self) -> str:
        figures = [
            ("", self.done),
            ("runtime", self.runtime),
            ("memory", f"{self.memory} MB"),
            ("took", f"{self.took:.2f} s"),
            ("call", f"{self.bound}(event)"),
        ]
        pills = "".join(display.pill(name, value) for name, value in figures)
        return display.card(self.name, f"<div class='lnb-row'>{pills}</div>")


def help_text() -> str:
    """What ``%%lambda?`` shows."""
    return cell_parser().format_help()


LambdaMagics.lambda_cell.__doc__ = help_text() if sys.flags.optimize < 2 else None
