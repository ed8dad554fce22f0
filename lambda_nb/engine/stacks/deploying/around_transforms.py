"""What the transforms of a stack's template may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.deploying.surroundings import Surroundings


class AroundTransforms:
    """The engine around one stack, for transforms.

    Parameters
    ----------
    around
        The engine around all stacks.
    stack_name, stack_id
        The stack's.
    """

    def __init__(self, around: Surroundings, stack_name: str, stack_id: str) -> None:
        self.account = around.account
        self.region = around.region
        self.partition = around.partition
        self.stack_name = stack_name
        self.stack_id = stack_id
        self._around = around

    def call_macro(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of a macro's function."""
        return self._around.call_macro(name, request)

    def read(self, location: str) -> str:
        """The text at an address."""
        return self._around.read(location)

    def managed_policies(self) -> Mapping[str, str]:
        """ARNs of AWS's managed policies, by their names."""
        return self._around.managed_policies()
