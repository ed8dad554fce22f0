"""What the tree shows below a function: versions, aliases, layers, sources, addresses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.web import listing, permissions
from lambda_nb.notebook.web.address import function_url
from lambda_nb.notebook.workbench.actions.tools import Tools
from lambda_nb.notebook.workbench.clients import Clients
from lambda_nb.notebook.workbench.picture.functions import epoch_ms

LATEST = "$LATEST"
_NOT_SOURCES = ("apigateway", "elasticloadbalancing")
"""Services whose statements stand for addresses, not for events."""
_SHORT = {"lambda.alarms.cloudwatch": "alarm", "cognito-idp": "cognito"}


def details(tools: Tools, args: Mapping[str, Any]) -> dict[str, Any]:
    """``details``: ``IDetails`` of a function.

    What the caller may not read is left empty; the function itself must be readable.

    Raises
    ------
    ClientError
        There is no such function.
    """
    name = str(args["name"])
    client = tools.clients.client()
    config = client.get_function_configuration(FunctionName=name)
    told: dict[str, Any] = {
        "versions": [],
        "aliases": [],
        "layers": [layer["Arn"] for layer in config.get("Layers", ())],
        "sources": [],
        "url": "",
        "apis": [],
        "dead_letter_arn": config.get("DeadLetterConfig", {}).get("TargetArn", ""),
        "reserved": None,
    }
    with _if_permitted(client):
        told["versions"] = versions(client, name)
    with _if_permitted(client):
        told["aliases"] = aliases(client, name)
    with _if_permitted(client):
        told["reserved"] = reserved(client, name)
    with _if_permitted(client):
        told["url"] = function_url(client, {"FunctionName": name})
    with _if_permitted(client):
        told["sources"] = [*mappings(client, name), *pushes(client, name)]
    with _if_permitted(client):
        told["apis"] = apis(tools.clients, name)
    return told


@contextlib.contextmanager
def _if_permitted(client: Any) -> Iterator[None]:
    """Pass over what the caller may not read."""
    try:
        yield
    except client.exceptions.ClientError as error:
        if "AccessDenied" not in error.response["Error"]["Code"]:
            raise


def versions(client: Any, name: str) -> list[dict[str, Any]]:
    """The published versions, the latest first."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    found = [
        {
            "version": one["Version"],
            "description": one.get("Description", ""),
            "code_sha256": one.get("CodeSha256", ""),
            "modified_at": epoch_ms(one.get("LastModified", "")),
        }
        for page in pages
        for one in page["Versions"]
        if one["Version"] != LATEST
    ]
    return sorted(found, key=lambda one: int(one["version"]), reverse=True)


def aliases(client: Any, name: str) -> list[dict[str, Any]]:
    """The aliases by name."""
    pages = client.get_paginator("list_aliases").paginate(FunctionName=name)
    found = [alias(one) for page in pages for one in page["Aliases"]]
    return sorted(found, key=lambda one: str(one["name"]))


def alias(told: Mapping[str, Any]) -> dict[str, Any]:
    """``IAlias`` of what Lambda tells."""
    return {
        "name": told["Name"],
        "version": told["FunctionVersion"],
        "description": told.get("Description", ""),
        "weights": dict(told.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})),
    }


def reserved(client: Any, name: str) -> int | None:
    """The reserved concurrency, or None."""
    told = client.get_function_concurrency(FunctionName=name)
    found = told.get("ReservedConcurrentExecutions")
    return None if found is None else int(found)


def mappings(client: Any, name: str) -> list[dict[str, Any]]:
    """What Lambda polls for the function: queues, streams and the like."""
    pages = client.get_paginator("list_event_source_mappings").paginate(FunctionName=name)
    found = []
    for one in [one for page in pages for one in page["EventSourceMappings"]]:
        arn = one.get("EventSourceArn", "")
        kafka = one.get("SelfManagedEventSource", {}).get("Endpoints", {})
        servers = ", ".join(kafka.get("KAFKA_BOOTSTRAP_SERVERS", ()))
        found.append(
            {
                "uuid": one["UUID"],
                "service": service_of(arn) if arn else "kafka",
                "name": resource_of(arn) if arn else ", ".join(one.get("Topics", [])) or servers,
                "arn": arn,
                "state": one.get("State", ""),
            }
        )
    return sorted(found, key=lambda one: (one["service"], one["name"]))


def pushes(client: Any, name: str) -> list[dict[str, Any]]:
    """What may push events: the statements of the function's policy, as Lambda's console shows."""
    found = {}
    for one in permissions.policy(client, name):
        principal = one.get("Principal")
        service = principal.get("Service", "") if isinstance(principal, dict) else ""
        service = str(service).partition(".amazonaws.com")[0]
        if not service or service in _NOT_SOURCES:
            continue
        arn = source_arn(one.get("Condition", {}))
        service = _SHORT.get(service, service)
        found[service, arn] = {
            "uuid": "",
            "service": service,
            "name": resource_of(arn) if arn else "any",
            "arn": arn,
            "state": "Enabled",
        }
    return [found[key] for key in sorted(found)]


def source_arn(condition: Mapping[str, Any]) -> str:
    """The ``AWS:SourceArn`` of a statement's condition, or empty."""
    for tests in condition.values():
        for key, value in tests.items():
            if key.lower() == "aws:sourcearn":
                return str(value)
    return ""


def service_of(arn: str) -> str:
    """The service of an ARN.

    Examples
    --------
    >>> service_of("arn:aws:sqs:us-east-1:123456789012:jobs")
    'sqs'
    """
    parts = arn.split(":")
    return parts[2] if len(parts) > 2 else ""


def resource_of(arn: str) -> str:
    """The name of what an ARN stands for.

    Examples
    --------
    >>> resource_of("arn:aws:dynamodb:us-east-1:123456789012:table/films/stream/2026-01-01")
    'films'
    >>> resource_of("arn:aws:logs:us-east-1:123456789012:log-group:/my/group:*")
    '/my/group'
    >>> resource_of("arn:aws:s3:::photos")
    'photos'
    """
    resource = arn.split(":", 5)[-1]
    service = service_of(arn)
    if service == "dynamodb":
        return resource.split("/")[1] if "/" in resource else resource
    if service == "logs":
        return resource.removeprefix("log-group:").removesuffix(":*")
    for kind in ("stream/", "rule/", "cluster/", "userpool/", "alarm:", "broker:"):
        if resource.startswith(kind):
            return resource[len(kind) :]
    return resource


def apis(clients: Clients, name: str) -> list[dict[str, str]]:
    """The routes of APIs that lead to the function."""
    found = []
    for api_id in permissions.apis(permissions.statements(clients.client(), name), ours=False):
        # The policy may name an API that is gone.
        with contextlib.suppress(UsageError):
            found += [
                {"api": door.name, "route": row.route, "address": row.address or door.address}
                for door in listing.doors(clients, api_id)
                for row in door.rows
                if row.function.split(":")[0] == name
            ]
    return found
