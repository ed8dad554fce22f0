"""Target groups: which one gets a request, and which of its targets."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from lambda_nb.engine.api.wire.http import Header

GROUP_COOKIE = "AWSALBTG"
TARGET_COOKIE = "AWSALB"


@dataclass(frozen=True, slots=True)
class Target:
    """A function's ARN, or an address and its port."""

    identifier: str
    port: int | None = None

    def __str__(self) -> str:
        """As a log names it."""
        return self.identifier if self.port is None else f"{self.identifier}:{self.port}"


@dataclass(slots=True)
class TargetGroup:
    """A target group, as the load balancer uses it.

    ``kind`` is ``lambda``, ``ip`` or ``instance``. ``sticky_s`` are the seconds for which a client
    stays with a target, 0 for none.
    """

    arn: str
    kind: str
    protocol: str
    targets: Sequence[Target]
    multi_value: bool = False
    sticky_s: int = 0
    _turn: int = field(default=0, init=False)

    def target(self, cookies: dict[str, str]) -> Target | None:
        """The target whose turn it is, or that the client stays with; ``None`` if none is there."""
        if not self.targets:
            return None
        if self.sticky_s and TARGET_COOKIE in cookies:
            for target in self.targets:
                if self._sign(target) == cookies[TARGET_COOKIE]:
                    return target
        self._turn = (self._turn + 1) % len(self.targets)
        return self.targets[self._turn - 1]

    def cookies_for(self, target: Target) -> list[Header]:
        """Set the cookie by which a client stays with a target, where the group has such."""
        return _set_cookie(TARGET_COOKIE, self._sign(target), self.sticky_s)

    def _sign(self, target: Target) -> str:
        return _sign(f"{self.arn} {target}")


@dataclass(frozen=True, slots=True)
class Forward:
    """Passes requests to one of several target groups by their weights.

    ``sticky_s`` are the seconds for which a client stays with a group, 0 for none.
    """

    groups: Sequence[tuple[TargetGroup, int]]
    sticky_s: int = 0

    def choose(self, cookies: dict[str, str]) -> TargetGroup | None:
        """The group that gets a request; ``None`` if no group has a weight."""
        if len(self.groups) == 1:
            return self.groups[0][0]
        if self.sticky_s and GROUP_COOKIE in cookies:
            for group, _ in self.groups:
                if _sign(group.arn) == cookies[GROUP_COOKIE]:
                    return group
        weights = [weight for _, weight in self.groups]
        if not sum(weights):
            return None
        return random.choices([group for group, _ in self.groups], weights)[0]

    def cookies_for(self, group: TargetGroup) -> list[Header]:
        """Set the cookie by which a client stays with a group, where the rule has such."""
        return _set_cookie(GROUP_COOKIE, _sign(group.arn), self.sticky_s)


def cookies_of(header: str) -> dict[str, str]:
    """The cookies of a Cookie header.

    Examples
    --------
    >>> cookies_of("AWSALB=x; a=b=c")
    {'AWSALB': 'x', 'a': 'b=c'}
    """
    split = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, equals, value in split if equals}


def _sign(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _set_cookie(name: str, value: str, sticky_s: int) -> list[Header]:
    """The cookie, and its twin for requests from other sites."""
    if not sticky_s:
        return []
    until = datetime.now(timezone.utc) + timedelta(seconds=sticky_s)
    plain = f"{name}={value}; Expires={until:%a, %d %b %Y %H:%M:%S} GMT; Path=/"
    twin = plain.replace(name, f"{name}CORS", 1) + "; SameSite=None; Secure"
    return [(b"set-cookie", plain.encode()), (b"set-cookie", twin.encode())]
