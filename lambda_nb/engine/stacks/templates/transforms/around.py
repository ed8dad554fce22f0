"""What transforms need from outside of a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Around(Protocol):
    """Where a template's stack is, and who answers for its macros."""

    account: str
    region: str
    partition: str
    stack_name: str
    stack_id: str

    def call_macro(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of a macro's function.

        Parameters
        ----------
        name
            Of the macro, as the template names it.
        request
            The event that AWS documents: ``region``, ``accountId``, ``fragment``,
            ``transformId``, ``params``, ``requestId``, ``templateParameterValues``.

        Raises
        ------
        AWSError
            There is no such macro, or its function failed.
        """

    def read(self, location: str) -> str:
        """The text at ``s3://BUCKET/KEY``; raises an ``AWSError`` if there is none."""

    def managed_policies(self) -> Mapping[str, str]:
        """The ARNs of AWS's managed policies, by their names."""
