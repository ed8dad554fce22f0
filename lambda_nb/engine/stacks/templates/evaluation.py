"""A template with its parameters' values: conditions, dependencies, properties and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lambda_nb.engine.stacks.model import Made, validation_error
from lambda_nb.engine.stacks.templates import functions
from lambda_nb.engine.stacks.templates.references import Reference, calls, references
from lambda_nb.engine.stacks.templates.resolution.attributes import attribute_value
from lambda_nb.engine.stacks.templates.resolution.dynamic_references import replaced
from lambda_nb.engine.stacks.templates.resolution.marks import KNOWN_AFTER_APPLY, NO_VALUE
from lambda_nb.engine.stacks.templates.resolution.ordering import ordered
from lambda_nb.engine.stacks.templates.resolution.resolver import Resolver, ignored
from lambda_nb.engine.stacks.templates.resolution.rules import check_rules
from lambda_nb.engine.stacks.templates.structure.declarations import Declaration, OutputDeclaration
from lambda_nb.engine.stacks.templates.structure.resolvable import unresolved
from lambda_nb.engine.stacks.templates.template import Template
from lambda_nb.engine.stacks.templates.texts import as_text
from lambda_nb.engine.stacks.templates.values import Output, Pseudo, Source

__all__ = ["Evaluation", "Output", "Pseudo", "Source"]


def _no_stack_output(argument: Mapping[str, str]) -> str:
    raise validation_error(
        f"Template error: Fn::GetStackOutput cannot read the output {argument['OutputName']} of "
        f"stack {argument['StackName']} here."
    )


class Evaluation:
    """One template with the values of its parameters.

    Parameters
    ----------
    template
        Without transforms: they are done.
    values
        Of its parameters, as ``template.values`` gives them.
    pseudo
        What its pseudo parameters give.
    imported
        The value of an export, by its name; raises what its absence is to be answered with.
    dynamic
        The value of a dynamic reference, by the text between its braces.
    stack_output
        An output of another stack, by ``StackName``, ``OutputName``, ``Region``, ``RoleArn``.
    encoded
        Is told each text that ``Fn::Base64`` encodes, and what it makes of it.

    Raises
    ------
    AWSError
        ``ValidationError``: a condition cannot be evaluated, resources depend on each other in a
        circle, or one or an output refers to a resource whose condition does not hold.
    """

    def __init__(
        self,
        template: Template,
        values: Mapping[str, Any],
        pseudo: Pseudo,
        imported: Callable[[str], Any],
        dynamic: Callable[[str], str],
        stack_output: Callable[[Mapping[str, str]], Any] = _no_stack_output,
        encoded: Callable[[str, str], None] = ignored,
    ) -> None:
        self.template = template
        self._values = {**values, **pseudo.values}
        self._region = pseudo.region
        self._imported = imported
        self._dynamic = dynamic
        self._stack_output = stack_output
        self._encoded = encoded
        self._conditions: dict[str, bool] = {}
        self.conditions: Mapping[str, bool] = {
            name: self._holds(name) for name in template.conditions
        }
        self.declared: Mapping[str, Declaration] = {
            name: each
            for name, each in template.resources.items()
            if each.condition is None or self.conditions[each.condition]
        }
        self.dependencies: Mapping[str, frozenset[str]] = {
            name: self._dependencies(each) for name, each in self.declared.items()
        }
        self.order: tuple[str, ...] = ordered(self.dependencies)
        """The declared resources, each after those that it depends on."""
        self._check_outputs()

    def properties(self, logical_id: str, made: Mapping[str, Made]) -> dict[str, Any]:
        """A resource's properties, without functions and dynamic references.

        Parameters
        ----------
        logical_id
            Of the resource.
        made
            The resources that exist, all that it depends on among them.

        Raises
        ------
        AWSError
            ``ValidationError``: a function cannot be evaluated. What ``imported`` and ``dynamic``
            raise.
        """
        resolved = self.resolved(self.declared[logical_id].properties, made)
        return dict(replaced(resolved, self._dynamic))

    def preview(
        self, logical_id: str, made: Mapping[str, Made], unknown: frozenset[str]
    ) -> dict[str, Any]:
        """A resource's properties as far as they can be known, for a change set.

        What depends on a resource in ``unknown``, or on one that is not made, is
        ``{{changeSet:KNOWN_AFTER_APPLY}}``; dynamic references stay. Raises as :meth:`properties`.
        """
        known = {name: each for name, each in made.items() if name not in unknown}
        resolver = self._resolver(partial(self._refer_or_unknown, known))
        return dict(resolver.resolve(self.declared[logical_id].properties))

    def resolved(self, value: Any, made: Mapping[str, Made]) -> Any:
        """Any value of the template (a ``CreationPolicy``) without functions."""
        return self._resolver(partial(self._refer, made)).resolve(value)

    def sources(self, logical_id: str, property_name: str) -> tuple[Source, ...]:
        """What a property depends on; nothing if it is written in the template as it is."""
        value = self.declared[logical_id].properties.get(property_name)
        found = references(value, self.conditions.__getitem__)
        return tuple(dict.fromkeys(filter(None, map(self._source, found))))

    def outputs(self, made: Mapping[str, Made]) -> list[Output]:
        """The outputs whose conditions hold; raises as :meth:`properties`."""
        found = []
        for each in self._shown_outputs():
            value = self._output_text(self.resolved(each.value, made))
            name = None
            if each.export is not None:
                name = self._output_text(self.resolved(each.export, made))
            found.append(Output(each.key, value, each.description, name))
        return found

    def imports(self) -> set[str]:
        """The names of the exports that the stack uses."""
        resolver = self._resolver(self._refer_plain)
        used: list[Any] = [each.properties for each in self.declared.values()]
        used += [[each.value, each.export] for each in self._shown_outputs()]
        holds = self.conditions.__getitem__
        return {
            as_text(resolver.resolve(argument))
            for argument in calls(used, functions.IMPORT_VALUE, holds)
        }

    def check_rules(self) -> None:
        """Check the values of the parameters by the template's rules.

        Raises
        ------
        AWSError
            ``ValidationError``: one is broken.
        """
        check_rules(self.template, self._values, self._resolver(self._refer_plain))

    def _source(self, reference: Reference) -> Source | None:
        if reference.is_condition or reference.is_pseudo:
            return None
        if reference.name in self.template.parameters:
            return Source("ParameterReference", reference.name)
        if reference.attribute is None:
            return Source("ResourceReference", reference.name)
        return Source("ResourceAttribute", f"{reference.name}.{reference.attribute}")

    def _holds(self, name: str) -> bool:
        if name not in self._conditions:
            definition = self.template.conditions[name]
            self._conditions[name] = self._resolver(self._refer_plain).condition(definition)
        return self._conditions[name]

    def _dependencies(self, declaration: Declaration) -> frozenset[str]:
        found = set()
        used = [
            declaration.properties,
            declaration.creation_policy,
            declaration.update_policy,
        ]
        for reference in references(used, self.conditions.__getitem__):
            if reference.name in self._values or reference.is_condition:
                continue
            if reference.name not in self.declared:
                raise unresolved([reference.name], "Resources")
            found.add(reference.name)
        # DependsOn a resource whose condition does not hold is left out, as AWS does.
        return frozenset(found | (set(declaration.depends_on) & set(self.declared)))

    def _check_outputs(self) -> None:
        holds = self.conditions.__getitem__
        for each in self._shown_outputs():
            for reference in references([each.value, each.export], holds):
                known = reference.name in self._values or reference.name in self.declared
                if not known and not reference.is_condition:
                    raise unresolved([reference.name], "Outputs")

    def _shown_outputs(self) -> list[OutputDeclaration]:
        return [
            each
            for each in self.template.outputs.values()
            if each.condition is None or self.conditions[each.condition]
        ]

    def _resolver(self, refer: Callable[[str, str | None], Any]) -> Resolver:
        return Resolver(
            self.template.mappings,
            refer,
            self._holds,
            self._imported,
            self._stack_output,
            self._region,
            self._encoded,
        )

    def _refer_plain(self, name: str, attribute: str | None) -> Any:
        """Parameters only: what conditions, rules and names of exports may use."""
        if attribute is None and name in self._values:
            return self._values[name]
        raise validation_error(
            f"Template error: {name} is no parameter; conditions, rules and Fn::ImportValue must "
            "not depend on any resources"
        )

    def _refer(self, made: Mapping[str, Made], name: str, attribute: str | None) -> Any:
        if attribute is None and name in self._values:
            return self._values[name]
        if name not in made:
            raise unresolved([name], "Resources")
        if attribute is None:
            return made[name].physical_id
        return attribute_value(self.template.resources[name], made[name], attribute)

    def _refer_or_unknown(self, known: Mapping[str, Made], name: str, attribute: str | None) -> Any:
        if name in known or name not in self.template.resources:
            return self._refer(known, name, attribute)
        return KNOWN_AFTER_APPLY

    def _output_text(self, value: Any) -> str:
        if isinstance(value, (dict, list)) or value is NO_VALUE:
            raise validation_error(
                "Template format error: The Value field of every Outputs member must evaluate to "
                "a String."
            )
        return str(replaced(as_text(value), self._output_reference))

    def _output_reference(self, reference: str) -> str:
        # Outputs can be read by all who may describe stacks: secrets stay references there.
        if reference.startswith("resolve:ssm:"):
            return self._dynamic(reference)
        return f"{{{{{reference}}}}}"
