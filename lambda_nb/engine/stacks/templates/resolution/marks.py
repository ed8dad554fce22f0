"""Values that stand for what is not there: left out, or not known yet."""

from __future__ import annotations

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""What a change set shows of a value that a resource not yet made will give."""


class _NoValue:
    """``AWS::NoValue``: what has this value is left out."""


NO_VALUE = _NoValue()
