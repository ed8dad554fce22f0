"""The cell magic ``%%lambda``: make a function and its handle from a cell."""

from __future__ import annotations

import argparse
import builtins
import time
from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.debugging.live import asking
from lambda_nb.notebook.debugging.live.kernel_debugger import KernelDebugger
from lambda_nb.notebook.edge.cells import lambda_at_edge
from lambda_nb.notebook.edge.cells.virginia import Virginia, in_virginia
from lambda_nb.notebook.errors import UsageError, aws_errors
from lambda_nb.notebook.functions import deploy, requirements
from lambda_nb.notebook.functions.code_origin import Origin
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.functions.mounts import mount
from lambda_nb.notebook.functions.package import Package, build
from lambda_nb.notebook.magics import cell_display, event_sources, web_routes
from lambda_nb.notebook.magics.line_magic import Commands
from lambda_nb.notebook.magics.names import identifier
from lambda_nb.notebook.magics.options import HelpShown, parse_cell
from lambda_nb.notebook.trials import cells, event_line, trials
from lambda_nb.notebook.trials.outcomes import Outcome
from lambda_nb.notebook.views.handover import Followers, Handover, Update
from lambda_nb.notebook.web import http_api
from lambda_nb.projects.building.packages import default_runtime


class Magics:
    """``%%lambda`` and ``%lambda`` for one IPython shell."""

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell = shell
        self._session = session
        self._cells: dict[str, Origin] = {}
        self._trials = trials.Trials()
        self._followers = Followers()
        self.debugger: KernelDebugger | None = None
        """The kernel's debugger with ours before it, if the kernel has one."""
        self.commands = Commands(session, shell.user_ns, self._handle, self._test)

    def origin_of(self, name: str) -> Origin | None:
        """The cell that this notebook deployed a function from."""
        return self._cells.get(name)

    def line(self, line: str) -> Any:
        """Run a command of ``%lambda``."""
        return self.commands.run(line)

    def close(self) -> None:
        """End what updates displays in the background."""
        self._followers.end()
        self.commands.close()

    def cell(self, line: str, cell: str) -> Any:
        """Make or update a function from a cell, or keep and run a function's tests."""
        began = time.time()
        try:
            options = parse_cell(line)
        except HelpShown:
            return None
        if options.test:
            return self._test_cell(options.name, cell)
        wanted = web_routes.wanted(options)
        at_edge = lambda_at_edge.wanted(options)
        if not cell.strip():
            raise UsageError(
                f"%%lambda {options.name}: the cell is empty; write the function below this line"
            )
        events = event_line.read(options.event, self._shell.user_ns)
        package = build(
            cell,
            line,
            runtime=options.runtime,
            handler=options.handler,
            files=options.file,
            include=options.include,
            namespace=self._shell.user_ns,
            requirements=options.requirements,
        )
        session: Session | Virginia = self._session
        if at_edge is not None:
            session = in_virginia(self._session)
            package = lambda_at_edge.prepared(session, at_edge, package)
        deployed = self._deploy(options, package, session)
        origin = Origin(
            self._label(), package.source, package.module, package.offset, package.left_behind
        )
        self._cells[options.name] = origin
        deployed.notes += self._debug(options, origin)
        handle = self._handle(options.name, None if session is self._session else session)
        handle.remember(deployed.config)
        bound = self._bind(options.name, handle)  # first: a source that is refused loses nothing
        deployed.notes += self._extras(options, handle, deployed.config)
        if at_edge is not None:
            deployed.notes += lambda_at_edge.associate(self._session, at_edge, handle)
        served = None if at_edge is not None else self._routes(wanted, deployed)
        deployed.notes += bound
        deployed.notes += package.left_behind.values()
        if package.runtime != default_runtime() and (
            note := self._session.runtime_note(package.runtime)
        ):
            deployed.notes.append(note)
        outcomes = trials.invoke(handle, events)
        outcomes += [] if options.no_test else self._run_tests(options.name, handle)
        handover = None
        if deployed.in_use is not None:
            sha256 = str(deployed.config["CodeSha256"])
            took = deployed.in_use - began
            handover = Handover(Update(options.name, sha256, began, took))
        parts = (deployed, served, outcomes, handover)
        told = cell_display.Deployment(*parts)
        if handover is not None and at_edge is None and self._has_news():
            told = cell_display.Followed(
                lambda show: self._followers.follow(self._session, handover, show), *parts
            )
        return cell_display.passed(told, options.name, outcomes)

    def _debug(self, options: argparse.Namespace, origin: Origin) -> list[str]:
        """Let the notebook's debugger know what a cell has become; return notes about it."""
        is_aws, debugger = self._session.connection.is_aws, self.debugger
        problem = ""
        if debugger is not None:
            history = self._shell.history_manager
            text = origin.source if history is None else history.input_hist_raw[-1]
            debug = options.debug is not None and not is_aws
            problem = debugger.deployed(options.name, origin, text, debug)
        return asking.note(options, debugger, origin.source, problem, is_aws=is_aws)

    def _has_news(self) -> bool:
        """Whether the display of an update can follow it: an engine tells, and a page shows."""
        is_page = getattr(self._shell, "kernel", None) is not None
        return is_page and not self._session.connection.is_aws

    def _label(self) -> str:
        # Not shell.execution_count: newer IPython versions increase it before the cell runs.
        return f"Cell In[{self._shell.displayhook.prompt_count}]"

    def _test_cell(self, name: str, cell: str) -> Any:
        """Keep the tests of this cell and run them, if the function is there."""
        if not cell.strip():
            forgotten = self._trials.forget(name)
            told = "its tests are forgotten" if forgotten else "it had no tests"
            return cell_display.tests(name, [], told)
        tests = cells.TestCell(name, self._label(), cell)
        self._trials.keep(name, self._cell_id(), tests)
        handle = self._handle(name)
        if not deploy.exists(handle.client, name):
            told = f"{name} is not deployed yet: these tests run when it is"
            return cell_display.tests(name, [], told)
        outcomes = tests.run({**self._shell.user_ns, identifier(name): handle})
        told = f"they run again after each deploy of {name}"
        return cell_display.passed(cell_display.tests(name, outcomes, told), name, outcomes)

    def _test(self, name: str) -> Any:
        """Run the tests that are kept for a function."""
        if not self._trials.has(name):
            raise UsageError(f"{name} has no tests: a cell %%lambda {name} --test has them")
        handle = self._handle(name)
        if not deploy.exists(handle.client, name):
            raise UsageError(f"{name} is not deployed: run its cell first")
        outcomes = self._run_tests(name, handle)
        shown = cell_display.tests(name, outcomes, "as it is now")
        return cell_display.passed(shown, name, outcomes)

    def _run_tests(self, name: str, handle: Function) -> list[Outcome]:
        return self._trials.run(name, {**self._shell.user_ns, identifier(name): handle})

    def _cell_id(self) -> str:
        """The front end's name for the running cell; empty if it gives none."""
        parent = self._shell.get_parent() if hasattr(self._shell, "get_parent") else {}
        return str(parent.get("metadata", {}).get("cellId") or "")

    def _deploy(
        self, options: argparse.Namespace, package: Package, session: Session | Virginia
    ) -> deploy.Deployed:
        client, connection = session.client(), session.connection
        layers = list(options.layer)
        if (
            options.requirements
            and not options.edge
            and package.runtime.startswith(requirements.LAYERED)
        ):
            layers.append(
                requirements.layer(
                    client,
                    options.requirements,
                    self._session.runs_as(package.runtime),
                    options.arch,
                    on_aws=connection.is_aws,
                )
            )
        shared = mount(self._session, connection, options.mount) if options.mount else []
        settings = deploy.settings(options, layers, shared)
        settings["Environment"]["Variables"] |= asking.variables(
            options, package.runtime, is_aws=connection.is_aws
        )
        return deploy.deploy(client, connection, options.name, package, settings)

    def _extras(
        self, options: argparse.Namespace, handle: Function, deployed: Mapping[str, Any]
    ) -> list[str]:
        """Set concurrency, version, alias, sources and URL; return notes about them."""
        notes = []
        with aws_errors():
            if options.reserved is not None:
                self._session.client().put_function_concurrency(
                    FunctionName=options.name, ReservedConcurrentExecutions=options.reserved
                )
                notes.append(f"{options.reserved} reserved")
        if options.publish or options.alias:
            published = handle.publish(options.alias)
            notes.append(f"published as {published.qualifier}")
        arn = str(deployed["FunctionArn"])
        for source in options.on:
            notes.append(event_sources.attach(self._session, options.name, arn, source))
        if options.url:
            notes.append(handle.url())
        return notes

    def _routes(
        self, wanted: http_api.Wanted | None, deployed: deploy.Deployed
    ) -> http_api.Served | None:
        """Lead the cell's routes to the function; remove those of an earlier cell."""
        with aws_errors():
            if wanted is not None:
                arn = str(deployed.config["FunctionArn"])
                served = http_api.serve(self._session, deployed.name, arn, wanted)
                if deployed.config["Timeout"] > http_api.MOST_SECONDS:
                    served.notes.append(f"an HTTP API waits {http_api.MOST_SECONDS} s at most")
                return served
            if deployed.what != "created":
                http_api.withdraw(self._session, deployed.name)
        return None

    def _handle(self, name: str, elsewhere: Clients | None = None) -> Function:
        if elsewhere is not None:
            return Function(name, elsewhere, self._cells.get(name))
        known = self._shell.user_ns.get(identifier(name))
        if isinstance(known, Function) and known.stands_for(name, self._session):
            known.cell = self._cells.get(name, known.cell)
            return known
        return Function(name, self._session, self._cells.get(name))

    def _bind(self, name: str, handle: Function) -> list[str]:
        """Bind the handle in the notebook; return notes if it hides or replaces a name."""
        bound = identifier(name)
        before = self._shell.user_ns.get(bound)
        self._shell.user_ns[bound] = handle
        notes = [f"handle {bound}"] if bound != name else []
        if before is not None and not isinstance(before, Function):
            notes.append(f"{bound} was a {type(before).__name__} of this notebook before")
        elif hasattr(builtins, bound):
            notes.append(f"{bound} now hides Python's own {bound}")
        return notes
