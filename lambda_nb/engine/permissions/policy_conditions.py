"""Conditions of IAM policies, compiled (operators of AWS's IAM user guide, "Condition operators").

A condition that asks about a key without a value fails; with ``IfExists``, ``ForAllValues`` or a
negated operator without ``ForAnyValue`` it holds, as IAM has it.
"""

from __future__ import annotations

import ipaddress
import operator as operators
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

Told = Mapping[str, "str | list[str]"]
Condition = Callable[[Told], bool]
_Matches = Callable[[str, str], bool]  # wanted, given


def condition(operator: str, wanted: Mapping[str, Any]) -> Condition:
    """One operator of a ``Condition`` with its keys and values.

    Raises
    ------
    ValueError
        There is no such operator, or a value has a wrong form.

    Examples
    --------
    >>> office = condition("IpAddress", {"aws:SourceIp": "10.0.0.0/8"})
    >>> office({"aws:sourceip": "10.1.2.3"}), office({"aws:sourceip": "11.1.2.3"})
    (True, False)
    """
    name = operator
    quantifier, colon, rest = name.partition(":")
    if colon:
        name = rest
        if quantifier not in ("ForAnyValue", "ForAllValues"):
            raise ValueError(f"there is no operator {operator}")
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    if name == "Null":
        return _null(wanted)
    negated = name.startswith("Not") or "Not" in name
    plain = _PLAIN.get(name)
    if plain is None:
        raise ValueError(f"there is no operator {operator}")
    tests = [
        _test(
            key.lower(), [_text(v) for v in _several(values)], plain, negated, if_exists, quantifier
        )
        for key, values in wanted.items()
    ]
    return lambda told: all(test(told) for test in tests)


def like(pattern: str, value: str) -> bool:
    """Whether a text matches a pattern of IAM: ``*`` is any text, ``?`` one character.

    Examples
    --------
    >>> like("arn:aws:execute-api:*:*:a1/*/GET/p", "arn:aws:execute-api:r:0:a1/prod/GET/p")
    True
    """
    return _pattern(pattern).fullmatch(value) is not None


@lru_cache(4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, re.DOTALL)


def _test(
    key: str,
    values: list[str],
    matches: _Matches,
    negated: bool,
    if_exists: bool,
    quantifier: str,
) -> Condition:
    for value in values:
        matches(value, value)  # a value of a wrong form is found now

    def one(given: str) -> bool:
        try:
            return any(matches(value, given) for value in values) != negated
        except ValueError:  # what the request has is of another form
            return negated

    def test(told: Told) -> bool:
        given = told.get(key)
        if given is None or given == []:
            if quantifier == "ForAnyValue":
                return if_exists
            return if_exists or negated or quantifier == "ForAllValues"
        several = given if isinstance(given, list) else [given]
        if quantifier == "ForAllValues" or (negated and quantifier != "ForAnyValue"):
            return all(one(value) for value in several)
        return any(one(value) for value in several)

    return test


def _null(wanted: Mapping[str, Any]) -> Condition:
    absent: list[tuple[str, set[bool]]] = []
    for key, values in wanted.items():
        texts = {_text(value).lower() for value in _several(values)}
        if not texts <= {"true", "false"}:
            raise ValueError(f"Null is true or false, not {values!r}")
        absent.append((key.lower(), {text == "true" for text in texts}))
    return lambda told: all((told.get(key) is None) in nulls for key, nulls in absent)


def _within(network: str, address: str) -> bool:
    """Whether an address lies in a network; a network has its own first address."""
    nets = ipaddress.ip_network(network, strict=False)
    given = ipaddress.ip_network(address, strict=False).network_address
    return given.version == nets.version and given in nets


def _numeric(compare: Callable[[float, float], bool]) -> _Matches:
    return lambda wanted, given: compare(float(given), float(wanted))


def _date(compare: Callable[[float, float], bool]) -> _Matches:
    return lambda wanted, given: compare(_moment(given), _moment(wanted))


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _folded(wanted: str, given: str) -> bool:
    return wanted.casefold() == given.casefold()


_PLAIN: dict[str, _Matches] = {
    "StringEquals": operators.eq,
    "StringNotEquals": operators.eq,
    "StringEqualsIgnoreCase": _folded,
    "StringNotEqualsIgnoreCase": _folded,
    "StringLike": like,
    "StringNotLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "ArnNotEquals": like,
    "ArnNotLike": like,
    "IpAddress": _within,
    "NotIpAddress": _within,
    "Bool": _folded,
    "BinaryEquals": operators.eq,
    **{
        f"{kind}{name}": make(compare)
        for kind, make in (("Numeric", _numeric), ("Date", _date))
        for name, compare in (
            ("Equals", operators.eq),
            ("NotEquals", operators.eq),
            ("LessThan", operators.lt),
            ("LessThanEquals", operators.le),
            ("GreaterThan", operators.gt),
            ("GreaterThanEquals", operators.ge),
        )
    },
}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]
