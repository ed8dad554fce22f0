"""The functions of the query language.

Source: CloudWatch Logs User Guide, "Supported operations and functions" (2026).
"""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.insights import values
from lambda_nb.engine.neighbours.services.cloudwatch.insights.records import Moment
from lambda_nb.engine.neighbours.services.cloudwatch.insights.values import number, text

_Function = Callable[..., Any]


def _of_number(function: Callable[[float], float]) -> _Function:
    def call(value: Any) -> float | None:
        found = number(value)
        if found is None:
            return None
        try:
            return float(function(found))
        except (ArithmeticError, ValueError):
            return None

    return call


def _of_text(function: Callable[[str], Any]) -> _Function:
    return lambda value: None if value is None else function(text(value))


def _most(*found: Any) -> Any:
    known = [value for value in found if value is not None]
    return max(known, key=values.order) if known else None


def _least(*found: Any) -> Any:
    known = [value for value in found if value is not None]
    return min(known, key=values.order) if known else None


def _substr(value: Any, start: Any, length: Any = None) -> Any:
    if value is None:
        return None
    begin = int(number(start) or 0)
    end = None if length is None else begin + int(number(length) or 0)
    return text(value)[begin:end]


def _replace(value: Any, old: Any, new: Any) -> Any:
    return None if value is None else text(value).replace(text(old), text(new))


def _trim(way: Callable[[str, str | None], str]) -> _Function:
    def call(value: Any, marks: Any = None) -> Any:
        return None if value is None else way(text(value), None if marks is None else text(marks))

    return call


def _address(versions: tuple[int, ...]) -> _Function:
    def call(value: Any) -> int:
        try:
            return int(ipaddress.ip_address(text(value)).version in versions)
        except ValueError:
            return 0

    return call


def _subnet(versions: tuple[int, ...]) -> _Function:
    def call(value: Any, subnet: Any) -> int:
        try:
            network = ipaddress.ip_network(text(subnet), strict=False)
            address = ipaddress.ip_address(text(value))
        except ValueError:
            return 0
        return int(address.version in versions and address in network)

    return call


def _contains(value: Any, part: Any) -> int:
    return int(value is not None and text(part) in text(value))


def _json(value: Any) -> Any:
    try:
        json.loads(text(value))
    except ValueError:
        return None
    return value


def _to_millis(value: Any) -> Any:
    found = number(value)
    return None if found is None else int(found)


def _from_millis(value: Any) -> Any:
    found = number(value)
    return None if found is None else Moment(int(found))


def _ceil(at: Any, every_ms: int) -> Moment | None:
    found = number(at)
    return None if found is None else Moment(-int(-found // every_ms) * every_ms)


FUNCTIONS: dict[str, tuple[_Function, int, int]] = {
    "abs": (_of_number(abs), 1, 1),
    "ceil": (_of_number(math.ceil), 1, 1),
    "floor": (_of_number(math.floor), 1, 1),
    "sqrt": (_of_number(math.sqrt), 1, 1),
    "log": (_of_number(math.log), 1, 1),
    "greatest": (_most, 1, 99),
    "least": (_least, 1, 99),
    "strlen": (_of_text(len), 1, 1),
    "toupper": (_of_text(str.upper), 1, 1),
    "tolower": (_of_text(str.lower), 1, 1),
    "substr": (_substr, 2, 3),
    "replace": (_replace, 3, 3),
    "concat": (lambda *parts: "".join(text(part) for part in parts if part is not None), 1, 99),
    "trim": (_trim(str.strip), 1, 2),
    "ltrim": (_trim(str.lstrip), 1, 2),
    "rtrim": (_trim(str.rstrip), 1, 2),
    "strcontains": (_contains, 2, 2),
    "coalesce": (lambda *found: next((v for v in found if v is not None), None), 1, 99),
    "ispresent": (lambda value: int(value is not None), 1, 1),
    "isempty": (lambda value: int(value is None or value == ""), 1, 1),
    "isblank": (lambda value: int(value is None or not text(value).strip()), 1, 1),
    "isvalidip": (_address((4, 6)), 1, 1),
    "isvalidipv4": (_address((4,)), 1, 1),
    "isvalidipv6": (_address((6,)), 1, 1),
    "isipinsubnet": (_subnet((4, 6)), 2, 2),
    "isipv4insubnet": (_subnet((4,)), 2, 2),
    "isipv6insubnet": (_subnet((6,)), 2, 2),
    "frommillis": (_from_millis, 1, 1),
    "tomillis": (_to_millis, 1, 1),
    "jsonparse": (_json, 1, 1),
    "jsonstringify": (_of_text(str), 1, 1),
    "unmask": (lambda value: value, 1, 1),
}
"""By name in lower case: the function, and how many arguments it takes at least and at most."""
OF_PERIODS: dict[str, Callable[[Any, int], Moment | None]] = {
    "datefloor": values.floor,
    "dateceil": _ceil,
}
"""Functions of a time and a duration."""
