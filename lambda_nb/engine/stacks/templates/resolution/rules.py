"""The ``Rules`` section: what the values of parameters must be together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import functions
from lambda_nb.engine.stacks.templates.resolution.resolver import Resolver
from lambda_nb.engine.stacks.templates.template import Template
from lambda_nb.engine.stacks.templates.texts import as_text

_MEMBERS = frozenset(("Assertions", "RuleCondition"))


def check_rules(template: Template, values: Mapping[str, Any], resolver: Resolver) -> None:
    """Check the values of a template's parameters by its rules.

    Parameters
    ----------
    template
        Whose rules they are.
    values
        Of its parameters.
    resolver
        Evaluates what is in the rules, with parameters only.

    Raises
    ------
    AWSError
        ``ValidationError``: a rule is broken, or written wrong.
    """
    judge = _Judge(template, values, resolver)
    for name, rule in template.rules.items():
        if not isinstance(rule, dict) or not set(rule) <= _MEMBERS:
            raise _wrong(f"Rule {name} may only have RuleCondition and Assertions.")
        assertions = rule.get("Assertions")
        if not isinstance(assertions, list):
            raise _wrong(f"Rule {name} must have a list of Assertions.")
        if "RuleCondition" in rule and not judge.holds(rule["RuleCondition"]):
            continue
        broken = []
        for each in assertions:
            if not isinstance(each, dict) or "Assert" not in each:
                raise _wrong(f"Every Assertions member of rule {name} must contain an Assert.")
            if not judge.holds(each["Assert"]):
                broken.append(as_text(each.get("AssertDescription", "an assertion is false")))
        if broken:
            raise validation_error(
                f"Template validation error: Rule '{name}' failed: {'; '.join(broken)}"
            )


class _Judge:
    """Evaluates the functions of rules."""

    def __init__(self, template: Template, values: Mapping[str, Any], resolver: Resolver) -> None:
        self._template = template
        self._values = values
        self._resolver = resolver

    def holds(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if not isinstance(value, dict) or len(value) != 1:
            raise _wrong(f"{value!r} in Rules is no condition.")
        name, argument = next(iter(value.items()))
        functions.check(name, argument)
        match name:
            case "Fn::And":
                return all(self.holds(item) for item in argument)
            case "Fn::Or":
                return any(self.holds(item) for item in argument)
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::Implies":
                return not self.holds(argument[0]) or self.holds(argument[1])
            case "Fn::Contains":
                return self._text(argument[1]) in self._list(argument[0])
            case "Fn::EachMemberEquals":
                return all(item == self._text(argument[1]) for item in self._list(argument[0]))
            case "Fn::EachMemberIn":
                return set(self._list(argument[0])) <= set(self._list(argument[1]))
            case "Fn::Equals":
                return self._text(argument[0]) == self._text(argument[1])
        raise _wrong(f"{name} in Rules is no condition.")

    def _list(self, value: Any) -> list[str]:
        if isinstance(value, dict) and "Fn::RefAll" in value:
            kind = value["Fn::RefAll"]
            items = [
                self._values[name]
                for name, each in self._template.parameters.items()
                if each.type in (kind, f"List<{kind}>")
            ]
            return [as_text(one) for item in items for one in _as_list(item)]
        return [as_text(item) for item in _as_list(self._value(value))]

    def _text(self, value: Any) -> str:
        return as_text(self._value(value))

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict) and set(value) & {"Fn::ValueOf", "Fn::ValueOfAll"}:
            raise validation_error(
                f"Template validation error: {next(iter(value))} in Rules needs attributes of "
                "resources of EC2 or Route 53, which cannot be read here: remove the rule."
            )
        return self._resolver.resolve(value)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _wrong(message: str) -> AWSError:
    return validation_error(f"Template format error: {message}")
