"""Which calls to the service ``iot`` may change topic rules: devices come and go all the time."""

from __future__ import annotations

from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall

_PATHS = ("/rules", "/destinations", "/confirmdestination", "/v2Logging", "/loggingOptions")


def concerns_rules(call: WatchedCall) -> bool:
    """Whether a call that changes something may change rules, destinations or logging.

    A call to another service, such as one that makes a stack, always may.

    Examples
    --------
    >>> concerns_rules(WatchedCall("", "POST", "", {}, "/rules/hot"))
    True
    >>> concerns_rules(WatchedCall("", "POST", "", {}, "/things/sensor-1"))
    False
    >>> concerns_rules(WatchedCall("", "POST", "CreateStack", {}, "/"))
    True
    """
    return call.path in ("", "/") or call.path.startswith(_PATHS)
