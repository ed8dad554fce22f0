"""Turns a template's text and parameters into a revision, and a revision into its evaluation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from lambda_nb.engine.stacks.deploying.around_transforms import AroundTransforms
from lambda_nb.engine.stacks.deploying.dynamic import Dynamic
from lambda_nb.engine.stacks.deploying.steps.unknown import Missing, Skipped, unrecognized
from lambda_nb.engine.stacks.deploying.surroundings import Surroundings
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.records.hiding import hidden
from lambda_nb.engine.stacks.records.rows import Held, Parameter, Revision
from lambda_nb.engine.stacks.records.store import Store
from lambda_nb.engine.stacks.templates import properties_check
from lambda_nb.engine.stacks.templates.document import parsed
from lambda_nb.engine.stacks.templates.evaluation import Evaluation, Pseudo
from lambda_nb.engine.stacks.templates.template import Template
from lambda_nb.engine.stacks.templates.transforms.expansion import expanded
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.resource_type import ResourceType

_CUSTOM = "Custom::"


class Preparing:
    """Reads and evaluates the templates of one Region's stacks.

    Parameters
    ----------
    around
        The engine around.
    find_type
        The class of a resource type; ``None`` if there is none.
    store
        The records, for exports.
    dynamic
        Looks up dynamic references and SSM parameters.
    keep_secret
        Is told, for a stack's ARN, texts that must not be shown.
    """

    def __init__(
        self,
        around: Surroundings,
        find_type: Callable[[str], ResourceType | None],
        store: Store,
        dynamic: Dynamic,
        keep_secret: Callable[[str, frozenset[str]], None],
    ) -> None:
        self._around = around
        self._find_type = find_type
        self._store = store
        self.dynamic = dynamic
        self._keep_secret = keep_secret

    def revision(
        self,
        name: str,
        stack_id: str,
        text: str,
        parameters: Mapping[str, str | None],
        *,
        previous: Revision | None = None,
        tags: Mapping[str, str] | None = None,
        capabilities: Sequence[str] = (),
        notification_arns: Sequence[str] = (),
        role_arn: str | None = None,
    ) -> Revision:
        """What a template and parameters ask for; as
        :meth:`~lambda_nb.engine.stacks.deploying.stacks.Stacks.prepared`."""
        self._around.expect(text)
        document = parsed(text)
        template = Template(document)
        before = {one.key: one.value for one in previous.parameters} if previous else {}
        texts = template.texts(parameters, before)
        values = template.values(texts, {}, self.dynamic.parameter)
        processed = text
        if template.transforms:
            expansion = expanded(document, values, AroundTransforms(self._around, name, stack_id))
            processed = json.dumps(expansion)
            template = Template(parsed(processed))
            texts = template.texts(
                {key: held for key, held in parameters.items() if key in template.parameters},
                before,
            )
            values = template.values(texts, {}, self.dynamic.parameter)
        self.check_types(template)
        made = Revision(
            template=text,
            processed=processed,
            parameters=tuple(self._parameters(template, texts, values)),
            tags=dict(tags or {}),
            capabilities=tuple(capabilities),
            notification_arns=tuple(notification_arns),
            role_arn=role_arn,
            description=template.description,
        )
        self.evaluation(name, stack_id, made).check_rules()
        return made

    def evaluation(self, name: str, stack_id: str, revision: Revision) -> Evaluation:
        """The evaluation of a revision, which was checked before."""
        template = Template(parsed(revision.processed))
        texts: dict[str, str | None] = {one.key: one.value for one in revision.parameters}
        resolved = {
            one.value: one.resolved_value
            for one in revision.parameters
            if one.resolved_value is not None
        }
        values = template.values(texts, {}, lambda _, parameter: resolved[parameter])
        around = self._around
        pseudo = Pseudo(
            account=around.account,
            region=around.region,
            partition=around.partition,
            stack_name=name,
            stack_id=stack_id,
            notification_arns=revision.notification_arns,
            url_suffix="amazonaws.com",
        )
        return Evaluation(
            template,
            values,
            pseudo,
            self._imported,
            self.dynamic(stack_id),
            self._stack_output,
            partial(self._encoded, stack_id, secrets_of(revision)),
        )

    def _encoded(self, stack_id: str, secrets: frozenset[str], text: str, encoded: str) -> None:
        """What a secret is a part of is as secret in another form."""
        if hidden(text, secrets) != text:
            self._keep_secret(stack_id, frozenset((encoded,)))

    def type_of(self, name: str) -> ResourceType:
        """The class of a resource type, also of one that nobody knows."""
        found = self._find_type(name)
        if found is not None:
            return found
        return Skipped(name) if self._around.skip_unknown else Missing(name)

    def check_types(self, template: Template) -> None:
        """Refuse types that AWS does not have.

        Raises
        ------
        AWSError
            ``ValidationError``.
        """
        names = sorted({one.type for one in template.resources.values()})
        missing = [
            name
            for name in names
            if not (
                name.startswith(_CUSTOM)
                or self._around.skip_unknown
                or self._find_type(name) is not None
                or schemas.known(name)
            )
        ]
        if missing:
            raise unrecognized(missing)

    def _imported(self, name: str) -> str:
        found = self._store.find_export(name)
        if found is None:
            raise validation_error(f"No export named {name} found.")
        return found.value

    def _stack_output(self, asked: Mapping[str, str]) -> str:
        name, key = asked["StackName"], asked["OutputName"]
        if asked.get("Region", self._around.region) != self._around.region:
            raise validation_error(
                f"Fn::GetStackOutput: stack {name} must be in {self._around.region} here, not in "
                f"{asked['Region']}."
            )
        stack = self._store.find_stack(name)
        for output in stack.outputs if stack is not None else ():
            if output.key == key:
                return output.value
        raise validation_error(f"Fn::GetStackOutput: stack {name} has no output {key}.")

    @staticmethod
    def _parameters(
        template: Template, texts: Mapping[str, str], values: Mapping[str, Any]
    ) -> list[Parameter]:
        made = []
        for name, one in template.parameters.items():
            resolved = None
            if one.ssm_type:
                value = values[name]
                resolved = ",".join(value) if isinstance(value, list) else str(value)
            made.append(Parameter(name, texts[name], resolved, one.no_echo))
        return made


def problems(of_type: ResourceType, held: Held) -> list[str]:
    """What is wrong with a resource's properties; nothing for a type that nobody has here."""
    if isinstance(of_type, (Missing, Skipped)):
        return []
    return properties_check.problems(held.type, held.properties)


def wanted(evaluation: Evaluation, logical_id: str, properties: Mapping[str, Any]) -> Held:
    """A resource as a template wants it."""
    declared = evaluation.declared[logical_id]
    return Held(
        type=declared.type,
        properties=properties,
        dependencies=tuple(sorted(evaluation.dependencies.get(logical_id, ()))),
        deletion_policy=declared.deletion_policy,
        update_replace_policy=declared.update_replace_policy,
        metadata=declared.metadata or None,
    )


def secrets_of(revision: Revision) -> frozenset[str]:
    """The values that a revision's template keeps secret."""
    texts = [
        text
        for one in revision.parameters
        if one.no_echo
        for text in (one.value, one.resolved_value or "")
    ]
    items = [item.strip() for text in texts for item in text.split(",")]  # it may be a list
    quoted = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts]  # Fn::ToJsonString
    return frozenset(texts + items + quoted) - {""}


def check_same_types(there: Mapping[str, Held], evaluation: Evaluation) -> None:
    """Refuse to change the type of a resource.

    Raises
    ------
    AWSError
        ``ValidationError``.
    """
    changed = [
        name
        for name, declared in evaluation.declared.items()
        if name in there and there[name].type != declared.type
    ]
    if changed:
        raise validation_error(
            "Update of resource type is not permitted. The new template modifies resource type of "
            f"the following resources: [{', '.join(changed)}]"
        )
