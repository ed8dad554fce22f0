"""What an action of a topic rule is, and what can go wrong with one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.rules.iot.topic_rules import Trouble

Parameters = dict[str, Any]
"""Those of an action, as the API names them, once templates are filled in. Only JSON's types: they
wait in the journal."""


class ActionError(Exception):
    """An attempt of an action has failed.

    Parameters
    ----------
    received
        What the service said.
    trouble
        Set if a later attempt may succeed.
    sentence
        The whole beginning of the error message, where it is not the kind's own.
    metric
        A metric that counts such failures, beside ``Failure``.

    Attributes
    ----------
    members : tuple of Origin
        Those of the batch that has failed; empty if it was one message.
    """

    members: tuple[Origin, ...] = ()

    def __init__(
        self,
        received: str,
        trouble: Trouble | None = None,
        sentence: str | None = None,
        metric: str = "",
    ) -> None:
        super().__init__(received)
        self.received = received
        self.trouble = trouble
        self.sentence = sentence
        self.metric = metric


@dataclass(frozen=True, slots=True)
class Result:
    """What a rule's query made of a message: as a value, and as the bytes that actions send."""

    value: Any
    payload: bytes

    @property
    def is_binary(self) -> bool:
        """Whether it is a payload as it came, not JSON."""
        return isinstance(self.value, bytes)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an action comes from.

    ``message`` is what the rule's query saw; ``topic`` the topic as it was published, with the
    prefix of Basic Ingest; ``hops`` counts the republish actions behind it.
    """

    rule: str
    rule_arn: str
    message: Message
    topic: str
    trace: str
    hops: int = 0


Perform = Callable[[Parameters, bytes, Origin, Surroundings], Awaitable[None]]


def _as_it_is(parameters: Parameters, result: Result) -> Parameters:
    return parameters


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of action.

    Attributes
    ----------
    name : str
        In the API.
    label : str
        In AWS's logs and error messages, such as ``S3Action``.
    metric_type : str
        In the metric dimension ``ActionType``.
    failed : str
        How its error messages begin.
    perform : callable
        Does it once. Gets its parameters, the payload and where it comes from; raises
        ``ActionError``.
    resource : callable
        What ``failedResource`` names, of its parameters.
    told : callable
        What error messages tell of its parameters, and log entries unless they have ``logged``.
    prepare : callable
        Makes of filled-in parameters and the result what ``perform`` needs; raises
        ``ActionError``. It runs once, so that every attempt does the same.
    at_once : bool
        Whether what it did is durable once ``perform`` has returned, and that takes no time.
    logged : callable or None
        What log entries tell of its parameters.
    service : str
        What it calls, by botocore's name; empty if that is no service.
    """

    name: str
    label: str
    metric_type: str
    failed: str
    perform: Perform
    resource: Callable[[Parameters], str]
    told: Callable[[Parameters], Mapping[str, str]]
    prepare: Callable[[Parameters, Result], Parameters] = _as_it_is
    at_once: bool = False
    logged: Callable[[Parameters], Mapping[str, str]] | None = None
    service: str = ""

    def log_resources(self, parameters: Parameters) -> Mapping[str, str]:
        """What ``resources`` of a log entry has."""
        return (self.logged or self.told)(parameters)


def error_message(kind: Kind, parameters: Parameters, origin: Origin, error: ActionError) -> str:
    """The text of a failure in the error action's message, in the order of AWS's example."""
    sentence = error.sentence or f"{kind.failed}. The error received was {error.received}."
    told = "".join(f", {name}: {value}" for name, value in kind.told(parameters).items())
    return f"{sentence} Message arrived on: {origin.topic}, Action: {kind.name}{told}"


def text_of(payload: bytes) -> str:
    """A payload for services that take text.

    Raises
    ------
    ActionError
        It is not UTF-8.
    """
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise ActionError(f"the payload is no text in UTF-8 ({error})") from error
