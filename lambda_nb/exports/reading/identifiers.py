"""Names as identifiers, each once in an application."""

from __future__ import annotations

import re


class Identifiers:
    """Gives out identifiers in letters and digits that differ also without regard to case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, name: str, kind: str = "") -> str:
        """An identifier for a name; with the kind behind it if the name alone is taken."""
        base = pascal(name)
        made, number = base, 1
        while made.lower() in self._taken:
            number += 1
            made = f"{base}{kind}" if kind and number == 2 else f"{base}{kind}{number}"
        self._taken.add(made.lower())
        return made


def pascal(name: str) -> str:
    """A name in CloudFormation's way.

    Examples
    --------
    >>> pascal("my-queue"), pascal("orders.fifo"), pascal("2nd_try")
    ('MyQueue', 'OrdersFifo', 'X2ndTry')
    """
    words = re.findall(r"[A-Za-z0-9]+", name)
    joined = "".join(word[0].upper() + word[1:] for word in words) or "Unnamed"
    return joined if joined[0].isalpha() else f"X{joined}"


def snake(identifier: str) -> str:
    """An identifier of CloudFormation's as Python and Terraform write one.

    Examples
    --------
    >>> snake("MyQueue"), snake("HTTPApi2"), snake("X2ndTry")
    ('my_queue', 'http_api2', 'x2nd_try')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", identifier)
    return apart.lower()
