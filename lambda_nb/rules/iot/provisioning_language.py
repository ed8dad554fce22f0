"""The language of provisioning templates: parameters, mappings and functions.

AWS IoT Developer Guide, provision-template, 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PSEUDO = "AWS::"
_SUBSTITUTED = re.compile(r"\$\{([^}]+)\}")


class TemplateError(ValueError):
    """A template cannot be filled in; says why."""


class Language:
    """Replaces parameters and functions by their values.

    Parameters
    ----------
    template
        The template, parsed.
    parameters
        Values of its parameters; those that it declares with a default may be left out. Pseudo
        parameters such as ``AWS::IoT::Certificate::Id`` need no declaration.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        self._mappings: Mapping[str, Any] = template.get("Mappings") or {}
        self._values = {
            name: value for name, value in parameters.items() if name.startswith(_PSEUDO)
        }
        for name, declared in (template.get("Parameters") or {}).items():
            if name in parameters:
                self._values[name] = parameters[name]
            elif "Default" in declared:
                self._values[name] = declared["Default"]

    def filled(self, part: Any) -> Any:
        """A part of the template with everything replaced.

        Raises
        ------
        TemplateError
            A parameter has no value, or a function cannot be worked out.
        """
        try:
            return self._value(part)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise TemplateError(f"The template cannot be filled in: {error!r}") from error
        except TemplateError:
            raise
        except ValueError as error:
            raise TemplateError(f"The template cannot be filled in: {error!r}") from error

    def _value(self, given: Any) -> Any:
        if isinstance(given, list):
            return [self._value(one) for one in given]
        if not isinstance(given, dict):
            return given
        if len(given) == 1:
            ((name, argument),) = given.items()
            if name == "Ref":
                return self._parameter(argument)
            if name.startswith("Fn::"):
                return self._function(name, argument)
        return {key: self._value(one) for key, one in given.items()}

    def _parameter(self, name: str) -> Any:
        if name not in self._values:
            raise TemplateError(f"The template needs the parameter {name}.")
        return self._values[name]

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Fn::Sub":
            return self._substitute(argument)
        given = self._value(argument)
        match name:
            case "Fn::Join":
                return given[0].join(str(part) for part in given[1])
            case "Fn::Select":
                return given[1][int(given[0])]
            case "Fn::Split":
                return given[1].split(given[0])
            case "Fn::FindInMap":
                return self._mappings[given[0]][given[1]][given[2]]
        raise TemplateError(f"A provisioning template has no function {name}.")

    def _substitute(self, argument: Any) -> str:
        text, more = argument, {}
        if isinstance(argument, list):
            text, more = argument[0], self._value(argument[1])

        def value(found: re.Match[str]) -> str:
            name = found[1]
            return str(more[name] if name in more else self._parameter(name))

        return _SUBSTITUTED.sub(value, text)
