"""``access_log``: a live view of the requests that an HTTP API gets."""

from __future__ import annotations

import html
import statistics
import time
from collections.abc import Sequence
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.clients import Beside, Clients
from lambda_nb.notebook.connection.notebooks import of_notebook
from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.views.live import Live
from lambda_nb.notebook.web.access_log import AccessLog, Request
from lambda_nb.projects.endpoint import is_aws

LINES = 15
"""Requests that the view shows."""
EVERY_S, EVERY_ON_AWS_S = 1.0, 5.0

_MINUTE_S = 60.0
_NUMBERS = ("status", "ms")
_CLIENT_ERROR, _SERVER_ERROR = 400, 500


class AccessLogView:
    """The last requests of an HTTP API, live; a cell displays it as its value.

    Without ipywidgets it shows only one moment.
    """

    def __init__(self, clients: Clients, api: str, every: float | None) -> None:
        self._clients = clients
        self._api = api
        self._every = every
        self._client: Any = clients.client()
        self._log = AccessLog(clients, api)
        self._live = Live("access log", self._look, self._markup, self._interval)
        self._live.look()

    @property
    def requests(self) -> list[Request]:
        """The requests seen so far, the newest last."""
        return list(self._log.requests)

    @property
    def running(self) -> bool:
        """Whether the view is updating."""
        return self._live.running

    def start(self) -> AccessLogView:
        """Start updating (displaying the view also starts it)."""
        self._live.start()
        return self

    def stop(self) -> None:
        """Stop updating and keep the last picture."""
        self._live.stop()

    def _interval(self) -> float:
        return self._every or (EVERY_ON_AWS_S if is_aws(self._client) else EVERY_S)

    def _look(self) -> None:
        client = self._clients.current_client()
        if client is None:
            raise NotebookError("no engine runs; the next use of a function starts one")
        if client is not self._client:  # the notebook has a new connection
            self._log = AccessLog(self._clients, self._api)
            self._client = client
        self._log.look()

    # -- what it shows

    def _markup(self) -> str:
        head = display.line(
            display.bold(self._log.name),
            display.link(self._log.address, f"{self._log.address}/"),
            *map(display.dim, _totals(self._log.requests)),
        )
        error = self._live.error
        told = display.line(display.tag("error", "error"), html.escape(error)) if error else ""
        return display.card(head, told, _table(self._last()))

    def _last(self) -> list[Request]:
        return list(self._log.requests)[-LINES:]

    def _ipython_display_(self) -> None:
        self._live.show(self.__repr__)

    def __repr__(self) -> str:
        head = " · ".join([self._log.name, self._log.address, *_totals(self._log.requests)])
        rows = display.text_table(map(_cells, self._last()), _NUMBERS)
        return "\n".join(filter(None, [head, self._live.error, rows]))


def access_log(
    api: str = "notebook", *, client: Any = None, every: float | None = None
) -> AccessLogView:
    """Show the requests of an HTTP API as they come: time, method, path, status, ms, function.

    It reads the API's access log in CloudWatch Logs, first the last 15 minutes. It updates until
    its output is removed, or until ``.stop()``. Totals cover the last minute.

    Parameters
    ----------
    api
        Name or id of an API whose stage writes an access log, as those of ``%%lambda --http`` do.
    client
        A boto3 Lambda client; default: the notebook's connection.
    every
        Seconds between updates; default 1, on AWS 5.

    Raises
    ------
    UsageError
        There is no such API, it has no access log, or ``every`` is not above 0.
    """
    if every is not None and not every > 0:
        raise UsageError(f"every is {every!r}; give seconds above 0")
    through = of_notebook(f"the API {api!r}") if client is None else Beside(client)
    through.client()  # starts the notebook's own engine here, never in the thread
    return AccessLogView(through, api, every)


def _totals(requests: Sequence[Request]) -> list[str]:
    """Figures of the last minute."""
    begin = time.time() - _MINUTE_S
    last = [one for one in list(requests) if one.time.timestamp() > begin]
    told = [f"{display.count(len(last), 'request')} in the last minute"]
    if failed := sum(one.status >= _SERVER_ERROR for one in last):
        told.append(f"{failed:,} failed")
    took = [one.milliseconds for one in last if one.milliseconds is not None]
    if took:
        told.append(f"median {statistics.median(took):.0f} ms")
    return told


def _cells(request: Request) -> dict[str, str]:
    return {
        "time": request.time.astimezone().strftime("%H:%M:%S"),
        "method": request.method,
        "path": request.path or request.line,
        "status": str(request.status or ""),
        "ms": "" if request.milliseconds is None else f"{request.milliseconds:.0f}",
        "function": request.function or request.error,
    }


def _table(requests: Sequence[Request]) -> str:
    if not requests:
        return display.line(display.dim("No requests yet."))
    names = list(_cells(requests[0]))
    head = "".join(f"<th{' class=r' if name in _NUMBERS else ''}>{name}</th>" for name in names)
    body = []
    for request in requests:
        cells = {name: html.escape(text) for name, text in _cells(request).items()}
        cells["time"] = display.dim(_cells(request)["time"])
        cells["status"] = f'<span class="lnb-{_kind(request.status)}">{cells["status"]}</span>'
        row = "".join(
            f"<td{' class=r' if name in _NUMBERS else ''}>{cell}</td>"
            for name, cell in cells.items()
        )
        body.append(f"<tr>{row}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _kind(status: int) -> str:
    """The colour of a status."""
    if status >= _SERVER_ERROR:
        return "error"
    return "cold" if status >= _CLIENT_ERROR else "ok"
