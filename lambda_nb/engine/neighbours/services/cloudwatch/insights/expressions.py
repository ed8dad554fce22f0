"""Makes functions of records out of the expressions of a query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.insights import aggregates, values
from lambda_nb.engine.neighbours.services.cloudwatch.insights.functions import (
    FUNCTIONS,
    OF_PERIODS,
)
from lambda_nb.engine.neighbours.services.cloudwatch.insights.grammar import (
    Node,
    QueryError,
    unquoted,
)
from lambda_nb.engine.neighbours.services.cloudwatch.insights.records import Record
from lambda_nb.engine.neighbours.services.cloudwatch.insights.regular_expressions import (
    RegularExpression,
    read,
)

Expression = Callable[[Record], Any]
_CONSTANTS = {"true": 1, "false": 0, "null": None}


@dataclass(frozen=True)
class Aggregation:
    """An aggregation in an expression: where its result is, its state and its argument."""

    place: str
    make: Callable[[], aggregates.Aggregate]
    argument: Expression


@dataclass
class Compiler:
    """Compiles expressions.

    Attributes
    ----------
    aggregations
        Takes what it finds; ``None`` where there must be none.
    """

    aggregations: list[Aggregation] | None = None
    _inside: bool = field(default=False)

    def compiled(self, node: Node) -> Expression:
        """An expression as a function.

        Raises
        ------
        QueryError
            A function is not known, or has the wrong arguments.
        """
        method: Callable[[Node], Expression] = getattr(self, f"_{node.kind}")
        return method(node)

    def _field(self, node: Node) -> Expression:
        name = node.value
        if name in _CONSTANTS and not node.text.startswith("`"):
            constant = _CONSTANTS[name]
            return lambda record: constant
        return lambda record: record[name]

    def _number(self, node: Node) -> Expression:
        constant = node.value
        return lambda record: constant

    def _text(self, node: Node) -> Expression:
        constant = node.value
        return lambda record: constant

    def _duration(self, node: Node) -> Expression:
        raise QueryError(f"unexpected symbol found {node.text}", node.at, node.at + len(node.text))

    _star = _duration

    def _minus(self, node: Node) -> Expression:
        inner = self.compiled(node.inner[0])
        return lambda record: values.calculated("-", 0, inner(record))

    def _operation(self, node: Node) -> Expression:
        sign, (left, right) = node.value, map(self.compiled, node.inner)
        return lambda record: values.calculated(sign, left(record), right(record))

    def _comparison(self, node: Node) -> Expression:
        compare, (left, right) = values.COMPARISONS[node.value], map(self.compiled, node.inner)
        return lambda record: compare(left(record), right(record))

    def _either(self, node: Node) -> Expression:
        parts = [self.compiled(part) for part in node.inner]
        return lambda record: any(values.is_true(part(record)) for part in parts)

    def _both(self, node: Node) -> Expression:
        parts = [self.compiled(part) for part in node.inner]
        return lambda record: all(values.is_true(part(record)) for part in parts)

    def _negation(self, node: Node) -> Expression:
        inner = self.compiled(node.inner[0])
        return lambda record: not values.is_true(inner(record))

    def _like(self, node: Node) -> Expression:
        negative, kind, source = node.value
        inner = self.compiled(node.inner[0])
        if kind == "STRING":
            part = unquoted(source)

            def test(record: Record) -> bool:
                value = inner(record)
                return (value is not None and part in values.text(value)) is not negative

            return test
        search = _regular(source, node).search

        def match(record: Record) -> bool:
            value = inner(record)
            found = value is not None and search(values.text(value)) is not None
            return found is not negative

        return match

    def _membership(self, node: Node) -> Expression:
        negative = node.value
        inner, *members = [self.compiled(part) for part in node.inner]

        def test(record: Record) -> bool:
            value = inner(record)
            return any(values.equal(value, member(record)) for member in members) is not negative

        return test

    def _call(self, node: Node) -> Expression:
        name = node.value.lower()
        if name in aggregates.NAMES and self.aggregations is not None and not self._inside:
            return self._aggregation(node, name)
        if name == "bin":
            return self._bin(node)
        if name in OF_PERIODS:
            return self._of_period(node, name)
        if name not in FUNCTIONS:
            raise _wrong(node, f"unknown function {node.value}")
        function, least, most = FUNCTIONS[name]
        if not least <= len(node.inner) <= most:
            raise _wrong(node, f"{node.value} does not take {len(node.inner)} arguments")
        arguments = [self.compiled(part) for part in node.inner]
        text = node.text
        if len(arguments) == 1:
            (argument,) = arguments
            return lambda record: record.get(text) or function(argument(record))
        return lambda record: function(*(argument(record) for argument in arguments))

    def _bin(self, node: Node) -> Expression:
        every, text = _period(node, node.inner[-1:]), node.text

        def call(record: Record) -> Any:
            made = record.get(text)  # after stats there are no times any more
            return values.floor(record["@timestamp"], every) if made is None else made

        return call

    def _of_period(self, node: Node, name: str) -> Expression:
        function, every = OF_PERIODS[name], _period(node, node.inner[1:])
        inner = self.compiled(node.inner[0])
        return lambda record: function(inner(record), every)

    def _aggregation(self, node: Node, name: str) -> Expression:
        percent, every = None, False
        parts = [part for part in node.inner if part.kind != "star"]
        if name in ("pct", "percentile"):
            if len(parts) != 2 or parts[1].kind != "number":
                raise _wrong(node, f"{node.value} takes a field and a number")
            percent = parts.pop().value
        if name == "count" and not parts:
            every = True
        elif len(parts) != 1:
            raise _wrong(node, f"{node.value} does not take {len(parts)} arguments")
        self._inside = True
        argument: Expression = self.compiled(parts[0]) if parts else (lambda record: None)
        self._inside = False
        place = f"\0{len(self.aggregations or ())}"
        make = aggregates.maker(name, percent, every)
        if self.aggregations is not None:
            self.aggregations.append(Aggregation(place, make, argument))
        return lambda record: record[place]


def _period(node: Node, parts: Any) -> int:
    if len(parts) != 1 or parts[0].kind != "duration":
        raise _wrong(node, f"{node.value} takes a period, such as 5m")
    return values.duration_ms(parts[0].value)


def _regular(source: str, node: Node) -> RegularExpression:
    try:
        return read(source)
    except ValueError as error:
        raise _wrong(node, str(error)) from None


def _wrong(node: Node, message: str) -> QueryError:
    return QueryError(message, node.at, node.at + len(node.text))
