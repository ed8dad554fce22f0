"""The settings of a simulation: limits, keep-alive, provisioned environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from lambda_nb.rules.keepalive.idle import Fixed, Hazard, KeepAlive
from lambda_nb.rules.scheduling.scheduler import Fleet
from lambda_nb.simulator.assumptions.schedule import Changing, first_of, most_of
from lambda_nb.simulator.assumptions.workload import Floats, Workload, WorkloadError
from lambda_nb.traces import times

Policy = float | int | str | KeepAlive
Provisioned = int | Changing | Mapping[str, int | Changing] | None
Reserved = int | Mapping[str, int] | None


class Ahead(NamedTuple):
    """An environment that no request started: provisioned, or loaded by a policy.

    ``function`` is an index into the workload's functions; ``created`` and ``ready`` are seconds.
    """

    function: int
    created: float
    ready: float
    provisioned: bool


class Allocation(NamedTuple):
    """From ``when`` on (s), a function has so many provisioned environments."""

    when: float
    function: int
    environments: int


def policy_of(keep_alive: Policy) -> KeepAlive:
    """A keep-alive policy from a policy, seconds, or text such as ``"10min"``.

    Raises
    ------
    WorkloadError
        When it is none of these.
    """
    if isinstance(keep_alive, str):
        keep_alive = times.seconds(keep_alive)
    if isinstance(keep_alive, (int, float)):
        return Fixed(float(keep_alive))
    if isinstance(keep_alive, KeepAlive):
        return keep_alive
    raise WorkloadError(
        f"keep_alive is {keep_alive!r}; give seconds, text such as '10min', or a policy with a "
        "method idle_limit(function, now, u)"
    )


@dataclass(frozen=True, slots=True)
class Scenario:
    """The settings of one run, checked, in the order of the workload's functions.

    Attributes
    ----------
    policy
        How long idle environments live.
    account_limit, scale_burst, scale_rate, max_age
        See :class:`~lambda_nb.rules.scheduling.scheduler.Fleet`.
    reserved, provisioned
        Reserved concurrency (``None``: none) of each function, and provisioned environments that
        are ready when the trace begins.
    changing
        How provisioned concurrency changes after that, by index of the function.
    """

    policy: KeepAlive
    account_limit: int
    scale_burst: float
    scale_rate: float
    max_age: float
    reserved: list[int | None]
    provisioned: list[int]
    changing: Mapping[int, Changing] = field(default_factory=dict)

    def fleet(self) -> tuple[Fleet, dict[int, Ahead]]:
        """A fleet with one pool per function, and its provisioned environments, ready.

        Functions and pools have the same indices as in the workload.
        """
        made = Fleet(
            account_limit=self.account_limit,
            scale_burst=self.scale_burst,
            scale_rate=self.scale_rate,
            max_age=self.max_age,
        )
        ahead: dict[int, Ahead] = {}
        for reserved in self.reserved:
            made.add_pool(made.add_function(reserved))
        for pool, wanted in enumerate(self.provisioned):
            for slot in made.set_provisioned(0.0, pool, wanted):
                made.ready(0.0, slot)
                ahead[made.serial(slot)] = Ahead(pool, 0.0, 0.0, provisioned=True)
        return made, ahead

    @property
    def sets_aside(self) -> bool:
        """Whether there is provisioned concurrency at any time."""
        return bool(self.changing) or any(self.provisioned)

    @property
    def allocations(self) -> list[Allocation]:
        """The provisioned concurrency at the beginning."""
        wanted = enumerate(self.provisioned)
        return [Allocation(0.0, pool, count) for pool, count in wanted if count]

    def idle_limits(self, load: Workload, u: Floats | None) -> Floats | float | None:
        """How long each request's environment may idle after it, if that needs no clock.

        A number when it is the same for all; ``None`` when the policy must be asked each time.
        """
        if isinstance(self.policy, Fixed):
            return self.policy.seconds
        if isinstance(self.policy, Hazard) and u is not None:
            survival, gaps = np.array(self.policy.survival), np.array(self.policy.gaps)
            return inverse_survival(1.0 - u, gaps, survival)
        return None


def inverse_survival(share: Floats, gaps: Floats, survival: Floats) -> Floats:
    """:func:`lambda_nb.rules.keepalive.idle.inverse_survival` for many shares at once."""
    i = np.searchsorted(-survival, -share, side="left")
    inside = np.clip(i, 1, len(survival) - 1)
    above, below = survival[inside - 1], survival[inside]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = (above - share) / (above - below)
    limits = gaps[inside - 1] + part * (gaps[inside] - gaps[inside - 1])
    limits = np.where(i == 0, gaps[0], limits)
    return np.where(share < survival[-1], np.inf, limits)


def scenario(
    load: Workload,
    *,
    keep_alive: Policy,
    provisioned: Provisioned,
    reserved: Reserved,
    account_limit: int,
    scale_burst: float,
    scale_rate: float,
    max_age: float | str,
) -> Scenario:
    """Check the settings of a run.

    Raises
    ------
    WorkloadError
        When a setting names a function that is not in the trace, or asks for more than there is.
    """
    if isinstance(account_limit, bool) or not isinstance(account_limit, (int, np.integer)):
        raise WorkloadError(f"account_limit is {account_limit!r}: it must be 0, 1, 2, ...")
    if account_limit < 0:
        raise WorkloadError(f"account_limit is {account_limit}: it must be 0, 1, 2, ...")
    asked = _by_name(load, "provisioned", provisioned)
    counted = {name: each for name, each in asked.items() if not isinstance(each, Changing)}
    _counts("provisioned", counted)
    kept = _by_name(load, "reserved", reserved)
    _counts("reserved", kept)
    made = Scenario(
        policy=policy_of(keep_alive),
        account_limit=int(account_limit),
        scale_burst=scale_burst,
        scale_rate=scale_rate,
        max_age=times.seconds(max_age),
        reserved=[kept.get(name) for name in load.functions],
        provisioned=[first_of(asked.get(name, 0)) for name in load.functions],
        changing={
            load.functions.index(name): each
            for name, each in asked.items()
            if isinstance(each, Changing)
        },
    )
    _fits(made, load.functions, [most_of(asked.get(name, 0)) for name in load.functions])
    return made


def _fits(made: Scenario, functions: Sequence[str], most: Sequence[int]) -> None:
    """Refuse settings that ask for more concurrency than there is."""
    claimed = sum(
        wanted if kept is None else kept for wanted, kept in zip(most, made.reserved, strict=True)
    )
    if claimed > made.account_limit:
        raise WorkloadError(
            f"reserved and provisioned concurrency add up to {claimed}, more than "
            f"account_limit={made.account_limit}"
        )
    for name, wanted, kept in zip(functions, most, made.reserved, strict=True):
        if kept is not None and wanted > kept:
            raise WorkloadError(
                f"{name!r} is to have {wanted} provisioned environments but only {kept} reserved"
            )


def _by_name(load: Workload, name: str, given: Any) -> dict[str, Any]:
    """A setting for each function that it names."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return dict.fromkeys(load.functions, given)
    for function in given:
        if function not in load.functions:
            shown = ", ".join(load.functions[:8]) + (", ..." if len(load.functions) > 8 else "")
            raise WorkloadError(f"{name} names {function!r}, not in the trace; it has {shown}")
    return dict(given)


def _counts(name: str, given: Mapping[str, Any]) -> None:
    for function, count in given.items():
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 0:
            raise WorkloadError(f"{name} of {function!r} is {count!r}: it must be 0, 1, 2, ...")
