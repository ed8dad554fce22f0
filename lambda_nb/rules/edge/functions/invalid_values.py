"""What CloudFront says about a value that a function may not return."""

from __future__ import annotations

PREFIX = "The CloudFront function returned an invalid value"
"""The beginning of CloudFront's own sentence; the viewer gets status 502."""


class InvalidValue(ValueError):  # noqa: N818
    """A function returned what it may not.

    Parameters
    ----------
    detail
        What was wrong, with the value, and what to do next.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(f"{PREFIX}: {detail}")


class InvalidOrigin(ValueError):  # noqa: N818
    """A function chose an origin that cannot be.

    Parameters
    ----------
    detail
        As for :class:`InvalidValue`.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(f"{PREFIX} for origin rewrite. {detail}")
