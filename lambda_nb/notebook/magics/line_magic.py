"""The line magic ``%lambda``; each command is a method."""

from __future__ import annotations

import argparse
import difflib
import json
from collections.abc import Callable, MutableMapping
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.debugging.live import launch
from lambda_nb.notebook.edge import listing
from lambda_nb.notebook.edge.cells import cloudfront_functions
from lambda_nb.notebook.edge.distribution import Distribution, url_of
from lambda_nb.notebook.edge.settings import distributions
from lambda_nb.notebook.errors import UsageError, aws_errors
from lambda_nb.notebook.experiments.power_tune import MEMORIES, power_tune
from lambda_nb.notebook.experiments.power_tune_result import STRATEGIES
from lambda_nb.notebook.functions.figures import figures, summary
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.magics import connecting, keeping, web_tables
from lambda_nb.notebook.magics.deploying import Deploying
from lambda_nb.notebook.magics.exporting import Exporting
from lambda_nb.notebook.magics.names import identifier
from lambda_nb.notebook.magics.options import API, HelpShown, parser_of, split
from lambda_nb.notebook.trials.event_line import evaluated
from lambda_nb.notebook.views.access import AccessLogView
from lambda_nb.notebook.views.messages import CHANNELS, messages
from lambda_nb.notebook.web import http_api
from lambda_nb.notebook.web.listing import doors

HELP = """\
%lambda COMMAND [ARGUMENTS]

  invoke NAME [EVENT] [--async]   run a function; EVENT is JSON or an expression of the notebook
  ls                              the functions there are
  logs NAME [--last 15min]        what a function wrote
  test NAME                       run its --test cells again
  events NAME [--last 15min]      what reached a function, from where, and what became of it
  replay NAME [--since 10min]     the same events again, with the code as it is now
  messages [email|sms|push]       what AWS would have sent to people
  config NAME                     a function's settings
  url NAME                        a function's URL, made if it has none
  api [NAME] [--delete]           APIs, their routes, addresses, and how to call them
  edge [NAME]                     distributions; of one its behaviours, functions, hits and places
  access [NAME]                   the requests of an HTTP API, live (default: notebook)
  debug NAME                      how VS Code attaches to a function with --debug; --failure opens
                                  the frames of its latest failure
  tune NAME [--memories 128,512]  measure it at several memory sizes
  deploy [PATH] [--watch]         build and deploy a project (SAM, CloudFormation, CDK, Chalice) and
                                  bind its functions: --parameter K=V, --stack-name, --no-build,
                                  --delete; --stop ends the watch
  export FORMAT [NAME ...]        functions as a project in --to DIR: sam, cdk, terraform, zip
  diff [NAME ...]                 what differs from AWS, or --to URL: --profile --region
  rm NAME ...                     delete functions
  status                          where requests go, and what the engine there is doing
  connect URL | aws | local       talk to another endpoint: --profile --region --credentials --role
  start [--data-dir D] [--keep]   start an engine of this notebook's own, afresh: --keep-alive S,
                                  --cpu-share proportional, --edge-locations fra,iad,nrt
  stop                            end it; it also ends with the kernel
  snapshot [NAME]                 keep all that it has; --list, --delete
  restore [NAME]                  start with what the last kernel left, or with a snapshot
  help                            this text

%lambda COMMAND --help tells more of one. A cell that begins with %%lambda NAME is a function.
"""

OTHERS = {
    "list": "ls",
    "functions": "ls",
    "delete": "rm",
    "remove": "rm",
    "run": "invoke",
    "call": "invoke",
    "configuration": "config",
    "settings": "config",
    "restart": "start",
    "distribution": "edge",
    "distributions": "edge",
    "cloudfront": "edge",
    "apis": "api",
    "routes": "api",
    "access_log": "access",
    "requests": "access",
    "tests": "test",
    "sam": "deploy",
    "sync": "deploy",
    "stack": "deploy",
    "compare": "diff",
    "terraform": "export",
    "cdk": "export",
}
"""Common other names for commands, and the command for each."""


class Commands:
    """Runs the commands of ``%lambda`` for one notebook.

    Parameters
    ----------
    session
        The notebook's connection.
    namespace
        Its variables, for events.
    handle
        Returns the handle of a function.
    test
        Runs the tests of a function and returns their display.
    """

    def __init__(
        self,
        session: Session,
        namespace: MutableMapping[str, Any],
        handle: Callable[[str], Function],
        test: Callable[[str], Any],
    ) -> None:
        self._session = session
        self._namespace = namespace
        self._handle = handle
        self._test = test
        self._deploying = Deploying(session, self._bind_as)
        self._exporting = Exporting(session, namespace)

    def close(self) -> None:
        """End what goes on in the background."""
        self._deploying.stop()

    def names(self) -> list[str]:
        """The commands, for completion."""
        return sorted(name[4:] for name in dir(self) if name.startswith("_do_"))

    def run(self, line: str) -> Any:
        """Run one line; the cell shows the return value.

        Raises
        ------
        UsageError
            There is no such command.
        """
        command, _, rest = line.strip().partition(" ")
        if command in ("", "-h", "--help"):
            command = "help"
        run = getattr(self, f"_do_{command}", None)
        if run is None:
            near = difflib.get_close_matches(command, [*self.names(), *OTHERS], 1)
            meant = OTHERS.get(near[0], near[0]) if near else ""
            hint = f"did you mean {meant}?" if near else "%lambda help lists them."
            raise UsageError(
                f"%lambda has no command {command!r}; {hint} (A cell that defines a function "
                f"begins with two percent signs: %%lambda {command})"
            )
        try:
            return run(rest.strip())
        except HelpShown:
            return None

    # -- functions

    def _do_invoke(self, rest: str) -> Any:
        name, _, rest = rest.partition(" ")
        asynchronous = rest.rstrip().endswith("--async") or rest.lstrip().startswith("--async")
        text = rest.strip().removeprefix("--async").removesuffix("--async").strip()
        if not name or name.startswith("-"):
            raise UsageError('%lambda invoke needs a name: %lambda invoke NAME {"key": "value"}')
        event = self._event(text) if text else {}
        result = self._handle(name).invoke(event, asynchronous=asynchronous)
        if result.error is not None:
            raise result.error
        return result

    def _event(self, text: str) -> Any:
        """JSON, a Python literal, or an expression over the notebook's variables."""
        if text[:2] in ("'{", "'[") and text[-2:] in ("}'", "]'"):
            text = text[1:-1]  # quoted as in a shell
        try:
            return evaluated(text, self._namespace)
        except Exception as error:
            raise UsageError(
                f"the event {text!r} is neither JSON nor an expression of this notebook: {error}"
            ) from None

    def _do_test(self, rest: str) -> Any:
        parser = parser_of("test", "Run a function's --test cells, with the function as it is now.")
        parser.add_argument("name", metavar="NAME")
        return self._test(parser.parse_args(split(rest)).name)

    def _do_ls(self, rest: str) -> Any:
        parser_of("ls", "The functions there are.").parse_args(split(rest))
        with aws_errors():
            pages = self._session.client().get_paginator("list_functions").paginate()
            found = [config for page in pages for config in page["Functions"]]
        rows = [
            {"function": c["FunctionName"], **dict(zip(_COLUMNS, figures(c), strict=True))}
            for c in found
        ]
        if not rows:
            text = "No functions yet: a cell that begins with %%lambda NAME makes one."
            return display.said(text)
        return display.Shown(
            display.text_table(rows, _COLUMNS[1:]), display.table(rows, _COLUMNS[1:])
        )

    def _do_logs(self, rest: str) -> Any:
        parser = parser_of("logs", "What a function wrote.")
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--last", default="1h", metavar="TIME", help="30s, 15min, 2h, 7d")
        parser.add_argument("--limit", type=int, default=200, metavar="N", help="events at most")
        parser.add_argument("--grep", metavar="PATTERN", help="only events with this in them")
        parser.add_argument("--edge", metavar="SITE", help="of a function at a distribution's edge")
        options = parser.parse_args(split(rest))
        if options.edge:
            with aws_errors():
                site = Distribution(options.edge, self._session)
            logs = site.function_logs(options.name, options.last, limit=options.limit)
        else:
            handle = self._handle(options.name)
            with cloudfront_functions.no_lambda(options.name):
                logs = handle.logs(options.last, limit=options.limit)
            if handle.cell and " --edge " in handle.cell.source.partition("\n")[0]:
                logs.hint = "it runs at the edge: add --edge DISTRIBUTION"
        return logs.grep(options.grep) if options.grep else logs

    def _do_events(self, rest: str) -> Any:
        parser = parser_of("events", "What reached a function, from where, and what became of it.")
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--last", default="1h", metavar="TIME", help="30s, 15min, 2h, 7d")
        parser.add_argument("--limit", type=int, default=50, metavar="N", help="events at most")
        options = parser.parse_args(split(rest))
        return self._handle(options.name).events(options.last, limit=options.limit)

    def _do_replay(self, rest: str) -> Any:
        parser = parser_of("replay", "Run a function's latest events again, and say what differs.")
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--since", default="1h", metavar="TIME", help="30s, 15min, 2h, 7d")
        parser.add_argument("--limit", type=int, default=100, metavar="N", help="events at most")
        options = parser.parse_args(split(rest))
        return self._handle(options.name).replay(options.since, limit=options.limit)

    def _do_messages(self, rest: str) -> Any:
        parser = parser_of("messages", "What AWS would have sent to people; nothing leaves here.")
        parser.add_argument("channel", metavar="CHANNEL", nargs="?", choices=CHANNELS)
        channel = parser.parse_args(split(rest)).channel
        return messages(channel, client=self._session.client())

    def _do_config(self, rest: str) -> Any:
        parser = parser_of("config", "A function's settings.")
        parser.add_argument("name", metavar="NAME")
        config = self._handle(parser.parse_args(split(rest)).name).config
        rows = [{"setting": key, "value": _plain(value)} for key, value in config.items()]
        return display.Shown(display.text_table(rows), summary(config) + display.table(rows))

    def _do_url(self, rest: str) -> Any:
        parser = parser_of("url", "A function's URL; whoever can reach it may call it.")
        parser.add_argument("name", metavar="NAME")
        return self._handle(parser.parse_args(split(rest)).name).url()

    def _do_api(self, rest: str) -> Any:
        parser = parser_of("api", "What answers HTTP requests: APIs with routes, function URLs.")
        parser.add_argument("name", metavar="NAME", nargs="?", help="of one API, or its id")
        parser.add_argument("--delete", action="store_true", help="delete that HTTP API")
        options = parser.parse_args(split(rest))
        with aws_errors():
            if not options.delete:
                return web_tables.shown(doors(self._session, options.name))
            if options.name is None:
                raise UsageError("%lambda api --delete needs the NAME of an HTTP API")
            gone = http_api.remove(self._session, options.name)
        text = f"deleted the API {options.name} ({gone})"
        return display.said(text)

    def _do_edge(self, rest: str) -> Any:
        parser = parser_of("edge", "Distributions of CloudFront; of one what runs there, and hits.")
        parser.add_argument("name", metavar="NAME", nargs="?", help="what runs there; or its id")
        name = parser.parse_args(split(rest)).name
        with aws_errors():
            if name is None:
                cloudfront = self._session.client("cloudfront")
                return listing.all_shown(
                    [
                        (one, url_of(one["DomainName"], cloudfront))
                        for one in distributions.all_of(cloudfront)
                    ]
                )
            site = Distribution(name, self._session)
        log = site.log() if site.config.get("Logging", {}).get("Enabled") else None
        return site.summary(log)

    def _do_access(self, rest: str) -> Any:
        parser = parser_of("access", "The requests of an HTTP API as they come.")
        parser.add_argument("name", metavar="NAME", nargs="?", default=API, help="or its id")
        parser.add_argument("--every", type=float, metavar="S", help="seconds between updates")
        options = parser.parse_args(split(rest))
        return AccessLogView(self._session, options.name, options.every)

    def _do_tune(self, rest: str) -> Any:
        parser = parser_of("tune", "Measure a function at several memory sizes; say which is best.")
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--memories", type=_sizes, metavar="MB,MB", help="128,256,512 ...")
        parser.add_argument("--invocations", type=int, default=20, metavar="N", help="of each (20)")
        parser.add_argument(
            "--strategy",
            choices=STRATEGIES,
            default="balanced",
            help="what is best (default balanced)",
        )
        parser.add_argument("--parallel", action="store_true", help="all memories at once")
        parser.add_argument("--payload", metavar="EVENT", help="JSON or an expression, quoted")
        options = parser.parse_args(split(rest))
        return power_tune(
            self._handle(options.name),
            options.memories or MEMORIES,
            payload=None if options.payload is None else self._event(options.payload),
            invocations=options.invocations,
            strategy=options.strategy,
            parallel=options.parallel,
        )

    def _do_rm(self, rest: str) -> Any:
        parser = parser_of("rm", "Delete functions, with their versions and aliases.")
        parser.add_argument("names", metavar="NAME", nargs="+")
        names = parser.parse_args(split(rest)).names
        for name in names:
            with cloudfront_functions.no_lambda(name):
                self._handle(name).delete()
        text = f"deleted {', '.join(names)}"
        return display.said(text)

    def _do_debug(self, rest: str) -> Any:
        parser = parser_of("debug", "How an editor attaches to a function with --debug.")
        parser.add_argument("name", metavar="NAME")
        parser.add_argument(
            "--failure",
            nargs="?",
            const="",
            metavar="REQUEST",
            help="open the frames of its latest failure, or of this request, as %%debug does",
        )
        options = parser.parse_args(split(rest))
        handle = self._handle(options.name)
        if options.failure is not None:
            handle.post_mortem(options.failure)
            return None
        return launch.configuration(handle.client, options.name)

    # -- the connection

    def _do_status(self, rest: str) -> Any:
        return connecting.status(self._session, rest)

    def _do_connect(self, rest: str) -> Any:
        return connecting.connect(self._session, rest, self._exporting.beside)

    def _do_start(self, rest: str) -> Any:
        return connecting.start(self._session, rest)

    def _do_stop(self, rest: str) -> Any:
        return connecting.stop(self._session, rest)

    def _do_snapshot(self, rest: str) -> Any:
        return keeping.snapshot(self._session, rest)

    def _do_restore(self, rest: str) -> Any:
        return keeping.restore(self._session, rest, self._bind)

    def _do_deploy(self, rest: str) -> Any:
        return self._deploying.run(rest)

    def _do_export(self, rest: str) -> Any:
        return self._exporting.export(rest)

    def _do_diff(self, rest: str) -> Any:
        return self._exporting.diff(rest)

    def _bind_as(self, name: str, function: str) -> None:
        self._namespace[name] = self._handle(function)

    def _bind(self, name: str) -> Function:
        self._namespace[identifier(name)] = handle = self._handle(name)
        return handle

    def _do_help(self, rest: str) -> Any:
        return display.Shown(HELP, display.code(HELP))


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 128,256,512") from None


_COLUMNS = ("runtime", "memory", "timeout", "code")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
