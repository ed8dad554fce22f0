"""Metric math: expressions over time series.

Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics" (2026). An
anomaly detection band, ``SEARCH`` and Metrics Insights (``SELECT``) are not worked out.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from lambda_nb.rules.alarms.math_functions import (
    ARGUMENTS,
    FUNCTIONS,
    OPERATORS,
    Grid,
    MathError,
    Series,
    Value,
    between,
    combined,
    each,
    first_of,
    one_series,
    over,
    repeated,
)

_Node = Callable[[Grid], Value]


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Attributes
    ----------
    ids
        The ids it names.
    all_metrics
        Whether it uses ``METRICS()``.
    """

    ids: frozenset[str]
    all_metrics: bool
    _node: _Node

    def value(self, grid: Grid) -> Value:
        """The expression's value: a number, one time series, or several.

        Raises
        ------
        MathError
            A function got what it does not take.
        """
        return self._node(grid)

    def series(self, grid: Grid) -> Series:
        """The expression's one time series; a number is the same in each period.

        Raises
        ------
        MathError
            It has several.
        """
        found = self.value(grid)
        if isinstance(found, list):
            if len(found) != 1:
                raise MathError(f"the expression returns {len(found)} time series, not one")
            return found[0]
        return found if isinstance(found, tuple) else (float(found),) * grid.length


_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<word>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]]))"
)


def parse(text: str) -> Expression:
    """Read an expression.

    Raises
    ------
    MathError
        It is none, or has a function that this module does not work out.

    Examples
    --------
    >>> from lambda_nb.rules.alarms.math_functions import Grid
    >>> half = parse("100 * errors / calls")
    >>> half.series(Grid({"errors": (1.0, None), "calls": (4.0, 2.0)}, (), 2, 60))
    (25.0, None)
    """
    parser = _Parser(text)
    try:
        node = parser.either()
    except RecursionError:
        raise MathError("it is nested too deeply") from None
    parser.end()
    return Expression(frozenset(parser.ids), parser.all_metrics, node)


class _Parser:
    """Reads by precedence: or, and, comparison, sum, product, power, sign."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.ids: set[str] = set()
        self.all_metrics = False

    def _peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self._text, self._at)

    def _sign(self, *wanted: str) -> str:
        found = self._peek()
        token = found and (found["sign"] or (found["word"] or "").upper())
        if found is None or token not in wanted:
            return ""
        self._at = found.end()
        return token or ""

    def _need(self, sign: str) -> None:
        if not self._sign(sign):
            raise self._error()

    def _error(self) -> MathError:
        left = self._text[self._at :].strip()
        return MathError(f"cannot read {left[:30]!r}" if left else "ends too early")

    def end(self) -> None:
        """Check that nothing is left."""
        if self._text[self._at :].strip():
            raise self._error()

    def _chain(self, inner: Callable[[], _Node], *signs: str) -> _Node:
        node = inner()
        while sign := self._sign(*signs):
            node = _binary(sign, node, inner())
        return node

    def either(self) -> _Node:
        """Read a whole expression."""
        return self._chain(self._both, "||", "OR")

    def _both(self) -> _Node:
        return self._chain(self._compared, "&&", "AND")

    def _compared(self) -> _Node:
        return self._chain(self._sum, "==", "!=", "<=", ">=", "<", ">")

    def _sum(self) -> _Node:
        return self._chain(self._product, "+", "-")

    def _product(self) -> _Node:
        return self._chain(self._power, "*", "/")

    def _power(self) -> _Node:
        base = self._signed()
        if self._sign("^"):
            return _binary("^", base, self._power())
        return base

    def _signed(self) -> _Node:
        if self._sign("-"):
            inner = self._signed()
            return lambda grid: each(operator.neg, inner(grid))
        return self._atom()

    def _atom(self) -> _Node:
        if self._sign("("):
            inner = self.either()
            self._need(")")
            return inner
        if self._sign("["):
            return self._list()
        found = self._peek()
        if found is None or found["sign"] or found["text"]:
            raise self._error()
        self._at = found.end()
        if found["number"]:
            number = float(found["number"])
            return lambda grid: number
        word = found["word"]
        if self._sign("("):
            return self._call(word.upper())
        self.ids.add(word)
        return lambda grid: _named(grid, word)

    def _list(self) -> _Node:
        parts = [self.either()]
        while self._sign(","):
            parts.append(self.either())
        self._need("]")
        return lambda grid: [one_series(part(grid), grid) for part in parts]

    def _call(self, name: str) -> _Node:
        if name == "METRICS":
            return self._metrics()
        if name == "FILL":
            return self._fill()
        function = FUNCTIONS.get(name)
        if function is None:
            raise MathError(f"the function {name} is not supported")
        arguments: list[_Node] = []
        if not self._sign(")"):
            arguments.append(self.either())
            while self._sign(","):
                arguments.append(self.either())
            self._need(")")
        least, most = ARGUMENTS.get(name, (1, 1))
        if not least <= len(arguments) <= most:
            raise MathError(f"{name} does not take {len(arguments)} arguments")
        return lambda grid: function(grid, [argument(grid) for argument in arguments])

    def _metrics(self) -> _Node:
        self.all_metrics = True
        prefix = ""
        found = self._peek()
        if found is not None and found["text"]:
            prefix = found["text"][1:-1]
            self._at = found.end()
        self._need(")")
        return lambda grid: [
            one_series(grid.series[name], grid) for name in grid.metrics if prefix in name
        ]

    def _fill(self) -> _Node:
        what = self.either()
        self._need(",")
        way = self._sign("REPEAT", "LINEAR")
        filler = None if way else self.either()
        self._need(")")

        def fill(grid: Grid) -> Value:
            value = what(grid)
            if filler is None:
                return over(value, repeated if way == "REPEAT" else between)
            other = one_series(filler(grid), grid)
            return over(value, lambda series: first_of(series, other))

        return fill


def _named(grid: Grid, name: str) -> Value:
    if name not in grid.series:
        raise MathError(f"there is no metric or expression with the id {name}")
    return grid.series[name]


def _binary(sign: str, left: _Node, right: _Node) -> _Node:
    function = OPERATORS[sign]
    return lambda grid: combined(function, left(grid), right(grid), grid)
