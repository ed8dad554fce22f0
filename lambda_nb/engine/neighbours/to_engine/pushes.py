"""Events that S3, SNS, CloudWatch Logs and other services push to functions.

moto would run such functions itself, inside the call that caused the event. Here the event goes
to the outlet, complete as AWS sends it (facts/events.md section 1), and the call returns.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from lambda_nb.engine.neighbours.services.messaging import object_notifications
from lambda_nb.engine.neighbours.services.messaging.mail import outgoing, receipt_rules
from lambda_nb.engine.neighbours.services.messaging.mail.receiving import Receiving
from lambda_nb.engine.neighbours.services.messaging.topics import (
    publishing,
    subscriptions,
    topic_attributes,
)
from lambda_nb.engine.neighbours.services.messaging.topics.endpoints import Endpoints
from lambda_nb.engine.neighbours.services.messaging.topics.envelopes import Envelopes
from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet
from lambda_nb.engine.neighbours.to_engine.functions import Functions
from lambda_nb.rules.events import log_patterns


def install(outlet: Outlet, functions: Functions, address: str) -> tuple[Endpoints, Receiving]:
    """Send every service's events for functions to the outlet.

    Parameters
    ----------
    functions
        Says whether a function lets a service in.
    address
        The engine's URL, where links in messages lead.

    Returns
    -------
    tuple of Endpoints and Receiving
        Where SNS delivers, and SES receives; to be started once the process serves.
    """
    object_notifications.install(outlet, functions)
    endpoints = Endpoints(outlet, functions, Envelopes(address))
    publishing.install(endpoints)
    subscriptions.install(endpoints)
    topic_attributes.install()
    receiving = Receiving(outlet, functions)
    outgoing.install(receiving)
    receipt_rules.install(functions)
    _lead_logs(outlet)
    _lead_others(outlet)
    return endpoints, receiving


def _lead_logs(outlet: Outlet) -> None:
    from moto.logs.models import LogStream

    original = LogStream._send_log_events

    def send(
        self: Any,
        service: str,
        destination_arn: str,
        filter_name: str,
        log_events: list[dict[str, Any]],
    ) -> None:
        subscription = self.log_group.subscription_filters[filter_name]
        test = log_patterns.compiled(subscription.filter_pattern or "")
        let_through = [event for event in log_events if test(event["message"])]
        if not let_through:
            return
        if service != "lambda":
            original(self, service, destination_arn, filter_name, let_through)
            return
        document = {
            "messageType": "DATA_MESSAGE",
            "owner": self.account_id,
            "logGroup": self.log_group.name,
            "logStream": self.log_stream_name,
            "subscriptionFilters": [filter_name],
            "logEvents": [{**event, "id": f"{int(event['id']):056d}"} for event in let_through],
        }
        data = base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()
        outlet.send("logs", destination_arn, {"awslogs": {"data": data}})

    stream_class: Any = LogStream
    stream_class._send_log_events = send


class _Function:
    """Replaces one of moto's own functions; runs nothing."""

    def __init__(self, outlet: Outlet, arn: str) -> None:
        self._outlet = outlet
        self._arn = arn

    def invoke(self, body: str, *_: Any) -> str:
        self._outlet.send("push", self._arn, body)
        return "null"


class _Functions:
    """Replaces moto's own Lambda: every function exists, none runs here."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def get_function(self, name_or_arn: str, *_: Any, **__: Any) -> _Function:
        return _Function(self._outlet, name_or_arn)

    def invoke(
        self, function_name: str, qualifier: str | None, body: Any, *_: Any, **__: Any
    ) -> str:
        arn = f"{function_name}:{qualifier}" if qualifier else function_name
        return _Function(self._outlet, arn).invoke(body)


def _lead_others(outlet: Outlet) -> None:
    """Replace the hook by which the other services (Secrets Manager...) look up a function."""
    from moto.awslambda import utils

    functions = _Functions(outlet)
    seam: Any = utils
    seam.get_backend = lambda *_: functions
