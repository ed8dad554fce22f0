"""What is kept of an execution: its history and its map runs, but not the thread that runs it.

A thread cannot be kept on disk. An execution that ran when the engine ended has failed at the next
start, with a reason, as nothing will ever end it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lambda_nb.engine.neighbours.storage.pickle_reducers import named

LOST_ERROR = "States.Runtime"
LOST_CAUSE = "The engine ended while this execution ran. Start it again."


@named
class FinishedWorker:
    """Stands for the worker of an execution that does not run any more.

    Attributes
    ----------
    history
        The events of the execution, oldest first, as moto keeps them.
    map_run_record_pool_manager
        moto's records of the distributed maps that it ran.
    """

    def __init__(self, history: list[dict[str, Any]], map_runs: Any) -> None:
        self.history = history
        self.map_run_record_pool_manager = map_runs

    @property
    def env(self) -> FinishedWorker:
        """Where moto looks for map runs."""
        return self


def install() -> None:
    """Let executions be kept on disk without what only a running process can have."""
    from moto.stepfunctions.parser.backend.execution import Execution

    execution_class: Any = Execution
    execution_class.__getstate__ = _kept
    execution_class.__setstate__ = _restored


def history(worker: Any) -> list[dict[str, Any]]:
    """The events of an execution so far, oldest first.

    Parameters
    ----------
    worker
        The execution's ``exec_worker``.
    """
    if isinstance(worker, FinishedWorker):
        return worker.history
    env = None if worker is None else worker.env
    return [] if env is None else list(env.event_manager._history_event_list)


def finished_worker(worker: Any) -> FinishedWorker:
    """What remains of a worker."""
    from moto.stepfunctions.parser.asl.eval import environment

    env = None if worker is None else worker.env
    if env is None:
        module: Any = environment
        return FinishedWorker([], module.MapRunRecordPoolManager())
    return FinishedWorker(history(worker), env.map_run_record_pool_manager)


def _kept(self: Any) -> dict[str, Any]:
    worker = self.exec_worker
    if not isinstance(worker, FinishedWorker):
        worker = finished_worker(worker)
    without: dict[str, Any] = {"_activity_store": {}, "_cloud_watch_logging_session": None}
    return {**self.__dict__, **without, "exec_worker": worker}


def _restored(self: Any, state: dict[str, Any]) -> None:
    from moto.stepfunctions.parser.api import ExecutionStatus

    self.__dict__.update(state)
    if not isinstance(self.exec_worker, FinishedWorker):  # kept by an earlier version
        self.exec_worker = finished_worker(self.exec_worker)
    if self.exec_status != ExecutionStatus.RUNNING:
        return
    events = self.exec_worker.history
    self.exec_status = ExecutionStatus.FAILED
    self.error, self.cause = LOST_ERROR, LOST_CAUSE
    # The last that is known: the same whenever the same file is read.
    self.stop_date = moment(events[-1]["timestamp"]) if events else self.start_date
    events.append(
        {
            "id": len(events) + 1,
            "previousEventId": len(events),
            "type": "ExecutionFailed",
            "timestamp": events[-1]["timestamp"] if events else self.start_date,
            "executionFailedEventDetails": {"error": LOST_ERROR, "cause": LOST_CAUSE},
        }
    )


def moment(told: Any) -> datetime:
    """A time of an event, which moto keeps as text."""
    return (
        told if isinstance(told, datetime) else datetime.fromisoformat(told.replace("Z", "+00:00"))
    )
