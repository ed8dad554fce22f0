"""Carries out an alarm's actions: functions and topics; and tells EventBridge."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.alarms import alarm as alarms
from lambda_nb.engine.neighbours.services.cloudwatch.alarms import history, messages
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.messages import Change
from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet
from lambda_nb.engine.neighbours.to_engine.functions import Functions

log = logging.getLogger(__name__)

PRINCIPAL = "lambda.alarms.cloudwatch.amazonaws.com"
_NOT_ALLOWED = (
    "CloudWatch Alarms is not authorized to perform: lambda:InvokeFunction on the resource because "
    "no resource-based policy allows the lambda:InvokeFunction action"
)


class ActionError(Exception):
    """An action was not carried out; the text says why."""


class Actions:
    """Sends what alarms send.

    Parameters
    ----------
    outlet
        Takes events for functions; keeps them until the engine has them.
    functions
        Says whether a function lets alarms in.
    """

    def __init__(self, outlet: Outlet, functions: Functions) -> None:
        self._outlet = outlet
        self._functions = functions

    def carry_out(self, backend: Any, change: Change) -> None:
        """Carry out the actions of the state that an alarm has now."""
        alarm = change.alarm
        name = alarms.ACTIONS[alarm.state_value]
        for arn in alarms.requested(alarm).get(name) or ():
            failure = None
            try:
                self._carry_out(backend, change, arn)
            except ActionError as error:
                failure = str(error)
            except Exception as error:  # as on AWS, the next action is carried out all the same
                failure = repr(error)
            if failure is not None:
                log.warning("an action of %s failed: %s: %s", alarm.alarm_arn, arn, failure)
            history.action(backend, alarm, arn, failure)

    def _carry_out(self, backend: Any, change: Change, arn: str) -> None:
        service, account = arn.split(":")[2], backend.account_id
        if service == "lambda":
            if not self._functions.permit(arn, PRINCIPAL, change.alarm.alarm_arn, account):
                raise ActionError(f'Received error: "{_NOT_ALLOWED}"')
            self._outlet.send("alarm", arn, messages.function_event(change, account))
        elif service == "sns":
            from moto.sns.models import sns_backends

            subject, text = messages.notification(change, account)
            parts = arn.split(":")
            topics: Any = sns_backends[parts[4]][parts[3]]
            topics.publish(message=text, arn=arn, subject=subject)
        else:
            raise ActionError(f"lambda_nb does not carry out actions of {service}")

    def tell_state(self, backend: Any, change: Change) -> None:
        """Tell EventBridge that an alarm's state changed."""
        _to_rules(backend, lambda: messages.state_event(change, backend.account_id))

    def tell_configuration(
        self, backend: Any, alarm: Any, operation: str, before: Mapping[str, Any] | None = None
    ) -> None:
        """Tell EventBridge that an alarm was made, changed or deleted."""
        account = backend.account_id
        _to_rules(backend, lambda: messages.configuration_event(alarm, operation, account, before))


def _to_rules(backend: Any, make: Any) -> None:
    rules = list(_rules(backend))
    if not rules:
        return
    event = make()
    for rule in rules:
        try:
            rule.send_to_targets(event, transform_input=False)
        except Exception as error:
            log.warning("CloudWatch could not pass an event to rule %s: %r", rule.arn, error)


def _rules(backend: Any) -> Iterable[Any]:
    """The rules of the default event bus; none until EventBridge is used."""
    found = sys.modules.get("moto.events.models")
    if found is None:
        return ()
    events: Any = found.events_backends[backend.account_id][backend.region_name]
    rules: Iterable[Any] = list(events.event_buses["default"].rules.values())
    return rules
