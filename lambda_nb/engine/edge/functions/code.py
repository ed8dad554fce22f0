"""A function's code, as CloudFront's API keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Store:
    """What a key value store holds. Times are in ISO 8601."""

    arn: str
    items: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    updated: str = ""

    @property
    def id(self) -> str:
        """What ``cf.kvs()`` may name."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Code:
    """One stage of a function. ``version`` is the runtime's: ``1.0`` or ``2.0``."""

    name: str
    text: str
    version: str
    store: str = ""
    """ARN of its key value store; empty for none."""


class NoCode(Exception):  # noqa: N818
    """A function is not there, or was not published.

    Parameters
    ----------
    message
        Which, and what to do next.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
