"""Small questions to an endpoint, with as little as possible said of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambda_nb.projects.engine_status import engine_status


def pages(client: Any, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
    """The items of all pages of an operation."""
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page.get(key, ())


def missing(error: Exception) -> bool:
    """Whether an error of boto3 says that something is not there."""
    told = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    return any(word in told for word in ("NotFound", "NoSuch", "NonExistent", "404"))


def found(call: Any, **parameters: Any) -> dict[str, Any] | None:
    """The answer of a call; None where what it asks for is not there."""
    from botocore.exceptions import ClientError

    try:
        told: dict[str, Any] = call(**parameters)
    except ClientError as error:
        if missing(error):
            return None
        raise
    return told


def differing(told: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The settings named in ``defaults`` that have another value, and one."""
    return {
        name: told[name]
        for name, default in defaults.items()
        if told.get(name) not in (default, None, "", [], {})
    }


def recorded_calls(client: Any, function: str) -> list[dict[str, str]] | None:
    """What a lambda_nb engine saw a function call; None where the endpoint keeps no such record."""
    told = engine_status(client, f"calls?function={function}")
    return None if told is None else told.get("calls")


def downloaded(url: str) -> bytes:
    """What is behind a link that Lambda has given."""
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    http = URLLib3Session(timeout=120)
    try:
        answer = http.send(AWSRequest("GET", url).prepare())
    finally:
        http.close()
    content: bytes = answer.content
    if answer.status_code != 200:
        raise OSError(f"{url.partition('?')[0]} answers {answer.status_code}")
    return content
