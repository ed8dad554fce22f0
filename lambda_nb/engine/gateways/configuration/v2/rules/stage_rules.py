"""What stages may be like."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request, not_found

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_VARIABLE = re.compile(r"[A-Za-z0-9_]+")
_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]*")
_LOG_GROUP = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:[^:*]+(:\*)?")
_FIREHOSE = re.compile(
    r"arn:aws[a-z-]*:firehose:[a-z0-9-]+:\d{12}:deliverystream/amazon-apigateway-.+"
)


def new_stage(protocol: str, name: str) -> dict[str, Any]:
    """A stage as AWS makes it unless told otherwise."""
    settings: dict[str, Any] = {"DetailedMetricsEnabled": False}
    if protocol == "WEBSOCKET":
        settings |= {"DataTraceEnabled": False, "LoggingLevel": "OFF"}
    return {
        "AutoDeploy": False,
        "DefaultRouteSettings": settings,
        "RouteSettings": {},
        "StageName": name,
        "StageVariables": {},
        "Tags": {},
    }


def check_name(name: str, protocol: str) -> None:
    """Refuse a name that no stage can have.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    if name == "$default" and protocol == "HTTP":
        return
    if not _NAME.fullmatch(name):
        raise bad_request("Stage name only allows a-zA-Z0-9_-")


def check(stage: Mapping[str, Any], protocol: str, route_keys: Collection[str]) -> None:
    """Refuse settings that a stage cannot have.

    Parameters
    ----------
    stage
        With what AWS fills in.
    protocol
        Of its API.
    route_keys
        Of its API.

    Raises
    ------
    AWSError
        ``BadRequestException``, or ``NotFoundException`` for settings of a route that is not there.
    """
    for name, value in stage.get("StageVariables", {}).items():
        if not _VARIABLE.fullmatch(name) or not _VALUE.fullmatch(value):
            raise bad_request(
                "Stage variable names must match [A-Za-z0-9_]+ and their values "
                f"[A-Za-z0-9-._~:/?#&=,]+: {name}"
            )
    for settings in (stage["DefaultRouteSettings"], *stage["RouteSettings"].values()):
        _check_settings(settings, protocol)
    for key in stage["RouteSettings"]:
        if key not in route_keys:
            raise not_found(f"Unable to find Route by key {key} within the provided RouteSettings")
    if stage.get("AccessLogSettings"):
        check_access_log(stage["AccessLogSettings"])


def _check_settings(settings: Mapping[str, Any], protocol: str) -> None:
    if settings.get("LoggingLevel", "OFF") not in ("ERROR", "INFO", "OFF"):
        raise bad_request("Invalid logging level. Must be one of [ERROR, INFO, OFF]")
    if protocol == "HTTP" and (
        settings.get("DataTraceEnabled") or settings.get("LoggingLevel", "OFF") != "OFF"
    ):
        raise bad_request("Execution logs are not supported on protocol type HTTP")
    for member in ("ThrottlingBurstLimit", "ThrottlingRateLimit"):
        if settings.get(member, 0) < 0:
            raise bad_request(f"{member} must not be negative")


def check_access_log(settings: Mapping[str, Any]) -> None:
    """Refuse access logs that could not be written.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    arn, form = settings.get("DestinationArn", ""), settings.get("Format", "")
    if _FIREHOSE.fullmatch(arn):
        raise bad_request(
            f"lambda_nb writes access logs to log groups only, not to Firehose: {arn}. Name a log "
            "group, and subscribe the stream to it."
        )
    if not _LOG_GROUP.fullmatch(arn):
        raise bad_request(
            f"Invalid ARN specified in the request. ARN must be of a log group or of a Firehose "
            f"stream whose name begins with amazon-apigateway-: {arn}"
        )
    if "$context.requestId" not in form and "$context.extendedRequestId" not in form:
        raise bad_request(
            "Access Log format must contain $context.requestId or $context.extendedRequestId"
        )
