"""Starts executions."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.neighbours.services.step_functions.executions import (
    ending,
    logs,
    status_changes,
)
from lambda_nb.engine.neighbours.services.step_functions.refusals import (
    invalid,
    refusal,
    wrong_type,
)
from lambda_nb.engine.neighbours.services.step_functions.tasks import activities

log = logging.getLogger(__name__)

EXPRESS_S = 300
"""Seconds that an Express execution may take (Step Functions Developer Guide, quotas)."""
MOST_INPUT_BYTES = 262_144
"""Bytes of an execution's input and output (Step Functions Developer Guide, quotas)."""


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
    told.terminated = lambda self: ending.terminated(self.execution)
    worker_class: Any = execution_worker.ExecutionWorker
    run, parse = worker_class._execution_logic, worker_class._get_evaluation_entrypoint

    def logic(self: Any) -> None:
        execution = self._execution_communication.execution
        try:
            run(self)
        except Exception as error:  # moto would leave it running for ever
            log.exception("%s ended by an error", execution.execution_arn)
            cause = f"{type(error).__name__}: {error}"
            ending.finish(execution, "FAILED", error="States.Runtime", cause=cause)

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
        cloud_watch_logging_session=logs.of_execution(execution_arn, snapshot),
        input_data=text,
        trace_header=trace,
        activity_store=activities.Store(backend),
    )
    snapshot.arn = base
    execution.version_arn = version
    execution.alias_arn = arn if arn not in (base, version) else None
    if not express:  # nobody can ask for an Express execution later
        machine.executions.append(execution)
    ending.register(execution)
    if not express:
        execution.exec_status = ending.status("RUNNING")
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
