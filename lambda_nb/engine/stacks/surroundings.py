"""What CloudFormation of a Region needs from the engine around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.stacks.custom.answers import Answers


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The engine around CloudFormation of one Region.

    Attributes
    ----------
    account, region
        Where the stacks are.
    path
        The file of the records.
    url
        The engine's own URL.
    keys
        Access key and secret of the engine's user, who makes all resources.
    gate
        Lets requests in.
    answers
        The addresses at which custom resources answer.
    connect_moto
        Returns boto3's client of moto's own CloudFormation in the Region; it may be called in any
        thread but that of the engine's loop.
    put_event
        Puts an entry on the Region's default event bus as CloudFormation itself, in any thread but
        that of the engine's loop.
    changed
        Called when stacks may have changed, in any thread.
    skip_unknown
        Whether a resource of a type that nobody knows passes, made of nothing.
    """

    account: str
    region: str
    path: Path
    url: str
    keys: tuple[str, str]
    gate: Gate
    answers: Answers
    connect_moto: Callable[[], Any]
    put_event: Callable[[dict[str, Any]], None]
    changed: Callable[[], None]
    skip_unknown: bool = False
