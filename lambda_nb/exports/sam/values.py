"""Texts as CloudFormation's functions, and templates as YAML in its short form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lambda_nb.exports.picture import Application, Parameter, Part, Place, Ref, Resource, Text
from lambda_nb.exports.shared import bucket_prefix, named_only, notified

_ATTRIBUTES: dict[tuple[str, str], str] = {
    ("queue", "name"): "QueueName",
    ("queue", "arn"): "Arn",
    ("queue", "url"): "",
    ("table", "name"): "",
    ("table", "arn"): "Arn",
    ("table", "stream_arn"): "StreamArn",
    ("stream", "name"): "",
    ("stream", "arn"): "Arn",
    ("bucket", "name"): "",
    ("bucket", "arn"): "Arn",
    ("topic", "name"): "TopicName",
    ("topic", "arn"): "",
    ("bus", "name"): "",
    ("bus", "arn"): "Arn",
    ("log_group", "name"): "",
    ("log_group", "arn"): "Arn",
    ("function", "name"): "",
    ("function", "arn"): "Arn",
}
"""What Fn::GetAtt gives of a kind; empty where Ref does."""
_PLACES = {"account": "AWS::AccountId", "region": "AWS::Region", "partition": "AWS::Partition"}


@dataclass(frozen=True)
class Tagged:
    """A call of CloudFormation's: ``!Ref X``, ``!GetAtt X.Arn``, ``!Sub ...``."""

    tag: str
    value: str


class Values:
    """Makes CloudFormation's values of an application's texts."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._notified = notified(application)
        self._named_only = named_only(application)

    def of(self, text: Text, within: str = "") -> Any:
        """A text as a value; ``within`` is the id of the function that it is part of."""
        parts = [piece for part in text.parts for piece in self._resolved(part, within)]
        if all(isinstance(part, str) for part in parts):
            return "".join(map(str, parts))
        if len(parts) == 1:
            return self._single(parts[0])
        return Tagged("!Sub", "".join(map(self._in_sub, parts)))

    def ref(self, identifier: str, what: Any, within: str = "") -> Any:
        """One name of a resource."""
        return self.of(Text.of(Ref(identifier, what)), within)

    def bucket_name(self, resource: Resource) -> Any:
        """The name that a bucket is given; None where CloudFormation may choose one."""
        if resource.name is not None:
            return resource.name
        # Chosen here: the bucket waits for the function that it notifies, whose role names it.
        return self.of(Text(self._bucket(resource))) if resource.id in self._notified else None

    def _bucket(self, resource: Resource) -> tuple[Part, ...]:
        if resource.name is not None:
            return (resource.name,)
        prefix = bucket_prefix(resource)
        return (f"{prefix}-", Place("account"), "-", Place("region"))

    def _resolved(self, part: Part, within: str) -> tuple[Part, ...]:
        if not isinstance(part, Ref):
            return (part,)
        resource = self._application.resources.get(part.id)
        if resource is not None and resource.id in self._notified:
            name = self._bucket(resource)
            if part.what == "name":
                return name
            return ("arn:", Place("partition"), ":s3:::", *name)
        function = self._application.function(part.id)
        if function is not None and (within, part.id) in self._named_only:
            if part.what == "name":
                return (function.name,)
            return (
                "arn:", Place("partition"), ":lambda:", Place("region"), ":", Place("account"),
                f":function:{function.name}",
            )  # fmt: skip
        return (part,)

    def _attribute(self, ref: Ref) -> str:
        resource = self._application.resources.get(ref.id)
        return _ATTRIBUTES["function" if resource is None else resource.kind, ref.what]

    def _single(self, part: Part) -> Any:
        if isinstance(part, Parameter):
            return Tagged("!Ref", part.name)
        if isinstance(part, Place):
            return Tagged("!Ref", _PLACES[part.what])
        assert isinstance(part, Ref)
        attribute = self._attribute(part)
        return Tagged("!GetAtt", f"{part.id}.{attribute}") if attribute else Tagged("!Ref", part.id)

    def _in_sub(self, part: Part) -> str:
        if isinstance(part, str):
            return part.replace("${", "${!")
        if isinstance(part, Parameter):
            return f"${{{part.name}}}"
        if isinstance(part, Place):
            return f"${{{_PLACES[part.what]}}}"
        attribute = self._attribute(part)
        return f"${{{part.id}.{attribute}}}" if attribute else f"${{{part.id}}}"


def yaml_of(template: dict[str, Any]) -> str:
    """A template as YAML, its sections apart."""
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def tagged(dumper: yaml.SafeDumper, data: Tagged) -> Any:
        return dumper.represent_scalar(data.tag, data.value)

    Dumper.add_representer(Tagged, tagged)
    sections = [
        yaml.dump({key: value}, Dumper=Dumper, sort_keys=False, width=100, allow_unicode=True)
        for key, value in template.items()
        if value
    ]
    head = "".join(section for section in sections if "\n " not in section)
    whole = "\n".join([head, *(section for section in sections if "\n " in section)])
    return re.sub(r"(!Ref|!GetAtt) '([\w.:]+)'", r"\1 \2", whole)
