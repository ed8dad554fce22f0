"""Send an HTTP request to an API or a function URL, as a client outside AWS would."""

from __future__ import annotations

import json as json_
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.web.response import Response
from lambda_nb.projects.endpoint import is_aws

TIMEOUT_S = 910
"""Longer than any function may run behind a URL (900 s)."""
Parameters = Mapping[str, Any] | Sequence[tuple[str, Any]]

_LEGAL = "/?%:@!$&'()*+,;=~-._[]"


def send(
    address: str,
    method: str,
    path: str,
    client: Any,
    *,
    function: str = "",
    headers: Mapping[str, str] | None = None,
    params: Parameters | None = None,
    data: bytes | str | Mapping[str, Any] | None = None,
    json: Any = None,
) -> Response:
    """Send a request and read its response; redirects are not followed.

    Parameters
    ----------
    address
        Where the gateway is: ``https://ID.execute-api.REGION.amazonaws.com``.
    path
        From there, with its query if it has one.
    client
        The boto3 Lambda client of the endpoint.
    params
        The query; a value may be a list.
    data
        The body: bytes, text, or the fields of a form.
    json
        The body, as JSON.

    Raises
    ------
    UsageError
        There are both ``data`` and ``json``, or JSON cannot hold the body.
    NotebookError
        Nothing answers at the address.
    """
    from botocore.awsrequest import AWSRequest, HeadersDict
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session

    url = address.rstrip("/") + quote(path if path.startswith("/") else f"/{path}", safe=_LEGAL)
    if params:
        url += ("&" if "?" in url else "?") + urlencode(params, doseq=True)
    body, kind = _body(data, json)
    told = HeadersDict({"User-Agent": "lambda_nb", "Accept": "*/*"})
    if kind:
        told["Content-Type"] = kind
    reached, host = reachable(url, str(client.meta.endpoint_url), on_aws=is_aws(client))
    if host:
        told["Host"] = host
    for name, value in (headers or {}).items():
        told[name] = str(value)
    http = URLLib3Session(timeout=TIMEOUT_S)
    began = time.perf_counter()
    try:
        answer = http.send(AWSRequest(method.upper(), reached, told, body).prepare())
        content = answer.content
    except BotoCoreError as error:
        raise NotebookError(f"{method.upper()} {url}: {error}") from None
    finally:
        http.close()
    return Response(
        method=method.upper(),
        url=url,
        status=answer.status_code,
        headers={name.lower(): value for name, value in answer.headers.items()},
        content=content,
        seconds=time.perf_counter() - began,
        function=function,
        cookies=list(answer.raw.headers.getlist("set-cookie")),
    )


def reachable(url: str, endpoint: str, *, on_aws: bool) -> tuple[str, str]:
    """The address to connect to, and the Host header to send (empty: that of the address).

    Names such as ``ID.execute-api.localhost`` are an engine's. Many resolvers do not know them, and
    the engine may be on another machine: connect to the engine, with that name as the host.

    Examples
    --------
    >>> reachable("http://a1.execute-api.localhost:4571/x", "http://127.0.0.1:4571", on_aws=False)
    ('http://127.0.0.1:4571/x', 'a1.execute-api.localhost:4571')
    >>> reachable("https://a1.example.com/", "https://lambda.us-east-1.amazonaws.com", on_aws=True)
    ('https://a1.example.com/', '')
    """
    there = urlsplit(url)
    if on_aws or not (there.hostname or "").endswith(".localhost"):
        return url, ""
    engine = urlsplit(endpoint).hostname or "127.0.0.1"
    if ":" in engine:
        engine = f"[{engine}]"
    port = f":{there.port}" if there.port else ""
    return there._replace(netloc=f"{engine}{port}").geturl(), there.netloc


def _body(data: bytes | str | Mapping[str, Any] | None, json: Any) -> tuple[bytes | None, str]:
    """The body of a request and its content type."""
    if json is not None:
        if data is not None:
            raise UsageError("give data= or json=, not both")
        try:
            return json_.dumps(json).encode(), "application/json"
        except (TypeError, ValueError) as error:
            raise UsageError(f"the body is no JSON: {error}") from None
    if isinstance(data, Mapping):
        return urlencode(data, doseq=True).encode(), "application/x-www-form-urlencoded"
    if isinstance(data, str):
        return data.encode(), "text/plain; charset=utf-8"
    return data, ""
