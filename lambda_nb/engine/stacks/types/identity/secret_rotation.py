"""``AWS::SecretsManager::RotationSchedule`` and ``SecretTargetAttachment``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, refuse_unknown

_WORKS = frozenset({"RotateImmediatelyOnUpdate", "RotationLambdaARN", "RotationRules", "SecretId"})
_TARGETS: Mapping[str, tuple[str, str, str, str, str]] = {
    "AWS::RDS::DBInstance": (
        "rds", "describe_db_instances", "DBInstanceIdentifier", "DBInstances",
        "dbInstanceIdentifier",
    ),
    "AWS::RDS::DBCluster": (
        "rds", "describe_db_clusters", "DBClusterIdentifier", "DBClusters",
        "dbClusterIdentifier",
    ),
    "AWS::Redshift::Cluster": (
        "redshift", "describe_clusters", "ClusterIdentifier", "Clusters", "dbClusterIdentifier",
    ),
}  # fmt: skip
"""For a type of database: the service, the operation, its parameter, the answer's list, and the
key in the secret (Secrets Manager user guide, JSON structure of secrets, 2026)."""
_ADDED = ("engine", "host", "port", "dbname", *(one[4] for one in _TARGETS.values()))


class RotationSchedule(ResourceType):
    """When a secret is rotated, and which function does it."""

    name = "AWS::SecretsManager::RotationSchedule"

    def create(self, context: Context, properties: Properties) -> Made:
        """Configure the rotation, and rotate for the first time unless told otherwise."""
        self._rotate(context, properties)
        secret = str(properties["SecretId"])
        return Made(secret, {"Id": secret})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Configure it anew."""
        self._rotate(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Rotate no more."""
        with absence_is_fine():
            context.client("secretsmanager").cancel_rotate_secret(SecretId=made.physical_id)

    def _rotate(self, context: Context, properties: Properties) -> None:
        refuse_unknown(self.name, properties, _WORKS)
        parameters = shapes.parameters(
            "secretsmanager",
            "RotateSecret",
            properties,
            {"RotateImmediately": "RotateImmediatelyOnUpdate"},
        )
        context.client("secretsmanager").rotate_secret(**parameters)


class SecretTargetAttachment(ResourceType):
    """Puts into a secret how the database is reached whose password it holds."""

    name = "AWS::SecretsManager::SecretTargetAttachment"

    def create(self, context: Context, properties: Properties) -> Made:
        """Write the database's address into the secret."""
        secret = str(properties["SecretId"])
        self._write(context, secret, _connection(context, properties))
        return Made(secret, {"Id": secret})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Write the address of the other database."""
        self._write(context, made.physical_id, _connection(context, new))
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Take the address out of the secret."""
        with absence_is_fine():
            self._write(context, made.physical_id, {})

    def _write(self, context: Context, secret: str, connection: Mapping[str, Any]) -> None:
        calls = context.client("secretsmanager")
        text = calls.get_secret_value(SecretId=secret)["SecretString"]
        try:
            value = {key: held for key, held in json.loads(text).items() if key not in _ADDED}
        except (AttributeError, ValueError):
            raise Refused(
                f"The secret {secret} is not the text of a JSON object, so that no database can "
                "be attached to it.",
                "InvalidRequest",
            ) from None
        calls.put_secret_value(SecretId=secret, SecretString=json.dumps({**value, **connection}))


def _connection(context: Context, properties: Properties) -> dict[str, Any]:
    kind = str(properties["TargetType"])
    if kind not in _TARGETS:
        raise Refused(
            f"lambda_nb cannot attach a secret to {kind}, only to {', '.join(_TARGETS)}.",
            "InvalidRequest",
        )
    service, operation, parameter, listed, key = _TARGETS[kind]
    answer = getattr(context.client(service), operation)(**{parameter: properties["TargetId"]})
    (found,) = answer[listed]
    endpoint = found.get("Endpoint") or {}
    if isinstance(endpoint, str):  # a cluster's, whose port stands beside it
        endpoint = {"Address": endpoint, "Port": found.get("Port")}
    told = {
        "engine": found.get("Engine", service),
        "host": endpoint.get("Address"),
        "port": endpoint.get("Port"),
        "dbname": found.get("DBName") or found.get("DatabaseName"),
        key: properties["TargetId"],
    }
    return {name: held for name, held in told.items() if held is not None}


TYPES: tuple[ResourceType, ...] = (RotationSchedule(), SecretTargetAttachment())
