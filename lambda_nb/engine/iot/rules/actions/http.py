"""The action ``http``: a POST to a web service that has confirmed that it wants it."""

from __future__ import annotations

import json
import time
from urllib.parse import urlsplit

from lambda_nb.engine.aws_calls.upstream import Answer, TooSlow, Unreachable
from lambda_nb.engine.iot.rules.actions.action import (
    ActionError,
    Kind,
    Origin,
    Parameters,
    Result,
)
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.rules.iot.topic_rules import (
    BATCH_BYTES,
    BATCH_MESSAGES,
    BATCH_OPEN_MS,
    HTTP_TIMEOUT_S,
    http_again,
)

NAMESPACE = "AWS/IoT"
DESTINATION = "_destination"
"""The parameter that says which destination lets the action through; empty for none."""

_LOOPBACK = ("127.0.0.1", "localhost")
_FAILED = "HttpAction failed to make a request to the specified endpoint."


def _checked(parameters: Parameters, result: Result) -> Parameters:
    url = str(parameters["url"])
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise _failed(f"The URL is not valid: {url}") from error
    local = host in _LOOPBACK or host.endswith(".localhost")
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise _failed(f"The URL does not start with https://: {url}", "HttpInvalidUrl")
    if not parameters.get(DESTINATION):
        raise _failed(
            f"No topic rule destination for {parameters.get('confirmationUrl') or url} is ENABLED: "
            "confirm it with the token that was sent there (iot confirm-topic-rule-destination)"
        )
    if is_batched(parameters):
        try:
            result.payload.decode()
        except UnicodeDecodeError as error:
            raise _failed("Binary payloads are not supported in batches") from error
    is_json = not result.is_binary
    content_type = "application/json" if is_json else "application/octet-stream"
    return {**parameters, "_type": content_type}


def _failed(why: str, metric: str = "") -> ActionError:
    return ActionError(why, None, f"{_FAILED} {why.rstrip('.')}.", metric)


def is_batched(parameters: Parameters) -> bool:
    """Whether an action's messages are sent several at once."""
    return parameters.get("enableBatching") in (True, "true")


async def _perform(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    if not is_batched(parameters):
        await _post(parameters, payload, origin, surroundings)
        return

    async def send(batch: bytes) -> None:
        await _post({**parameters, "_type": "application/json"}, batch, origin, surroundings)

    settings = parameters.get("batchConfig") or {}
    across = settings.get("batchAcrossTopics") in (True, "true")
    batch = surroundings.batches.add(
        (origin.rule, parameters["url"], None if across else origin.topic),
        origin,
        payload,
        send,
        open_ms=int(settings.get("maxBatchOpenMs") or BATCH_OPEN_MS),
        messages=int(settings.get("maxBatchSize") or BATCH_MESSAGES),
        size=int(settings.get("maxBatchSizeBytes") or BATCH_BYTES),
    )
    try:
        await batch.done()
    except ActionError as error:
        error.members = tuple(batch.members)
        raise


async def _post(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    started = time.monotonic()
    tries = 0
    while True:
        tries += 1
        spent = time.monotonic() - started
        answer = await _request(parameters, payload, surroundings, HTTP_TIMEOUT_S - spent)
        if 200 <= answer.status < 300:
            return
        _count(surroundings, origin, _metric(answer.status))
        if not http_again(tries, answer.status, len(answer.body), time.monotonic() - started):
            reason = _reason(answer)
            raise _failed(f"StatusCode: {answer.status}. Reason: {reason}")


async def _request(
    parameters: Parameters, payload: bytes, surroundings: Surroundings, timeout_s: float
) -> Answer:
    url = str(parameters["url"])
    headers = {str(one["key"]): str(one["value"]) for one in parameters.get("headers") or ()}
    if "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = parameters["_type"]
    signing = (parameters.get("auth") or {}).get("sigv4")
    if signing:
        headers = surroundings.keys.sign(
            signing["serviceName"], signing["signingRegion"], "POST", url, headers, payload
        )
    try:
        return await surroundings.upstream.request(
            "POST", url, headers, payload, max(0.001, timeout_s)
        )
    except TooSlow as error:
        where = urlsplit(url).netloc
        after = f"{HTTP_TIMEOUT_S * 1000:g} ms"
        raise _failed(f"Request timeout to {where} after {after}", "HttpRequestTimeout") from error
    except Unreachable as error:
        raise _failed(str(error), "HttpUnknownHost") from error


def _metric(status: int) -> str:
    if 400 <= status < 500:
        return "HttpCode_4XX"
    return "HttpCode_5XX" if status >= 500 else "HttpCode_Other"


def _reason(answer: Answer) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(answer.status).phrase
    except ValueError:
        return json.dumps(answer.body[:100].decode("utf-8", "replace"))


def _count(surroundings: Surroundings, origin: Origin, metric: str) -> None:
    dimensions = (("RuleName", origin.rule),)
    surroundings.figures.service_figure(NAMESPACE, metric, dimensions, "Count", 1.0)


HTTP = Kind(
    name="http",
    label="HttpAction",
    metric_type="Http",
    failed=_FAILED.rstrip("."),
    perform=_perform,
    resource=lambda parameters: str(parameters["url"]),
    told=lambda parameters: {
        "Url": str(parameters["url"]),
        "ConfirmationUrl": str(parameters.get("confirmationUrl") or parameters["url"]),
    },
    prepare=_checked,
)
