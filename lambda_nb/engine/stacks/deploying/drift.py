"""Finds out whether resources are still as their stack deployed them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from lambda_nb.engine.stacks.deploying.planning.plan import same
from lambda_nb.engine.stacks.deploying.steps.context import StepContext
from lambda_nb.engine.stacks.records.rows import StackResource
from lambda_nb.engine.stacks.types.resource_type import ResourceType


def checked(
    row: StackResource, resource_type: ResourceType, context: StepContext
) -> dict[str, Any]:
    """The fields of a resource's record that tell its drift.

    Parameters
    ----------
    row
        The resource.
    resource_type, context
        Its class, and what that needs.
    """
    found: dict[str, Any] = {"drift_checked": time.time(), "actual": None, "differences": ()}
    try:
        actual = resource_type.read(context, row.held.made, row.held.properties)
    except NotImplementedError:
        return {**found, "drift_status": "NOT_CHECKED"}
    if actual is None:
        return {**found, "drift_status": "DELETED"}
    told = {name: actual[name] for name in row.held.properties if name in actual}
    differences = tuple(differing(row.held.properties, told))
    status = "MODIFIED" if differences else "IN_SYNC"
    return {**found, "drift_status": status, "actual": told, "differences": differences}


def differing(expected: Any, actual: Any, path: str = "") -> Iterator[dict[str, str]]:
    """The differences of two values, with the members of ``PropertyDifference``.

    Examples
    --------
    >>> list(differing({"a": {"b": 1}}, {"a": {"b": 2}}))[0]["PropertyPath"]
    '/a/b'
    """
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name in [*expected, *(name for name in actual if name not in expected)]:
            at = f"{path}/{name}"
            if name not in actual:
                yield _difference(at, expected[name], None, "REMOVE")
            elif name not in expected:
                yield _difference(at, None, actual[name], "ADD")
            else:
                yield from differing(expected[name], actual[name], at)
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _in_lists(expected, actual, path)
    elif not same(expected, actual):
        yield _difference(path, expected, actual, "NOT_EQUAL")


def _in_lists(expected: list[Any], actual: list[Any], path: str) -> Iterator[dict[str, str]]:
    missing = _without(expected, actual)
    extra = _without(actual, expected)
    for place, (one, other) in enumerate(zip(missing, extra, strict=False)):
        yield from differing(one, other, f"{path}/{place}")
    for one in missing[len(extra) :]:
        yield _difference(f"{path}/{expected.index(one)}", one, None, "REMOVE")
    for one in extra[len(missing) :]:
        yield _difference(f"{path}/{actual.index(one)}", None, one, "ADD")


def _without(items: list[Any], others: list[Any]) -> list[Any]:
    """The items that are not among others, each counted: the order does not matter."""
    left = list(others)
    missing = []
    for item in items:
        for place, other in enumerate(left):
            if same(item, other):
                del left[place]
                break
        else:
            missing.append(item)
    return missing


def _difference(path: str, expected: Any, actual: Any, kind: str) -> dict[str, str]:
    return {
        "PropertyPath": path,
        "ExpectedValue": _text(expected),
        "ActualValue": _text(actual),
        "DifferenceType": kind,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def total(rows: Mapping[str, StackResource]) -> tuple[str, int]:
    """A stack's drift status, and how many of its resources drifted."""
    drifted = sum(row.drift_status in ("MODIFIED", "DELETED") for row in rows.values())
    return ("DRIFTED" if drifted else "IN_SYNC"), drifted
