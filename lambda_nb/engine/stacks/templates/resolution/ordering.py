"""The order in which resources can be made: what they depend on comes first."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from lambda_nb.engine.stacks.model import validation_error


def ordered(dependencies: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Names so that each comes after all that it depends on.

    Raises
    ------
    AWSError
        ``ValidationError``: some depend on each other in a circle.

    Examples
    --------
    >>> ordered({"b": frozenset({"a"}), "a": frozenset()})
    ('a', 'b')
    """
    try:
        return tuple(TopologicalSorter(dependencies).static_order())
    except CycleError as error:
        circle = set(error.args[1])
        names = ", ".join(name for name in dependencies if name in circle)
        raise validation_error(f"Circular dependency between resources: [{names}]") from None
