"""Lineage: how often each function has already run in one chain of invocations.

It travels in the X-Ray trace header, which AWS SDKs inside functions pass on:
``Root=1-...;Parent=...;Sampled=0;Lineage=5d2f0b1a:3|c0ffee00:1``. Lambda stops a chain in which a
function has run about 16 times (AWS Developer Guide, invocation-recursion, 2026).
"""

from __future__ import annotations

from functools import cache
from zlib import crc32

MOST_RUNS = 16
"""Times that one function may run in one chain."""

_FIELD = "Lineage="


def extended(trace_header: str, function_arn: str) -> tuple[str, int]:
    """A trace header with one more run of a function, and how many runs there were before.

    A lineage that cannot be read counts as none.

    Examples
    --------
    >>> header, before = extended("Root=1-0-0", "arn:aws:lambda:us-east-1:000000000000:function:f")
    >>> before, header.startswith("Root=1-0-0;Lineage=")
    (0, True)
    """
    own = _identity(function_arn)
    if _FIELD not in trace_header:  # the first function of a chain, and most are
        return f"{trace_header};{_FIELD}{own}:1" if trace_header else f"{_FIELD}{own}:1", 0
    fields = [field for field in trace_header.split(";") if field]
    runs = _runs(next((f for f in fields if f.startswith(_FIELD)), ""))
    before = runs.get(own, 0)
    runs[own] = before + 1
    lineage = _FIELD + "|".join(f"{name}:{count}" for name, count in runs.items())
    return ";".join([*(f for f in fields if not f.startswith(_FIELD)), lineage]), before


@cache
def _identity(function_arn: str) -> str:
    return f"{crc32(function_arn.encode()):08x}"


def _runs(field: str) -> dict[str, int]:
    runs = {}
    for entry in field.removeprefix(_FIELD).split("|"):
        name, _, count = entry.rpartition(":")
        if name and count.isdecimal():
            runs[name] = int(count)
    return runs
