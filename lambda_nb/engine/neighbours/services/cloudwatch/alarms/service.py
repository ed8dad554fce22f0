"""Puts alarms together, and lets them answer moto's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.alarms.actions import Actions
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.clock import Clock
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.operations import Operations
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.states import States
from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet
from lambda_nb.engine.neighbours.to_engine.functions import Functions


class Alarms:
    """The alarms of the neighbours' process.

    Parameters
    ----------
    outlet
        Takes events for functions.
    functions
        Says whether a function lets alarms in.
    """

    def __init__(self, outlet: Outlet, functions: Functions) -> None:
        actions = Actions(outlet, functions)
        states = States(actions)
        self._clock = Clock(states)
        operations = Operations(states, actions)
        for method in (
            operations.put_metric_alarm,
            operations.put_composite_alarm,
            operations.describe_alarms,
            operations.describe_alarms_for_metric,
            operations.describe_alarm_history,
            operations.delete_alarms,
            operations.set_alarm_state,
            operations.enable_alarm_actions,
            operations.disable_alarm_actions,
        ):
            self._answer(method)

    def start(self) -> None:
        """Begin to evaluate."""
        self._clock.start()

    def _answer(self, method: Callable[[Any, dict[str, Any]], dict[str, Any] | None]) -> None:
        from moto.cloudwatch.responses import CloudWatchResponse
        from moto.core.responses import ActionResult, EmptyResult

        def answer(response: Any) -> Any:
            told = method(response.cloudwatch_backend, _plain(response._get_params()))
            if told is not None:
                return ActionResult(told)
            self._clock.wake()
            return EmptyResult()

        setattr(CloudWatchResponse, method.__name__, answer)


def _plain(value: Any) -> Any:
    """A request in plain dictionaries and lists, without what is absent."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if inner is not None}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
