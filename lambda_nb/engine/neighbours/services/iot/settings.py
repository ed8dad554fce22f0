"""Settings of AWS IoT in a Region: where it answers, logs, registry events, the index."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from lambda_nb.engine.neighbours.services.iot import operations
from lambda_nb.engine.neighbours.services.iot.operations import Parameters, kept

_ENDPOINTS = ("iot:CredentialProvider", "iot:Data", "iot:Data-ATS", "iot:Data-Beta", "iot:Jobs")
_INDEX = "AWS_Things"


def install(address: str) -> None:
    """Add and change operations of settings.

    Parameters
    ----------
    address
        The engine's URL: devices connect there, whatever their protocol.
    """

    def describe_endpoint(backend: Any, given: Parameters) -> dict[str, Any]:
        wanted = given.get("endpointType") or "iot:Data"
        if wanted not in _ENDPOINTS:
            raise operations.invalid(f"Endpoint type {wanted} not recognized.")
        return {"endpointAddress": urlsplit(address).netloc}

    operations.install(
        {
            "DescribeEndpoint": describe_endpoint,
            "GetLoggingOptions": _logging,
            "SetLoggingOptions": _set_logging,
            "GetV2LoggingOptions": _logging_v2,
            "SetV2LoggingOptions": _set_logging_v2,
            "SetV2LoggingLevel": _set_level,
            "ListV2LoggingLevels": _levels,
            "DeleteV2LoggingLevel": _delete_level,
            "DescribeEventConfigurations": _events,
            "UpdateEventConfigurations": _update_events,
            "ListIndices": _indices,
            "DescribeIndex": _describe_index,
            "SearchIndex": _search,
        }
    )


def _logging(backend: Any, given: Parameters) -> dict[str, Any]:
    options = kept(backend, "logging_options")
    return {"roleArn": options.get("roleArn"), "logLevel": options.get("logLevel", "DISABLED")}


def _set_logging(backend: Any, given: Parameters) -> None:
    kept(backend, "logging_options").update(given["loggingOptionsPayload"])


def _logging_v2(backend: Any, given: Parameters) -> dict[str, Any]:
    options = kept(backend, "logging_options_v2")
    if not options:
        raise operations.error(
            "NotConfiguredException", "The logging options are not configured.", 404
        )
    return {"disableAllLogs": False, **options}


def _set_logging_v2(backend: Any, given: Parameters) -> None:
    options = kept(backend, "logging_options_v2")
    if not options and not given.get("roleArn"):
        raise operations.invalid("roleArn is required when logging is set up.")
    options.update({name: value for name, value in given.items() if value is not None})


def _set_level(backend: Any, given: Parameters) -> None:
    target = given["logTarget"]
    key = f"{target['targetType']} {target.get('targetName', '')}"
    kept(backend, "logging_levels")[key] = {"logTarget": target, "logLevel": given["logLevel"]}


def _levels(backend: Any, given: Parameters) -> dict[str, Any]:
    levels = [
        level
        for level in kept(backend, "logging_levels").values()
        if given.get("targetType") in (None, level["logTarget"]["targetType"])
    ]
    shown, token = operations.page(levels, given)
    return {"logTargetConfigurations": shown, "nextToken": token}


def _delete_level(backend: Any, given: Parameters) -> None:
    kept(backend, "logging_levels").pop(f"{given['targetType']} {given['targetName']}", None)


def _events(backend: Any, given: Parameters) -> dict[str, Any]:
    from botocore.session import get_session

    shape: Any = get_session().get_service_model("iot").shape_for("EventType")
    own = kept(backend, "event_configurations")
    return {
        "eventConfigurations": {
            kind: own.get("configurations", {}).get(kind, {"Enabled": False}) for kind in shape.enum
        },
        "creationDate": own.get("created"),
        "lastModifiedDate": own.get("modified"),
    }


def _update_events(backend: Any, given: Parameters) -> None:
    own = kept(backend, "event_configurations")
    own.setdefault("created", operations.now())
    own["modified"] = operations.now()
    for kind, wanted in (given.get("eventConfigurations") or {}).items():
        own.setdefault("configurations", {})[kind] = {"Enabled": bool(wanted.get("Enabled"))}


def _mode(backend: Any) -> str:
    configuration = backend.get_indexing_configuration()["thingIndexingConfiguration"]
    return str(configuration["thingIndexingMode"])


def _indices(backend: Any, given: Parameters) -> dict[str, Any]:
    return {"indexNames": [] if _mode(backend) == "OFF" else [_INDEX]}


def _check_index(backend: Any, name: str) -> None:
    if name != _INDEX:
        raise operations.invalid(f"lambda_nb searches the index {_INDEX} only, not {name}.")
    if _mode(backend) == "OFF":
        raise operations.not_found(
            f"The index {name} does not exist: switch the indexing of things on first "
            "(UpdateIndexingConfiguration)."
        )


def _describe_index(backend: Any, given: Parameters) -> dict[str, Any]:
    _check_index(backend, given["indexName"])
    schema = "REGISTRY_AND_SHADOW" if "SHADOW" in _mode(backend) else "REGISTRY"
    return {"indexName": _INDEX, "indexStatus": "ACTIVE", "schema": schema}


def _search(backend: Any, given: Parameters) -> dict[str, Any]:
    _check_index(backend, given.get("indexName") or _INDEX)
    query = given["queryString"]
    if "shadow." in query or "connectivity." in query:
        raise operations.error(
            "InvalidQueryException",
            "lambda_nb searches names, types, groups and attributes of things; not their shadows "
            "and connections.",
        )
    found = [
        {
            "thingName": thing.thing_name,
            "thingId": thing.thing_id,
            "thingTypeName": thing.thing_type.thing_type_name if thing.thing_type else None,
            "attributes": thing.attributes,
            "thingGroupNames": [
                group.thing_group_name
                for group in backend.thing_groups.values()
                if thing.arn in group.things
            ],
        }
        for thing in backend.things.values()
        if thing.matches(query)
    ]
    shown, token = operations.page(found, given)
    return {"things": shown, "nextToken": token}
