"""Delivers to the targets of rules and schedules, in the background, until it works or too long.

Deliveries wait in :mod:`store`. There are three lanes, each with its own threads: services of this
process (in order), functions (in order), and targets that may take seconds. Of those, a slow one
holds up no other.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from lambda_nb.engine.neighbours.services.due_work import DueWork
from lambda_nb.engine.neighbours.services.eventbridge.metrics import Metrics
from lambda_nb.engine.neighbours.services.eventbridge.store import Archived, Delivery, Store
from lambda_nb.engine.neighbours.services.eventbridge.targets import dead_letters
from lambda_nb.engine.neighbours.services.eventbridge.targets.errors import (
    THROTTLING,
    DeliveryError,
    NotYet,
    translated,
)
from lambda_nb.engine.neighbours.services.eventbridge.targets.jobs import (
    FUNCTIONS,
    IN_PROCESS,
    SCHEDULE,
    SLOW,
    Job,
)
from lambda_nb.engine.steady_clock import steady_time
from lambda_nb.rules.events.eventbridge.delivery import MOST_WAIT_S, next_try

log = logging.getLogger(__name__)

_SLOW_THREADS = 16
_AT_ONE_TARGET = 4
_AT_ONCE = 64
_LONGEST_NAP_S = 60.0


class Deliveries:
    """All deliveries.

    Parameters
    ----------
    store
        Keeps them.
    send
        Sends one job; raises :class:`DeliveryError` or :class:`NotYet`.
    metrics
        Counts tries and failures.
    """

    def __init__(self, store: Store, send: Callable[[Job], None], metrics: Metrics) -> None:
        self._store = store
        self._send = send
        self._metrics = metrics
        self._lock = threading.Lock()
        self._taken: set[int] = set()
        self._at_target: Counter[str] = Counter()
        self._pool: ThreadPoolExecutor | None = None
        self._lanes = {
            lane: DueWork(f"EventBridge's deliveries ({lane})", partial(self._run, lane))
            for lane in (IN_PROCESS, FUNCTIONS, SLOW)
        }
        self.completed: Callable[[Job], None] = lambda job: None

    def start(self) -> None:
        """Begin to deliver, first what an earlier process left."""
        now = steady_time()
        self._store.hasten(now + MOST_WAIT_S, now)  # that process may have had another clock
        self._pool = ThreadPoolExecutor(_SLOW_THREADS, "eventbridge-slow")
        for lane in self._lanes.values():
            lane.start()

    def add(self, jobs: Iterable[Job], archived: Collection[Archived] = ()) -> None:
        """Keep jobs and archived events; they are on disk when this returns."""
        waiting = self.waiting(jobs)
        if waiting or archived:
            self._store.add(waiting, archived)
            self.wake()

    @staticmethod
    def waiting(jobs: Iterable[Job]) -> list[Delivery]:
        """Jobs as the store keeps them, due at once."""
        return [Delivery(job.lane, job.arn, job.accepted, job.text()) for job in jobs]

    def wake(self) -> None:
        """Something may be due."""
        for lane in self._lanes.values():
            lane.wake()

    def _run(self, lane: int) -> float:
        if self._take(lane):
            return 0.0
        now = steady_time()
        due = self._store.next_due(lane, now)
        return _LONGEST_NAP_S if due is None else max(min(due - now, _LONGEST_NAP_S), 0.001)

    def _take(self, lane: int) -> bool:
        """Deliver what is due in a lane, or hand it to the pool; whether there was anything."""
        if lane != SLOW:
            rows = self._store.due(lane, steady_time(), (), (), _AT_ONCE)
            for number, _, text in rows:
                self._deliver(number, text)
            return bool(rows)
        with self._lock:
            busy = [arn for arn, count in self._at_target.items() if count >= _AT_ONE_TARGET]
            taken = list(self._taken)
        free = _SLOW_THREADS - len(taken)
        rows = self._store.due(lane, steady_time(), busy, taken, 1) if free > 0 else []
        assert self._pool is not None
        for number, target, text in rows:
            with self._lock:
                self._taken.add(number)
                self._at_target[target] += 1
            self._pool.submit(self._deliver_slowly, number, target, text)
        return bool(rows)

    def _deliver_slowly(self, number: int, target: str, text: str) -> None:
        try:
            self._deliver(number, text)
        except Exception:
            log.exception("a delivery to %s stumbled", target)
        finally:
            with self._lock:
                self._taken.discard(number)
                self._at_target -= Counter([target])
            self._lanes[SLOW].wake()

    def _deliver(self, number: int, text: str) -> None:
        try:
            job = Job.of(text)
        except (ValueError, TypeError, KeyError):  # as another version wrote it
            log.exception("a delivery cannot be read and is dropped: %s", text)
            self._store.drop(number)
            return
        self.deliver(number, job)

    def deliver(self, number: int, job: Job) -> None:
        """Try one delivery."""
        try:
            if job.error:
                code, _, message = job.error.partition(": ")
                raise DeliveryError(code, message, retry=False)
            job.tries += 1
            self._send(job)
        except NotYet as later:
            job.tries -= 1
            self._later(number, job, later.wait_s)
        except DeliveryError as error:
            self._failed(number, job, error)
        except Exception as error:
            self._failed(number, job, translated(error))
        else:
            self._count(job, "Invocations", "InvocationAttempts", "SuccessfulInvocationAttempts")
            self._done(number, job)

    def _later(self, number: int, job: Job, wait_s: float) -> None:
        if steady_time() + wait_s - job.accepted > job.most_age_s:
            error = DeliveryError(
                THROTTLING, "The rate limit of the target is used up.", retry=True
            )
            self._give_up(number, job, error, "MaximumEventAgeInSeconds")
        else:
            self._store.postpone(number, steady_time() + wait_s, job.text())

    def _failed(self, number: int, job: Job, error: DeliveryError) -> None:
        self._count(job, "InvocationAttempts", "TargetErrorCount")
        if not error.retry:
            self._give_up(number, job, error, None)
            return
        now = steady_time()
        wait = next_try(
            job.tries - 1,
            now - job.accepted,
            random.random(),
            most_retries=job.most_retries,
            most_age_s=job.most_age_s,
            retry_after_s=error.after_s,
        )
        if isinstance(wait, str):
            self._give_up(number, job, error, wait)
            return
        self._count(job, "RetryInvocationAttempts")
        if job.tries == 1:
            told = f"{error.code}: {error.message}"
            log.warning("%s could not deliver to %s yet (%s)", job.origin, job.arn, told)
        self._store.postpone(number, now + wait, job.text())

    def _give_up(self, number: int, job: Job, error: DeliveryError, exhausted: str | None) -> None:
        self._count(job, "Invocations", "FailedInvocations")
        try:
            kept = dead_letters.send(job, error, exhausted)
        except Exception as problem:  # the queue is gone: nothing is left to try
            kept = False
            self._count(job, "InvocationsFailedToBeSentToDlq")
            log.warning("a dead letter of %s is lost: %r", job.origin, problem)
        if kept:
            self._count(job, "InvocationsSentToDlq")
        log.warning(
            "%s could not deliver to %s (%s: %s)%s",
            job.origin, job.arn, error.code, error.message,
            "; the event is in its dead-letter queue" if kept else "; the event is dropped",
        )  # fmt: skip
        self._done(number, job)

    def _done(self, number: int, job: Job) -> None:
        self._store.drop(number)
        self.completed(job)

    def _count(self, job: Job, *names: str) -> None:
        where = job.account_and_region
        if job.source == SCHEDULE:
            group = job.origin.split("/")[1]
            told = [_OF_SCHEDULES[name] for name in names if name in _OF_SCHEDULES]
            self._metrics.of_group(group, where, *told)
            return
        for name in names:
            if name in _OF_SCHEDULES_ONLY:
                continue
            if name in _OF_ACCOUNT:
                self._metrics.of_account(where, name)
            else:
                self._metrics.of_rule(job.origin.rpartition("/")[2], job.bus, where, name)


_OF_ACCOUNT = ("InvocationAttempts", "RetryInvocationAttempts", "SuccessfulInvocationAttempts")
"""Metrics of AWS/Events that no rule is named in (User Guide, eb-monitoring)."""
_OF_SCHEDULES = {
    "InvocationAttempts": "InvocationAttemptCount",
    "FailedInvocations": "InvocationDroppedCount",
    "InvocationsSentToDlq": "InvocationsSentToDeadLetterCount",
    "InvocationsFailedToBeSentToDlq": "InvocationsFailedToBeSentToDeadLetterCount",
    "TargetErrorCount": "TargetErrorCount",
}
"""Metrics of AWS/Scheduler for what happens (Scheduler User Guide, monitoring-cloudwatch)."""
_OF_SCHEDULES_ONLY = ("TargetErrorCount",)
