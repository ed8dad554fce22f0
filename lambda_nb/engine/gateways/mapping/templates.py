"""Mapping templates: VTL with API Gateway's ``$input``, ``$util``, ``$context`` and
``$stageVariables``. A template is compiled once."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import airspeed

from lambda_nb.engine.gateways.mapping.json_path import json_path
from lambda_nb.engine.gateways.mapping.template_limits import (
    Budget,
    confine,
    elements,
    offered_by,
)
from lambda_nb.engine.gateways.mapping.values import (
    HYPHEN,
    Text,
    json_text,
    plain,
    wrapped,
)

_ASSIGNED = re.compile(r"#(?:set|foreach|define)\s*\(\s*\$!?\{?(\w+)")
_NAMES = frozenset(("input", "util", "context", "stageVariables", "foreach"))
_DOTTED = re.compile(r"\$!?\{?[A-Za-z_]\w*(?:\.[A-Za-z_][\w-]*(?:\([^()]*\))?)+")
_TO_ESCAPE = re.compile(r"[^ !#-&(-.0-\[\]-~]")
_ESCAPES = {
    '"': '\\"', "'": "\\'", "\\": "\\\\", "/": "\\/",
    "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
}  # fmt: skip


class TemplateError(ValueError):
    """A template cannot be rendered; the message says why."""


class Input:
    """``$input``: the body and the parameters of a request.

    Parameters
    ----------
    text
        The body.
    parameters
        Values by name, by ``path``, ``querystring`` and ``header``.
    """

    def __init__(self, text: str, parameters: Mapping[str, Mapping[str, str]]) -> None:
        self.body = Text(text or "{}")  # as API Gateway's $input.body of a request without one
        self._parameters = parameters
        self._document: Any = None
        self._is_parsed = False

    def path(self, text: str) -> Any:
        """What a JSONPath finds in the body, to work with."""
        return wrapped(self._found(text))

    def json(self, text: str) -> str:
        """What a JSONPath finds in the body, as JSON; ``""`` in quotes for nothing."""
        found = self._found(text)
        return '""' if found is None else json_text(found)

    def params(self, name: str | None = None) -> Any:
        """All parameters, or one: of the path, the query or the headers, in this order."""
        if name is None:
            return wrapped({place: dict(values) for place, values in self._parameters.items()})
        for place in ("path", "querystring"):
            if name in self._parameters[place]:
                return Text(self._parameters[place][name])
        headers = self._parameters["header"]
        if name in headers:
            return Text(headers[name])
        lowered = name.lower()
        return Text(next((v for key, v in headers.items() if key.lower() == lowered), ""))

    def _found(self, text: str) -> Any:
        if not self._is_parsed:
            try:
                self._document = json.loads(self.body) if self.body.strip() else {}
            except (ValueError, RecursionError):
                self._document = self.body
            self._is_parsed = True
        return json_path(text).find(self._document)


class Util:
    """``$util``."""

    def escapeJavaScript(self, text: Any) -> str:  # noqa: N802
        """Text that can stand inside a string of JavaScript."""
        return _TO_ESCAPE.sub(lambda found: _ESCAPES.get(found[0]) or _code(found[0]), str(text))

    def parseJson(self, text: str) -> Any:  # noqa: N802
        """The value of a JSON text."""
        return wrapped(json.loads(text))

    def urlEncode(self, text: Any) -> str:  # noqa: N802
        """Text for a form or a query."""
        return quote_plus(str(text), safe="*-._")

    def urlDecode(self, text: str) -> str:  # noqa: N802
        """The other way."""
        return unquote_plus(text)

    def base64Encode(self, text: Any) -> str:  # noqa: N802
        """Base64 of a text."""
        return base64.b64encode(str(text).encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802
        """The other way."""
        return base64.b64decode(text).decode("utf-8", "replace")


_UTIL = Util()
_OFFERED = {Input: offered_by(Input) | {"body"}, Util: offered_by(Util)}
_OVERRIDES = ("requestOverride", "responseOverride")


def render(
    template: str,
    *,
    given: Input,
    context: Mapping[str, Any],
    stage_variables: Mapping[str, str],
) -> str:
    """Render a template.

    Parameters
    ----------
    given
        What ``$input`` is.
    context
        ``$context``; the maps ``requestOverride`` and ``responseOverride`` in it are changed if
        the template changes them.

    Raises
    ------
    TemplateError
        The template is wrong, or fails for this request.
    """
    compiled = _compiled(template)
    shown = wrapped(dict(context))
    names: dict[str, Any] = {
        "input": given,
        "util": _UTIL,
        "context": shown,
        "stageVariables": wrapped(dict(stage_variables)),
    }
    try:
        text = str(compiled.merge(names, Budget()))
        overridden = {member: plain(shown[member]) for member in _OVERRIDES if member in context}
    except (airspeed.TemplateError, RecursionError, ValueError) as error:
        raise TemplateError(str(error)) from error
    for member, values in overridden.items():
        context[member].update(values)
    return text


@lru_cache(512)
def _compiled(template: str) -> airspeed.Template:
    compiled = airspeed.Template(_DOTTED.sub(_hyphens_hidden, template))
    try:
        compiled.ensure_compiled()
        found = list(elements(compiled.root_element))
        confine(found, _OFFERED)
    except (airspeed.TemplateError, RecursionError, ValueError) as error:
        raise TemplateError(str(error)) from error
    known = _NAMES.union(_ASSIGNED.findall(template))
    for element in found:
        if isinstance(element, airspeed.FormalReference):
            if element.expression is not None and element.expression.part.name in known:
                element.silent = "!"  # what has no value is empty in API Gateway's answers
        elif isinstance(element, _LITERALS):
            element.calculate = _wrapping(element.calculate)
    return compiled


def _hyphens_hidden(reference: re.Match[str]) -> str:
    """A reference whose names have no hyphens, which VTL has and airspeed has not."""
    return re.sub(r"(?<=\w)-(?=\w)(?![^()]*\))", HYPHEN, reference[0])


_LITERALS = (
    airspeed.BooleanLiteral,
    airspeed.StringLiteral,
    airspeed.ArrayLiteral,
    airspeed.DictionaryLiteral,
)


def _wrapping(calculate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """What a literal stands for, as templates see values."""
    return lambda namespace, loader: wrapped(calculate(namespace, loader))


def _code(character: str) -> str:
    """A character as an escape of its code in UTF-16."""
    units = character.encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
