"""The settings that a stage has for its methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept.patches import Operation, Read

DEFAULT: Mapping[str, Any] = {
    "metricsEnabled": False,
    "loggingLevel": "OFF",
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}
"""The settings of a method for which nothing is set; the throttle is the account's (API Gateway's
quotas, 2026)."""

_EVERY = "*/*"
_MEMBERS: dict[tuple[str, str], tuple[str, Read]] = {
    ("metrics", "enabled"): ("metricsEnabled", patches.boolean),
    ("logging", "loglevel"): ("loggingLevel", patches.one_of("OFF", "ERROR", "INFO")),
    ("logging", "dataTrace"): ("dataTraceEnabled", patches.boolean),
    ("throttling", "burstLimit"): ("throttlingBurstLimit", patches.integer),
    ("throttling", "rateLimit"): ("throttlingRateLimit", patches.number),
    ("caching", "enabled"): ("cachingEnabled", patches.boolean),
    ("caching", "ttlInSeconds"): ("cacheTtlInSeconds", patches.integer),
    ("caching", "dataEncrypted"): ("cacheDataEncrypted", patches.boolean),
    ("caching", "requireAuthorizationForCacheControl"): (
        "requireAuthorizationForCacheControl",
        patches.boolean,
    ),
    ("caching", "unauthorizedCacheControlHeaderStrategy"): (
        "unauthorizedCacheControlHeaderStrategy",
        patches.one_of(
            "FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"
        ),
    ),
}
PATHS = [f"/{{resourcePath}}/{{httpMethod}}/{group}/{name}" for group, name in _MEMBERS]
"""The patch paths of the settings."""


def change(stage: Record, operation: Operation) -> bool:
    """Change a stage's method settings; ``False`` if the operation means something else."""
    settings = stage["methodSettings"]
    head, _, name = operation["path"][1:].rpartition("/")
    key, _, group = head.rpartition("/")
    member = _MEMBERS.get((group, name))
    if member is not None and "/" in key:
        if operation["op"] == "replace":
            read = member[1](patches.value_of(operation))
            settings[key] = {**(settings.get(key) or DEFAULT), member[0]: read}
            return True
        return False
    key = operation["path"][1:]
    if operation["op"] == "remove" and (key in settings or key == _EVERY):
        settings.pop(key, None)
        return True
    return False


def of_method(stage: Record, path: str, method: str) -> Mapping[str, Any]:
    """The settings for a method: its own, else those for every method, else the defaults.

    A ``throttlingRateLimit`` of -1 means no throttling. A burst of -1 is the account's.

    Parameters
    ----------
    stage
        As ``GetStage`` shows it.
    path
        The path of its resource, such as ``/pets/{id}``.
    method
        Its HTTP method.
    """
    settings = stage.get("methodSettings", {})
    own = settings.get(_EVERY, {})
    for key, found in settings.items():
        where, _, name = key.rpartition("/")
        if name == method and "/" + where.replace("~1", "/").strip("/") == path:
            own = found
    complete = {**DEFAULT, **own}
    if complete["throttlingBurstLimit"] < 0:
        complete["throttlingBurstLimit"] = DEFAULT["throttlingBurstLimit"]
    return complete
