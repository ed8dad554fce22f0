"""Definitions of state machines: what is wrong with one, and who may create it again.

moto's interpreter knows the grammar of the States Language. What it does not look at (where
transitions lead, what an Express state machine may not have) is checked here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lambda_nb.engine.neighbours.services.step_functions import query_language
from lambda_nb.engine.neighbours.services.step_functions.executions import logs
from lambda_nb.engine.neighbours.services.step_functions.refusals import refusal

MOST_BYTES = 1_048_576
"""Bytes of a definition (API reference, CreateStateMachine)."""
_TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
_GO_ON = ("Task", "Pass", "Wait", "Parallel", "Map")
"""Types of states that need ``Next`` or ``End``."""
_SCHEMA = "SCHEMA_VALIDATION_FAILED"
_TARGET = "MISSING_TRANSITION_TARGET"


class Problem(NamedTuple):
    """What is wrong with a definition: AWS's code, a sentence and a JSON pointer."""

    code: str
    message: str
    location: str


def install() -> None:
    """Check what is created and changed."""
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    backend_class: Any = StepFunctionsParserBackend
    create, update = backend_class.create_state_machine, backend_class.update_state_machine
    # Checked below, with the type of the state machine.
    backend_class._validate_definition = staticmethod(lambda definition: None)

    def created(self: Any, name: str, definition: str, roleArn: str, **more: Any) -> Any:  # noqa: N803
        kind = more.get("sm_type") or "STANDARD"
        check(definition, kind)
        logs.check(more.get("loggingConfiguration"))
        self._validate_name(name)
        old = next((machine for machine in self.state_machines if machine.name == name), None)
        if old is not None and _settings(old) != (
            definition,
            kind,
            more.get("loggingConfiguration") or {"level": "OFF"},
            more.get("tracingConfiguration") or {"enabled": False},
        ):
            raise refusal("StateMachineAlreadyExists", f"State Machine Already Exists: '{old.arn}'")
        return create(self, name, definition, roleArn, **more)

    def updated(self: Any, arn: str, definition: str | None = None, **more: Any) -> Any:
        machine = self.describe_state_machine(arn)
        if definition is not None:
            check(definition, machine.type)
        logs.check(more.get("logging_configuration"))
        return update(self, arn, definition, **more)

    backend_class.create_state_machine = created
    backend_class.update_state_machine = updated


def _settings(machine: Any) -> tuple[Any, ...]:
    """What makes a second CreateStateMachine the same request (API reference)."""
    return (
        machine.definition,
        machine.type,
        machine.loggingConfiguration,
        machine.tracingConfiguration,
    )


def check(definition: str, kind: str) -> None:
    """Refuse a definition that cannot work.

    Parameters
    ----------
    definition
        JSON text.
    kind
        ``STANDARD`` or ``EXPRESS``.

    Raises
    ------
    AWSError
        ``InvalidDefinition``.
    """
    problems = find(definition, kind)
    if problems:
        told = ", ".join(f"{one.code}: {one.message} (at {one.location})" for one in problems)
        raise refusal("InvalidDefinition", f"Invalid State Machine Definition: '{told}'")


def find(definition: str, kind: str) -> list[Problem]:
    """What is wrong with a definition.

    Parameters
    ----------
    definition
        JSON text.
    kind
        ``STANDARD`` or ``EXPRESS``.
    """
    if len(definition.encode()) > MOST_BYTES:
        return [Problem(_SCHEMA, f"The definition is longer than {MOST_BYTES} bytes", "/")]
    try:
        program = json.loads(definition)
    except ValueError as error:
        return [Problem("INVALID_JSON_DESCRIPTION", f"The definition is no JSON: {error}", "/")]
    if not isinstance(program, dict):
        return [Problem("INVALID_JSON_DESCRIPTION", "The definition is no JSON object", "/")]
    if '"JSONata"' in definition and not query_language.is_available():
        return [Problem(_SCHEMA, query_language.MISSING, "/QueryLanguage")]
    return list(_in_scope(program, "", kind)) or list(_in_grammar(definition))


def _in_scope(scope: Mapping[str, Any], at: str, kind: str) -> Iterator[Problem]:
    """Problems of a set of states: a program, a branch or the states of a map."""
    states, first = scope.get("States"), scope.get("StartAt")
    if not isinstance(states, dict) or not states:
        yield Problem(_SCHEMA, "States is required and names one state or more", at or "/")
        return
    if first not in states:
        yield Problem(_TARGET, f"Missing 'StartAt' target: {first}", f"{at}/StartAt")
        return
    reached = {first}
    for name, state in states.items():
        where = f"{at}/States/{name}"
        if not isinstance(state, dict) or state.get("Type") not in _TYPES:
            told = state.get("Type") if isinstance(state, dict) else state
            yield Problem(_SCHEMA, f"Type {told!r} is not one of {', '.join(_TYPES)}", where)
            continue
        if state["Type"] in _GO_ON and ("Next" in state) == (state.get("End") is True):
            yield Problem(_SCHEMA, "A state has either Next or End: true", where)
        for field, target in _transitions(state):
            reached.add(target)
            if target not in states:
                word = field.rpartition("/")[2]
                yield Problem(_TARGET, f"Missing '{word}' target: {target}", f"{where}/{field}")
        yield from _for_express(state, where, kind)
        for field, inner in _scopes(state):
            yield from _in_scope(inner, f"{where}/{field}", kind)
    for name in states:
        if name not in reached:
            yield Problem(_TARGET, f'State "{name}" is not reachable.', f"{at}/States/{name}")


def _transitions(state: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Where a state leads, with the field that says so."""
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for field in ("Choices", "Catch"):
        for number, one in enumerate(state.get(field) or ()):
            if isinstance(one, dict) and "Next" in one:
                yield f"{field}[{number}]/Next", one["Next"]


def _scopes(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The sets of states inside a state."""
    for field in ("Iterator", "ItemProcessor"):
        if isinstance(state.get(field), dict):
            yield field, state[field]
    for number, branch in enumerate(state.get("Branches") or ()):
        if isinstance(branch, dict):
            yield f"Branches[{number}]", branch


def _for_express(state: Mapping[str, Any], where: str, kind: str) -> Iterator[Problem]:
    resource = state.get("Resource")
    if kind != "EXPRESS":
        return
    if isinstance(resource, str) and ":activity:" in resource:
        yield Problem(_SCHEMA, "Express state machine does not support Activity ARN", where)
    for suffix in (".sync", ".sync:2", ".waitForTaskToken"):
        if isinstance(resource, str) and resource.endswith(suffix):
            told = f"Express state machine does not support '{suffix}' service integration"
            yield Problem(_SCHEMA, told, f"{where}/Resource")
    processor = state.get("ItemProcessor")
    mode = (processor.get("ProcessorConfig") or {}) if isinstance(processor, dict) else {}
    if mode.get("Mode") == "DISTRIBUTED":
        yield Problem(_SCHEMA, "Express state machine does not support a distributed Map", where)


def _in_grammar(definition: str) -> Iterator[Problem]:
    """What moto's parser says of a definition."""
    from moto.stepfunctions.parser.asl.parse.asl_parser import (
        AmazonStateLanguageParser,
        ASLParserException,
    )

    try:
        AmazonStateLanguageParser.parse(definition)
    except ASLParserException as error:
        for text in error.errors or [str(error)]:
            yield Problem(_SCHEMA, text, "/")
    except Exception as error:  # whatever building a state from a wrong value raises
        yield Problem(_SCHEMA, str(error) or type(error).__name__, "/")
