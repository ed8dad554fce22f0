"""Make boto3 clients for one endpoint; :func:`engine_status` asks a lambda_nb engine there."""

from __future__ import annotations

from typing import Any, Protocol

from lambda_nb.notebook.connection.engine_clients import by_its_name, signature_version
from lambda_nb.projects.endpoint import is_aws
from lambda_nb.projects.engine_status import engine_status as engine_status


class Clients(Protocol):
    """Makes boto3 clients for one endpoint."""

    def client(self, service: str = "lambda") -> Any:
        """The client for a service."""

    def current_client(self) -> Any | None:
        """The Lambda client if there is one already; never starts an engine."""


class Beside:
    """Makes clients for other services with the endpoint, Region and keys of a Lambda client."""

    def __init__(self, lambda_client: Any) -> None:
        self._made = {"lambda": lambda_client}

    def client(self, service: str = "lambda") -> Any:
        """The client for a service, made once."""
        if service not in self._made:
            given = self._made["lambda"]
            self._made[service] = in_region(given, service, given.meta.region_name)
        return self._made[service]

    def current_client(self) -> Any:
        """The Lambda client."""
        return self._made["lambda"]


def in_region(client: Any, service: str, region: str) -> Any:
    """A client for a service of another Region, with the endpoint and keys of a client."""
    import boto3
    from botocore.config import Config

    at_aws = is_aws(client)
    keys = client._get_credentials().get_frozen_credentials()
    made = boto3.client(
        service,
        endpoint_url=None if at_aws else client.meta.endpoint_url,
        region_name=region,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.token,
        config=None if at_aws else Config(signature_version=signature_version(service)),
    )
    return made if at_aws else by_its_name(made)
