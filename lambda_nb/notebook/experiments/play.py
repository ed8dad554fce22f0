"""``play``: send the invocations of a trace for real, each at its own time.

An arrival never waits for earlier responses (an open loop), as with real callers: a slow function
gets the same load as a fast one. Each request in flight has its own thread and connection.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TextIO

from lambda_nb.notebook.connection.clients import Clients, engine_status
from lambda_nb.notebook.connection.reach import reach
from lambda_nb.notebook.errors import UsageError, aws_errors
from lambda_nb.notebook.experiments.play_result import Before, Played, Sent
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.functions.many_invocations import progress_bar
from lambda_nb.notebook.functions.result import encode

if TYPE_CHECKING:
    from lambda_nb.traces import Trace

Functions = Function | str | Mapping[str, Function | str]
Payload = Mapping[str, Any] | Callable[[dict[str, Any]], Any] | None

MOST_IN_FLIGHT = 1024
"""Most requests in flight; a later one waits for a thread, and its lag shows it."""


def play(
    trace: Trace,
    functions: Functions,
    *,
    speed: float = 1.0,
    limit: int | None = None,
    payload: Payload = None,
    client: Any = None,
    progress: bool | TextIO = True,
) -> Played:
    """Invoke real functions as in a trace, and return the results.

    Ctrl-C (the notebook's stop button) stops it early and keeps the results so far.

    Parameters
    ----------
    trace
        What to invoke when. Only arrivals and names matter; ``Played.trace`` has what really
        happened.
    functions
        The function that every row invokes (a handle, a name or an ARN), or a mapping of the
        trace's names to functions.
    speed
        Factor on the speed of arrivals; 60 plays an hour in a minute.
    limit
        Send only this many invocations, the first ones.
    payload
        The event: one dict for all, or a function that makes it from a row (a dict of the trace's
        columns). Default: the row itself: ``duration`` (s), ``function``, ``memory`` (MB) ...
    client
        A boto3 Lambda client, to play without handles and outside a notebook. Use one without
        retries (``total_max_attempts=1``): a retry hides throttles.
    progress
        Whether to show a bar; ``sys.stdout`` for a text bar.

    Raises
    ------
    UsageError
        ``functions`` lacks a function of the trace; speed, limit or an event is not valid.
    AWSError
        A function does not exist.
    """
    if not speed > 0:
        raise UsageError(f"speed is {speed!r}; give a number above 0")
    if limit is not None and limit < 0:
        raise UsageError(f"limit is {limit!r}; give a number of invocations, or None for all")
    rows = trace if limit is None else trace[:limit]
    targets, clients = _targets(rows.functions, functions, client)
    lambda_ = clients.client()
    with aws_errors():
        settings, versions = _settings(lambda_, targets.values())
    # Make all events before the first arrival, so that this does not delay sending.
    columns = rows.table.to_pylist()
    events = [encode(_event(payload, row)) for row in columns]
    requests = [
        {**targets[row["function"]], "Payload": event}
        for row, event in zip(columns, events, strict=True)
    ]
    arrivals = rows.numbers("arrival")
    due = ((arrivals - arrivals[0]) / speed).tolist() if len(rows) else []
    before = _environments(lambda_, versions)
    began = time.time()
    player = _Player(lambda_, requests, due, progress_bar("play", len(due), progress))
    sent, stopped = player.run()
    names = list(dict.fromkeys(target["FunctionName"] for target in targets.values()))
    played = Played(names, sent, due, began=began, settings=settings, clients=clients)
    played.before = before
    played.stopped = stopped
    played.collect()
    return played


def _targets(
    names: list[str], functions: Functions, client: Any
) -> tuple[dict[str, dict[str, str]], Clients]:
    """What to invoke for each function of the trace, and the clients to use."""
    if isinstance(functions, Mapping):
        absent = [name for name in names if name not in functions]
        if absent:
            raise UsageError(
                f"the trace invokes {', '.join(map(repr, absent[:5]))}, which functions= does not "
                f"map; it has {', '.join(map(repr, functions)) or 'nothing'}"
            )
        wanted = {name: functions[name] for name in names} or dict(functions)
    else:
        wanted = dict.fromkeys(names or [""], functions)
    targets, through = {}, None
    for name, function in wanted.items():
        found, qualifier, clients = reach(function, client)
        if through is None or client is not None:
            through = clients
        elif clients is not through:
            raise UsageError(f"{function!r} is reached through another connection than the others")
        targets[name] = {"FunctionName": found, **({"Qualifier": qualifier} if qualifier else {})}
    if through is None:
        raise UsageError("functions is empty; give a handle, a name, or a mapping to them")
    return targets, through


def _environments(client: Any, versions: dict[str, str]) -> list[Before]:
    """Execution environments of these versions that are idle now (an engine lists them)."""
    rows = (engine_status(client) or {}).get("environments", [])
    found = [
        Before(row["function"], row["created"], row["idle_since"])
        for row in rows
        if row["state"] == "idle"
        and versions.get(row["function"]) == row["version"]
        and row["initialization_type"] != "provisioned-concurrency"
    ]
    return sorted(found, key=lambda one: one.created)


def _settings(client: Any, targets: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings that decide cold starts and throttles, as arguments for ``simulate``.

    Also the version of each function that will run.
    """
    versions = {}
    account = client.get_account_settings()["AccountLimit"]
    settings: dict[str, Any] = {"account_limit": int(account["ConcurrentExecutions"])}
    reserved, provisioned = {}, {}
    for target in targets:
        name = target["FunctionName"]
        versions[name] = str(client.get_function_configuration(**target)["Version"])
        told = client.get_function_concurrency(FunctionName=name)
        if "ReservedConcurrentExecutions" in told:
            reserved[name] = int(told["ReservedConcurrentExecutions"])
        if "Qualifier" in target:
            ready = client.list_provisioned_concurrency_configs(FunctionName=name)
            for config in ready["ProvisionedConcurrencyConfigs"]:
                if config["FunctionArn"].split(":")[-1] == target["Qualifier"]:
                    provisioned[name] = int(config["AllocatedProvisionedConcurrentExecutions"])
    if reserved:
        settings["reserved"] = reserved
    if provisioned:
        settings["provisioned"] = provisioned
    status = engine_status(client) or {}
    for name, told in (("keep_alive", "keep_alive_s"), ("max_age", "max_age_s")):
        if status.get(told) is not None:
            settings[name] = float(status[told])
    return settings, versions


def _event(payload: Payload, row: dict[str, Any]) -> Any:
    if callable(payload):
        return payload(dict(row))
    if payload is not None:
        return payload
    return {name: value for name, value in row.items() if value is not None}


class _Player:
    """Sends each request at its time, from a pool of threads that grows on demand."""

    def __init__(
        self, client: Any, requests: list[dict[str, Any]], due: list[float], bar: Any
    ) -> None:
        self._client = client
        self._requests = requests
        self._due = due
        self._bar = bar
        self._began = 0.0
        self._sent: list[Sent | None] = [None] * len(due)
        self._bar_lock = threading.Lock()

    def run(self) -> tuple[list[Sent], bool]:
        """Send all requests; return the results, and whether it was interrupted."""
        pool = ThreadPoolExecutor(MOST_IN_FLIGHT, thread_name_prefix="lambda_nb play")
        flying: list[Future[None]] = []
        stopped = False
        self._began = time.perf_counter()
        try:
            for row, due in enumerate(self._due):
                ahead = self._began + due - time.perf_counter()
                if ahead > 0:
                    time.sleep(ahead)
                flying.append(pool.submit(self._send, row))
            wait(flying)
        except KeyboardInterrupt:
            stopped = True
            for future in flying:
                future.cancel()
            # Requests in flight run anyway, so wait for their results. A second Ctrl-C skips that.
            with contextlib.suppress(KeyboardInterrupt):
                wait(flying)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            self._bar.close()
        for future in flying:
            if future.done() and not future.cancelled():
                future.result()
        return [sent for sent in list(self._sent) if sent is not None], stopped

    def _send(self, row: int) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        begins = time.perf_counter()
        request_id = reason = ""
        try:
            response = self._client.invoke(**self._requests[row])
            response["Payload"].read()
            request_id = str(response["ResponseMetadata"].get("RequestId", ""))
            status = "error" if response.get("FunctionError") else "success"
            reason = str(response.get("FunctionError", ""))
        except ClientError as error:
            told = error.response
            request_id = str(told.get("ResponseMetadata", {}).get("RequestId", ""))
            throttled = told.get("Error", {}).get("Code") == "TooManyRequestsException"
            status = "throttle" if throttled else "failed"
            reason = str(told.get("Reason") or told.get("Error", {}).get("Code", ""))
        except BotoCoreError as error:
            status, reason = "failed", str(error)
        self._sent[row] = Sent(
            row=row,
            function=self._requests[row]["FunctionName"],
            arrival=self._due[row],
            sent=begins - self._began,
            latency=time.perf_counter() - begins,
            status=status,
            reason=reason,
            request_id=request_id,
        )
        with self._bar_lock:
            self._bar.update()
