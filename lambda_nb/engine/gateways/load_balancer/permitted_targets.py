"""Refuses targets of load balancers that may not be invoked."""

from __future__ import annotations

from collections.abc import Callable

from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.permissions.functions import (
    LOAD_BALANCING,
    Call,
    Functions,
    NotPermitted,
)

BALANCING = "elasticloadbalancing"
"""The signing name of Elastic Load Balancing."""


class PermittedTargets:
    """Watches the calls to Elastic Load Balancing that register targets.

    Parameters
    ----------
    functions
        The functions of the Region that an ARN names.
    """

    def __init__(self, functions: Callable[[str], Functions]) -> None:
        self._functions = functions

    async def asked(self, call: WatchedCall) -> None:
        """Refuse to register a function that may not be invoked, as Elastic Load Balancing does.

        Raises
        ------
        AWSError
            ``AccessDenied`` (403), or ``InvalidTarget`` (400) for a function that does not exist.
        """
        if call.action != "RegisterTargets":
            return
        group = call.parameters.get("TargetGroupArn", "")
        for name, target in call.parameters.items():
            if name.startswith("Targets.") and name.endswith(".Id") and ":lambda:" in target:
                self._check(target, group)

    def answered(self, call: WatchedCall) -> None:
        """Takes note of nothing."""

    def _check(self, function: str, group: str) -> None:
        try:
            self._functions(function).check(Call(function, b"", LOAD_BALANCING, group, ""))
        except NotPermitted as error:
            text = (
                f"elasticloadbalancing principal does not have permission to invoke {function} "
                f"from target group {group}"
            )
            raise AWSError("AccessDenied", text, 403) from error
        except AWSError as error:
            raise AWSError("InvalidTarget", error.message, 400) from error
