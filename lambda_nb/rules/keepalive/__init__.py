"""Keep-alive policies: how long an idle environment lives."""

from lambda_nb.rules.keepalive.fleet_wide import (
    GreedyDual,
    LargestFirst,
    LeastFrequentlyUsed,
    LeastRecentlyUsed,
    Measured,
)
from lambda_nb.rules.keepalive.histogram import HybridHistogram
from lambda_nb.rules.keepalive.idle import Fixed, Hazard, KeepAlive

__all__ = [
    "Fixed",
    "GreedyDual",
    "Hazard",
    "HybridHistogram",
    "KeepAlive",
    "LargestFirst",
    "LeastFrequentlyUsed",
    "LeastRecentlyUsed",
    "Measured",
]
