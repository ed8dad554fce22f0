"""A topic rule, compiled: its query, and its actions with the templates in their fields."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.iot.rules.actions.action import Kind, Parameters
from lambda_nb.engine.iot.rules.actions.kinds import KINDS
from lambda_nb.engine.iot.sql import Query, Scope, SqlError, Template, parse, parse_template

Path = tuple["str | int", ...]


@dataclass(frozen=True, slots=True)
class Action:
    """An action of a rule.

    Attributes
    ----------
    kind : Kind
        What it does.
    given : dict
        Its parameters as the rule has them.
    templates : sequence
        Where in them templates stand, and the templates.
    """

    kind: Kind
    given: Parameters
    templates: Sequence[tuple[Path, Template]]

    @property
    def asks_others(self) -> bool:
        """Whether a template may wait for a function, a table, a shadow, ..."""
        return not all(template.is_synchronous for _, template in self.templates)

    async def filled(self, scope: Scope) -> Parameters:
        """The parameters for a message. Do not change them.

        Raises
        ------
        EvaluationError
            A call outside failed, or a value cannot be substituted.
        """
        if not self.templates:
            return self.given
        parameters = copy.deepcopy(self.given)
        for path, template in self.templates:
            place: Any = parameters
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = await template.fill(scope)
        return parameters


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule that is enabled.

    Attributes
    ----------
    name, arn : str
        Of the rule.
    query : Query
        Its SQL.
    actions : sequence of Action
        What it does.
    error_action : Action or None
        What it does if one of them fails.
    asks_others : bool
        Whether its query or a template may wait for a function, a table, a shadow, ...
    """

    name: str
    arn: str
    query: Query
    actions: Sequence[Action]
    error_action: Action | None
    asks_others: bool


def compiled(described: Mapping[str, Any]) -> Rule:
    """Compile what GetTopicRule answers.

    Raises
    ------
    SqlError
        Its SQL, or a template, is not valid.
    ValueError
        It has an action that is not carried out.
    """
    rule = described["rule"]
    version = rule.get("awsIotSqlVersion") or "2015-10-08"
    query = parse(rule["sql"], version)
    actions = [_action(one, query) for one in rule["actions"]]
    error_action = rule.get("errorAction")
    return Rule(
        name=rule["ruleName"],
        arn=described["ruleArn"],
        query=query,
        actions=actions,
        error_action=_action(error_action, query) if error_action else None,
        asks_others=not query.is_synchronous or any(action.asks_others for action in actions),
    )


def _action(given: Mapping[str, Any], query: Query) -> Action:
    named = [(name, value) for name, value in given.items() if value is not None]
    if len(named) != 1:
        raise ValueError(f"An action has one type, not {len(named)}: {sorted(given)}")
    ((name, parameters),) = named
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(
            f"lambda_nb does not carry out the action {name!r}; it has {', '.join(sorted(KINDS))}"
        )
    templates = [
        (path, parse_template(text, query.sql_version, query.variables))
        for path, text in _texts(parameters, ())
        if "${" in text
    ]
    return Action(kind, dict(parameters), templates)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _texts(inner, (*path, place))


__all__ = ["Action", "Rule", "SqlError", "compiled"]
