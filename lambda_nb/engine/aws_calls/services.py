"""Calls of the engine's services that an integration makes, by their JSON or query protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from lambda_nb.engine import service_model
from lambda_nb.engine.aws_calls.upstream import Answer, Upstream


class Services:
    """Calls services in one Region.

    Parameters
    ----------
    upstream
        Makes the calls, signed with the keys of the engine's user.
    region
        The Region of calls that name none.
    """

    def __init__(self, upstream: Upstream, region: str) -> None:
        self._upstream = upstream
        self._region = region

    async def json(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        timeout_s: float,
        region: str | None = None,
    ) -> Answer:
        """Call an operation by AWS's JSON protocol.

        Parameters
        ----------
        service
            By botocore's name, such as ``stepfunctions``.
        operation
            Such as ``StartExecution``.
        parameters
            The body.
        timeout_s
            Seconds for the whole of it.

        Raises
        ------
        Unreachable, TooSlow
            The service does not answer.
        """
        metadata = service_model.model(service).metadata
        headers = {
            "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}",
            "X-Amz-Target": f"{metadata['targetPrefix']}.{operation}",
        }
        body = json.dumps(parameters, separators=(",", ":")).encode()
        return await self._post(signing_name(service), headers, body, timeout_s, region)

    async def query(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        timeout_s: float,
        region: str | None = None,
    ) -> Answer:
        """Call an operation by AWS's query protocol, whose answers are XML.

        ``parameters`` are a form's: ``{"QueueUrl": ..., "MessageAttribute.1.Name": ...}``. Raises
        as :meth:`json` does.
        """
        version = service_model.model(service).metadata["apiVersion"]
        form = {"Action": operation, "Version": version, **parameters}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        return await self._post(signing_name(service), headers, body, timeout_s, region)

    async def get(
        self, service: str, target: str, timeout_s: float, region: str | None = None
    ) -> Answer:
        """Call an operation by AWS's REST protocol.

        ``target`` is path and query, percent-encoded. Raises as :meth:`json` does.
        """
        return await self._upstream.call_service(
            signing_name(service), region or self._region, "GET", target, {}, b"", timeout_s
        )

    async def _post(
        self,
        service: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
        region: str | None,
    ) -> Answer:
        return await self._upstream.call_service(
            service, region or self._region, "POST", "/", headers, body, timeout_s
        )


def signing_name(service: str) -> str:
    """The name of a service in signatures.

    Examples
    --------
    >>> signing_name("stepfunctions")
    'states'
    """
    return str(service_model.model(service).signing_name)
