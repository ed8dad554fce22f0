"""API destinations and APIs of API Gateway as enrichments and targets of pipes."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from lambda_nb.engine.aws_calls.upstream import Answer, TooSlow, Unreachable
from lambda_nb.engine.events.pipes.callees import call_client
from lambda_nb.engine.events.pipes.surroundings import StageError, Surroundings
from lambda_nb.rules.events.pipes import paths

API_DESTINATION_S = 5.0
"""Seconds for an answer of an API destination (EventBridge User Guide, eb-api-destinations)."""
API_GATEWAY_S = 29.0
"""Seconds of an integration of API Gateway."""
_DEFAULT_STAGE = "$default"


class HttpCaller:
    """Calls API destinations and APIs for one pipe.

    Parameters
    ----------
    around
        What pipes need.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._next: dict[str, float] = {}

    async def destination(
        self, arn: str, parameters: Mapping[str, Any], event: Any, body: bytes
    ) -> bytes:
        """Call an API destination with one event and return the body of its answer.

        Parameters
        ----------
        arn
            The API destination.
        parameters
            ``HttpParameters`` of the pipe; paths in them are of ``event``.
        body
            What is sent.

        Raises
        ------
        StageError
            It does not exist, does not answer in time, or answers with an error.
        """
        name = arn.split("/")[1]
        told = await call_client(self._around, "events", "describe_api_destination", {"Name": name})
        connection = str(told["ConnectionArn"]).split("/")[1]
        asked = {"Name": connection}
        kept = await call_client(self._around, "events", "describe_connection", asked)
        secret = await self._secret(kept)
        headers, query = await self._authorized(kept["AuthorizationType"], secret)
        fixed = secret.get("invocation_http_parameters") or {}
        for part, where in (("header_parameters", headers), ("query_string_parameters", query)):
            where.update({one["key"]: one["value"] for one in fixed.get(part) or ()})
        await self._pace(arn, told.get("InvocationRateLimitPerSecond") or 300)
        url = _filled(told["InvocationEndpoint"], parameters, event)
        return await self._send(
            told["HttpMethod"], url, parameters, event, body, headers, query, API_DESTINATION_S
        )

    async def api(self, arn: str, parameters: Mapping[str, Any], event: Any, body: bytes) -> bytes:
        """Call an API with one event; parameters and errors as for :meth:`destination`.

        ``arn`` is ``arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH``.
        """
        region, resource = arn.split(":", 5)[3], arn.split(":", 5)[5]
        api, stage, method, path = [*resource.split("/", 3), ""][:4]
        below = "" if stage == _DEFAULT_STAGE else f"/{stage}"
        target = f"{self._around.api_path}/{api}{below}/{_filled(path, parameters, event)}"
        headers, query = _given(parameters, event)
        if query:
            target += "?" + urlencode(query)
        headers = {"content-type": "application/json", **headers}
        upstream = self._around.upstream
        try:
            answer = await upstream.call_service(
                "execute-api", region, method, target, headers, body, API_GATEWAY_S
            )
        except (TooSlow, Unreachable) as error:
            raise StageError(str(error), status=504) from error
        return _body(arn, answer)

    async def _send(
        self,
        method: str,
        url: str,
        parameters: Mapping[str, Any],
        event: Any,
        body: bytes,
        headers: dict[str, str],
        query: dict[str, str],
        timeout_s: float,
    ) -> bytes:
        more_headers, more_query = _given(parameters, event)
        headers = {"content-type": "application/json; charset=utf-8", **more_headers, **headers}
        if query or more_query:
            sign = "&" if "?" in url else "?"
            url += sign + urlencode({**more_query, **query})
        try:
            answer = await self._around.upstream.request(method, url, headers, body, timeout_s)
        except (TooSlow, Unreachable) as error:
            raise StageError(str(error), status=504) from error
        return _body(url, answer)

    async def _pace(self, arn: str, most_per_second: int) -> None:
        """Wait until the destination's rate allows one more call."""
        now = time.monotonic()
        at = max(now, self._next.get(arn, now))
        self._next[arn] = at + 1 / most_per_second
        await asyncio.sleep(at - now)

    async def _secret(self, connection: Mapping[str, Any]) -> dict[str, Any]:
        asked = {"SecretId": connection["SecretArn"]}
        kept = await call_client(self._around, "secretsmanager", "get_secret_value", asked)
        secret: dict[str, Any] = json.loads(kept["SecretString"])
        return secret

    async def _authorized(
        self, kind: str, secret: Mapping[str, Any]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and query parameters that a connection adds."""
        if kind == "API_KEY":
            return {secret["api_key_name"]: secret["api_key_value"]}, {}
        if kind == "BASIC":
            pair = f"{secret['username']}:{secret['password']}".encode()
            return {"Authorization": "Basic " + base64.b64encode(pair).decode()}, {}
        client = secret["client_parameters"]
        form = {
            "grant_type": "client_credentials",
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        }
        more = (secret.get("o_auth_http_parameters") or {}).get("body_parameters") or ()
        form.update({one["key"]: one["value"] for one in more})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await self._around.upstream.request(
            secret["http_method"],
            secret["authorization_endpoint"],
            headers,
            urlencode(form).encode(),
            API_DESTINATION_S,
        )
        token = json.loads(_body(secret["authorization_endpoint"], answer))["access_token"]
        return {"Authorization": f"Bearer {token}"}, {}


def _given(parameters: Mapping[str, Any], event: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and query parameters of a pipe's ``HttpParameters``."""
    headers, query = (
        {name: paths.dynamic(value, event) for name, value in (parameters.get(part) or {}).items()}
        for part in ("HeaderParameters", "QueryStringParameters")
    )
    return headers, query


def _filled(url: str, parameters: Mapping[str, Any], event: Any) -> str:
    """A URL or path with the pipe's values in place of its wildcards."""
    for value in parameters.get("PathParameterValues") or ():
        url = url.replace("*", quote(paths.dynamic(value, event), safe=""), 1)
    return url


def _body(where: str, answer: Answer) -> bytes:
    if answer.status >= 300:
        text = answer.body[:500].decode("utf-8", "replace")
        raise StageError(f"{where} answered {answer.status}: {text}", status=answer.status)
    return answer.body
