"""Runs the commands of a query over records, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.insights import values
from lambda_nb.engine.neighbours.services.cloudwatch.insights.expressions import (
    Aggregation,
    Compiler,
    Expression,
)
from lambda_nb.engine.neighbours.services.cloudwatch.insights.grammar import (
    Command,
    Node,
    QueryError,
    parse,
)
from lambda_nb.engine.neighbours.services.cloudwatch.insights.records import Record
from lambda_nb.engine.neighbours.services.cloudwatch.insights.regular_expressions import (
    RegularExpression,
    of_stars,
    read,
)

MOST_STATS = 2
"""Commands ``stats`` in one query (User Guide, "stats", 2026)."""
MOST_RECORDS = 10_000
"""Largest number of ``limit`` and ``tail`` (User Guide, "limit", 2026)."""
_SHOWN = ("@timestamp", "@message")
"""What a query shows that names no fields."""
Stage = Callable[[Iterable[Record]], Iterator[Record]]


@dataclass
class Tally:
    """How many records a query matched."""

    matched: int = 0


class Query:
    """A query that is ready to run.

    Parameters
    ----------
    text
        The query.

    Raises
    ------
    QueryError
        It cannot be read.

    Attributes
    ----------
    columns
        The fields of the result, in order.
    aggregates
        Whether the result has groups, not events.
    """

    def __init__(self, text: str) -> None:
        try:
            self._read(text)
        except RecursionError:
            raise QueryError("the query is nested too deeply", 0, len(text)) from None

    def _read(self, text: str) -> None:
        commands = parse(text)
        self.aggregates = any(command.name == "stats" for command in commands)
        if sum(command.name == "stats" for command in commands) > MOST_STATS:
            raise QueryError(f"a query has at most {MOST_STATS} stats commands", 0, len(text))
        self.columns: list[str] = []
        self._before: list[Stage] = []
        self._after: list[Stage] = []
        self._sorted = False
        self._limited = False
        counted = False
        for command in commands:
            stage = getattr(self, f"_{command.name}")(command)
            counted = counted or command.name in ("stats", "sort", "limit", "tail", "dedup")
            if stage is not None:
                (self._after if counted else self._before).append(stage)
        if not self.columns:
            self.columns = list(_SHOWN)

    def run(self, records: Iterable[Record], limit: int, tally: Tally) -> list[Record]:
        """The result's records, newest first unless the query sorts.

        Parameters
        ----------
        records
            The events, in any order.
        limit
            The most records that are returned.
        tally
            Counts the events that match.
        """
        flow: Iterable[Record] = records
        for stage in self._before:
            flow = stage(flow)
        flow = _counted(flow, tally)
        if not self.aggregates and not self._sorted:
            flow = sorted(flow, key=_newest_first)
        for stage in self._after:
            flow = stage(flow)
        return list(islice(flow, limit))

    def _show(self, names: Sequence[str], only: bool = False) -> None:
        if only:
            self.columns.clear()
        self.columns.extend(name for name in names if name not in self.columns)

    def _fields(self, command: Command) -> Stage | None:
        if not self.aggregates or self.columns:
            self._show([item.name for item in command.items])
        return self._made(command)

    def _display(self, command: Command) -> Stage | None:
        self._show([item.name for item in command.items], only=True)
        return self._made(command)

    def _made(self, command: Command) -> Stage | None:
        compiler = Compiler()
        made = [
            (item.name, compiler.compiled(item.node))
            for item in command.items
            if item.node.kind != "field" or item.name != item.node.value
        ]
        return _assigning(made) if made else None

    def _filter(self, command: Command) -> Stage:
        test = Compiler().compiled(_needed(command.node))
        return lambda records: (r for r in records if values.is_true(test(r)))

    def _stats(self, command: Command) -> Stage:
        aggregations: list[Aggregation] = []
        compiler = Compiler(aggregations)
        made = [(item.name, compiler.compiled(item.node)) for item in command.items]
        plain = Compiler()
        groups = [(item.name, plain.compiled(item.node)) for item in command.groups]
        self._show([name for name, _ in (*groups, *made)], only=True)
        return lambda records: _grouped(records, groups, aggregations, made)

    def _sort(self, command: Command) -> Stage:
        self._sorted = True
        keys = [(_key(node), down) for node, down in command.keys]
        return lambda records: _in_order(records, keys)

    def _limit(self, command: Command) -> Stage:
        _check_number(command)
        return lambda records: islice(records, command.number)

    def _tail(self, command: Command) -> Stage:
        _check_number(command)
        return lambda records: iter(list(records)[-command.number :] if command.number else [])

    def _dedup(self, command: Command) -> Stage:
        return lambda records: _first_of_each(records, command.names)

    def _parse(self, command: Command) -> Stage:
        field, *names = command.names
        if command.pattern.startswith("/"):
            parser = _regular(command.pattern)
            names = names or parser.names
            if not parser.groups:
                raise QueryError(f"{command.pattern} has no groups", 0, 0)
        else:
            parser = of_stars(command.pattern[1:])
        if len(names) != parser.groups:
            raise QueryError(f"the pattern has {parser.groups} groups and {len(names)} names", 0, 0)
        return lambda records: _parsed(records, field, parser, names)


def _regular(source: str) -> RegularExpression:
    try:
        return read(source)
    except ValueError as error:
        raise QueryError(str(error), 0, 0) from None


def _check_number(command: Command) -> None:
    if command.number > MOST_RECORDS:
        raise QueryError(f"{command.name} must not be more than {MOST_RECORDS}", 0, 0)


def _needed(node: Node | None) -> Node:
    if node is None:
        raise QueryError("a condition is missing", 0, 0)
    return node


def _newest_first(record: Record) -> int:
    return -int(record["@timestamp"])


def _counted(records: Iterable[Record], tally: Tally) -> Iterator[Record]:
    for record in records:
        tally.matched += 1
        yield record


def _assigning(made: Sequence[tuple[str, Expression]]) -> Stage:
    def stage(records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            for name, expression in made:
                value = expression(record)
                record[name] = int(value) if isinstance(value, bool) else value
            yield record

    return stage


def _grouped(
    records: Iterable[Record],
    groups: Sequence[tuple[str, Expression]],
    aggregations: Sequence[Aggregation],
    made: Sequence[tuple[str, Expression]],
) -> Iterator[Record]:
    found: dict[tuple[Any, ...], list[Any]] = {}
    for record in records:
        key = tuple(expression(record) for _, expression in groups)
        states = found.get(key)
        if states is None:
            states = found[key] = [one.make() for one in aggregations]
        at = record["@timestamp"]
        for one, state in zip(aggregations, states, strict=True):
            state.add(one.argument(record), at)
    if not groups and not found:
        found[()] = [one.make() for one in aggregations]
    for key, states in found.items():
        result = Record(dict(zip((name for name, _ in groups), key, strict=True)))
        for one, state in zip(aggregations, states, strict=True):
            result[one.place] = state.result()
        for name, expression in made:
            result[name] = expression(result)
        yield result


def _key(node: Node) -> Expression:
    """What to sort by: a field, or a column that has the name of the expression."""
    text = node.text
    if node.kind == "field":
        return Compiler().compiled(node)
    try:
        other = Compiler().compiled(node)
    except QueryError:
        return lambda record: record[text]
    return lambda record: record[text] if text in record else other(record)


def _in_order(
    records: Iterable[Record], keys: Sequence[tuple[Expression, bool]]
) -> Iterator[Record]:
    found = list(records)
    for key, down in reversed(keys):
        found.sort(key=lambda record: values.order(key(record)), reverse=down)
    return iter(found)


def _first_of_each(records: Iterable[Record], names: Sequence[str]) -> Iterator[Record]:
    seen: set[tuple[Any, ...]] = set()
    for record in records:
        key = tuple(record[name] for name in names)
        if key not in seen:
            seen.add(key)
            yield record


def _parsed(
    records: Iterable[Record], field: str, parser: RegularExpression, names: Sequence[str]
) -> Iterator[Record]:
    search = parser.search
    for record in records:
        value = record[field]
        match = None if value is None else search(values.text(value))
        if match is not None:
            for name, part in zip(names, match.groups(), strict=True):
                if part is not None:
                    record[name] = part
        yield record
