"""Versions and aliases of state machines, as far as moto lacks them.

moto publishes a version with the machine's own operations only, and cannot run a version or an
alias.
"""

from __future__ import annotations

import random
import uuid
from typing import Any

from lambda_nb.engine.neighbours.services.late_patches import when_loaded


def install() -> None:
    """Change moto's Step Functions."""
    when_loaded("moto.stepfunctions.responses", _patch)


def _patch() -> None:
    from moto.core.responses import ActionResult, EmptyResult
    from moto.stepfunctions.models import StepFunctionBackend
    from moto.stepfunctions.responses import StepFunctionResponse

    backend_class: Any = StepFunctionBackend
    response: Any = StepFunctionResponse
    describe, describe_answer = (
        backend_class.describe_state_machine,
        response._describe_state_machine,
    )

    def found(self: Any, arn: str) -> Any:
        base, _, qualifier = arn.rpartition(":")
        machine = next((one for one in self.state_machines if one.arn == base), None)
        if machine is None:
            return describe(self, arn)
        alias = machine.aliases.get(qualifier)
        if alias is not None:
            qualifier = _chosen(alias).rpartition(":")[2]
        version = machine.versions.get(int(qualifier)) if qualifier.isdecimal() else None
        return describe(self, arn) if version is None else _runnable(machine, version)

    def told(self: Any, arn: str) -> Any:
        answer = describe_answer(self, arn)
        machine = self.stepfunction_backend.describe_state_machine(arn)
        return ActionResult({**answer.result, "revisionId": _revision_of(machine)})

    def publish(self: Any) -> Any:
        arn = self._get_param("stateMachineArn")
        machine = self.stepfunction_backend.describe_state_machine(arn)
        revision, wanted = _revision_of(machine), self._get_param("revisionId")
        if wanted and wanted != revision:
            raise _conflict(
                f"The revision ID {wanted} is not the current revision {revision} of {machine.arn}."
            )
        latest = machine.latest_version
        if latest is None or _revision_of(latest) != revision:
            machine.publish(self._get_param("description"))
            latest = machine.latest_version
        return ActionResult(
            {"creationDate": latest.creation_date, "stateMachineVersionArn": latest.arn}
        )

    def delete(self: Any) -> Any:
        arn = self._get_param("stateMachineVersionArn")
        base, _, number = arn.rpartition(":")
        machine = self.stepfunction_backend.describe_state_machine(base)
        users = [
            alias.arn
            for alias in machine.aliases.values()
            if arn in (route["stateMachineVersionArn"] for route in alias.routing_configuration)
        ]
        if users:
            raise _conflict(
                "Version to be deleted must not be referenced by an alias. Current list of "
                f"aliases referencing this version: [{', '.join(users)}]"
            )
        gone = machine.versions.pop(int(number), None)
        if gone is machine.latest_version:
            machine.latest_version = None
        return EmptyResult()

    def listed(self: Any) -> Any:
        arn = self._get_param("stateMachineArn")
        machine = self.stepfunction_backend.describe_state_machine(arn)
        versions = [
            {"stateMachineVersionArn": one.arn, "creationDate": one.creation_date}
            for _, one in sorted(machine.versions.items(), reverse=True)
        ]
        return ActionResult({"stateMachineVersions": versions})

    backend_class.describe_state_machine = found
    response._describe_state_machine = told
    response.publish_state_machine_version = publish
    response.delete_state_machine_version = delete
    response.list_state_machine_versions = listed


def _chosen(alias: Any) -> str:
    """The version that an execution of an alias runs, by the alias's weights."""
    routes = alias.routing_configuration
    (route,) = random.choices(routes, weights=[one["weight"] for one in routes])
    return str(route["stateMachineVersionArn"])


def _runnable(machine: Any, version: Any) -> Any:
    """A version as a machine of its own, whose executions are the machine's."""
    from moto.stepfunctions.models import StateMachine

    machine_class: Any = StateMachine
    made = machine_class(
        arn=version.arn,
        name=version.name,
        definition=version.definition,
        roleArn=version.roleArn,
        backend=machine.backend,
        encryptionConfiguration=version.encryptionConfiguration,
        loggingConfiguration=version.loggingConfiguration,
        tracingConfiguration=version.tracingConfiguration,
        sm_type=version.type,
    )
    made.executions = machine.executions
    made.description = version.description
    made.creation_date = made.update_date = version.creation_date
    return made


def _revision_of(machine: Any) -> str:
    """The same for the same definition and settings."""
    parts = (
        machine.definition,
        machine.roleArn,
        machine.loggingConfiguration,
        machine.tracingConfiguration,
    )
    return str(uuid.uuid5(uuid.NAMESPACE_OID, repr(parts)))


def _conflict(message: str) -> Exception:
    from moto.core.exceptions import AWSError

    return AWSError(message, exception_type="ConflictException", status=409)
