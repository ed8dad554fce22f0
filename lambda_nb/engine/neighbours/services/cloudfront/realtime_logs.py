"""Real-time log configurations; they have names and ARNs, and no ETags."""

from __future__ import annotations

import re
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Parameters,
    Store,
    error,
    invalid,
    page,
)
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Operation
from lambda_nb.engine.neighbours.services.cloudfront.references import users
from lambda_nb.rules import quotas
from lambda_nb.rules.edge.log_fields import REALTIME_FIELDS

_KIND = "RealtimeLogConfig"
_MEMBERS = ("EndPoints", "Fields", "SamplingRate")
_STREAM = re.compile(r"arn:aws:kinesis:[a-z0-9-]+:\d{12}:stream/[A-Za-z0-9_.-]+")


def _told(document: CloudFrontDocument) -> dict[str, Any]:
    return {"ARN": document.id, **document.config}


def _find(store: Store, parameters: Parameters) -> CloudFrontDocument:
    name, arn = parameters.get("Name"), parameters.get("ARN")
    if not name and not arn:
        raise invalid("Give the Name or the ARN of a real-time log configuration.")
    wanted = arn or store.arn("realtime-log-config", str(name))
    found = store.all(_KIND).get(wanted)
    if found is None:
        raise error("NoSuchRealtimeLogConfig", f"There is no real-time log configuration {wanted}.")
    return found


def _check(config: dict[str, Any]) -> None:
    if not 1 <= config["SamplingRate"] <= 100:
        text = f"The parameter SamplingRate is from 1 to 100; it is {config['SamplingRate']}."
        raise invalid(text)
    unknown = [name for name in config["Fields"] if name not in REALTIME_FIELDS]
    if unknown or not config["Fields"]:
        raise invalid(
            f"The parameter Fields has names of fields, such as {', '.join(REALTIME_FIELDS[:3])}; "
            f"not known: {', '.join(unknown) or 'there are none'}."
        )
    if len(config["EndPoints"]) != 1:
        raise invalid("The parameter EndPoints has one endpoint, of a Kinesis stream.")
    endpoint = config["EndPoints"][0]
    stream = (endpoint.get("KinesisStreamConfig") or {}).get("StreamARN", "")
    if endpoint["StreamType"] != "Kinesis" or not _STREAM.fullmatch(stream):
        raise invalid(
            "An endpoint has the StreamType Kinesis and the ARN of a Kinesis data stream; it has "
            f"{endpoint['StreamType']!r} and {stream!r}."
        )


def _create(store: Store, parameters: Parameters) -> dict[str, Any]:
    arn = store.arn("realtime-log-config", parameters["Name"])
    if arn in store.all(_KIND):
        text = f"There is a real-time log configuration {parameters['Name']!r} already."
        raise error("RealtimeLogConfigAlreadyExists", text)
    if len(store.all(_KIND)) >= quotas.CF_REALTIME_LOGS.value:
        text = f"An account has at most {quotas.CF_REALTIME_LOGS.value} of them."
        raise error("TooManyRealtimeLogConfigs", text)
    config = {member: parameters[member] for member in ("Name", *_MEMBERS)}
    _check(config)
    return {_KIND: _told(store.add(_KIND, arn, config))}


def _get(store: Store, parameters: Parameters) -> dict[str, Any]:
    return {_KIND: _told(_find(store, parameters))}


def _update(store: Store, parameters: Parameters) -> dict[str, Any]:
    document = _find(store, parameters)
    given = {member: parameters[member] for member in _MEMBERS if member in parameters}
    config = {**document.config, **given}
    _check(config)
    document.change(config)
    return {_KIND: _told(document)}


def _delete(store: Store, parameters: Parameters) -> dict[str, Any]:
    document = _find(store, parameters)
    used = users(store, "RealtimeLogConfigArn", document.id)
    if used:
        raise error(
            "RealtimeLogConfigInUse",
            f"{document.id} is attached to cache behaviors of {used[0].id}: detach it before.",
        )
    del store.all(_KIND)[document.id]
    return {}


def _list(store: Store, parameters: Parameters) -> dict[str, Any]:
    told = [(document.id, _told(document)) for document in store.all(_KIND).values()]
    return {"RealtimeLogConfigs": page(told, parameters)}


OPERATIONS: dict[str, Operation] = {
    "CreateRealtimeLogConfig": _create,
    "GetRealtimeLogConfig": _get,
    "UpdateRealtimeLogConfig": _update,
    "DeleteRealtimeLogConfig": _delete,
    "ListRealtimeLogConfigs": _list,
}
