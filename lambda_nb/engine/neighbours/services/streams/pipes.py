"""Pipes are checked when they are made, and have the state that they really have.

moto keeps pipes and moves their states on by itself. The engine carries pipes out, and tells by a
tag (:data:`~lambda_nb.rules.events.pipes.connections.STATE_TAG`) which state a pipe has reached.
"""

from __future__ import annotations

import re
from calendar import timegm
from typing import Any

from lambda_nb.rules.events.pipes import connections, templates

_NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")
_MEMBERS = {
    "source": "Source",
    "source_parameters": "SourceParameters",
    "enrichment": "Enrichment",
    "enrichment_parameters": "EnrichmentParameters",
    "target": "Target",
    "target_parameters": "TargetParameters",
}
_ON_THE_WAY = {"CREATING": "CREATE", "UPDATING": "UPDATE", "STARTING": "START"}


def install() -> None:
    """Check pipes, and leave their states to the engine."""
    from moto.pipes.models import EventBridgePipesBackend, Pipe

    kind: Any = Pipe
    kind.advance = lambda self: None
    _check_pipes(EventBridgePipesBackend)
    _keep_states(EventBridgePipesBackend)


def _check_pipes(backend: Any) -> None:
    from moto.pipes.exceptions import ConflictException, ValidationException

    create, update = backend.create_pipe, backend.update_pipe

    def create_pipe(self: Any, **told: Any) -> Any:
        name = told["name"]
        if not _NAME.fullmatch(name):
            raise ValidationException(
                f"1 validation error detected: Value '{name}' at 'name' failed to satisfy "
                "constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+"
            )
        if name in self.pipes:
            raise ConflictException(f"Pipe {name} already exists.", name, "pipe")
        _refuse({member: told.get(ours) for ours, member in _MEMBERS.items()})
        return create(self, **told)

    def update_pipe(self: Any, **told: Any) -> Any:
        pipe = self.pipes.get(told["name"])
        if pipe is not None:
            _settled(pipe)
            given = {ours: told.get(ours) for ours in _MEMBERS}
            source = {**(pipe.source_parameters or {}), **(given["source_parameters"] or {})}
            if source:
                told["source_parameters"] = _merged(pipe.source_parameters or {}, source)
            after = {ours: getattr(pipe, ours) for ours in _MEMBERS}
            after |= {ours: told[ours] for ours in _MEMBERS if told.get(ours) is not None}
            _refuse({member: after[ours] for ours, member in _MEMBERS.items()})
        changed = update(self, **told)
        changed.status = "UPDATING"
        return changed

    def _refuse(pipe: dict[str, Any]) -> None:
        why = connections.refusal(pipe)
        for member in ("EnrichmentParameters", "TargetParameters"):
            template = (pipe.get(member) or {}).get("InputTemplate")
            why = why or (templates.check(template) if template else None)
        if why is not None:
            raise ValidationException(why)

    def _settled(pipe: Any) -> None:
        if pipe.status in (*_ON_THE_WAY, "STOPPING", "DELETING"):
            raise ConflictException(f"Pipe {pipe.name} is in state {pipe.status}.", pipe.name)

    start, stop = backend.start_pipe, backend.stop_pipe

    def start_pipe(self: Any, name: str) -> Any:
        pipe = start(self, name)
        if pipe.status.endswith("_FAILED"):
            pipe.status = "STARTING"
        return pipe

    def stop_pipe(self: Any, name: str) -> Any:
        pipe = stop(self, name)
        if pipe.status.endswith("_FAILED"):
            pipe.status = "STOPPING"
        return pipe

    backend.create_pipe, backend.update_pipe = create_pipe, update_pipe
    backend.start_pipe, backend.stop_pipe = start_pipe, stop_pipe


def _merged(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Source parameters after an update, which names no starting position."""
    merged = dict(after)
    for member, value in before.items():
        if isinstance(value, dict) and isinstance(after.get(member), dict):
            fixed = ("StartingPosition", "StartingPositionTimestamp", "TopicName")
            kept = {name: value[name] for name in fixed if name in value}
            merged[member] = {**kept, **after[member]}
    return merged


def _keep_states(backend: Any) -> None:
    from moto.pipes.exceptions import NotFoundException

    tag = backend.tag_resource

    def delete_pipe(self: Any, name: str) -> Any:
        if name not in self.pipes:
            raise NotFoundException(f"Pipe {name} not found")
        pipe = self.pipes[name]
        pipe.desired_state, pipe.status = "DELETED", "DELETING"
        return pipe

    def tag_resource(self: Any, resource_arn: str, tags: dict[str, str]) -> None:
        reached = tags.get(connections.STATE_TAG)
        if reached is None:
            tag(self, resource_arn, tags)
            return
        pipe = next((pipe for pipe in self.pipes.values() if pipe.arn == resource_arn), None)
        if pipe is not None:
            since, *told = reached.split(" ", 2)
            changed = timegm(pipe.last_modified_time.utctimetuple())
            if int(since) == changed:  # what is said of earlier settings is old news
                _reach(self, pipe, told)

    backend.delete_pipe, backend.tag_resource = delete_pipe, tag_resource


def _reach(backend: Any, pipe: Any, reached: list[str]) -> None:
    """Take note of a state that the engine says a pipe has reached."""
    state, reason = reached[0], " ".join(reached[1:])
    if state == "FAILED" and pipe.desired_state == "RUNNING":
        pipe.status = f"{_ON_THE_WAY.get(pipe.status, 'START')}_FAILED"
        pipe.state_reason = reason
    elif state == pipe.desired_state == "DELETED":
        backend.pipes.pop(pipe.name, None)
    elif state == pipe.desired_state:
        pipe.status, pipe.state_reason = state, None
