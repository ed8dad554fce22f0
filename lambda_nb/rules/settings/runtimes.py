"""Managed runtimes: identifiers, families, operating systems, ends of life, architectures.

Source: Lambda Developer Guide, lambda-runtimes, 2026 (facts/executor.md section 8) and the
``Runtime`` enumeration of botocore 1.44.5. A date of ``None`` means that AWS has not set one.
Runtimes blocked before this table was made have ``BLOCKED`` for all their dates.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from lambda_nb.rules.refusal import Refused, invalid
from lambda_nb.rules.settings import enumerations

Family = Literal["python", "nodejs", "ruby", "java", "dotnet", "go", "provided"]

BLOCKED = date(2024, 1, 1)
"""Stands for all dates of runtimes that were blocked before this table was made."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """One runtime identifier.

    ``deprecated``, ``block_create`` and ``block_update`` are the first days on which the runtime is
    deprecated, cannot be chosen for new functions, and cannot be chosen at all.
    """

    identifier: str
    family: Family
    os: str
    deprecated: date | None = None
    block_create: date | None = None
    block_update: date | None = None
    architectures: tuple[str, ...] = ("x86_64", "arm64")
    snap_start: bool = False


_CREATE_2027, _UPDATE_2027 = date(2027, 2, 1), date(2027, 3, 3)
_X86 = ("x86_64",)


def _old(identifier: str, family: Family, deprecated: date, os: str = "AL2") -> Runtime:
    """A deprecated runtime that can still be chosen until early 2027."""
    return Runtime(identifier, family, os, deprecated, _CREATE_2027, _UPDATE_2027)


def _gone(identifier: str, family: Family) -> Runtime:
    """A runtime that can no longer be chosen."""
    return Runtime(identifier, family, "AL1", BLOCKED, BLOCKED, BLOCKED, _X86)


_TABLE = (
    Runtime("nodejs26.x", "nodejs", "AL2023"),
    Runtime(
        "nodejs24.x", "nodejs", "AL2023",
        date(2028, 4, 30), date(2028, 6, 1), date(2028, 7, 1),
    ),
    Runtime(
        "nodejs22.x", "nodejs", "AL2023",
        date(2027, 4, 30), date(2027, 6, 1), date(2027, 7, 1),
    ),
    _old("nodejs20.x", "nodejs", date(2026, 4, 30), "AL2023"),
    _old("nodejs18.x", "nodejs", date(2025, 9, 1)),
    _old("nodejs16.x", "nodejs", date(2024, 6, 12)),
    Runtime("python3.15", "python", "AL2023", snap_start=True),
    Runtime(
        "python3.14", "python", "AL2023",
        date(2029, 6, 30), date(2029, 7, 31), date(2029, 8, 31), snap_start=True,
    ),
    Runtime(
        "python3.13", "python", "AL2023",
        date(2029, 6, 30), date(2029, 7, 31), date(2029, 8, 31), snap_start=True,
    ),
    Runtime(
        "python3.12", "python", "AL2023",
        date(2028, 10, 31), date(2028, 11, 30), date(2029, 1, 10), snap_start=True,
    ),
    Runtime("python3.11", "python", "AL2", date(2027, 6, 30), date(2027, 7, 31), date(2027, 8, 31)),
    Runtime("python3.10", "python", "AL2", date(2026, 10, 31), _CREATE_2027, _UPDATE_2027),
    _old("python3.9", "python", date(2025, 12, 15)),
    _old("python3.8", "python", date(2024, 10, 14)),
    Runtime("java25", "java", "AL2023", date(2029, 6, 30), snap_start=True),
    Runtime("java21", "java", "AL2023", date(2029, 6, 30), snap_start=True),
    Runtime("java17.al2023", "java", "AL2023", snap_start=True),
    Runtime("java11.al2023", "java", "AL2023", snap_start=True),
    Runtime("java8.al2023", "java", "AL2023"),
    Runtime("java17", "java", "AL2", date(2027, 6, 30), snap_start=True),
    Runtime("java11", "java", "AL2", date(2027, 6, 30), snap_start=True),
    Runtime("java8.al2", "java", "AL2", date(2027, 6, 30)),
    Runtime("dotnet10", "dotnet", "AL2023", date(2028, 11, 14), snap_start=True),
    Runtime(
        "dotnet8", "dotnet", "AL2023", date(2026, 11, 10), _CREATE_2027, _UPDATE_2027,
        snap_start=True,
    ),
    _old("dotnet6", "dotnet", date(2024, 12, 20)),
    Runtime("ruby4.0", "ruby", "AL2023", date(2029, 3, 31)),
    Runtime("ruby3.4", "ruby", "AL2023", date(2028, 3, 31)),
    Runtime("ruby3.3", "ruby", "AL2023", date(2027, 3, 31)),
    _old("ruby3.2", "ruby", date(2026, 3, 31)),
    Runtime("provided.al2023", "provided", "AL2023", date(2029, 6, 30)),
    _old("provided.al2", "provided", date(2026, 7, 31)),
    Runtime("custom", "provided", "AL2023"),
    *(
        _gone(identifier, "nodejs")
        for identifier in (
            "nodejs14.x", "nodejs12.x", "nodejs10.x", "nodejs8.10", "nodejs6.10", "nodejs4.3",
            "nodejs4.3-edge", "nodejs",
        )
    ),
    *(_gone(identifier, "python") for identifier in ("python3.7", "python3.6", "python2.7")),
    *(
        _gone(identifier, "dotnet")
        for identifier in ("dotnetcore3.1", "dotnetcore2.1", "dotnetcore2.0", "dotnetcore1.0")
    ),
    _gone("ruby2.7", "ruby"),
    _gone("ruby2.5", "ruby"),
    _gone("java8", "java"),
    _gone("go1.x", "go"),
    _gone("provided", "provided"),
)  # fmt: skip

RUNTIMES: dict[str, Runtime] = {runtime.identifier: runtime for runtime in _TABLE}


def check(identifier: str, today: date, *, updating: bool = False) -> Runtime:
    """Look up the runtime of a function to be created or, with ``updating``, to be changed.

    Raises
    ------
    Refused
        ``InvalidParameterValueException`` if there is no such runtime or it is blocked.
    """
    runtime = RUNTIMES.get(identifier)
    if runtime is None:
        raise unknown(identifier)
    blocked = runtime.block_update if updating else runtime.block_create
    if blocked is not None and today >= blocked:
        raise invalid(
            f"The runtime parameter of {identifier} is no longer supported for creating or "
            "updating AWS Lambda functions. We recommend you use a supported runtime while "
            "creating or updating functions."
        )
    return runtime


def unknown(identifier: str) -> Refused:
    """The error for an identifier that is not a runtime."""
    known = ", ".join(enumerations.RUNTIMES)
    return invalid(
        f"Value {identifier} at 'runtime' failed to satisfy constraint: Member must satisfy enum "
        f"value set: [{known}] or be a valid ARN"
    )


def supported(today: date) -> list[str]:
    """The identifiers that new functions may use on a day, newest of each family first."""
    return [r.identifier for r in _TABLE if r.block_create is None or today < r.block_create]


def version_arn(identifier: str, region: str, partition: str = "aws") -> str:
    """The ARN of a runtime's only version here; it ends in a hash of the identifier."""
    digest = hashlib.sha256(identifier.encode()).hexdigest()
    return f"arn:{partition}:lambda:{region}::runtime:{digest}"


Numbers = tuple[int, ...]
"""The part of a version that tells runtimes apart: minor for Python and Ruby, major for others."""


def numbers(identifier: str) -> Numbers:
    """The program version a runtime needs: ``(3, 12)`` for python3.12, ``(20,)`` for nodejs20.x.

    Empty for custom runtimes, which bring their own program.
    """
    found = re.match(r"(python|nodejs|ruby|java|dotnet)(\d+)(?:\.(\d+))?", identifier)
    if found is None:
        return ()
    family, major, minor = found.groups()
    by_minor = family in ("python", "ruby") and minor is not None
    return (int(major), int(minor)) if by_minor else (int(major),)


def nearest(wanted: Numbers, here: Iterable[Numbers]) -> Numbers | None:
    """The version in ``here`` nearest to ``wanted``; of two equally near, the newer."""
    return min(here, key=lambda one: (_distance(one, wanted), -_line(one)), default=None)


def _line(version: Numbers) -> int:
    return version[0] * 100 + (version[1] if len(version) > 1 else 0)


def _distance(one: Numbers, other: Numbers) -> int:
    return abs(_line(one) - _line(other))
