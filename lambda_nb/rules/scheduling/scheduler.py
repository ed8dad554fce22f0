"""The scheduler as a class, :class:`Fleet`, which the engine and the SimPy model drive.

The rules themselves are the functions of :mod:`lambda_nb.rules.scheduling.fleet`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from lambda_nb.rules.scheduling import fleet as rules


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment as :class:`Fleet` reports it. Times are seconds of the driver's clock."""

    slot: int
    serial: int
    pool: int
    born: float
    ended: float
    uses: int
    provisioned: bool


class Fleet:
    """The scheduler's state and rules as one object, for the engine and the SimPy model.

    Parameters
    ----------
    account_limit
        Concurrency of the account and Region (AWS: 1000 by default).
    scale_burst, scale_rate
        Environments a function may start at once, and per second after that (AWS: 1000 and 100).
    max_age
        Seconds after which an environment is not used again, however busy it is.

    Raises
    ------
    ValueError
        When a figure is negative or not a number, or an index does not exist.

    Examples
    --------
    >>> fleet = Fleet()
    >>> pool = fleet.add_pool(fleet.add_function())
    >>> code, environment = fleet.arrive(0.0, pool)
    >>> rules.DECISIONS[code]
    'cold'
    >>> fleet.finish(0.2, environment, 600.0)
    >>> rules.DECISIONS[fleet.arrive(60.0, pool)[0]]
    'warm'
    """

    def __init__(
        self,
        *,
        account_limit: int = 1000,
        scale_burst: float = 1000.0,
        scale_rate: float = 100.0,
        max_age: float = math.inf,
    ) -> None:
        for name, value in (
            ("account_limit", account_limit),
            ("scale_burst", scale_burst),
            ("scale_rate", scale_rate),
            ("max_age", max_age),
        ):
            if not value >= 0:
                raise ValueError(f"{name} is {value!r}; give a number that is not negative")
        self.account_limit = account_limit
        self.state = rules.empty_state(account_limit, scale_burst, scale_rate, max_age)

    # -- functions and pools

    def add_function(self, reserved: int | None = None) -> int:
        """A new function; returns its index. ``reserved`` is its reserved concurrency."""
        s = self.state
        f = len(s.f_reserved)
        s.f_reserved.append(-1)
        s.f_in_flight.append(0)
        s.f_provisioned.append(0)
        s.f_scale_tokens.append(s.figures[rules.SCALE_BURST])
        s.f_scale_at.append(rules.LONG_AGO)
        s.f_rate_tokens.append(0.0)
        s.f_rate_at.append(rules.LONG_AGO)
        if reserved is not None:
            self.set_reserved(f, reserved)
        return f

    def add_pool(self, function: int) -> int:
        """A new pool of interchangeable environments of ``function``; returns its index."""
        s = self.state
        if not 0 <= function < len(s.f_reserved):
            raise ValueError(f"there is no function {function}; add_function() gives the index")
        p = len(s.p_function)
        s.p_function.append(function)
        s.p_top.append(-1)
        s.p_spare.append(-1)
        for column in (
            s.p_provisioned,
            s.p_provisioned_made,
            s.p_provisioned_ready,
            s.p_serving,
        ):
            column.append(0)
        s.p_rate_tokens.append(0.0)
        s.p_rate_at.append(rules.LONG_AGO)
        s.p_open.append(1)
        return p

    def set_reserved(self, function: int, reserved: int | None) -> None:
        """Set a function's reserved concurrency (``None``: remove it); running requests go on."""
        s = self.state
        if reserved is not None and reserved < 0:
            raise ValueError(f"reserved concurrency is {reserved}; give 0 or more, or None")
        before = s.f_reserved[function]
        if before < 0 and reserved is not None:
            s.counts[rules.IN_FLIGHT] -= s.f_in_flight[function]
        elif before >= 0 and reserved is None:
            s.counts[rules.IN_FLIGHT] += s.f_in_flight[function]
        s.f_reserved[function] = -1 if reserved is None else reserved
        s.f_rate_tokens[function] = rules.REQUESTS_PER_CONCURRENCY * (reserved or 0)
        s.f_rate_at[function] = rules.LONG_AGO
        rules.share_limit(s, self.account_limit)

    def set_provisioned(self, now: float, pool: int, environments: int) -> list[int]:
        """Ask for ``environments`` provisioned environments in ``pool``.

        Returns
        -------
        list of int
            Slots of those that the driver must initialise now, and then report to :meth:`ready`.
            Surplus ones end (busy ones after their request): collect them with :meth:`ended`.
        """
        s = self.state
        if environments < 0:
            raise ValueError(f"provisioned concurrency is {environments}; give 0 or more")
        s.f_provisioned[s.p_function[pool]] += environments - s.p_provisioned[pool]
        s.p_provisioned[pool] = environments
        s.p_rate_tokens[pool] = rules.REQUESTS_PER_CONCURRENCY * environments
        s.p_rate_at[pool] = rules.LONG_AGO
        if environments == 0:
            s.p_serving[pool] = 0
        rules.share_limit(s, self.account_limit)
        rules.sweep(s, now, pool)
        started = []
        while s.p_provisioned_made[pool] < environments:
            rules.make_room(s)
            started.append(rules.provision(s, now, pool))
        if environments and s.p_provisioned_ready[pool] >= environments:
            s.p_serving[pool] = 1
        return started

    def close_pool(self, now: float, pool: int) -> None:
        """Close ``pool``: its idle environments end now, busy ones after their request."""
        self.state.p_open[pool] = 0
        rules.sweep(self.state, now, pool)

    # -- requests and environments

    def arrive(self, now: float, pool: int, paced: int = 1) -> tuple[int, int]:
        """A request arrives; returns what ``fleet.arrive`` returns, but never ``FULL``."""
        answer = rules.arrive(self.state, now, pool, paced)
        if answer[0] == rules.FULL:
            rules.make_room(self.state)
            answer = rules.arrive(self.state, now, pool, paced)
        return answer

    def has_room(self, pool: int) -> bool:
        """Whether concurrency allows an asynchronous event for ``pool``."""
        return rules.has_room(self.state, pool)

    def prewarm(self, now: float, pool: int) -> int:
        """Start an environment ahead of any request; returns its slot."""
        rules.make_room(self.state)
        return rules.prewarm(self.state, now, pool)

    def ready(self, now: float, environment: int, keep_alive: float = math.inf) -> None:
        """The init phase of ``environment`` is over; see ``fleet.ready``."""
        rules.ready(self.state, now, environment, keep_alive)

    def finish(self, now: float, environment: int, keep_alive: float) -> None:
        """The request of ``environment`` is done; it may idle ``keep_alive`` seconds."""
        rules.finish(self.state, now, environment, keep_alive)

    def discard(self, now: float, environment: int) -> None:
        """End ``environment`` now, whatever it is doing."""
        rules.discard(self.state, now, environment)

    def expire(self, now: float) -> list[Environment]:
        """End idle environments that have expired at ``now``; returns all that ended since the last
        call."""
        for pool in range(len(self.state.p_function)):
            rules.sweep(self.state, now, pool)
        return list(self.ended())

    def ended(self) -> Iterator[Environment]:
        """Environments that have ended and were not collected yet."""
        s = self.state
        while (e := rules.pop_ended(s)) >= 0:
            yield Environment(
                slot=e,
                serial=s.e_serial[e],
                pool=s.e_pool[e],
                born=s.e_born[e],
                ended=s.e_expires[e],
                uses=s.e_uses[e],
                provisioned=s.e_provisioned[e] == 1,
            )

    # -- queries

    def next_expiry(self) -> float:
        """When the next idle environment ends if nothing else happens; ``inf`` if none will."""
        s = self.state
        used = s.counts[rules.USED_SLOTS]
        idle = (e for e in range(used) if s.e_state[e] == rules.IDLE)
        return min((s.e_expires[e] for e in idle), default=math.inf)

    def in_flight(self, function: int) -> int:
        """Requests of ``function`` running now, provisioned environments included."""
        s = self.state
        if not any(s.p_provisioned_made):
            return s.f_in_flight[function]
        busy = sum(
            s.e_state[e] == rules.BUSY
            and s.e_provisioned[e] == 1
            and s.p_function[s.e_pool[e]] == function
            for e in range(s.counts[rules.USED_SLOTS])
        )
        return s.f_in_flight[function] + busy

    def census(self, pool: int) -> dict[str, int]:
        """How many environments of ``pool`` are starting, busy and idle; expired ones may still
        count as idle."""
        s = self.state
        states = [s.e_state[e] for e in range(s.counts[rules.USED_SLOTS]) if s.e_pool[e] == pool]
        shown = (rules.STARTING, rules.BUSY, rules.IDLE)
        return {rules.STATES[state]: states.count(state) for state in shown}

    def serial(self, environment: int) -> int:
        """The number of the environment in this slot, unique in this fleet."""
        return self.state.e_serial[environment]
