"""The cell magic ``%%lambda``: make a function and its handle from a cell."""

from __future__ import annotations

import argparse
import builtins
import keyword
import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.edge.cells import lambda_at_edge
from lambda_nb.notebook.edge.cells.virginia import Virginia, in_virginia
from lambda_nb.notebook.errors import UsageError, aws_errors
from lambda_nb.notebook.functions import deploy, requirements
from lambda_nb.notebook.functions.code_origin import Origin
from lambda_nb.notebook.functions.figures import figures, summary
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.functions.mounts import mount
from lambda_nb.notebook.functions.package import Package, build, default_runtime
from lambda_nb.notebook.magics import event_sources, web_routes
from lambda_nb.notebook.magics.line_magic import Commands
from lambda_nb.notebook.magics.options import HelpShown, parse_cell
from lambda_nb.notebook.web import http_api


class Magics:
    """``%%lambda`` and ``%lambda`` for one IPython shell."""

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell = shell
        self._session = session
        self._cells: dict[str, Origin] = {}
        self.commands = Commands(session, shell.user_ns, self._handle)

    def line(self, line: str) -> Any:
        """Run a command of ``%lambda``."""
        return self.commands.run(line)

    def cell(self, line: str, cell: str) -> Any:
        """Make or update a function from a cell."""
        try:
            options = parse_cell(line)
        except HelpShown:
            return None
        wanted = web_routes.wanted(options)
        at_edge = lambda_at_edge.wanted(options)
        if not cell.strip():
            raise UsageError(
                f"%%lambda {options.name}: the cell is empty; write the function below this line"
            )
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
        # Not shell.execution_count: newer IPython versions increase it before the cell runs.
        label = f"Cell In[{self._shell.displayhook.prompt_count}]"
        origin = Origin(label, package.source, package.module, package.offset, package.left_behind)
        self._cells[options.name] = origin
        handle = self._handle(options.name, None if session is self._session else session)
        handle.remember(deployed.config)
        deployed.notes += self._extras(options, handle, deployed.config)
        if at_edge is not None:
            deployed.notes += lambda_at_edge.associate(self._session, at_edge, handle)
        served = None if at_edge is not None else self._routes(wanted, deployed)
        deployed.notes += self._bind(options.name, handle)
        deployed.notes += package.left_behind.values()
        if package.runtime != default_runtime() and (
            note := self._session.runtime_note(package.runtime)
        ):
            deployed.notes.append(note)
        return shown(deployed, served)

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
        if isinstance(known, Function) and known.name == name and known.qualifier is None:
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


def identifier(name: str) -> str:
    """A function's name (or the name in an ARN) as a Python name: ``my-func`` is ``my_func``.

    Raises
    ------
    UsageError
        The name has no letter or digit.
    """
    plain = name.split(":function:")[-1].split(":")[0]
    bound = re.sub(r"\W", "_", plain)
    if not bound.strip("_"):
        raise UsageError(f"{name!r} is no name for a function; use letters, digits, - and _")
    if bound[0].isdigit():
        bound = f"_{bound}"
    return f"{bound}_" if keyword.iskeyword(bound) else bound


def shown(deployed: deploy.Deployed, served: http_api.Served | None = None) -> display.Shown:
    """The display of a ``%%lambda`` cell: the function, and its routes as links."""
    links = [] if served is None else web_routes.links(served)
    notes = [*deployed.notes, *([] if served is None else served.notes)]
    text = " · ".join([deployed.name, deployed.what, *figures(deployed.config), *notes])
    kind = "warm" if deployed.what == "unchanged" else "ok"
    told = [
        display.link(note, note) if note.startswith("http") else display.dim(note) for note in notes
    ]
    parts = [summary(deployed.config, display.tag(deployed.what, kind))]
    parts += [display.line(*told)] if told else []
    parts += [link.markup for link in links]
    return display.Shown("\n".join([text, *(link.text for link in links)]), "".join(parts))
