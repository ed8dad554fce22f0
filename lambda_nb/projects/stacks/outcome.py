"""What a stack has: its outputs, its functions, and the addresses at which it answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.projects.endpoint import Clients, is_aws
from lambda_nb.projects.errors import aws_errors


@dataclass(frozen=True)
class Outcome:
    """A deployed stack.

    ``functions`` has the name of each function by logical id, with a stack's own name and a dot
    before that of a nested stack; ``addresses`` has URLs by logical id.
    """

    name: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)


def read(clients: Clients, name: str, description: Mapping[str, Any]) -> Outcome:
    """Read a stack's outcome; ``description`` is as DescribeStacks gives it."""
    functions: dict[str, str] = {}
    addresses: dict[str, str] = {}
    with aws_errors():
        for identifier, kind, physical in _resources(clients, name, ""):
            if kind == "AWS::Lambda::Function":
                functions[identifier] = physical
            reader = _ADDRESSES.get(kind)
            if reader is not None:
                addresses |= _found(reader, clients, identifier, physical)
    outputs = {one["OutputKey"]: one["OutputValue"] for one in description.get("Outputs", ())}
    return Outcome(name, outputs, functions, addresses)


def _resources(clients: Clients, name: str, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Logical id, type and physical id of all resources, also of nested stacks."""
    pages = clients.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=name):
        for one in page["StackResourceSummaries"]:
            physical = one.get("PhysicalResourceId", "")
            identifier = f"{prefix}{one['LogicalResourceId']}"
            if one["ResourceType"] == "AWS::CloudFormation::Stack" and physical:
                yield from _resources(clients, physical, f"{identifier}.")
            elif physical and not one["ResourceStatus"].startswith("DELETE_COMPLETE"):
                yield identifier, one["ResourceType"], physical


def _found(
    reader: Callable[[Clients, str], dict[str, str]], clients: Clients, identifier: str, given: str
) -> dict[str, str]:
    from botocore.exceptions import ClientError

    with contextlib.suppress(ClientError):  # deleted by hand: the stack is there all the same
        return {f"{identifier}{ending}": url for ending, url in reader(clients, given).items()}
    return {}


def _function_url(clients: Clients, physical: str) -> dict[str, str]:
    config = clients.client("lambda").get_function_url_config(FunctionName=physical)
    return {"": config["FunctionUrl"]}


def _http_api(clients: Clients, physical: str) -> dict[str, str]:
    client = clients.client("apigatewayv2")
    endpoint = str(client.get_api(ApiId=physical)["ApiEndpoint"]).rstrip("/")
    stages = [one["StageName"] for one in client.get_stages(ApiId=physical)["Items"]]
    return {
        f" ({stage})" if len(stages) > 1 else "": endpoint
        if stage == "$default"
        else f"{endpoint}/{stage}"
        for stage in stages
    }


def _rest_api(clients: Clients, physical: str) -> dict[str, str]:
    client = clients.client("apigateway")
    stages = [one["stageName"] for one in client.get_stages(restApiId=physical)["item"]]
    region, url = client.meta.region_name, str(client.meta.endpoint_url).rstrip("/")
    base = (
        f"https://{physical}.execute-api.{region}.amazonaws.com"
        if is_aws(client)
        else f"{url}/execute-api/{physical}"
    )
    return {f" ({stage})" if len(stages) > 1 else "": f"{base}/{stage}" for stage in stages}


def _distribution(clients: Clients, physical: str) -> dict[str, str]:
    told = clients.client("cloudfront").get_distribution(Id=physical)["Distribution"]
    domain = told["DomainName"]
    return {"": f"{'https' if domain.endswith('.cloudfront.net') else 'http'}://{domain}"}


_ADDRESSES: dict[str, Callable[[Clients, str], dict[str, str]]] = {
    "AWS::Lambda::Url": _function_url,
    "AWS::ApiGatewayV2::Api": _http_api,
    "AWS::ApiGateway::RestApi": _rest_api,
    "AWS::CloudFront::Distribution": _distribution,
}
