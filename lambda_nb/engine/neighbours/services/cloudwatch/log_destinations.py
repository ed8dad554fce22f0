"""Where log groups may send their lines: only to functions that let CloudWatch Logs in."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.to_engine.functions import EngineGoneError, Functions

PRINCIPAL = "logs.amazonaws.com"
_REFUSED = (
    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to "
    "execute your function."
)


def install(functions: Functions) -> None:
    """Refuse subscriptions of functions whose resource policies do not allow them."""
    from moto.logs.exceptions import InvalidParameterException
    from moto.logs.models import LogsBackend

    put = LogsBackend.put_subscription_filter

    def put_subscription_filter(
        self: Any,
        log_group_name: str,
        filter_name: str,
        filter_pattern: str,
        destination_arn: str,
        role_arn: str,
    ) -> None:
        is_function = destination_arn.split(":")[2:3] == ["lambda"]
        if is_function and log_group_name in self.groups:
            source = self.groups[log_group_name].arn
            if not _permitted(functions, destination_arn, source, self.account_id):
                raise InvalidParameterException(_REFUSED)
        put(self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn)

    backend_class: Any = LogsBackend
    backend_class.put_subscription_filter = put_subscription_filter


def _permitted(functions: Functions, function_arn: str, source: str, account: str) -> bool:
    region = source.split(":")[3]
    # AWS still takes the older name of the service, which has the Region in it.
    principals = (PRINCIPAL, f"logs.{region}.amazonaws.com")
    try:  # policies name a group as templates do, ``ARN:*``, or without the end
        return any(
            functions.permit(function_arn, principal, place, account)
            for principal in principals
            for place in (f"{source}:*", source)
        )
    except EngineGoneError:  # nobody can say; lines are then not sent either
        return True
