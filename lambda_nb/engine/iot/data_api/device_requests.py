"""Requests of devices by HTTPS: with a certificate or a custom authorizer, and no signature.

What a device may do is said by its IoT policies (IoT Developer Guide, iot-action-resources, 2026).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Protocol

from lambda_nb.engine import service_model
from lambda_nb.engine.api.lambda_api import parsing, serialising
from lambda_nb.engine.api.lambda_api.routing import Router
from lambda_nb.engine.api.wire.http import HttpRequest, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.iot.data_api.broker import Broker
from lambda_nb.engine.iot.data_api.data_api import operations, respell
from lambda_nb.engine.iot.data_api.errors import fault
from lambda_nb.engine.iot.data_api.message_operations import LARGEST_PAYLOAD, MessageOperations
from lambda_nb.engine.iot.jobs.jobs import Jobs
from lambda_nb.engine.iot.message import Sender
from lambda_nb.engine.iot.mqtt.admission import Attempt, Refused
from lambda_nb.engine.iot.shadows.shadows import Shadows
from lambda_nb.engine.model import Caller

_RESOURCES = {
    "Publish": ("iot:Publish", "topic/{topic}"),
    "GetRetainedMessage": ("iot:GetRetainedMessage", "topic/{topic}"),
    "ListRetainedMessages": ("iot:ListRetainedMessages", "*"),
    "GetThingShadow": ("iot:GetThingShadow", "thing/{thingName}"),
    "UpdateThingShadow": ("iot:UpdateThingShadow", "thing/{thingName}"),
    "DeleteThingShadow": ("iot:DeleteThingShadow", "thing/{thingName}"),
    "ListNamedShadowsForThing": ("iot:ListNamedShadowsForThing", "*"),
    "DescribeJobExecution": ("iotjobsdata:DescribeJobExecution", "thing/{thingName}"),
    "GetPendingJobExecutions": ("iotjobsdata:GetPendingJobExecutions", "thing/{thingName}"),
    "StartNextPendingJobExecution": (
        "iotjobsdata:StartNextPendingJobExecution",
        "thing/{thingName}",
    ),
    "UpdateJobExecution": ("iotjobsdata:UpdateJobExecution", "thing/{thingName}"),
}
"""For each operation of devices the action and the resource that a policy has to allow."""


class Admission(Protocol):
    """Knows who a device is, and what it may do."""

    async def allows(self, attempt: Attempt, action: str, resource: str) -> Sender | Refused:
        """Let somebody do one thing without a connection."""


class DeviceRequests:
    """Answers devices in one Region.

    Parameters
    ----------
    admission
        Lets devices in.
    account, region
        Where.
    broker, shadows, jobs
        What they ask for.
    """

    def __init__(
        self,
        admission: Admission,
        account: str,
        region: str,
        broker: Broker,
        shadows: Shadows,
        jobs: Jobs,
    ) -> None:
        self._admission = admission
        self._caller = Caller(account, region)
        self._messages = MessageOperations(broker)
        self._services = {
            "iot-data": operations(broker, shadows),
            "iot-jobs-data": jobs.device_operations(),
        }
        self._routers: dict[str, Router] = {}

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request.

        Raises
        ------
        AWSError
            The error for the device.
        """
        body = await request.body(LARGEST_PAYLOAD, _too_large)
        service, name, labels = self._find(request)
        operation = service_model.operation(name, service)
        given = parsing.parse(operation, labels, request.query, request.headers, body)
        sender = await self._admit(request, name, given)
        response: Any
        if name == "Publish":
            response = self._messages.publish(given, sender)
        else:
            response = self._services[service][name](given, self._caller)
        if inspect.isawaitable(response):
            response = await response
        await serialising.serialise(operation, response, request_id).send(send)

    def _find(self, request: HttpRequest) -> tuple[str, str, dict[str, str]]:
        for service in self._services:
            if service not in self._routers:
                self._routers[service] = Router(service)
            found = self._routers[service].find(
                request.method, respell(request.path), request.query
            )
            if found is not None and found[0] in _RESOURCES:
                return service, *found
        raise fault(404, f"No operation of devices is {request.method} {request.path}.")

    async def _admit(self, request: HttpRequest, name: str, given: Mapping[str, Any]) -> Sender:
        action, resource = _RESOURCES[name]
        resource = resource.format_map(given)
        if given.get("shadowName"):
            resource = f"{resource}/{given['shadowName']}"
        attempt = Attempt(
            client_id="",
            certificate_der=request.certificate,
            source_ip=request.peer,
            protocol="http",
            headers=request.headers,
            query=request.query,
            tls=request.certificate is not None,
        )
        asked = [(action, resource)]
        if given.get("retain"):
            asked.append(("iot:RetainPublish", resource))
        for needed, on in asked:
            admitted = await self._admission.allows(attempt, needed, on)
            if isinstance(admitted, Refused):
                raise AWSError("ForbiddenException", "Forbidden", 403, traceId=uuid4())
        assert isinstance(admitted, Sender)
        return admitted


def _too_large(size: int) -> AWSError:
    return fault(413, f"The payload has at most {LARGEST_PAYLOAD} bytes, not {size}.")
