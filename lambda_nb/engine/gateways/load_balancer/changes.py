"""Knows when load balancers may have changed, and refuses targets that may not be invoked."""

from __future__ import annotations

import time
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

_READING = ("Describe", "Get", "List")
_ELSEWHERE_S = 1.0
"""Seconds for which what a service elsewhere said is believed."""

Revision = tuple[int, int]


class Changes:
    """Watches the calls to Elastic Load Balancing and CloudFormation.

    Parameters
    ----------
    functions
        The functions of the Region that an ARN names.
    elsewhere
        Whether others can change the service as well: then time passing is a change.
    kept
        Whether there may be load balancers from before.
    """

    def __init__(
        self, functions: Callable[[str], Functions], *, elsewhere: bool, kept: bool
    ) -> None:
        self._functions = functions
        self._elsewhere = elsewhere
        self._kept = kept
        self._all = 0
        self._of_region: dict[str, int] = {}
        self._watchers: dict[str, Callable[[], None]] = {}

    def revision(self, region: str) -> Revision:
        """Differs from what it was before if something may have changed."""
        now = int(time.monotonic() / _ELSEWHERE_S) if self._elsewhere else 0
        return self._all + self._of_region.get(region, 0), now

    def watch(self, region: str, changed: Callable[[], None]) -> None:
        """Call a function at every change in a Region; at once if there may be some to see."""
        self._watchers[region] = changed
        if self._kept:
            changed()

    def emptied(self) -> None:
        """The services hold nothing of what they held."""
        self._all += 1
        for changed in self._watchers.values():
            changed()

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
        """Take note of a change."""
        if call.action.startswith(_READING):
            return
        self._of_region[call.region] = self._of_region.get(call.region, 0) + 1
        changed = self._watchers.get(call.region)
        if changed is not None:
            changed()

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
