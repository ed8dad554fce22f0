"""Starts executions, ends them and sees to what their end means.

An execution ends once: by its program, by its time limit or because somebody stops it. What a
thread that is still in a task does after that changes nothing any more.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.neighbours.services.step_functions import (
    activities,
    execution_logs,
    kept_executions,
    status_changes,
)
from lambda_nb.engine.neighbours.services.step_functions.refusals import (
    invalid,
    refusal,
    wrong_type,
)

log = logging.getLogger(__name__)

EXPRESS_S = 300
"""Seconds that an Express execution may take (Step Functions Developer Guide, quotas)."""
MOST_INPUT_BYTES = 262_144
"""Bytes of an execution's input and output (Step Functions Developer Guide, quotas)."""
TIMED_OUT = "States.Timeout"
_ENDS = ("ExecutionAborted", "ExecutionFailed", "ExecutionSucceeded", "ExecutionTimedOut")

_running: dict[str, Any] = {}
"""By ARN: the executions that a thread of this process runs."""
_ending = threading.Lock()


def install() -> None:
    """Let moto's interpreter start and end executions in this way."""
    from moto.stepfunctions.parser.backend import execution, execution_worker
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    execution_class: Any = execution.Execution
    execution_class.machine_arn = property(lambda self: self.state_machine.arn)
    execution_class.version_arn = execution_class.alias_arn = None
    backend_class: Any = StepFunctionsParserBackend
    backend_class.start_execution = start
    told: Any = execution.BaseExecutionWorkerCommunication
    told.terminated = lambda self: _terminated(self.execution)
    worker_class: Any = execution_worker.ExecutionWorker
    run, parse = worker_class._execution_logic, worker_class._get_evaluation_entrypoint

    def logic(self: Any) -> None:
        execution = self._execution_communication.execution
        try:
            run(self)
        except Exception as error:  # moto would leave it running for ever
            log.exception("%s ended by an error", execution.execution_arn)
            cause = f"{type(error).__name__}: {error}"
            _finish(execution, "FAILED", error="States.Runtime", cause=cause)

    def entry(self: Any) -> Any:
        from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSeconds

        program = parse(self)
        if self._evaluation_details.state_machine_details.typ == "EXPRESS":
            given = program.timeout_seconds
            limit = EXPRESS_S if given is None else min(EXPRESS_S, given.timeout_seconds)
            program.timeout_seconds = TimeoutSeconds(timeout_seconds=limit)
        return program

    worker_class._execution_logic = logic
    worker_class._get_evaluation_entrypoint = entry


def running() -> Iterator[Any]:
    """The executions that run now."""
    yield from list(_running.values())


def start(
    self: Any,
    state_machine_arn: str,
    name: str | None = None,
    execution_input: str | None = None,
    trace_header: str | None = None,
) -> Any:
    """StartExecution, a method of moto's backend.

    Raises
    ------
    AWSError
        No such state machine; the name or the input is not valid; the execution exists.
    """
    return _start(self, state_machine_arn, name, execution_input, trace_header, wait=False)


def start_and_wait(
    backend: Any,
    machine_arn: str,
    name: str | None,
    execution_input: str | None,
    trace_header: str | None,
) -> Any:
    """StartSyncExecution: the execution, which has ended.

    Raises
    ------
    AWSError
        As :func:`start`, or the state machine is not Express.
    """
    return _start(backend, machine_arn, name, execution_input, trace_header, wait=True)


def _start(
    backend: Any, arn: str, name: str | None, text: str | None, trace: str | None, *, wait: bool
) -> Any:
    from moto.stepfunctions.parser.backend.execution import Execution, SyncExecution

    machine = backend.describe_state_machine(arn)
    express = machine.type == "EXPRESS"
    if wait and not express:
        raise wrong_type()
    text = text or "{}"
    _check_input(text)
    if name is not None:
        backend._validate_name(name)
        if not name:
            raise invalid("name", name, "Member must have length greater than or equal to 1")
        if not express and (old := machine._handle_name_input_idempotency(name, text)) is not None:
            return old
    name = name or str(uuid.uuid4())
    snapshot = _snapshot(machine)
    base, version = _base(arn, machine.arn)
    kind, more = ("express", f":{uuid.uuid4()}") if express else ("execution", "")
    execution_arn = (
        f"arn:{backend.partition}:states:{backend.region_name}:{backend.account_id}"
        f":{kind}:{machine.name}:{name}{more}"
    )
    execution_class: Any = SyncExecution if wait else Execution
    execution = execution_class(
        name=name,
        sm_type=snapshot.type,
        role_arn=snapshot.roleArn,
        exec_arn=execution_arn,
        account_id=backend.account_id,
        region_name=backend.region_name,
        state_machine=snapshot,
        start_date=datetime.now(timezone.utc),
        cloud_watch_logging_session=execution_logs.of_execution(execution_arn, snapshot),
        input_data=text,
        trace_header=trace,
        activity_store=activities.Store(backend),
    )
    snapshot.arn = base
    execution.version_arn = version
    execution.alias_arn = arn if arn not in (base, version) else None
    if not express:  # nobody can ask for an Express execution later
        machine.executions.append(execution)
    _running[execution_arn] = execution
    if not express:
        execution.exec_status = _status("RUNNING")
        status_changes.tell(execution)
    execution.start()
    return execution


def _check_input(text: str) -> None:
    if len(text.encode()) > MOST_INPUT_BYTES:
        constraint = f"Member must have length less than or equal to {MOST_INPUT_BYTES}"
        raise invalid("input", f"{text[:64]}...", constraint)
    try:
        json.loads(text)
    except ValueError as error:
        told = f"Invalid State Machine Execution Input: '{error}'"
        raise refusal("InvalidExecutionInput", told) from error


def _snapshot(machine: Any) -> Any:
    """The state machine as it is now, for one execution: an update does not change it."""
    import copy

    made = copy.copy(machine)
    made.executions, made.versions, made.aliases, made.latest_version = [], {}, {}, None
    made.sm_type = machine.type  # moto says STANDARD for each
    return made


def _base(asked: str, found: str) -> tuple[str, str | None]:
    """ARN of a state machine, and of its version if that is what runs."""
    base = ":".join(found.split(":")[:7])
    return base, found if found != base else None


def stop(execution: Any, error: str | None, cause: str | None) -> None:
    """StopExecution: end an execution now, whatever its tasks are doing."""
    if execution.status != "RUNNING":
        return
    env = getattr(execution.exec_worker, "env", None)
    if env is not None:
        env.set_stop(stop_date=datetime.now(timezone.utc), error=error, cause=cause)
    _finish(execution, "ABORTED", error=error, cause=cause)
    if env is not None:  # only now: what the tasks say to that is no part of the history
        for endpoint in list(env.callback_pool_manager._pool.values()):
            endpoint.interrupt_all()


def _terminated(execution: Any) -> None:
    """What the interpreter's end says."""
    from moto.stepfunctions.parser.asl.eval import program_state

    env = execution.exec_worker.env
    state = env.program_state()
    if isinstance(state, program_state.ProgramEnded):
        output = env.states.get_input()
        _finish(execution, "SUCCEEDED", output=output)
    elif isinstance(state, program_state.ProgramError):
        told: dict[str, Any] = dict(state.error or {})
        _finish(execution, "FAILED", error=told.get("error"), cause=told.get("cause"))
    elif isinstance(state, program_state.ProgramStopped):
        _finish(execution, "ABORTED", error=state.error, cause=state.cause)
    else:
        _finish(execution, "TIMED_OUT", error=TIMED_OUT)


def _finish(
    execution: Any,
    status: str,
    *,
    output: Any = None,
    error: str | None = None,
    cause: str | None = None,
) -> None:
    with _ending:
        if _running.pop(execution.execution_arn, None) is None:
            return
    _end_history(execution, status, error, cause)
    execution.stop_date = datetime.now(timezone.utc)
    execution.output, execution.error, execution.cause = output, error, cause
    execution.exec_worker = kept_executions.finished_worker(execution.exec_worker)
    execution._activity_store = execution._cloud_watch_logging_session = None
    execution.exec_status = _status(status)
    if execution.sm_type == "EXPRESS":
        return
    status_changes.tell(execution, json.dumps(output) if status == "SUCCEEDED" else None)
    _note_change(execution)
    _forget_threads()


def _end_history(execution: Any, status: str, error: str | None, cause: str | None) -> None:
    """Add the last event, if the interpreter's thread has not come to that."""
    from moto.stepfunctions.parser.api import HistoryEventType

    env = getattr(execution.exec_worker, "env", None)
    events = kept_executions.history(execution.exec_worker)
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


def _status(name: str) -> Any:
    from moto.stepfunctions.parser.api import ExecutionStatus

    return ExecutionStatus(name)
