"""Limits of requests a second, as API Gateway counts them: a token bucket."""

from __future__ import annotations

from collections.abc import Hashable

_MOST_BUCKETS = 10_000


class TokenBucket:
    """Tokens that come at a rate; each request takes one.

    Parameters
    ----------
    rate
        Tokens a second.
    burst
        Tokens that may wait. The bucket is full at first.

    Examples
    --------
    >>> bucket = TokenBucket(rate=2, burst=1)
    >>> [bucket.take(now_s) for now_s in (0.0, 0.1, 0.5, 0.6, 10.0, 10.0)]
    [True, False, True, False, True, False]
    """

    __slots__ = ("_at_s", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Take a token; false if there is none.

        Parameters
        ----------
        now_s
            The time in seconds, of a clock that never goes back.
        """
        if self._at_s is not None:
            gained = max(0.0, now_s - self._at_s) * self._rate
            self._tokens = min(float(self._burst), self._tokens + gained)
        self._at_s = now_s
        # Sums of many small gains fall short of a whole token by rounding alone.
        if self._tokens < 1 - 1e-9:
            return False
        self._tokens -= 1
        return True


class TokenBuckets:
    """Buckets by name; one with another rate or burst is another bucket.

    At most 10,000 are kept: then all begin afresh.
    """

    def __init__(self) -> None:
        self._buckets: dict[Hashable, TokenBucket] = {}

    def take(self, name: Hashable, rate: float, burst: float, now_s: float) -> bool:
        """Take one token of a bucket; false if there is none."""
        key = (name, rate, burst)
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= _MOST_BUCKETS:
                self._buckets.clear()
            bucket = self._buckets[key] = TokenBucket(rate, burst)
        return bucket.take(now_s)
