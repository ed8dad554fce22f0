"""The reserved topics of shadows."""

from __future__ import annotations

import re
from typing import NamedTuple

FILTER = "$aws/things/+/shadow/#"
"""Matches every topic of a shadow."""

_THING = re.compile(r"[a-zA-Z0-9:_-]{1,128}")
_NAME = re.compile(r"[$a-zA-Z0-9:_-]{1,64}")
_REQUESTS = ("get", "update", "delete")


class ShadowTopic(NamedTuple):
    """A topic that a request to a shadow came on; ``name`` is ``None`` for the classic shadow."""

    thing: str
    name: str | None
    operation: str


def read(topic: str) -> ShadowTopic | None:
    """What a topic asks of which shadow; ``None`` for topics of answers, and for unknown ones."""
    levels = topic.split("/")
    match levels[2:]:
        case [thing, "shadow", operation]:
            name = None
        case [thing, "shadow", "name", name, operation]:
            pass
        case _:
            return None
    return ShadowTopic(thing, name, operation) if operation in _REQUESTS else None


def answer(thing: str, name: str | None, what: str) -> str:
    """A topic of answers: ``what`` is for example ``update/delta``."""
    named = "" if name is None else f"/name/{name}"
    return f"$aws/things/{thing}/shadow{named}/{what}"


def is_thing_name(name: str) -> bool:
    """Whether a thing may be called so."""
    return _THING.fullmatch(name) is not None


def is_shadow_name(name: str) -> bool:
    """Whether a named shadow may be called so."""
    return _NAME.fullmatch(name) is not None
