"""Integrations with HTTP servers and with services of AWS."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from botocore.exceptions import UnknownServiceError

from lambda_nb.engine import service_model
from lambda_nb.engine.aws_calls.upstream import Answer, TooSlow, Unreachable, Upstream
from lambda_nb.engine.gateways.websocket_api.integrations.asked import Asked, Parameters, mapped
from lambda_nb.engine.gateways.websocket_api.integrations.outcome import OURS, Outcome
from lambda_nb.engine.gateways.websocket_api.integrations.templates import (
    answer_body,
    request_body,
)
from lambda_nb.engine.gateways.websocket_api.refusals import SERVER_ERROR, TIMED_OUT, Refused
from lambda_nb.engine.gateways.websocket_api.stages import Integration, Stage

_NOT_PASSED_ON = frozenset({"host", "content-length", "transfer-encoding"})
_SERVICE = re.compile(
    r"arn:aws[a-z-]*:apigateway:([a-z0-9-]+):(?:[^:.]+\.)?([a-z0-9-]+):(path|action)/(.*)",
    re.DOTALL,
)
_BOTOCORE_NAMES = {"states": "stepfunctions", "monitoring": "cloudwatch", "email": "ses"}


class ServerIntegrations:
    """Runs integrations with servers and services.

    Parameters
    ----------
    upstream
        Makes HTTP requests.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def http(self, stage: Stage, integration: Integration, asked: Asked) -> Outcome:
        """Ask an HTTP server.

        Raises
        ------
        Refused
            It does not answer, or not in time.
        """
        proxied = integration.kind == "HTTP_PROXY"
        url, parameters = request_of(integration, stage, asked)
        body = (asked.body or "") if proxied else request_body(integration, stage, asked)
        headers = [(n, value) for n, values in parameters.header.items() for value in values]
        answer = await _answered(
            self._upstream.request(
                integration.record.get("IntegrationMethod") or "POST",
                url,
                headers,
                body.encode("utf-8", "surrogatepass"),
                integration.timeout_s,
            )
        )
        text = answer.body.decode(errors="replace")
        if not proxied:
            return Outcome(answer.status, _mapped_answer(stage, integration, asked, answer))
        kept = [
            (name.encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in answer.headers
            if name.lower() not in OURS
        ]
        return Outcome(answer.status, text, kept)

    async def service(self, stage: Stage, integration: Integration, asked: Asked) -> Outcome:
        """Ask a service of AWS, which the engine's own services are.

        Raises
        ------
        Refused
            There is no such service, or it does not answer.
        """
        found = _SERVICE.fullmatch(integration.uri)
        if found is None:
            raise Refused(500, SERVER_ERROR, f"{integration.uri!r} is no URI of an integration")
        region, service, kind, rest = found.groups()
        parameters = mapped(integration, stage, asked, Parameters())
        body = request_body(integration, stage, asked)
        path = "/" if kind == "action" else _filled("/" + rest.lstrip("/"), parameters)
        if kind == "action":
            _name_action(service, rest.partition("&")[0], parameters)
        if body and not parameters.has_header("content-type"):
            parameters.set_header("Content-Type", "application/json")
        query = urlencode(parameters.querystring, doseq=True)
        answer = await _answered(
            self._upstream.call_service(
                service,
                region,
                integration.record.get("IntegrationMethod") or "POST",
                f"{path}?{query}" if query else path,
                {name: ",".join(values) for name, values in parameters.header.items()},
                body.encode("utf-8", "surrogatepass"),
                integration.timeout_s,
            )
        )
        return Outcome(answer.status, _mapped_answer(stage, integration, asked, answer))


def request_of(integration: Integration, stage: Stage, asked: Asked) -> tuple[str, Parameters]:
    """URL and parameters of a request to a server. A proxy passes on what a handshake has."""
    begin = Parameters()
    if integration.kind == "HTTP_PROXY":
        begin.querystring = dict(asked.handshake.query)
        begin.header = {
            name: values
            for name, values in asked.handshake.headers.items()
            if name.lower() not in _NOT_PASSED_ON
        }
    parameters = mapped(integration, stage, asked, begin)
    if asked.body is not None and not parameters.has_header("content-type"):
        parameters.set_header("Content-Type", "application/json")
    url = urlsplit(integration.uri)
    query = urlencode(parameters.querystring, doseq=True)
    joined = "&".join(filter(None, (url.query, query)))
    path = _filled(url.path or "/", parameters)
    return urlunsplit((url.scheme, url.netloc, path, joined, "")), parameters


def _filled(path: str, parameters: Parameters) -> str:
    for name, value in parameters.path.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


def _name_action(service: str, action: str, parameters: Parameters) -> None:
    """Say which operation is meant, as the service's protocol does."""
    try:
        metadata = service_model.model(_BOTOCORE_NAMES.get(service, service)).metadata
    except UnknownServiceError as error:
        raise Refused(500, SERVER_ERROR, f"there is no service {service!r}") from error
    # Integrations speak SQS's query protocol, which is older than its JSON.
    if "targetPrefix" in metadata and service != "sqs":
        if not parameters.has_header("x-amz-target"):
            parameters.set_header("X-Amz-Target", f"{metadata['targetPrefix']}.{action}")
        if not parameters.has_header("content-type"):
            version = metadata.get("jsonVersion", "1.0")
            parameters.set_header("Content-Type", f"application/x-amz-json-{version}")
        return
    parameters.querystring["Action"] = [action]
    parameters.querystring.setdefault("Version", [str(metadata["apiVersion"])])


def _mapped_answer(stage: Stage, integration: Integration, asked: Asked, answer: Answer) -> str:
    responses = stage.served.integration_responses.get(integration.identifier, ())
    body = answer.body.decode(errors="replace")
    return answer_body(responses, str(answer.status), body, stage, asked)[1]


async def _answered(asking: Awaitable[Answer]) -> Answer:
    try:
        return await asking
    except TooSlow as error:
        raise Refused(504, TIMED_OUT, str(error)) from error
    except Unreachable as error:
        raise Refused(502, SERVER_ERROR, str(error)) from error
