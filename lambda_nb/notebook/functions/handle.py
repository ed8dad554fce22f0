"""The handle of a function: a notebook calls, inspects and changes the function with it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.log_groups import log_group
from lambda_nb.notebook.errors import (
    AWSError,
    FunctionError,
    NotebookError,
    UsageError,
    aws_errors,
)
from lambda_nb.notebook.functions import deploy, monitoring
from lambda_nb.notebook.functions.code_origin import Origin
from lambda_nb.notebook.functions.figures import summary
from lambda_nb.notebook.functions.many_invocations import Answers, Errors, gather
from lambda_nb.notebook.functions.result import Result, encode, read
from lambda_nb.notebook.web import http_api
from lambda_nb.notebook.web.address import address_of, make_function_url, named
from lambda_nb.notebook.web.request import Parameters, send
from lambda_nb.notebook.web.response import Response

if TYPE_CHECKING:
    import pandas as pd

    from lambda_nb.notebook.connection.clients import Clients
    from lambda_nb.notebook.functions.recent_events import Events
    from lambda_nb.notebook.functions.replay import Replay
    from lambda_nb.traces import Trace

MOST_AT_ONCE = 256
"""Requests in flight from one handle."""

_LOGS_WITHIN_S = 5.0
_NO_PATH = object()
_AT_THE_EDGE = (
    "{} is a replicated function: it runs at the edge of a distribution. Delete that first, with "
    "lambda_nb.distribution(NAME).delete() (%lambda edge lists them), or run another function at "
    "its event. On AWS replicas go within hours"
)


class Function:
    """A Lambda function at the endpoint of the notebook.

    >>> thumbnail({"key": "cat.jpg"})  # doctest: +SKIP

    Parameters
    ----------
    name
        The function's name or ARN.
    session
        The notebook's connection.
    cell
        The cell with its code, if this notebook made it.
    qualifier
        A version or an alias; default ``$LATEST``.
    """

    def __init__(
        self, name: str, session: Clients, cell: Origin | None = None, qualifier: str | None = None
    ) -> None:
        self.name = name
        self.qualifier = qualifier
        self.cell = cell
        self._session = session
        self._pool: ThreadPoolExecutor | None = None
        self._architecture = "x86_64"
        self._last_request = ""
        self._address = ""

    def stands_for(self, name: str, session: Clients) -> bool:
        """Whether it is the unqualified function of this name at this connection.

        A handle of before ``%unload_ext`` would start an engine of its own.
        """
        mine = self._session is session
        return mine and self.name == name and self.qualifier is None

    def remember(self, config: Mapping[str, Any]) -> None:
        """Store the parts of the configuration that later results need."""
        self._architecture = config.get("Architectures", ["x86_64"])[0]
        self._address = ""

    # -- running it

    def __call__(self, event: Any = None, /) -> Any:
        """Run the function with an event (default ``{}``) and return its result.

        Raises
        ------
        FunctionError
            The function failed; shown with the line of the cell.
        Throttled
            Lambda throttled the request.
        """
        return self.invoke(event).result()

    def invoke(
        self,
        event: Any = None,
        /,
        *,
        asynchronous: bool = False,
        qualifier: str | None = None,
        client_context: Mapping[str, Any] | None = None,
    ) -> Result:
        """Run the function and return all details: log, times, memory, bill.

        Does not raise if the function fails: see ``Result.ok``, ``.error`` and ``.result()``.

        Parameters
        ----------
        event
            Any value that JSON can hold, or bytes that are already JSON; default ``{}``.
        asynchronous
            Only queue the event (``InvocationType=Event``); Lambda retries failures itself.
        qualifier
            A version or an alias.
        client_context
            ``custom``, ``env`` and ``client`` of the context object.
        """
        request: dict[str, Any] = {
            "FunctionName": self.name,
            "Payload": encode({} if event is None else event),
            "InvocationType": "Event" if asynchronous else "RequestResponse",
        }
        if not asynchronous:
            request["LogType"] = "Tail"
        if qualifier or self.qualifier:
            request["Qualifier"] = qualifier or self.qualifier
        if client_context:
            context = json.dumps({"client": {}, "env": {}, "custom": {}, **client_context})
            request["ClientContext"] = base64.b64encode(context.encode()).decode()
        with aws_errors():
            response = self.client.invoke(**request)
            result = read(self.name, response, self.cell, self._architecture)
        if result.error is not None:
            result.error.opens_with(partial(self._open_frames, self.client, self.cell))
        if not asynchronous:
            self._last_request = result.request_id
        return result

    @staticmethod
    def _open_frames(client: Any, cell: Origin | None, error: FunctionError) -> str:
        from lambda_nb.notebook.debugging import post_mortem

        return post_mortem.opened(client, error, cell)

    def post_mortem(self, request_id: str = "", /) -> None:
        """Open the frames of the function's latest failure in the debugger, as ``%debug`` does.

        For failures that nobody called, such as those of events; ``%debug`` opens the frames of an
        error that a cell has just shown.

        Parameters
        ----------
        request_id
            Another failure, of the latest hundred of the engine.
        """
        from lambda_nb.notebook.debugging import post_mortem

        error = post_mortem.latest(self.client, self._plain_name(), request_id, self.cell)
        post_mortem.debug(error)

    def map(
        self,
        events: Iterable[Any],
        /,
        *,
        concurrency: int = 16,
        errors: Errors = "raise",
        progress: bool = True,
        retries: int = 12,
    ) -> Answers:
        """Run the function once per event, many at a time; results in the order of the events.

        Parameters
        ----------
        events
            One event per invocation.
        concurrency
            How many at a time, 1 to 256. Lambda starts as many environments as it needs.
        errors
            ``raise`` the first failure, or ``return`` failures in the list of results.
        progress
            Whether to show a bar.
        retries
            Most retries of a throttled request, with growing delays, as in AWS's SDKs.

        Raises
        ------
        FunctionError, Throttled
            See ``errors``.
        """
        if not 1 <= concurrency <= MOST_AT_ONCE:
            raise UsageError(f"concurrency is {concurrency}; give 1 to {MOST_AT_ONCE}")
        if errors not in ("raise", "return"):
            raise UsageError(f"errors is {errors!r}; give 'raise' or 'return'")
        self.client  # noqa: B018  # made before the threads ask for it
        return gather(
            self.name,
            self.invoke,
            events,
            concurrency=concurrency,
            errors=errors,
            progress=progress,
            retries=retries,
        )

    def submit(self, event: Any = None, /) -> Future[Any]:
        """Run the function in the background; return a future of its result."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(MOST_AT_ONCE, f"lambda_nb {self.name}")
        return self._pool.submit(self, event)

    # -- looking at it

    @property
    def client(self) -> Any:
        """The boto3 Lambda client for the notebook's endpoint."""
        return self._session.client()

    @property
    def clients(self) -> Clients:
        """Makes boto3 clients for all services at the notebook's endpoint."""
        return self._session

    @property
    def config(self) -> dict[str, Any]:
        """The function's current configuration, from Lambda."""
        with aws_errors():
            told: dict[str, Any] = self.client.get_function_configuration(**self._named())
        told.pop("ResponseMetadata", None)
        return told

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return str(self.config["FunctionArn"])

    def logs(self, last: str = "1h", *, limit: int = 200) -> monitoring.Logs:
        """The function's log of the last ``"15min"`` or ``"2h"``, at most ``limit`` events.

        Logs arrive shortly after the response. This waits up to five seconds for the log of the
        last invocation through this handle.
        """
        group = log_group(self.config)
        client = self._session.client("logs")
        deadline = time.monotonic() + _LOGS_WITHIN_S
        while True:
            logs = monitoring.read_logs(client, self.name, group, last, limit)
            if logs.tell_of(self._last_request) or time.monotonic() > deadline:
                return logs
            time.sleep(0.1)

    def metrics(self, last: str = "3h", *, period: int = 60) -> pd.DataFrame:
        """Invocations, errors, throttles, duration (ms) and concurrency by time, from CloudWatch.

        Parameters
        ----------
        last
            How far back: ``"15min"``, ``"2h"``.
        period
            Seconds that one row covers, a multiple of 60.
        """
        return monitoring.read_metrics(self._session.client("cloudwatch"), self.name, last, period)

    def events(self, last: str = "1h", *, limit: int = 1000) -> Events:
        """The events that reached the function in the last ``"15min"``, with what became of them.

        The engine remembers the latest thousand of each function, at most 64 MB in all.

        Parameters
        ----------
        last
            How far back.
        limit
            How many at most, the latest.

        Raises
        ------
        UsageError
            The endpoint is AWS, which keeps no events.
        """
        from lambda_nb.notebook.functions import recent_events

        since = datetime.now(timezone.utc) - monitoring.ago(last)
        return recent_events.read(self._session, self._plain_name(), since, limit)

    def replay(self, last: str = "1h", *, limit: int = 100, progress: bool = True) -> Replay:
        """Run the events of the last ``"15min"`` once more, with the code as it is now.

        They run one after the other as synchronous invocations: what the function does, it does
        again. Retries and destinations have no part in it.

        Parameters
        ----------
        last
            How far back.
        limit
            How many at most, the latest.
        progress
            Whether to show a bar.

        Returns
        -------
        Replay
            Each event with both results, durations and costs; ``.changed`` are those that differ.
        """
        from lambda_nb.notebook.functions import replay

        return replay.replay(self.events(last)[-limit:], self.invoke, progress=progress)

    def trace(self, **options: Any) -> Trace:
        """The recorded invocations as a trace; options as in ``lambda_nb.Trace.from_logs``.

        ``expect=N`` waits until the logs have N invocations.
        """
        from lambda_nb.traces import Trace

        return Trace.from_logs(self.name, client=self._session.client("logs"), **options)

    # -- changing it

    def publish(self, alias: str | None = None, description: str = "") -> Function:
        """Publish the deployed code as a version and return its handle.

        Parameters
        ----------
        alias
            Also point this alias at the version; the handle is then for the alias.
        """
        client = self.client
        with aws_errors():
            version = deploy.publish(client, self.name, description)
            if alias:
                deploy.put_alias(
                    client, FunctionName=self.name, Name=alias, FunctionVersion=version
                )
        return Function(self.name, self._session, self.cell, alias or version)

    @overload
    def delete(self, /) -> None: ...

    @overload
    def delete(self, path: str, /, **options: Any) -> Response: ...

    def delete(self, path: Any = _NO_PATH, /, **options: Any) -> Response | None:
        """Without arguments: delete the function. With a path: send a DELETE request there.

        A handle with a qualifier deletes only that version. Routes that ``--http`` made for the
        function go with it. Options of a request as in :meth:`request`.
        """
        if path is not _NO_PATH:
            return self.request("DELETE", path, **options)
        if options:
            raise UsageError(f"delete needs a path for {', '.join(options)}")
        try:
            with aws_errors():
                if self.qualifier is None:
                    http_api.withdraw(self._session, self.name)
                self.client.delete_function(**self._named())
        except AWSError as error:
            if "replicated function" not in str(error):
                raise
            raise NotebookError(_AT_THE_EDGE.format(self.name)) from None
        self._address = ""
        return None

    # -- over HTTP

    def url(self) -> str:
        """The function's URL; creates one (``AuthType=NONE``) if there is none yet."""
        with aws_errors():
            return make_function_url(self.client, self._named())

    @property
    def address(self) -> str:
        """Where it answers HTTP requests: its API, or its URL if it has no route.

        Raises
        ------
        UsageError
            The function has neither.
        """
        if not self._address:
            self._address = address_of(self._session, self.name, self.qualifier)
        return self._address

    def request(
        self,
        method: str,
        path: str = "/",
        /,
        *,
        headers: Mapping[str, str] | None = None,
        params: Parameters | None = None,
        data: bytes | str | Mapping[str, Any] | None = None,
        json: Any = None,
    ) -> Response:
        """Send an HTTP request to the function's API, or to its URL if it has no route.

        Redirects are not followed.

        Parameters
        ----------
        method, path
            ``"GET"``, ``"/hello/Ada?loud=1"``.
        headers, params
            Headers, and the query; a value of ``params`` may be a list.
        data, json
            The body: bytes, text or the fields of a form; or a value that becomes JSON.

        Raises
        ------
        UsageError
            The function has neither a route nor a URL.
        NotebookError
            Nothing answers there.
        """
        if not isinstance(path, str):
            raise UsageError(f"{path!r} is no path; give text such as '/items'")
        return send(
            self.address,
            method,
            path,
            self.client,
            function=self.name,
            headers=headers,
            params=params,
            data=data,
            json=json,
        )

    def get(self, path: str = "/", /, **options: Any) -> Response:
        """Send a GET request; options as in :meth:`request`."""
        return self.request("GET", path, **options)

    def post(self, path: str = "/", /, **options: Any) -> Response:
        """Send a POST request; options as in :meth:`request`."""
        return self.request("POST", path, **options)

    def put(self, path: str = "/", /, **options: Any) -> Response:
        """Send a PUT request; options as in :meth:`request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str = "/", /, **options: Any) -> Response:
        """Send a PATCH request; options as in :meth:`request`."""
        return self.request("PATCH", path, **options)

    def _plain_name(self) -> str:
        """The name without the rest of an ARN."""
        parts = self.name.split(":")
        return parts[6] if len(parts) > 6 else parts[-1]

    def _named(self) -> dict[str, str]:
        return named(self.name, self.qualifier)

    def __repr__(self) -> str:
        qualified = f"{self.name}:{self.qualifier}" if self.qualifier else self.name
        return f"<Lambda function {qualified}>"

    def _repr_html_(self) -> str:
        return display.card(summary(self.config))
