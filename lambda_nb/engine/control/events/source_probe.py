"""Asks the neighbours whether queues, streams and subnets in requests exist."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from lambda_nb.engine.machine.call_threads import in_call_thread
from lambda_nb.engine.model import FetchFailed

Connect = Callable[[str], Awaitable[Any]]
"""Returns a boto3 client for a service."""


class NeighbourProbe:
    """Implements :class:`~lambda_nb.engine.model.Probe` over boto3.

    Parameters
    ----------
    connect
        Returns clients by service name. Their calls block, so they run in threads.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def source(self, arn: str) -> None:
        """Return if a queue or a stream exists; other sources are not checked."""
        service, name = arn.split(":")[2], arn.split(":", 5)[5]
        if service == "sqs":
            await self._ask("sqs", "get_queue_url", QueueName=name)
        elif service == "kinesis":
            stream = arn.partition("/consumer/")[0]
            await self._ask("kinesis", "describe_stream_summary", StreamARN=stream)
        elif service == "dynamodb":
            await self._ask("dynamodbstreams", "describe_stream", StreamArn=arn)

    async def vpc(self, subnets: list[str], groups: list[str]) -> str:
        """The VPC that subnets and security groups belong to; empty if there are no subnets."""
        if not subnets:
            return ""
        found = await self._ask("ec2", "describe_subnets", SubnetIds=subnets)
        if groups:
            await self._ask("ec2", "describe_security_groups", GroupIds=groups)
        return str(found["Subnets"][0]["VpcId"])

    async def _ask(self, service: str, method: str, **request: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        client = await self._connect(service)
        try:
            return await in_call_thread(getattr(client, method), **request)
        except ClientError as error:
            detail = error.response["Error"]
            raise FetchFailed(detail["Code"], detail["Message"]) from error
        except BotoCoreError as error:
            raise FetchFailed("ServiceUnavailable", str(error)) from error
