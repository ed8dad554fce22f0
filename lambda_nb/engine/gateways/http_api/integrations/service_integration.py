"""First-class integrations: a route calls an operation of an AWS service.

Source of the parameters: API Gateway's guide, "Integration subtype reference".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.aws_calls.upstream import Answer, TooSlow, Unreachable
from lambda_nb.engine.gateways.configuration.v2.rules.integration_rules import SUBTYPES
from lambda_nb.engine.gateways.http_api.exchange import Exchange
from lambda_nb.engine.gateways.http_api.faults import internal, unavailable
from lambda_nb.engine.gateways.http_api.mapping import BadMapping
from lambda_nb.engine.gateways.http_api.parameters import ServiceParameters, parsed

_Form = Callable[[Mapping[str, str]], dict[str, Any]]


class ServiceIntegration:
    """An operation of a service behind a route.

    Parameters
    ----------
    services
        Makes the calls.
    subtype
        Such as ``SQS-SendMessage``.
    parameters
        ``RequestParameters`` of the integration.
    timeout_s
        Seconds that it may take.

    Raises
    ------
    BadMapping
        There is no such subtype, or a parameter cannot be understood.
    """

    def __init__(
        self, services: Services, subtype: str, parameters: Mapping[str, str], timeout_s: float
    ) -> None:
        known = _SUBTYPES.get(subtype)
        if known is None:
            raise BadMapping(f"lambda_nb has no integration {subtype}")
        self._service, self._operation, self._form = known
        self._required = SUBTYPES[subtype]
        self._services = services
        self._parameters = ServiceParameters(parameters)
        self._timeout_s = timeout_s

    async def answer(self, exchange: Exchange) -> Reply:
        """The service's answer.

        Raises
        ------
        Fault
            A parameter is missing, or the service does not answer.
        """
        given = self._parameters.of(exchange)
        missing = [name for name in self._required if name not in given]
        if missing:
            raise internal(f"{self._operation} needs {', '.join(missing)}")
        region = given.pop("Region", None)
        try:
            parameters = self._form(given)
        except (BadMapping, ValueError) as error:
            raise internal(f"{self._operation}: {error}") from error
        try:
            answer = await self._call(parameters, region)
        except (Unreachable, TooSlow) as error:
            raise unavailable(str(error)) from error
        return _reply(answer, exchange)

    async def _call(self, parameters: Mapping[str, Any], region: str | None) -> Answer:
        services, service, timeout_s = self._services, self._service, self._timeout_s
        if service == "appconfig":
            return await services.get(service, _configuration(parameters), timeout_s, region)
        call = services.query if service == "sqs" else services.json
        return await call(service, self._operation, parameters, timeout_s, region)


def _reply(answer: Answer, exchange: Exchange) -> Reply:
    content_type: bytes | None = None
    for name, value in answer.headers:
        lower = name.lower()
        if lower == "content-type":
            content_type = value.encode("latin-1")
        elif lower in ("x-amzn-requestid", "x-amz-request-id"):
            exchange.notes["awsEndpointRequestId"] = value
    return Reply(answer.status, answer.body, [], content_type)


def _named(**members: str) -> _Form:
    """A body with the service's own names for parameters."""

    def form(given: Mapping[str, str]) -> dict[str, Any]:
        return {member: given[name] for name, member in members.items() if name in given}

    return form


def _event(given: Mapping[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {name: text for name, text in given.items() if name != "Resources"}
    if "Time" in entry and entry["Time"].replace(".", "", 1).isdigit():
        entry["Time"] = float(entry["Time"])
    if "Resources" in given:
        entry["Resources"] = _listed(given["Resources"], "Resources")
    return {"Entries": [entry]}


def _listed(text: str, what: str) -> list[Any]:
    """A parameter that is a JSON list, or has commas between its values."""
    if not text.startswith("["):
        return text.split(",")
    listed = parsed(text, what)
    assert isinstance(listed, list)  # nothing else begins so
    return listed


def _message(given: Mapping[str, str]) -> dict[str, Any]:
    form: dict[str, Any] = dict(given)
    for member, prefix in (
        ("MessageAttributes", "MessageAttribute"),
        ("MessageSystemAttributes", "MessageSystemAttribute"),
    ):
        if member in form:
            form.update(_attributes(form.pop(member), member, prefix))
    return form


def _attributes(text: str, member: str, prefix: str) -> dict[str, str]:
    attributes = parsed(text, member)
    if not isinstance(attributes, dict):
        raise BadMapping(f"{member} is no JSON object")
    form: dict[str, str] = {}
    for i, (name, value) in enumerate(attributes.items(), 1):
        if not isinstance(value, dict):
            raise BadMapping(f"{member}.{name} is no JSON object")
        form[f"{prefix}.{i}.Name"] = name
        form.update({f"{prefix}.{i}.Value.{part}": str(given) for part, given in value.items()})
    return form


def _received(given: Mapping[str, str]) -> dict[str, Any]:
    form: dict[str, Any] = dict(given)
    for member, prefix in (
        ("AttributeNames", "AttributeName"),
        ("MessageAttributeNames", "MessageAttributeName"),
    ):
        if member in form:
            text = form.pop(member)
            names = _listed(text, member)
            form.update({f"{prefix}.{i}": name for i, name in enumerate(names, 1)})
    return form


def _configuration(given: Mapping[str, str]) -> str:
    """Path and query of GetConfiguration."""
    place = [quote(given[name], safe="") for name in ("Application", "Environment")]
    query = {"client_id": given["ClientId"]}
    if "ClientConfigurationVersion" in given:
        query["client_configuration_version"] = given["ClientConfigurationVersion"]
    name = quote(given["Configuration"], safe="")
    return (
        f"/applications/{place[0]}/environments/{place[1]}/configurations/{name}?{urlencode(query)}"
    )


_EXECUTION = _named(
    StateMachineArn="stateMachineArn", Name="name", Input="input", TraceHeader="traceHeader"
)

_SUBTYPES: dict[str, tuple[str, str, _Form]] = {
    "AppConfig-GetConfiguration": ("appconfig", "GetConfiguration", dict),
    "EventBridge-PutEvents": ("events", "PutEvents", _event),
    "SQS-SendMessage": ("sqs", "SendMessage", _message),
    "SQS-ReceiveMessage": ("sqs", "ReceiveMessage", _received),
    "SQS-DeleteMessage": ("sqs", "DeleteMessage", dict),
    "SQS-PurgeQueue": ("sqs", "PurgeQueue", dict),
    "Kinesis-PutRecord": ("kinesis", "PutRecord", dict),
    "StepFunctions-StartExecution": ("stepfunctions", "StartExecution", _EXECUTION),
    "StepFunctions-StartSyncExecution": ("stepfunctions", "StartSyncExecution", _EXECUTION),
    "StepFunctions-StopExecution": (
        "stepfunctions",
        "StopExecution",
        _named(ExecutionArn="executionArn", Cause="cause", Error="error"),
    ),
}
