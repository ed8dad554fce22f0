"""Availability Zones of Regions, for ``Fn::GetAZs``.

The engine's EC2 (moto) has these; a Region that the table does not name has three, ``a`` to ``c``.
"""

from __future__ import annotations

_USUAL = "abc"
_LETTERS = {
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ca-central-1": "abd",
    "cn-north-1": "ab",
    "us-east-1": "abcdef",
    "us-west-1": "ab",
    "us-west-2": "abcd",
}


def zones(region: str) -> list[str]:
    """The names of a Region's Availability Zones.

    Examples
    --------
    >>> zones("us-west-1")
    ['us-west-1a', 'us-west-1b']
    """
    return [region + letter for letter in _LETTERS.get(region, _USUAL)]
