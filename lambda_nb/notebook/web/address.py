"""The address of a function on the web: its HTTP API, or its function URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.errors import UsageError, aws_errors
from lambda_nb.notebook.web import http_api, permissions

URL_ACTIONS = ("InvokeFunctionUrl", "InvokeFunction")
"""What the policy of a public function URL has to allow (AWS Lambda, since October 2025)."""


def address_of(clients: Clients, function: str, qualifier: str | None = None) -> str:
    """Where a function answers HTTP requests, without a slash at its end.

    An API that may invoke the function, one of ``%%lambda --http`` first; otherwise its URL.

    Raises
    ------
    UsageError
        It has neither.
    """
    with aws_errors():
        if qualifier is None and (api := _api(clients, function)):
            return api
        if url := function_url(clients.client(), named(function, qualifier)):
            return url.rstrip("/")
    raise UsageError(
        f"{function} answers no HTTP requests: give its cell a route, such as "
        f"--http 'GET /{function}', or --url for a function URL"
    )


def _api(clients: Clients, function: str) -> str:
    """The address of an HTTP API that may invoke the function, or empty."""
    found = permissions.statements(clients.client(), function)
    ours = permissions.apis(found, ours=True)
    others = [api for api in permissions.apis(found, ours=False) if api not in ours]
    gateway = clients.client("apigatewayv2")
    for api_id in [*ours, *others]:
        try:
            api = gateway.get_api(ApiId=api_id)
        except gateway.exceptions.NotFoundException:  # deleted, or a REST API
            continue
        if api["ProtocolType"] == "HTTP":
            return stage_address(gateway, api)
    return ""


def stage_address(gateway: Any, api: Mapping[str, Any]) -> str:
    """The address of an API's stage, without a slash at its end: of ``$default`` if there is one.

    Parameters
    ----------
    api
        As ``GetApi`` describes it.
    """
    pages = gateway.get_paginator("get_stages").paginate(ApiId=api["ApiId"])
    stages = [stage["StageName"] for page in pages for stage in page["Items"]]
    endpoint = str(api["ApiEndpoint"]).rstrip("/")
    return endpoint if not stages or http_api.STAGE in stages else f"{endpoint}/{stages[0]}"


def named(function: str, qualifier: str | None) -> dict[str, str]:
    """A function's name, and its qualifier if it has one, as parameters of Lambda's operations."""
    told = {"FunctionName": function}
    return told | ({"Qualifier": qualifier} if qualifier else {})


def function_url(client: Any, function: Mapping[str, str]) -> str:
    """A function's URL, or empty if it has none; ``function`` as :func:`named` gives it."""
    try:
        return str(client.get_function_url_config(**function)["FunctionUrl"])
    except client.exceptions.ResourceNotFoundException:
        return ""


def make_function_url(client: Any, function: Mapping[str, str]) -> str:
    """A function's URL; creates one that everybody may call if there is none."""
    if url := function_url(client, function):
        return url
    made = client.create_function_url_config(**function, AuthType="NONE")
    for number, action in enumerate(URL_ACTIONS):
        only = {"InvokedViaFunctionUrl": True} if number else {"FunctionUrlAuthType": "NONE"}
        client.add_permission(
            **function,
            StatementId=f"lambda-nb-url-{number}",
            Action=f"lambda:{action}",
            Principal="*",
            **only,
        )
    return str(made["FunctionUrl"])
