"""Intrinsic functions at work: a value with functions becomes a value without."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import functions, quotas
from lambda_nb.engine.stacks.templates.resolution.address_blocks import blocks
from lambda_nb.engine.stacks.templates.resolution.conditions import condition
from lambda_nb.engine.stacks.templates.resolution.mappings import mapped
from lambda_nb.engine.stacks.templates.resolution.marks import KNOWN_AFTER_APPLY, NO_VALUE
from lambda_nb.engine.stacks.templates.resolution.zones import zones
from lambda_nb.engine.stacks.templates.texts import PLACEHOLDER, as_text


def ignored(text: str, encoded: str) -> None:
    """What is done with encoded texts where they are no secrets."""


class Resolver:
    """Evaluates values of one template.

    Parameters
    ----------
    mappings
        The template's ``Mappings``.
    refer
        The value of a parameter or resource (second argument ``None``), or a resource's attribute.
    holds
        Whether a condition holds, by its name.
    imported
        The value of an export.
    stack_output
        An output of another stack, by the argument of ``Fn::GetStackOutput``.
    region
        What ``Fn::GetAZs`` of an empty text means.
    encoded
        Is told each text that ``Fn::Base64`` encodes, and what it makes of it.
    """

    def __init__(
        self,
        mappings: Mapping[str, Any],
        refer: Callable[[str, str | None], Any],
        holds: Callable[[str], bool],
        imported: Callable[[str], Any],
        stack_output: Callable[[Mapping[str, str]], Any],
        region: str,
        encoded: Callable[[str, str], None] = ignored,
    ) -> None:
        self._mappings = mappings
        self._refer = refer
        self._holds = holds
        self._imported = imported
        self._stack_output = stack_output
        self._region = region
        self._encoded = encoded
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            functions.REF: self._ref,
            functions.GET_ATT: self._get_att,
            functions.SUB: self._sub,
            functions.IF: self._if,
            functions.IMPORT_VALUE: self._import_value,
            "Fn::Base64": self._base64,
            "Fn::Cidr": self._cidr,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAZs": self._get_azs,
            "Fn::GetStackOutput": self._get_stack_output,
            "Fn::Join": self._join,
            "Fn::Length": self._length,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::ToJsonString": self._to_json,
        }

    def resolve(self, value: Any) -> Any:
        """The value without functions; ``NO_VALUE`` if it is to be left out.

        Raises
        ------
        AWSError
            ``ValidationError``: a function cannot be evaluated.
        """
        if isinstance(value, list):
            made = (self.resolve(item) for item in value)
            return [item for item in made if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        name = functions.called(value)
        if name is None:
            pairs = ((key, self.resolve(held)) for key, held in value.items())
            return {key: held for key, held in pairs if held is not NO_VALUE}
        functions.check(name, value[name])
        if name in functions.LOGICAL:
            return self.condition(value)
        if name not in self._functions:
            raise validation_error(f"Template error: {name} can only be used in Rules.")
        made = self._functions[name](value[name])
        if isinstance(made, str) and len(made) > quotas.MOST_TEMPLATE_BYTES:
            raise validation_error(
                f"Template error: {name} makes a text of {len(made)} characters, more than a "
                f"whole template may have ({quotas.MOST_TEMPLATE_BYTES})."
            )
        return made

    def condition(self, value: Any) -> bool:
        """Whether a condition's definition holds; raises as :meth:`resolve`."""
        return condition(value, self.resolve, self._holds)

    def _ref(self, argument: str) -> Any:
        return self._refer(argument, None)

    def _get_att(self, argument: Any) -> Any:
        name, attribute = functions.attribute_of(argument)
        return self._refer(name, self._text(attribute, functions.GET_ATT))

    def _sub(self, argument: Any) -> str:
        text, variables = functions.substitution(argument)
        values = {}
        for named in functions.placeholders(text):
            if named in variables:
                value = self.resolve(variables[named])
            else:
                resource, _, attribute = named.partition(".")
                value = self._refer(resource, attribute or None)
            if isinstance(value, (dict, list)) or value is NO_VALUE:
                raise validation_error(
                    f"Template error: variable {named} in Fn::Sub expression does not resolve to "
                    "a string"
                )
            values[named] = as_text(value)
        return PLACEHOLDER.sub(
            lambda match: (
                f"${{{match[1][1:]}}}" if match[1].startswith("!") else values[match[1].strip()]
            ),
            text,
        )

    def _if(self, argument: list[Any]) -> Any:
        condition, then, otherwise = argument
        holds = self._holds(condition) if isinstance(condition, str) else self.condition(condition)
        return self.resolve(then if holds else otherwise)

    def _import_value(self, argument: Any) -> Any:
        return self._imported(self._text(argument, functions.IMPORT_VALUE))

    def _get_stack_output(self, argument: Mapping[str, Any]) -> Any:
        made = {key: self._text(held, "Fn::GetStackOutput") for key, held in argument.items()}
        return KNOWN_AFTER_APPLY if KNOWN_AFTER_APPLY in made.values() else self._stack_output(made)

    def _base64(self, argument: Any) -> str:
        text = self._text(argument, "Fn::Base64")
        if KNOWN_AFTER_APPLY in text:
            return text
        made = base64.b64encode(text.encode()).decode()
        self._encoded(text, made)
        return made

    def _join(self, argument: list[Any]) -> str:
        items = self._list(argument[1], "Fn::Join")
        if any(isinstance(item, (dict, list)) for item in items):
            functions.check("Fn::Join", None)
        return str(argument[0]).join(as_text(item) for item in items)

    def _split(self, argument: list[Any]) -> Any:
        text = self._text(argument[1], "Fn::Split")
        return KNOWN_AFTER_APPLY if KNOWN_AFTER_APPLY in text else text.split(argument[0])

    def _select(self, argument: list[Any]) -> Any:
        items = self._list(argument[1], "Fn::Select")
        index = self._text(argument[0], "Fn::Select")
        if items == [KNOWN_AFTER_APPLY]:
            return KNOWN_AFTER_APPLY
        try:
            number = int(index)
        except ValueError:
            functions.check("Fn::Select", None)
            raise
        if not 0 <= number < len(items):
            raise validation_error(
                f"Template error: Fn::Select cannot select nonexistent value at index {number}"
            )
        return items[number]

    def _length(self, argument: Any) -> Any:
        items = self._list(argument, "Fn::Length")
        return KNOWN_AFTER_APPLY if items == [KNOWN_AFTER_APPLY] else len(items)

    def _to_json(self, argument: Any) -> str:
        return json.dumps(self.resolve(argument), separators=(",", ":"), ensure_ascii=False)

    def _get_azs(self, argument: Any) -> list[str]:
        return zones(self._text(argument, "Fn::GetAZs") or self._region)

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, key, attribute = (self._text(item, "Fn::FindInMap") for item in argument[:3])
        try:
            return mapped(self._mappings, name, key, attribute)
        except AWSError:
            if len(argument) == 4:
                return self.resolve(argument[3]["DefaultValue"])
            raise

    def _cidr(self, argument: list[Any]) -> Any:
        asked = [self._text(item, "Fn::Cidr") for item in argument]
        return KNOWN_AFTER_APPLY if KNOWN_AFTER_APPLY in asked else blocks(*asked)

    def _text(self, value: Any, function: str) -> str:
        made = self.resolve(value)
        if isinstance(made, (dict, list)) or made is NO_VALUE:
            raise validation_error(
                f"Template error: {function} needs a string, and {json.dumps(value)} is none."
            )
        return as_text(made)

    def _list(self, value: Any, function: str) -> list[Any]:
        made = self.resolve(value)
        if made == KNOWN_AFTER_APPLY:
            return [KNOWN_AFTER_APPLY]
        if not isinstance(made, list):
            functions.check(function, None)
            raise validation_error(f"Template error: {function} needs a list.")
        return made
