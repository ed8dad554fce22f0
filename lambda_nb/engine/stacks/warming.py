"""Loads services that a template will call while the template is still being read.

Most of them are in another process, so both go on at the same time: the first stack of an engine
would wait for each of them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.stacks.records.store import Closed

_SIGNS: Mapping[str, re.Pattern[str]] = {
    "iam": re.compile(r"AWS::IAM::|AWS::Serverless::(Function|StateMachine)"),
    "apigateway": re.compile(r"AWS::ApiGateway::|AWS::Serverless::Api|\bType\W+Api\b"),
    "sqs": re.compile(r"AWS::SQS::"),
    "dynamodb": re.compile(r"AWS::DynamoDB::|AWS::Serverless::SimpleTable"),
}
"""What in a template's text says that the service will be called: those that are slow to load."""

_LOOKS: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "iam": ("list_roles", {"MaxItems": 1}),
    "apigateway": ("get_rest_apis", {"limit": 1}),
    "sqs": ("list_queues", {"MaxResults": 1}),
    "dynamodb": ("list_tables", {"Limit": 1}),
}
"""A call to each service that changes nothing."""


class Warming:
    """Calls each service once, when a template first shows signs of it.

    Parameters
    ----------
    connect
        Returns boto3 clients.
    """

    def __init__(self, connect: Callable[[str], Any]) -> None:
        self._connect = connect
        self._begun: set[str] = set()

    def expect(self, text: str) -> None:
        """Begin to load what a template with this text will call; returns at once."""
        for service, sign in _SIGNS.items():
            if service not in self._begun and sign.search(text):
                self._begun.add(service)
                threading.Thread(
                    target=self._load, args=(service,), name=f"loading {service}", daemon=True
                ).start()

    def _load(self, service: str) -> None:
        # Imported late: it takes a quarter of a second, and not every engine needs it.
        from botocore.exceptions import BotoCoreError, ClientError

        operation, asked = _LOOKS[service]
        try:
            getattr(self._connect(service), operation)(**asked)
        except (BotoCoreError, ClientError, Closed):  # whoever needs the service will be told
            return
