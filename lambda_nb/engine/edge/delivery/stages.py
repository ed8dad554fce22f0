"""The functions that a behaviour runs for viewers, of either kind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from lambda_nb.engine.edge.delivery.trip import Obtained, Trip
from lambda_nb.engine.edge.model import Outcome, Request, Response
from lambda_nb.engine.edge.settings import Behaviour
from lambda_nb.engine.edge.triggers.context import TriggerContext
from lambda_nb.engine.edge.triggers.triggers import Triggers


class Functions(Protocol):
    """CloudFront Functions."""

    async def viewer_request(
        self, arn: str, context: TriggerContext, request: Request
    ) -> Request | Response:
        """The request as the function leaves it, or the response that it makes."""

    async def viewer_response(
        self, arn: str, context: TriggerContext, request: Request, response: Response
    ) -> Response:
        """The response as the function leaves it."""


class Stages:
    """Runs the functions of behaviours at viewer events.

    Parameters
    ----------
    triggers
        Lambda@Edge.
    functions
        CloudFront Functions.
    """

    def __init__(self, triggers: Triggers, functions: Functions) -> None:
        self._triggers = triggers
        self._functions = functions

    async def viewer_request(
        self, trip: Trip, behaviour: Behaviour, request: Request
    ) -> Request | Obtained:
        """The request that goes on, or the response that a function made.

        Raises
        ------
        FunctionFault
            The function failed, or returned what it may not.
        """
        arn = behaviour.functions.get("viewer-request")
        association = behaviour.lambdas.get("viewer-request")
        if arn is not None:
            with timed(trip, "viewer-request"):
                made = await self._functions.viewer_request(arn, trip.context, request)
            outcome: Outcome = "FunctionGeneratedResponse"
        elif association is not None:
            with timed(trip, "viewer-request"):
                made = await self._triggers.viewer_request(association, trip.context, request)
            outcome = "LambdaGeneratedResponse"
        else:
            return request
        if isinstance(made, Request):
            return made
        return Obtained(made, outcome)

    async def viewer_response(
        self, trip: Trip, behaviour: Behaviour, request: Request, response: Response
    ) -> Response:
        """The response that the viewer gets.

        Raises
        ------
        FunctionFault
            The function failed, or returned what it may not.
        """
        arn = behaviour.functions.get("viewer-response")
        association = behaviour.lambdas.get("viewer-response")
        if arn is not None:
            with timed(trip, "viewer-response"):
                return await self._functions.viewer_response(arn, trip.context, request, response)
        if association is not None:
            with timed(trip, "viewer-response"):
                return await self._triggers.viewer_response(
                    association, trip.context, request, response
                )
        return response


@contextmanager
def timed(trip: Trip, event: str) -> Iterator[None]:
    """Note how long a function took."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        trip.visit.triggers[event] = (time.perf_counter() - begun) * 1000
