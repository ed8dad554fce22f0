"""The picture of an application: its functions, what they use, and what invokes them.

It is written in AWS's own terms (settings have the names of the API's parameters) and in no
format's. Texts that name something of the application hold a :class:`Ref` in its place, so that no
account, Region or endpoint is left in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

What = Literal["arn", "name", "url", "stream_arn"]
"""Which of a resource's names is meant."""
Own = Literal["account", "region", "partition"]


@dataclass(frozen=True)
class Ref:
    """A name of a resource or a function of the application, by its id."""

    id: str
    what: What


@dataclass(frozen=True)
class Place:
    """The account, the Region or the partition that the application is deployed to."""

    what: Own


@dataclass(frozen=True)
class Parameter:
    """The value of a parameter of the application."""

    name: str


Part = str | Ref | Place | Parameter


@dataclass(frozen=True)
class Text:
    """A text whose parts may be known only when it is deployed."""

    parts: tuple[Part, ...] = ()

    @classmethod
    def of(cls, *parts: Part) -> Text:
        """A text of these parts."""
        return cls(parts)

    @property
    def plain(self) -> str | None:
        """The text, if it is known already."""
        if all(isinstance(part, str) for part in self.parts):
            return "".join(str(part) for part in self.parts)
        return None

    @property
    def refs(self) -> Iterator[Ref]:
        """The resources that it names."""
        return (part for part in self.parts if isinstance(part, Ref))


Kind = Literal[
    "queue", "table", "stream", "bucket", "topic", "bus", "log_group", "http_api", "rest_api"
]


@dataclass
class Resource:
    """Something that functions use or that invokes them.

    ``id`` is unique in the application, in letters and digits. ``settings`` have the names of the
    API's parameters, without those that have their default. ``name`` is None where the deployment
    may choose one.
    """

    id: str
    kind: Kind
    name: str | None
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Authorizer:
    """What lets callers of an API in.

    ``kind`` tells which of the fields it has: ``issuer`` and ``audience``, the ``function`` by its
    id, or ``pools`` by their ARNs.
    """

    id: str
    name: str
    kind: Literal["jwt", "lambda", "user_pools"]
    settings: dict[str, Any]
    issuer: Text = Text()
    audience: Sequence[Text] = ()
    function: str = ""
    pools: Sequence[Text] = ()


@dataclass
class Trigger:
    """What invokes a function: ``kind`` is one of :data:`TRIGGERS`, ``source`` a resource's id.

    A route of an API has an ``authorizer``, if it has one there.
    """

    kind: str
    id: str
    source: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    authorizer: Authorizer | None = None


TRIGGERS = (
    "sqs", "dynamodb", "kinesis", "s3", "sns", "rule", "schedule", "http", "rest", "logs", "iot",
)  # fmt: skip


@dataclass
class Statement:
    """Actions that a function may do on what the texts name, as in a policy."""

    actions: list[str]
    resources: list[Text]


@dataclass
class Layer:
    """A layer version whose content comes along."""

    id: str
    name: str
    settings: dict[str, Any]
    archive: bytes


@dataclass
class Alias:
    """An alias of the version that is published of the exported code."""

    name: str
    provisioned: int = 0


@dataclass
class Function:
    """One function.

    ``settings`` are those of ``CreateFunction`` that have not their default, without those that
    stand in fields of their own. ``requirements`` are also a file of ``files``; ``packages`` is the
    layer that they were installed into. ``rights_from`` says where its statements come from.
    """

    id: str
    name: str
    settings: dict[str, Any]
    files: dict[str, bytes]
    code_sha256: str = ""
    requirements: Sequence[str] = ()
    packages: Layer | None = None
    environment: dict[str, Text] = field(default_factory=dict)
    layers: list[Text | Layer] = field(default_factory=list)
    reserved: int | None = None
    alias: Alias | None = None
    url: Mapping[str, Any] | None = None
    dead_letters: Text | None = None
    asynchronous: dict[str, Any] = field(default_factory=dict)
    triggers: list[Trigger] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    rights_from: Literal["calls", "role", "nothing"] = "nothing"
    managed_policies: list[str] = field(default_factory=list)

    @property
    def runtime(self) -> str:
        """Its runtime."""
        return str(self.settings["Runtime"])


@dataclass
class Application:
    """All of it. ``parameters`` have descriptions; ``notes`` say what is not exported, and why."""

    name: str
    region: str
    functions: list[Function]
    resources: dict[str, Resource]
    parameters: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def layers(self) -> list[Layer]:
        """The layers of all functions, each once."""
        found = {
            layer.id: layer
            for function in self.functions
            for layer in function.layers
            if isinstance(layer, Layer)
        }
        return list(found.values())

    def function(self, identifier: str) -> Function | None:
        """The function of an id."""
        return next((one for one in self.functions if one.id == identifier), None)
