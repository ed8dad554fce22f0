"""A template whose structure was checked: what it declares, and the values its parameters take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates.structure.capabilities import required_capabilities
from lambda_nb.engine.stacks.templates.structure.declarations import (
    Declaration,
    OutputDeclaration,
    declaration,
    output,
)
from lambda_nb.engine.stacks.templates.structure.parameters import Parameter, parameter
from lambda_nb.engine.stacks.templates.structure.resolvable import (
    check_conditions,
    check_references,
)
from lambda_nb.engine.stacks.templates.structure.sections import (
    check_mappings,
    check_names,
    check_output,
    check_resource,
    check_sections,
)
from lambda_nb.engine.stacks.templates.transform_names import transform_names


class Template:
    """A template.

    One that transforms will still rewrite can be had too, for its parameters; ``resources`` and
    ``outputs`` then have only those members that need no rewriting.

    Parameters
    ----------
    document
        As :func:`~lambda_nb.engine.stacks.templates.document.parsed` gives it.

    Raises
    ------
    AWSError
        ``ValidationError``, with AWS's text for what is wrong.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.transforms: tuple[str, ...] = transform_names(document)
        """The names of its transforms and macros, those inside of it too."""
        check_sections(document, bool(self.transforms))
        self.description: str | None = document.get("Description")
        self.metadata: Mapping[str, Any] = document.get("Metadata", {})
        self.mappings: Mapping[str, Any] = document.get("Mappings", {})
        self.conditions: Mapping[str, Any] = document.get("Conditions", {})
        self.rules: Mapping[str, Any] = document.get("Rules", {})
        self.hooks: Mapping[str, Any] = document.get("Hooks", {})
        written = document.get("Parameters", {})
        check_names("Parameter", written)
        self.parameters: Mapping[str, Parameter] = {
            name: parameter(name, each) for name, each in written.items()
        }
        self.resources: Mapping[str, Declaration] = {}
        self.outputs: Mapping[str, OutputDeclaration] = {}
        if self.transforms:
            self._take_what_is_plain()
        else:
            self._take()

    def texts(self, given: Mapping[str, str | None], previous: Mapping[str, Any]) -> dict[str, str]:
        """The parameters' texts: as given, as before, or by default.

        Parameters
        ----------
        given
            By the request; ``None`` is ``UsePreviousValue``.
        previous
            What this method gave for the stack last time.

        Raises
        ------
        AWSError
            ``ValidationError``: one is missing, unknown or breaks its constraints.
        """
        unknown = [name for name in given if name not in self.parameters]
        if unknown and not self.parameters:
            raise validation_error(
                "Parameter values specified for a template which does not require them."
            )
        if unknown:
            raise validation_error(
                f"Parameters: [{', '.join(unknown)}] do not exist in the template"
            )
        texts, missing = {}, []
        for name, each in self.parameters.items():
            text = given.get(name)
            if text is None and name in given:
                text = _previous(name, previous)
            elif text is None:
                text = each.default
            if text is None:
                missing.append(name)
            else:
                texts[name] = text
        if missing:
            raise validation_error(f"Parameters: [{', '.join(missing)}] must have values")
        for name, text in texts.items():
            self.parameters[name].check(text)
        return texts

    def values(
        self,
        given: Mapping[str, str | None],
        previous: Mapping[str, Any],
        look_up: Callable[[str, str], Any],
    ) -> dict[str, Any]:
        """What references to the parameters give: texts, and lists of texts.

        Parameters
        ----------
        given, previous
            As of :meth:`texts`, which raises for this method too.
        look_up
            The value of a parameter of Systems Manager, by the type that the template names
            (``AWS::SSM::Parameter::Value<String>``) and its name.
        """
        values: dict[str, Any] = {}
        for name, text in self.texts(given, previous).items():
            each = self.parameters[name]
            value = look_up(each.type, text) if each.ssm_type else text
            if each.is_list and isinstance(value, str):
                value = each.items(value)
            values[name] = value
        return values

    @cached_property
    def required_capabilities(self) -> tuple[list[str], str]:
        """The capabilities that the caller must give, and AWS's reason for them."""
        return required_capabilities(self.resources.values(), self.transforms)

    def _take(self) -> None:
        written = self.document["Resources"]
        for logical_id, each in written.items():
            check_resource(logical_id, each)
        check_names("Resource", written)
        outputs = self.document.get("Outputs", {})
        check_names("Outputs", outputs)
        for key, each in outputs.items():
            check_output(key, each)
        check_mappings(self.mappings)
        check_names("Conditions", self.conditions)
        self.resources = {name: declaration(name, each) for name, each in written.items()}
        self.outputs = {key: output(key, each) for key, each in outputs.items()}
        both = [name for name in self.parameters if name in self.resources]
        if both:
            raise validation_error(
                "Template format error: Duplicate names across Parameters and Resources: "
                f"[{', '.join(both)}]"
            )
        check_conditions(self.conditions, self.parameters)
        check_references(self.resources, self.outputs.values(), self.conditions, self.parameters)

    def _take_what_is_plain(self) -> None:
        self.resources = {
            name: Declaration(name, each["Type"], each.get("Properties", {}))
            for name, each in self.document.get("Resources", {}).items()
            if isinstance(each, dict)
            and isinstance(each.get("Type"), str)
            and isinstance(each.get("Properties", {}), dict)
        }


def _previous(name: str, previous: Mapping[str, Any]) -> str:
    if name not in previous:
        raise validation_error(
            f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for "
            "a parameter key not in the previous template"
        )
    value = previous[name]
    return ",".join(value) if isinstance(value, list) else str(value)
