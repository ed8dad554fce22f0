"""Ends executions, and sees to what their end means.

An execution ends once: by its program, by its time limit or because somebody stops it. What a
thread that is still in a task does after that changes nothing any more.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.neighbours.services.step_functions.executions import kept, status_changes

TIMED_OUT = "States.Timeout"
_ENDS = ("ExecutionAborted", "ExecutionFailed", "ExecutionSucceeded", "ExecutionTimedOut")

_running: dict[str, Any] = {}
"""By ARN: the executions that a thread of this process runs."""
_ending = threading.Lock()


def register(execution: Any) -> None:
    """An execution is about to run."""
    _running[execution.execution_arn] = execution


def running() -> Iterator[Any]:
    """The executions that run now."""
    yield from list(_running.values())


def stop(execution: Any, error: str | None, cause: str | None) -> None:
    """StopExecution: end an execution now, whatever its tasks are doing."""
    if execution.status != "RUNNING":
        return
    env = getattr(execution.exec_worker, "env", None)
    if env is not None:
        env.set_stop(stop_date=datetime.now(timezone.utc), error=error, cause=cause)
    finish(execution, "ABORTED", error=error, cause=cause)
    if env is not None:  # only now: what the tasks say to that is no part of the history
        _interrupt_tasks(env)


def abandon() -> None:
    """End all executions and tell nobody: the services are being emptied."""
    with _ending:
        left = list(_running.values())
        _running.clear()
    for execution in left:
        env = getattr(execution.exec_worker, "env", None)
        if env is not None:
            env.set_stop(stop_date=datetime.now(timezone.utc), error=None, cause=None)
            _interrupt_tasks(env)


def _interrupt_tasks(env: Any) -> None:
    for endpoint in list(env.callback_pool_manager._pool.values()):
        endpoint.interrupt_all()


def terminated(execution: Any) -> None:
    """What the interpreter's end says."""
    from moto.stepfunctions.parser.asl.eval import program_state

    env = execution.exec_worker.env
    state = env.program_state()
    if isinstance(state, program_state.ProgramEnded):
        output = env.states.get_input()
        finish(execution, "SUCCEEDED", output=output)
    elif isinstance(state, program_state.ProgramError):
        told: dict[str, Any] = dict(state.error or {})
        finish(execution, "FAILED", error=told.get("error"), cause=told.get("cause"))
    elif isinstance(state, program_state.ProgramStopped):
        finish(execution, "ABORTED", error=state.error, cause=state.cause)
    else:
        finish(execution, "TIMED_OUT", error=TIMED_OUT)


def finish(
    execution: Any,
    status_name: str,
    *,
    output: Any = None,
    error: str | None = None,
    cause: str | None = None,
) -> None:
    """Set an execution's status, once; ``status_name`` is AWS's.

    A second call does nothing.
    """
    with _ending:
        # Another one may have the ARN of one that was abandoned, whose thread only ends now.
        registered: Any = _running.get(execution.execution_arn)
        if registered is not execution:
            return
        del _running[execution.execution_arn]
    _end_history(execution, status_name, error, cause)
    execution.stop_date = datetime.now(timezone.utc)
    execution.output, execution.error, execution.cause = output, error, cause
    execution.exec_worker = kept.finished_worker(execution.exec_worker)
    execution._activity_store = execution._cloud_watch_logging_session = None
    execution.exec_status = status(status_name)
    if execution.sm_type == "EXPRESS":
        return
    status_changes.tell(execution, json.dumps(output) if status_name == "SUCCEEDED" else None)
    _note_change(execution)
    _forget_threads()


def _end_history(execution: Any, status: str, error: str | None, cause: str | None) -> None:
    """Add the last event, if the interpreter's thread has not come to that."""
    from moto.stepfunctions.parser.api import HistoryEventType

    env = getattr(execution.exec_worker, "env", None)
    events = kept.history(execution.exec_worker)
    if env is None or (events and str(events[-1]["type"].value) in _ENDS):
        return
    word = {"ABORTED": "Aborted", "FAILED": "Failed", "TIMED_OUT": "TimedOut"}.get(status)
    if word is None:
        return
    told = {name: text for name, text in (("error", error), ("cause", cause)) if text is not None}
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType(f"Execution{word}"),
        event_details={f"execution{word}EventDetails": told},
    )


def _note_change(execution: Any) -> None:
    """Whatever is taken from moto's table is kept on disk soon: no call may come after this."""
    from moto.stepfunctions.parser.models import stepfunctions_parser_backends

    with suppress(KeyError):
        stepfunctions_parser_backends[execution.account_id][execution.region_name]


def _forget_threads() -> None:
    """moto keeps each thread that it ever started."""
    from moto.stepfunctions.parser.utils import TMP_THREADS

    threads: Any = TMP_THREADS
    threads[:] = [thread for thread in threads if thread.is_alive()]


def status(name: str) -> Any:
    """A status as moto has it."""
    from moto.stepfunctions.parser.api import ExecutionStatus

    return ExecutionStatus(name)
