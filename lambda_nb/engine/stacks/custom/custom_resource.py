"""``AWS::CloudFormation::CustomResource`` and ``Custom::*``: a function or a topic makes it."""

from __future__ import annotations

import json
import time
from typing import Any

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.custom import requests
from lambda_nb.engine.stacks.custom.answers import Address, Answers
from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType

NAME = "AWS::CloudFormation::CustomResource"
PREFIX = "Custom::"
_SUBJECT = "AWS CloudFormation custom resource request"
_LOOK_S = 0.5


class CustomResource(ResourceType):
    """Asks whom ``ServiceToken`` names, and waits for the answer at an address.

    Parameters
    ----------
    answers
        Gives the addresses.
    """

    name = NAME

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def create(self, context: Context, properties: Properties) -> Made:
        return self._made(self._ask(context, "Create", properties))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        if old.get("ServiceToken") != new.get("ServiceToken"):
            raise Refused("Modifying service token is not allowed.", "NotUpdatable")
        return self._made(self._ask(context, "Update", new, made.physical_id, old))

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        self._ask(context, "Delete", properties, made.physical_id)

    @staticmethod
    def _made(answer: requests.Answer) -> Made:
        hidden = requests.texts_in(answer.data) if answer.no_echo else ()
        return Made(answer.physical_id, answer.data, tuple(hidden))

    def _ask(
        self,
        context: Context,
        kind: str,
        properties: Properties,
        physical_id: str | None = None,
        old: Properties | None = None,
    ) -> requests.Answer:
        timeout_s = requests.timeout_of(properties)
        # Who was asked to make it is asked to delete it, if it answers a failure or not at all.
        preliminary = context.name() if kind == "Create" else None
        request_id = uuid4()
        address = self._answers.open()
        event: dict[str, Any] = {
            "RequestType": kind,
            "ServiceToken": properties.get("ServiceToken"),
            "ResponseURL": address.url,
            "StackId": context.stack_id,
            "RequestId": request_id,
            "LogicalResourceId": context.logical_id,
            "ResourceType": self.name,
            "ResourceProperties": requests.as_texts(properties),
        }
        if physical_id is not None:
            event["PhysicalResourceId"] = physical_id
        if old is not None:
            event["OldResourceProperties"] = requests.as_texts(old)
        try:
            invocation = _send(context, str(properties.get("ServiceToken")), event)
            if invocation is not None:
                who = f"{self.name} {context.logical_id} of stack {context.stack_name}"
                self._answers.expect(address, invocation, who)
            if preliminary is not None:
                context.made(preliminary)
            body = self._answer(context, address, request_id, timeout_s)
            named = requests.physical_id_in(body)
            if preliminary is not None and named is not None:
                context.made(named)
            deleting = kind == "Delete"
            return requests.answer_of(body, request_id, physical_id, deleting=deleting)
        finally:
            self._answers.close(address.url)

    def _answer(
        self, context: Context, address: Address, request_id: str, timeout_s: float
    ) -> bytes:
        end = time.monotonic() + timeout_s

        def look() -> list[bytes] | None:
            left_s = end - time.monotonic()
            came = address.bodies(0, max(0.0, min(_LOOK_S, left_s)))
            return came if came or address.failure or left_s <= 0 else None

        # Its own deadline is only a net: the text that AWS gives is the one below.
        came = context.wait(look, f"the answer to request {request_id}", timeout_s + 60)
        if not came and address.failure:
            raise Refused(
                "CloudFormation will not receive a response from your Custom Resource: the "
                f"function failed: {address.failure} (RequestId: {request_id})",
                "NotStabilized",
            )
        if not came:
            raise Refused(
                "CloudFormation did not receive a response from your Custom Resource. Please "
                f"check your logs for requestId [{request_id}]. If you are using the Python "
                "cfn-response module, you may need to update your Lambda function code so that "
                "CloudFormation can attach the updated version.",
                "NotStabilized",
            )
        return came[0]


def _send(context: Context, token: str, event: dict[str, Any]) -> str | None:
    """Send an event; for a function, returns the request ID of its invocation."""
    parts = token.split(":", 5)
    service = parts[2] if len(parts) == 6 else ""
    message = json.dumps(event)
    if service == "lambda":
        client = context.client("lambda", parts[3])
        answer = client.invoke(FunctionName=token, InvocationType="Event", Payload=message.encode())
        return str(answer["ResponseMetadata"]["RequestId"])
    if service == "sns":
        client = context.client("sns", parts[3])
        client.publish(TopicArn=token, Message=message, Subject=_SUBJECT)
        return None
    raise Refused(
        f"Invalid service token: {token!r} is not the ARN of a Lambda function or of an SNS topic.",
        "InvalidRequest",
    )
