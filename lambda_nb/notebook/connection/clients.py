"""Make boto3 clients for one endpoint, and ask a lambda_nb engine there for its status."""

from __future__ import annotations

import json
from typing import Any, Protocol

from lambda_nb.notebook.connection.engine_clients import by_its_name, signature_version
from lambda_nb.projects.endpoint import is_aws


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


def engine_status(client: Any, what: str = "status") -> dict[str, Any] | None:
    """The status of a lambda_nb engine; None if the endpoint is something else.

    Parameters
    ----------
    client
        A boto3 Lambda client. The request goes to its endpoint, signed with its credentials.
    what
        ``status``, or ``runtimes``: what each managed runtime uses on the engine's machine.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    if is_aws(client):
        return None
    request = AWSRequest("GET", f"{client.meta.endpoint_url}/_lambda_nb/{what}")
    SigV4Auth(client._get_credentials(), "lambda", client.meta.region_name).add_auth(request)
    http = URLLib3Session(timeout=10)
    try:
        told = json.loads(http.send(request.prepare()).content)
    except ValueError:
        return None
    finally:
        http.close()
    return told if isinstance(told, dict) and "Message" not in told else None
