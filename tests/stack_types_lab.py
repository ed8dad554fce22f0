"""What the tests of resource types share: the context of one resource, against a real engine.

``Lab(engine).create(Queue(), {...})`` does what a deployment does with one resource: it checks the
properties against the type's schema, and gives the type a context that calls the engine.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine_fixtures import Engine

from lambda_nb.engine.stacks.deploying.steps.names import made_up
from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.resource_type import ResourceType

_Found = TypeVar("_Found")
_stacks = itertools.count(1)
_POLL_S = 0.02


@dataclass
class LabContext:
    """One resource of a stack that exists only in a test."""

    engine: Engine
    account: str
    region: str
    partition: str
    stack_name: str
    stack_id: str
    logical_id: str
    token: str
    tags: Mapping[str, str]
    old_tags: Mapping[str, str] = field(default_factory=dict)
    recorded: list[str] = field(default_factory=list)
    """What the type has said to exist, in order."""
    named: list[str] = field(default_factory=list)
    """The names that the type has asked for."""

    def client(self, service: str, region: str | None = None) -> Any:
        if region is None:
            return self.engine.client(service)
        return self.engine.client(service, region_name=region)

    def name(
        self, most: int = 255, *, lower: bool = False, separator: str = "-", suffix: str = ""
    ) -> str:
        self.named.append(
            made_up(
                self.stack_name,
                self.logical_id,
                self.token,
                most,
                lower=lower,
                separator=separator,
                suffix=suffix,
            )
        )
        return self.named[-1]

    def made(self, physical_id: str) -> None:
        self.recorded.append(physical_id)

    def wait(self, look: Callable[[], _Found | None], what: str, timeout_s: float = 60.0) -> _Found:
        deadline = time.monotonic() + timeout_s
        while True:
            found = look()
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise Refused(f"{what} did not come.", "NotStabilized")
            time.sleep(_POLL_S)


@dataclass
class Resource:
    """A resource that the lab has made."""

    type: ResourceType
    context: LabContext
    properties: Properties
    made: Made

    @property
    def ref(self) -> str:
        """What ``Ref`` gives."""
        return self.made.physical_id

    def attribute(self, name: str) -> Any:
        """What ``Fn::GetAtt`` gives."""
        return self.made.attributes[name]


class Lab:
    """Makes, changes and deletes resources of one stack.

    Parameters
    ----------
    engine
        Where they are made.
    tags
        The stack's own tags.
    """

    def __init__(self, engine: Engine, tags: Mapping[str, str] | None = None) -> None:
        self.engine = engine
        self.stack_name = f"stack-{os.getpid()}-{next(_stacks)}"
        self._tags = tags or {}
        self._steps = itertools.count(1)

    def context(self, logical_id: str = "Thing") -> LabContext:
        """The context of one step."""
        token = f"{os.getpid():08x}-0000-0000-0000-{next(self._steps):012x}"
        place = f"{self.engine.region}:{self.engine.account}"
        stack_id = f"arn:aws:cloudformation:{place}:stack/{self.stack_name}/{token}"
        return LabContext(
            self.engine,
            self.engine.account,
            self.engine.region,
            "aws",
            self.stack_name,
            stack_id,
            logical_id,
            token,
            {
                **self._tags,
                "aws:cloudformation:stack-name": self.stack_name,
                "aws:cloudformation:stack-id": stack_id,
                "aws:cloudformation:logical-id": logical_id,
            },
        )

    def create(
        self,
        kind: ResourceType,
        properties: Properties,
        logical_id: str = "Thing",
        without: Collection[str] = (),
    ) -> Resource:
        """Make one; its attributes must be all that the type's schema has.

        Parameters
        ----------
        without
            Attributes that a resource with these properties does not have on AWS either.
        """
        _check(kind, properties)
        context = self.context(logical_id)
        made = kind.create(context, properties)
        assert made.physical_id
        missing = set(schemas.of(kind.name).attributes) - {*made.attributes, *without}
        assert not missing, f"{kind.name} has no attribute {', '.join(sorted(missing))}"
        return Resource(kind, context, properties, made)

    def update(self, resource: Resource, properties: Properties) -> Resource:
        """Change one in place, which must be what CloudFormation does for this change."""
        _check(resource.type, properties)
        replacing = resource.type.replacing(resource.properties, properties)
        assert not replacing, f"replaces the resource: {', '.join(sorted(replacing))}"
        context = self.context(resource.context.logical_id)
        made = resource.type.update(context, resource.made, resource.properties, properties)
        assert made.physical_id == resource.ref
        return Resource(resource.type, context, properties, made)

    def delete(self, resource: Resource) -> None:
        """Delete one, twice: what is gone is no error."""
        for _ in range(2):
            context = self.context(resource.context.logical_id)
            resource.type.delete(context, resource.made, resource.properties)


def _check(kind: ResourceType, properties: Properties) -> None:
    schema = schemas.of(kind.name)
    unknown = set(properties) - schema.settable
    assert not unknown, f"{kind.name} has no property {', '.join(sorted(unknown))}"
    missing = set(schema.required) - set(properties)
    assert not missing, f"{kind.name} needs {', '.join(sorted(missing))}"
