"""Makes, changes and deletes what a template says, by calls of CloudFront's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Kind
from lambda_nb.engine.neighbours.services.cloudfront.shapes import operation
from lambda_nb.engine.neighbours.services.cloudfront.stacks.properties import parameters

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """What ``Ref`` returns, and what ``Fn::GetAtt`` returns by the attributes' names."""

    reference: str
    attributes: dict[str, str]


class Handler(Protocol):
    """Keeps resources of one type as templates say."""

    def make(self, client: Any, properties: Properties) -> Made:
        """Make one."""

    def change(self, client: Any, reference: str, properties: Properties) -> Made:
        """Let one be as the properties say."""

    def delete(self, client: Any, reference: str) -> None:
        """Delete one."""


def _call(client: Any, name: str, **given: Any) -> dict[str, Any]:
    """Call an operation by AWS's name for it."""
    from botocore import xform_name

    answer: dict[str, Any] = getattr(client, xform_name(name))(**given)
    return answer


def _texts(told: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in told.items() if not isinstance(value, (dict, list))}


class OfKind:
    """Resources that have an id, an ETag and a configuration.

    Parameters
    ----------
    kind
        What they are.
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def _config(self, properties: Properties, reference: str) -> dict[str, Any]:
        name = self._kind.configured
        shape = operation(f"Create{self._kind.name}").input_shape.members[name]
        config: dict[str, Any] = parameters(shape, properties[name])
        if "CallerReference" in shape.members:
            config.setdefault("CallerReference", reference)
        return config

    def _made(self, answer: Mapping[str, Any]) -> Made:
        told = answer[self._kind.shown]
        return Made(told["Id"], _texts(told))

    def make(self, client: Any, properties: Properties) -> Made:
        """Make one."""
        config = self._config(properties, str(uuid4()))
        if properties.get("Tags"):
            tagged = {
                self._kind.configured: config,
                "Tags": {"Items": [dict(tag) for tag in properties["Tags"]]},
            }
            name = f"{self._kind.configured}WithTags"
            return self._made(_call(client, f"Create{self._kind.name}WithTags", **{name: tagged}))
        return self._made(
            _call(client, f"Create{self._kind.name}", **{self._kind.configured: config})
        )

    def change(self, client: Any, reference: str, properties: Properties) -> Made:
        """Let one be as the properties say."""
        member = self._kind.configured
        read = _call(client, f"Get{member}", Id=reference)
        config = self._config(properties, read[member].get("CallerReference", ""))
        answer = _call(
            client,
            f"Update{self._kind.name}",
            Id=reference,
            IfMatch=read["ETag"],
            **{member: config},
        )
        return self._made(answer)

    def delete(self, client: Any, reference: str) -> None:
        """Delete one; a distribution is disabled before."""
        member = self._kind.configured
        read = _call(client, f"Get{member}", Id=reference)
        etag = read["ETag"]
        if self._kind.name == "Distribution" and read[member]["Enabled"]:
            config = {**read[member], "Enabled": False}
            answer = client.update_distribution(
                Id=reference, IfMatch=etag, DistributionConfig=config
            )
            etag = answer["ETag"]
        _call(client, f"Delete{self._kind.name}", Id=reference, IfMatch=etag)


class Functions:
    """CloudFront Functions: ``Ref`` is the ARN."""

    def _shaped(self, properties: Properties) -> dict[str, Any]:
        members = operation("CreateFunction").input_shape.members
        return {
            "Name": properties["Name"],
            "FunctionConfig": parameters(members["FunctionConfig"], properties["FunctionConfig"]),
            "FunctionCode": str(properties["FunctionCode"]).encode(),
        }

    def _made(self, client: Any, properties: Properties, answer: Mapping[str, Any]) -> Made:
        name = properties["Name"]
        stage = "DEVELOPMENT"
        if str(properties.get("AutoPublish")).lower() == "true":
            client.publish_function(Name=name, IfMatch=answer["ETag"])
            stage = "LIVE"
        arn = answer["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
        return Made(arn, {"FunctionARN": arn, "FunctionMetadata.FunctionARN": arn, "Stage": stage})

    def make(self, client: Any, properties: Properties) -> Made:
        """Make one."""
        answer = client.create_function(**self._shaped(properties))
        return self._made(client, properties, answer)

    def change(self, client: Any, reference: str, properties: Properties) -> Made:
        """Let one be as the properties say."""
        etag = client.describe_function(Name=properties["Name"])["ETag"]
        answer = client.update_function(IfMatch=etag, **self._shaped(properties))
        return self._made(client, properties, answer)

    def delete(self, client: Any, reference: str) -> None:
        """Delete one."""
        name = reference.rpartition("/")[2]
        etag = client.describe_function(Name=name)["ETag"]
        client.delete_function(Name=name, IfMatch=etag)


class Stores:
    """Key value stores: ``Ref`` is the name."""

    def _made(self, answer: Mapping[str, Any]) -> Made:
        told = answer["KeyValueStore"]
        return Made(told["Name"], {"Arn": told["ARN"], "Id": told["Id"], "Status": told["Status"]})

    def make(self, client: Any, properties: Properties) -> Made:
        """Make one."""
        shape = operation("CreateKeyValueStore").input_shape
        return self._made(client.create_key_value_store(**parameters(shape, properties)))

    def change(self, client: Any, reference: str, properties: Properties) -> Made:
        """Let one be as the properties say."""
        etag = client.describe_key_value_store(Name=reference)["ETag"]
        comment = properties.get("Comment", "")
        return self._made(
            client.update_key_value_store(Name=reference, IfMatch=etag, Comment=comment)
        )

    def delete(self, client: Any, reference: str) -> None:
        """Delete one."""
        etag = client.describe_key_value_store(Name=reference)["ETag"]
        client.delete_key_value_store(Name=reference, IfMatch=etag)


class RealtimeLogs:
    """Real-time log configurations: ``Ref`` is the ARN."""

    def _made(self, answer: Mapping[str, Any]) -> Made:
        arn = answer["RealtimeLogConfig"]["ARN"]
        return Made(arn, {"Arn": arn})

    def _shaped(self, properties: Properties) -> dict[str, Any]:
        shape = operation("CreateRealtimeLogConfig").input_shape
        made: dict[str, Any] = parameters(shape, properties)
        for endpoint, given in zip(made["EndPoints"], properties["EndPoints"], strict=True):
            stream = {name.lower(): arn for name, arn in given["KinesisStreamConfig"].items()}
            endpoint["KinesisStreamConfig"] = {
                "RoleARN": stream["rolearn"],
                "StreamARN": stream["streamarn"],
            }
        return made

    def make(self, client: Any, properties: Properties) -> Made:
        """Make one."""
        return self._made(client.create_realtime_log_config(**self._shaped(properties)))

    def change(self, client: Any, reference: str, properties: Properties) -> Made:
        """Let one be as the properties say."""
        shaped = {**self._shaped(properties), "ARN": reference}
        return self._made(client.update_realtime_log_config(**shaped))

    def delete(self, client: Any, reference: str) -> None:
        """Delete one."""
        client.delete_realtime_log_config(ARN=reference)


class Subscriptions:
    """Additional metrics of a distribution: ``Ref`` is the distribution's id."""

    def make(self, client: Any, properties: Properties) -> Made:
        """Make one."""
        shape = operation("CreateMonitoringSubscription").input_shape
        client.create_monitoring_subscription(**parameters(shape, properties))
        return Made(str(properties["DistributionId"]), {})

    def change(self, client: Any, reference: str, properties: Properties) -> Made:
        """Let one be as the properties say."""
        return self.make(client, properties)

    def delete(self, client: Any, reference: str) -> None:
        """Delete one."""
        client.delete_monitoring_subscription(DistributionId=reference)


def handlers(kinds: Sequence[Kind]) -> dict[str, Handler]:
    """Who keeps the resources of each type, by the end of the type's name."""
    return {
        **{kind.name: OfKind(kind) for kind in kinds},
        "Function": Functions(),
        "KeyValueStore": Stores(),
        "RealtimeLogConfig": RealtimeLogs(),
        "MonitoringSubscription": Subscriptions(),
    }
