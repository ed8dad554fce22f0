"""Destinations of topic rules: the URLs that their HTTP actions may send to, once confirmed.

The engine sends the confirmation request, since it sends what the rules do (``iot/rules``). It
finds the token in the answer of ``GetTopicRuleDestination``, as ``confirmationToken``, while the
destination waits for its confirmation; whoever receives it confirms by
``ConfirmTopicRuleDestination``.
"""

from __future__ import annotations

import secrets
import uuid
from typing import Any
from urllib.parse import urlsplit

from lambda_nb.engine.neighbours.services.iot import operations
from lambda_nb.engine.neighbours.services.iot.operations import Parameters, kept

_WAITING = "Awaiting confirmation. Confirmation message sent on {}."
_BY_PEOPLE = ("ENABLED", "DISABLED", "IN_PROGRESS")
NO_VPC = (
    "lambda_nb has no VPCs: a destination of topic rules is an HTTP URL (httpUrlConfiguration)."
)


def install() -> None:
    """Add the operations of destinations."""
    operations.install(
        {
            "CreateTopicRuleDestination": _create,
            "ConfirmTopicRuleDestination": _confirm,
            "GetTopicRuleDestination": _get,
            "ListTopicRuleDestinations": _list,
            "UpdateTopicRuleDestination": _update,
            "DeleteTopicRuleDestination": _delete,
        }
    )


def _create(backend: Any, given: Parameters) -> dict[str, Any]:
    configuration = given["destinationConfiguration"]
    http = configuration.get("httpUrlConfiguration")
    if http is None:
        raise operations.invalid(NO_VPC)
    url = http["confirmationUrl"]
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise operations.invalid(f"The confirmation URL is not valid: {url}")
    if any(one["url"] == url for one in _all(backend).values()):
        raise operations.error(
            "ConflictingResourceUpdateException",
            f"There is a destination for the confirmation URL {url} already.",
            409,
        )
    arn = operations.arn(backend, "ruledestination/http", str(uuid.uuid4()))
    moment = operations.now()
    _all(backend)[arn] = {
        "arn": arn,
        "url": url,
        "token": secrets.token_urlsafe(48),
        "created": moment,
        "updated": moment,
        "status": "IN_PROGRESS",
        "reason": _WAITING.format(moment.isoformat(timespec="seconds") + "Z"),
    }
    return {"topicRuleDestination": _described(_all(backend)[arn])}


def _all(backend: Any) -> dict[str, Any]:
    return kept(backend, "destinations")


def _described(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "arn": one["arn"],
        "status": one["status"],
        "createdAt": one["created"],
        "lastUpdatedAt": one["updated"],
        "statusReason": one["reason"],
        "httpUrlProperties": {"confirmationUrl": one["url"]},
    }


def _find(backend: Any, arn: str) -> dict[str, Any]:
    one: dict[str, Any] | None = _all(backend).get(arn)
    if one is None:
        raise operations.not_found(f"The topic rule destination {arn} does not exist.")
    return one


def _confirm(backend: Any, given: Parameters) -> None:
    token = given["confirmationToken"]
    for one in _all(backend).values():
        if secrets.compare_digest(one["token"].encode(), token.encode()):
            one.update(status="ENABLED", updated=operations.now(), reason="")
            return
    raise operations.invalid("The confirmation token is not valid.")


def _get(backend: Any, given: Parameters) -> dict[str, Any]:
    one = _find(backend, given["arn"])
    answer = {"topicRuleDestination": _described(one)}
    if one["status"] == "IN_PROGRESS":
        token = {"confirmationToken": one["token"]}
        answer[operations.BESIDE] = {"topicRuleDestination": token}
    return answer


def _list(backend: Any, given: Parameters) -> dict[str, Any]:
    shown, token = operations.page(list(_all(backend).values()), given)
    summaries = [
        {**_described(one), "httpUrlSummary": {"confirmationUrl": one["url"]}} for one in shown
    ]
    return {"destinationSummaries": summaries, "nextToken": token}


def _update(backend: Any, given: Parameters) -> None:
    one = _find(backend, given["arn"])
    if given["status"] not in _BY_PEOPLE:
        raise operations.invalid(
            f"The status of a destination cannot be set to {given['status']}: choose one of "
            f"{', '.join(_BY_PEOPLE)}."
        )
    moment = operations.now()
    reason = ""
    if given["status"] == "IN_PROGRESS":  # a new confirmation is asked for
        one["token"] = secrets.token_urlsafe(48)
        reason = _WAITING.format(moment.isoformat(timespec="seconds") + "Z")
    one.update(status=given["status"], updated=moment, reason=reason)


def _delete(backend: Any, given: Parameters) -> None:
    _all(backend).pop(given["arn"], None)
