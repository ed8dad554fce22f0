"""Runs durable executions: invoke, suspend, wait, invoke again.

The runner invokes the function with the state of its execution. The function returns SUCCEEDED,
FAILED or PENDING. After PENDING nothing runs: the runner sleeps until an operation changes from
outside (a wait ends, a callback is answered, a chained invoke ends), then invokes again. All state
is on disk; after a restart every running execution continues from its last checkpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from lambda_nb.engine.durable import results
from lambda_nb.engine.durable.executions import (
    RUNNING,
    Executions,
    execution_arn,
    new_identifier,
)
from lambda_nb.engine.errors import AWSError, invalid_parameter
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.engine.model import Invocation, InvocationResult, Resolved, Throttled
from lambda_nb.engine.steady_clock import steady_time
from lambda_nb.rules.durable import operations as durable
from lambda_nb.rules.durable.operations import Operation
from lambda_nb.rules.events import retry

log = logging.getLogger(__name__)

Resolve = Callable[[str, "str | None"], Resolved]
Execute = Callable[[Resolved, Invocation], Awaitable[InvocationResult]]
Configuration = Callable[[str, str], "dict[str, Any] | None"]

_STATE_BYTES = 4 << 20
"""Of operations in the event of an invocation; the function fetches the others."""

_RETRY_DELAYS_S = (1.0, 2.0, 4.0)
"""Delays before retries of a failed invocation; after the last retry the execution fails. AWS
retries too but does not document how often."""


class Runner:
    """Drives the executions of all durable functions.

    Parameters
    ----------
    executions
        Their records.
    resolve, execute
        Find the version that serves, and run one invocation; ``execute`` may raise
        :class:`~lambda_nb.engine.model.Throttled`.
    configuration
        Returns the configuration of a version by function name and version.
    """

    def __init__(
        self,
        executions: Executions,
        *,
        resolve: Resolve,
        execute: Execute,
        configuration: Configuration,
    ) -> None:
        self._executions = executions
        self._resolve = resolve
        self._execute = execute
        self._configuration = configuration
        self._drives: dict[str, asyncio.Task[InvocationResult | None]] = {}
        self._chains: dict[str, asyncio.Task[None]] = {}
        self._news: dict[str, set[str]] = {}
        self._late: dict[str, set[str]] = {}
        self._wakes: dict[str, asyncio.Event] = {}

    async def start(self) -> None:
        """Continue the executions that an earlier engine left."""
        self._executions.purge()
        for arn, record in list(self._executions.every()):
            self._rest(arn)
            if record["status"] == RUNNING:
                self._drive(arn)

    async def close(self) -> None:
        """Stop driving; executions continue after the next start."""
        await cancelled([*self._drives.values(), *self._chains.values()])

    async def invoke(self, resolved: Resolved, invocation: Invocation) -> InvocationResult:
        """Run one invocation of any function; of a durable one, its whole execution."""
        if not resolved.function.durable:
            return await self._execute(resolved, invocation)
        arn = self.begin(resolved, invocation)
        drive = self._drives.get(arn)
        last = await asyncio.shield(drive) if drive is not None else None
        version = resolved.function.version
        last = last or InvocationResult(invocation.request_id, b"", version)
        return results.of_execution(arn, self._executions.get(arn), last)

    def begin(self, resolved: Resolved, invocation: Invocation) -> str:
        """Start an execution, or find the one already started; returns its ARN.

        Raises
        ------
        AWSError
            ``DurableExecutionAlreadyStartedException`` if the name is taken by an execution with
            another input.
        """
        function = resolved.function
        if resolved.invoked_arn == function.arn:
            raise invalid_parameter(
                "You cannot invoke a durable function using an unqualified ARN."
            )
        payload = invocation.payload.decode("utf-8", "surrogateescape")
        identifier = new_identifier(invocation.request_id)
        name = invocation.durable_execution_name or identifier
        found = self._executions.find(function, name)
        if found is not None:
            arn, record = found
            if record["input"] != payload:
                raise AWSError(
                    "DurableExecutionAlreadyStartedException",
                    f"A durable execution with the name {name} and another input exists: {arn}",
                    409,
                )
            return arn
        config = (self._configuration(function.name, function.version) or {})["DurableConfig"]
        arn = self._executions.create(function, name, identifier, payload, config)
        self._drive(arn)
        return arn

    def changed(self, arn: str, *operation_ids: str) -> None:
        """Report operations that changed outside the function."""
        self._news.setdefault(arn, set()).update(operation_ids)
        self.wake(arn)

    def wake(self, arn: str) -> None:
        """Check an execution now: it was stopped, paused, resumed or changed."""
        if arn in self._wakes:
            self._wakes[arn].set()

    def told(self, arn: str) -> set[str]:
        """The operations that changed since the last report; a checkpoint reports them now.

        The function may already have decided to suspend. If it does, they are reported again.
        """
        news = self._news.pop(arn, set())
        self._late.setdefault(arn, set()).update(news)
        return news

    def resume(self, arn: str) -> None:
        """Drive an execution that was paused."""
        if arn not in self._drives:
            self._drive(arn)

    def mature(self, arn: str) -> None:
        """Update operations that are due: waits, steps, callback timeouts."""
        now = steady_time()
        operations = self._executions.operations(arn).values()
        ripe = [ripened for op in operations if (ripened := durable.matured(op, now))]
        if ripe:
            self._executions.change(arn, ripe)
            self.changed(arn, *(operation["Id"] for operation in ripe))

    def destination(self, arn: str, operation: Operation) -> dict[str, str]:
        """The target of a chained invoke: ``ExecutedVersion``, and for a durable function
        ``DurableExecutionArn``; empty if the function does not exist."""
        try:
            function = self._resolve(operation["_target"]["FunctionName"], None).function
        except AWSError:
            return {}
        reached = {"ExecutedVersion": function.version}
        if function.durable:
            identifier = new_identifier(_chained_id(f"{arn}#{operation['Id']}"))
            reached["DurableExecutionArn"] = execution_arn(function, identifier, identifier)
        return reached

    def chain(self, arn: str, operation: Operation) -> None:
        """Run the function that a chained invoke names."""
        key = f"{arn}#{operation['Id']}"
        if key not in self._chains:
            self._chains[key] = asyncio.create_task(self._chained(arn, operation, key))

    def _drive(self, arn: str) -> None:
        self._wakes[arn] = asyncio.Event()
        self._drives[arn] = asyncio.create_task(self._driven(arn))

    async def _driven(self, arn: str) -> InvocationResult | None:
        """Drive an execution until it ends or pauses; returns the last invocation's result."""
        try:
            return await self._led(arn)
        finally:
            del self._drives[arn], self._wakes[arn]
            self._late.pop(arn, None)

    async def _led(self, arn: str) -> InvocationResult | None:
        for operation in self._executions.operations(arn).values():
            if operation["Type"] == "CHAINED_INVOKE" and operation["Status"] == "STARTED":
                self.chain(arn, operation)
        failures = 0
        last: InvocationResult | None = None
        while self._running(arn):
            self.mature(arn)
            last = await self._invoked(arn)
            if last is None or not self._running(arn):
                break
            if last.function_error is not None:
                failures += 1
                if failures > len(_RETRY_DELAYS_S):
                    self._executions.end(arn, "FAILED", error=results.error_of(last.payload))
                    break
                await self._slept(arn, steady_time() + _RETRY_DELAYS_S[failures - 1])
                continue
            failures = 0
            self._news.setdefault(arn, set()).update(self._late.pop(arn, set()))
            if self._settled(arn, last.payload):
                break
            await self._until_news(arn)
        self._rest(arn)
        return last

    def _rest(self, arn: str) -> None:
        """Mark a pausing execution as paused; drop the news of any other."""
        if self._executions.get(arn)["status"] == "PAUSING":
            self._executions.change(arn, status="PAUSED")
        else:
            self._news.pop(arn, None)

    def _running(self, arn: str) -> bool:
        """Whether an execution continues; one past its timeout ends here."""
        record = self._executions.get(arn)
        if record["status"] != RUNNING:
            return False
        if record["timeout_at"] <= steady_time():
            error = {"ErrorType": "Execution.Timeout", "ErrorMessage": "Execution timed out"}
            self._executions.end(arn, "TIMED_OUT", error=error)
            return False
        return True

    async def _invoked(self, arn: str) -> InvocationResult | None:
        """Invoke the function with its execution's state; retry while it is throttled."""
        throttles = 0
        while self._running(arn):
            record = self._executions.get(arn)
            started = steady_time()
            request_id = str(uuid.uuid4())
            try:
                function, _, _ = arn.partition("/durable-execution/")
                resolved = self._resolve(function, None)
                payload = self._payload(arn)
                invocation = Invocation(request_id, payload, function, source="durable")
                result = await self._execute(resolved, invocation)
            except Throttled:
                throttles += 1
                await self._slept(arn, started + retry.after_throttle(throttles))
                continue
            except AWSError as error:
                failure = {"ErrorType": error.code, "ErrorMessage": error.message}
                self._executions.end(arn, "FAILED", error=failure)
                return None
            event = results.completed(started, request_id, result)
            if self._executions.get(arn)["status"] == record["status"]:
                self._executions.change(arn, event=event)
            return result
        return None

    def _payload(self, arn: str) -> bytes:
        """The event of one invocation: token and operations; times are epoch milliseconds."""
        record = self._executions.get(arn)
        self._executions.change(arn, token=record["token"] + 1)
        news = sorted(self._news.pop(arn, set()))
        self._late.pop(arn, None)
        shown: list[Operation] = []
        size, marker = 0, ""
        for index, operation in enumerate(self._executions.operations(arn).values()):
            entry = results.in_milliseconds(durable.shown(operation))
            size += len(json.dumps(entry))
            if shown and size > _STATE_BYTES:
                marker = str(index)
                break
            shown.append(entry)
        event = {
            "DurableExecutionArn": arn,
            "CheckpointToken": self._executions.token(arn),
            "InitialExecutionState": {"Operations": shown, "NextMarker": marker},
            "UpdatedOperationIds": news,
        }
        return json.dumps(event).encode()

    def _settled(self, arn: str, payload: bytes) -> bool:
        """Apply a function's response; returns whether the execution has ended."""
        try:
            answer = json.loads(payload)
            status = answer["Status"]
        except (ValueError, TypeError, KeyError):
            status = answer = None
        if status == "SUCCEEDED":
            self._executions.end(arn, status, result=answer.get("Result"))
        elif status == "FAILED":
            self._executions.end(arn, status, error=answer.get("Error") or {})
        elif status != "PENDING":
            text = "Invalid Status in invocation output: use AWS's durable execution SDK."
            error = {"ErrorType": "InvalidInvocationOutput", "ErrorMessage": text}
            self._executions.end(arn, "FAILED", error=error)
        elif not self._news.get(arn) and not durable.waits(
            self._executions.operations(arn).values()
        ):
            text = "Cannot return PENDING status with no pending operations."
            error = {"ErrorType": "InvalidInvocationOutput", "ErrorMessage": text}
            self._executions.end(arn, "FAILED", error=error)
        else:
            return False
        return True

    async def _until_news(self, arn: str) -> None:
        """Wait until an operation changes or the execution stops."""
        while self._running(arn):
            self.mature(arn)
            if self._news.get(arn):
                return
            operations = self._executions.operations(arn).values()
            times = [when for op in operations if (when := durable.due(op)) is not None]
            await self._slept(arn, min(times, default=float("inf")))

    async def _slept(self, arn: str, until: float) -> None:
        """Sleep until a time, the execution's timeout or a wake, whichever comes first."""
        until = min(until, self._executions.get(arn)["timeout_at"])
        wake = self._wakes[arn]
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(wake.wait(), max(0.0, until - steady_time()))
        wake.clear()

    async def _chained(self, arn: str, operation: Operation, key: str) -> None:
        """Run a chained invoke and record its result."""
        target = operation["_target"]
        payload = (operation["_payload"] or "null").encode()
        request_id = _chained_id(key)
        try:
            resolved = self._resolve(target["FunctionName"], None)
            invocation = Invocation(
                request_id,
                payload,
                resolved.invoked_arn,
                trace_header=target.get("XAmznTraceId"),
                tenant_id=target.get("TenantId"),
                source="durable",
            )
            result = await self._patiently(resolved, invocation)
        except AWSError as error:
            failure = {"ErrorType": error.code, "ErrorMessage": error.message}
            ended = durable.ended(operation, "FAILED", steady_time(), error=failure)
        else:
            now = steady_time()
            if result.function_error is not None:
                ended = durable.ended(
                    operation, "FAILED", now, error=results.error_of(result.payload)
                )
            else:
                text = result.payload.decode("utf-8", "replace")
                ended = durable.ended(operation, "SUCCEEDED", now, result=text)
        del self._chains[key]
        if self._executions.get(arn)["status"] in (RUNNING, "PAUSED", "PAUSING"):
            self._executions.change(arn, [ended])
            self.changed(arn, ended["Id"])

    async def _patiently(self, resolved: Resolved, invocation: Invocation) -> InvocationResult:
        throttles = 0
        while True:
            try:
                return await self.invoke(resolved, invocation)
            except Throttled:
                throttles += 1
                await asyncio.sleep(retry.after_throttle(throttles))


def _chained_id(key: str) -> str:
    """The request id of a chained invoke; the same after a restart."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, key))
