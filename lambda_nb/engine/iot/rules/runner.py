"""Runs actions in the background: in order for each topic of a rule, with retries."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

from lambda_nb.engine.iot.rules.actions.action import ActionError, error_message
from lambda_nb.engine.iot.rules.actions.http import HTTP, is_batched
from lambda_nb.engine.iot.rules.configuration import ConfigurationError
from lambda_nb.engine.iot.rules.execution import Execution, Failure, Pending, batch_of
from lambda_nb.engine.iot.rules.journal import Journal
from lambda_nb.engine.iot.rules.log_entries import RuleLog
from lambda_nb.engine.iot.rules.rule_figures import RuleFigures
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.engine.steady_clock import steady_time
from lambda_nb.rules.iot.topic_rules import MOST_DELAY_S, after_trouble

log = logging.getLogger(__name__)

AT_ONCE = 32
"""Executions that run at the same time; the others wait."""

MOST_WAITING = 10_000
"""Executions that may wait for their actions; then senders wait for their acknowledgements."""

_QUIET_S = 60.0

Advance = Callable[[Execution], Awaitable[None]]
"""Brings an execution to its next stage once nothing of this one is pending. It is done if nothing
is pending then."""


class Runner:
    """Runs executions.

    AWS keeps no order. Here the messages of one topic go through a rule in their order, unless one
    has to be tried again.

    Parameters
    ----------
    surroundings
        The engine.
    journal
        Knows what is not done.
    log_entries, figures
        Told of each action.
    advance
        Brings executions to their next stage.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        journal: Journal,
        log_entries: RuleLog,
        figures: RuleFigures,
        advance: Advance,
    ) -> None:
        self._surroundings = surroundings
        self._journal = journal
        self._log = log_entries
        self._figures = figures
        self._advance = advance
        self._lanes: dict[object, deque[Execution]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._quiet_until: dict[tuple[str, str, bool], float] = {}
        self._space: asyncio.Event = asyncio.Event()
        self.waiting = 0

    @property
    def is_full(self) -> bool:
        """Whether so many executions wait that no more should come."""
        return self.waiting >= MOST_WAITING

    async def room(self) -> None:
        """Wait until fewer executions wait."""
        while self.is_full:
            self._space.clear()
            await self._space.wait()

    def put(self, execution: Execution) -> None:
        """Run an execution, after those of its topic in its rule."""
        self.waiting += 1
        lane: object = (execution.origin.rule, execution.origin.topic)
        if any(one.kind is HTTP and is_batched(one.parameters) for one in execution.pending):
            lane = execution.number  # a batch is made of messages that wait together
        self._put(lane, execution)

    async def close(self) -> None:
        """Stop; what is not done is in the journal."""
        for timer in self._timers:
            timer.cancel()
        await cancelled(self._tasks)

    async def attempt(self, execution: Execution, pending: Pending) -> float | None:
        """Try an action once.

        Returns
        -------
        float or None
            Seconds until it should be tried again; ``None`` if it is done, or has failed for good
            and stands among the failures.
        """
        kind, origin = pending.kind, execution.origin
        self._log.starting(origin, kind.label)
        try:
            await kind.perform(pending.parameters, execution.payload, origin, self._surroundings)
        except ActionError as error:
            pending.attempts += 1
            if error.trouble is not None:
                age_s = steady_time() - execution.accepted
                delay = after_trouble(error.trouble, pending.attempts, age_s)
                if delay is not None:
                    return delay
            self.failed(execution, pending, error)
            return None
        except Exception as error:
            log.exception("the action %s of topic rule %s could not run", kind.name, origin.rule)
            self.failed(execution, pending, ActionError(f"an internal error: {error!r}"))
            return None
        in_error = execution.stage == "error"
        self._figures.action(origin.rule, kind, failed=False, error_action=in_error)
        self._log.executed(origin, kind.label, kind.log_resources(pending.parameters))
        return None

    def failed(self, execution: Execution, pending: Pending, error: ActionError) -> None:
        """An action has failed for good."""
        kind, origin = pending.kind, execution.origin
        why = error_message(kind, pending.parameters, origin, error)
        in_error = execution.stage == "error"
        self._figures.action(origin.rule, kind, failed=True, error_action=in_error)
        if error.metric:
            self._figures.named(error.metric, origin.rule)
        self._log.executed(origin, kind.label, kind.log_resources(pending.parameters), why)
        self._warn((origin.rule, kind.name, in_error), why)
        if error.members and error.members[0] is not origin:
            return  # the error action gets one message for the whole batch, of its first member
        resource = kind.resource(pending.parameters)
        batch = batch_of(error.members)
        execution.failures.append(Failure(kind.label, resource, why, batch))

    def _warn(self, failed: tuple[str, str, bool], why: str) -> None:
        """Say in the engine's log that an action failed; once a minute, however many do."""
        now = time.monotonic()
        if now < self._quiet_until.get(failed, 0.0):
            return
        self._quiet_until[failed] = now + _QUIET_S
        rule, kind, in_error = failed
        which = "error action" if in_error else "action"
        log.warning("%s %s of topic rule %s failed: %s", which, kind, rule, why)

    def _put(self, lane: object, execution: Execution) -> None:
        if lane in self._lanes:
            self._lanes[lane].append(execution)
            return
        self._lanes[lane] = deque((execution,))
        task = asyncio.get_running_loop().create_task(self._drain(lane))
        self._tasks.add(task)
        task.add_done_callback(self._drained)

    def _drained(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("topic rules are stuck", exc_info=task.exception())

    async def _drain(self, lane: object) -> None:
        waiting = self._lanes[lane]
        while waiting:
            async with self._room:
                await self._run_safely(waiting[0])
            waiting.popleft()
        del self._lanes[lane]

    async def _run_safely(self, execution: Execution) -> None:
        try:
            await self._run(execution)
        except ConfigurationError as error:
            log.warning("%s", error)
            self._later(execution, MOST_DELAY_S)
        except Exception:  # it stays in the journal: the next start tries it again
            log.exception("topic rule %s is stuck with a message", execution.origin.rule)
            self.waiting -= 1

    async def _run(self, execution: Execution) -> None:
        """Run an execution until it is done, or must wait for its next attempts."""
        while True:
            if execution.pending:
                delays = await self._try_all(execution)
                if delays:
                    self._journal.change(execution)
                    self._later(execution, min(delays))
                    return
            await self._advance(execution)
            if not execution.pending:
                self._journal.remove(execution)
                self.waiting -= 1
                self._space.set()
                return

    async def _try_all(self, execution: Execution) -> list[float]:
        """Try what is pending; keeps what must be tried again, and returns after how long."""
        trying = execution.pending
        if len(trying) == 1:
            delays = [await self.attempt(execution, trying[0])]
        else:
            delays = await asyncio.gather(*(self.attempt(execution, one) for one in trying))
        execution.pending = [
            one for one, delay in zip(trying, delays, strict=True) if delay is not None
        ]
        return [delay for delay in delays if delay is not None]

    def _later(self, execution: Execution, delay_s: float) -> None:
        def again() -> None:
            self._timers.discard(timer)
            self._put(execution.number, execution)

        timer = asyncio.get_running_loop().call_later(delay_s, again)
        self._timers.add(timer)
