"""Integrations with services of AWS, which the engine's own services answer.

Their URIs are ``arn:aws:apigateway:REGION:[SUBDOMAIN.]SERVICE:action/OPERATION`` or
``...:path/PATH``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from botocore.exceptions import UnknownServiceError

from lambda_nb.engine import service_model
from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.integrations.backend import Backend
from lambda_nb.engine.gateways.rest_api.integrations.servers import answered, query_text, url_of
from lambda_nb.engine.gateways.rest_api.mapping.parameters import Request, request_parameters
from lambda_nb.engine.gateways.shared.surroundings import Surroundings

_URI = re.compile(
    r"arn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+):(?:(?P<subdomain>[^:]+)\.)?"
    r"(?P<service>[a-z0-9-]+):(?P<kind>path|action)/(?P<rest>.*)",
    re.DOTALL,
)
_BOTOCORE_NAMES = {"states": "stepfunctions", "monitoring": "cloudwatch", "email": "ses"}


class _Uri(NamedTuple):
    region: str
    subdomain: str
    service: str
    action: str
    path: str


def parse(uri: str) -> _Uri:
    """The parts of an integration's URI.

    Raises
    ------
    ValueError
        It is none of a service.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise ValueError(f"Invalid endpoint address: {uri}")
    rest = found["rest"]
    is_action = found["kind"] == "action"
    return _Uri(
        found["region"],
        found["subdomain"] or "",
        found["service"],
        rest.partition("&")[0] if is_action else "",
        "/" if is_action else "/" + rest.lstrip("/"),
    )


async def answer(exchange: Exchange, surroundings: Surroundings) -> Reply:
    """The reply of a method whose proxy integration is a service: what the service answers.

    Raises
    ------
    Refusal, ValueError
        As :func:`call` does.
    """
    integration = exchange.method.integration
    assert integration is not None
    wanted = request_parameters(integration.parameters, exchange)
    backend = await call(exchange, surroundings, wanted, exchange.body)
    return Reply(backend.status, backend.body)


async def call(
    exchange: Exchange, surroundings: Surroundings, wanted: Request, body: bytes
) -> Backend:
    """Call the service, signed with the keys of the engine's user.

    Raises
    ------
    Refusal
        It does not answer, or not in time.
    ValueError
        The URI names no service.
    """
    integration = exchange.method.integration
    assert integration is not None
    uri = parse(integration.uri)
    headers = {name: ",".join(values) for name, values in wanted.header.items()}
    query = [(name, value) for name, values in wanted.querystring.items() for value in values]
    given = {name.lower() for name in headers}
    if uri.action:
        target, version = _protocol(uri.service, uri.action)
        if target is not None:
            if "x-amz-target" not in given:
                headers["X-Amz-Target"] = target
            if "content-type" not in given:
                headers["Content-Type"] = version
        else:
            query = [("Action", uri.action), *query]
            if version and not any(name == "Version" for name, _ in query):
                query.append(("Version", version))
    if body and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = exchange.content_type
    method = integration.http_method or "POST"
    if uri.action and query and not body and method == "POST":
        # A service reads a form's parameters from the body as well, and ours only from there.
        body, query = query_text(query).encode(), []
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    path = uri.path
    if uri.subdomain and uri.service == "s3":
        path = f"/{uri.subdomain}{path}"
    target_path = url_of(path, wanted.path, query)
    exchange.log.say(
        f"Endpoint request URI: https://{uri.service}.{uri.region}.amazonaws.com{target_path}"
    )
    exchange.log.data("Endpoint request headers", headers)
    answer = await answered(
        exchange,
        surroundings.upstream.call_service(
            uri.service, uri.region, method, target_path, headers, body, integration.timeout_s
        ),
    )
    return Backend(answer.status, answer.headers, answer.body)


def _protocol(service: str, action: str) -> tuple[str | None, str]:
    """How an action is called: its target and content type where the service speaks JSON, else
    ``None`` and the version of the service's query API."""
    try:
        metadata = service_model.model(_BOTOCORE_NAMES.get(service, service)).metadata
    except UnknownServiceError as error:
        raise ValueError(f"there is no service {service!r}") from error
    # The query APIs of SQS and SNS are older than their JSON; integrations speak the former.
    if "targetPrefix" in metadata and service != "sqs":
        return (
            f"{metadata['targetPrefix']}.{action}",
            f"application/x-amz-json-{metadata.get('jsonVersion', '1.0')}",
        )
    return None, str(metadata["apiVersion"])
