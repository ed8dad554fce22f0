"""Tasks that make HTTP requests: ``http:invoke`` with a connection, ``apigateway:invoke``."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from lambda_nb.engine.neighbours.services.door import Door
from lambda_nb.engine.neighbours.services.eventbridge.targets.oauth_tokens import OAuthTokens
from lambda_nb.engine.neighbours.services.step_functions.tasks.failures import failure_event

TIMEOUT_S = 60.0
"""Seconds that an endpoint has to answer (Step Functions Developer Guide, call-https-apis)."""
_API = re.compile(r"(?:https?://)?([a-z0-9]+)\.execute-api\.|.*/execute-api/([a-z0-9]+)")
_IN_API = {
    "ApiEndpoint", "Method", "Headers", "Stage", "Path", "QueryParameters", "RequestBody",
    "AllowNullValues", "AuthType",
}  # fmt: skip


class HttpError(Exception):
    """A request failed: the error's name in the States Language, and its cause."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(cause)
        self.name = name


def install(door: Door) -> None:
    """Let tasks make requests.

    Parameters
    ----------
    door
        Has the engine's address and keys, for its APIs.
    """
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service_api_gateway as api_gateway,
    )

    tokens = OAuthTokens()
    base: Any = api_gateway.StateTaskServiceApiGateway

    def call_api(self: Any, env: Any, resource_runtime_part: Any, **told: Any) -> None:
        parameters = told["normalised_parameters"]
        env.stack.append(_call_api(door, resource_runtime_part.region, parameters))

    base._get_supported_parameters = lambda self: _IN_API
    base._eval_service_task = call_api
    base._from_error = _from_error

    class HttpTask(base):  # type: ignore[misc]  # moto's class, with another request
        def _get_supported_parameters(self) -> Any:
            return () if self.resource.api_action == "invoke" else None

        def _eval_service_task(self, env: Any, **told: Any) -> None:
            env.stack.append(_call_url(tokens, told["normalised_parameters"]))

    module: Any = state_task_factory
    original = module.state_task_service_for
    module.state_task_service_for = lambda service_name: (
        HttpTask() if service_name == "http" else original(service_name=service_name)
    )


def _from_error(self: Any, env: Any, ex: Exception) -> Any:
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service_callback as callback,
    )

    if not isinstance(ex, HttpError):
        return callback.StateTaskServiceCallback._from_error(self, env, ex)
    details = {
        "error": ex.name,
        "cause": str(ex),
        "resource": self._get_sfn_resource(),
        "resourceType": self._get_sfn_resource_type(),
    }
    return failure_event(env, "TaskFailed", "taskFailedEventDetails", details)


def _call_api(door: Door, region: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    found = _API.match(str(parameters["ApiEndpoint"]))
    if found is None:
        told = parameters["ApiEndpoint"]
        raise HttpError("States.Runtime", f"{told} is not the endpoint of an API of API Gateway")
    stage, path = parameters.get("Stage") or "", str(parameters.get("Path") or "").lstrip("/")
    prefix = f"/{stage}" if stage not in ("", "$default") else ""
    query = {
        name: value if isinstance(value, list) else [value]
        for name, value in (parameters.get("QueryParameters") or {}).items()
    }
    tail = f"?{urlencode(query, doseq=True)}" if query else ""
    url = f"{door.endpoint}/execute-api/{found[1] or found[2]}{prefix}/{quote(path)}{tail}"
    headers = _headers(parameters.get("Headers"))
    body = None
    if "RequestBody" in parameters:
        body = json.dumps(parameters["RequestBody"])
        headers.setdefault("Content-Type", "application/json")
    if parameters.get("AuthType") in ("IAM_ROLE", "RESOURCE_POLICY"):
        asked: Any = AWSRequest(parameters["Method"], url, data=body or "", headers=headers)
        SigV4Auth(door.credentials(), "execute-api", region).add_auth(asked)
        headers = {name: str(value) for name, value in asked.headers.items()}
    return _request("ApiGateway", str(parameters["Method"]), url, headers, body)


def _call_url(tokens: OAuthTokens, parameters: Mapping[str, Any]) -> dict[str, Any]:
    connection = _connection(parameters)
    kept = (connection.auth_parameters or {}).get("InvocationHttpParameters") or {}
    headers = {
        "User-Agent": "Amazon|StepFunctions|HttpInvoke",
        **_headers(parameters.get("Headers")),
        **_pairs(kept.get("HeaderParameters")),
        **_authorization(connection, tokens),
    }
    query = {
        **(parameters.get("QueryParameters") or {}),
        **_pairs(kept.get("QueryStringParameters")),
    }
    tail = f"?{urlencode(query, doseq=True)}" if query else ""
    body = parameters.get("RequestBody")
    added = _pairs(kept.get("BodyParameters"))
    if added:
        body = {**(body if isinstance(body, dict) else {}), **added}
    encoding = parameters.get("Transform") or {}
    text = None
    if body is not None and encoding.get("RequestBodyEncoding") == "URL_ENCODED":
        options = encoding.get("RequestEncodingOptions") or {}
        text = urlencode(list(_form(body, str(options.get("ArrayFormat", "INDICES")))))
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    elif body is not None:
        text = body if isinstance(body, str) else json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    url = str(parameters["ApiEndpoint"]) + tail
    return _request("States.Http", str(parameters["Method"]), url, headers, text)


def _connection(parameters: Mapping[str, Any]) -> Any:
    """The connection of EventBridge that a task names."""
    from moto.events.models import events_backends

    told = parameters.get("Authentication") or parameters.get("InvocationConfig") or {}
    arn = str(told.get("ConnectionArn", ""))
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "events":
        connections = events_backends[parts[4]][parts[3]].connections
        connection = connections.get(parts[5].split("/")[1])
        if connection is not None:
            return connection
    raise HttpError("States.Runtime", f"There is no connection {arn!r}: create it in EventBridge")


def _authorization(connection: Any, tokens: OAuthTokens) -> dict[str, str]:
    told = connection.auth_parameters
    if connection.authorization_type == "BASIC":
        basic = told["BasicAuthParameters"]
        pair = f"{basic['Username']}:{basic['Password']}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    if connection.authorization_type == "API_KEY":
        key = told["ApiKeyAuthParameters"]
        return {key["ApiKeyName"]: key["ApiKeyValue"]}
    return {"Authorization": tokens.header(connection)}


def _request(
    family: str, method: str, url: str, headers: Mapping[str, str], body: str | None
) -> dict[str, Any]:
    """Make a request; its answer as a task's result.

    Raises
    ------
    HttpError
        There is no answer, or its status is not 2xx.
    """
    import requests

    http = family == "States.Http"
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method,
                url,
                headers=dict(headers),
                data=None if body is None else body.encode(),
                timeout=TIMEOUT_S,
                allow_redirects=not http,
            )
    except requests.exceptions.RequestException as error:
        name = "States.Http.Socket" if http else "ApiGateway.SdkClientException"
        raise HttpError(name, f"{method} {url}: {error}") from error
    if not 200 <= answer.status_code < 300:
        name = f"{family}.StatusCode" if http else family
        raise HttpError(f"{name}.{answer.status_code}", answer.text)
    try:
        told: Any = answer.json()
    except ValueError:
        told = answer.text
    return {
        "Headers": {name: [value] for name, value in answer.headers.items()},
        "ResponseBody": told,
        "StatusCode": answer.status_code,
        "StatusText": answer.reason,
    }


def _headers(told: Mapping[str, Any] | None) -> dict[str, str]:
    return {
        name: ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in (told or {}).items()
    }


def _pairs(parameters: Any) -> dict[str, str]:
    return {one["Key"]: str(one.get("Value", "")) for one in parameters or ()}


def _form(value: Any, arrays: str, name: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a form, as ``RequestEncodingOptions`` names those of arrays."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _form(one, arrays, f"{name}[{key}]" if name else key)
    elif isinstance(value, list) and arrays == "COMMAS":
        yield name, ",".join(map(str, value))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            inner = {"INDICES": f"{name}[{number}]", "BRACKETS": f"{name}[]"}.get(arrays, name)
            yield from _form(one, arrays, inner)
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)
