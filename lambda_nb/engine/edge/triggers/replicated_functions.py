"""Functions that run at edge locations cannot be deleted before no distribution uses them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection

from lambda_nb.engine.model import Caller, Operation, Request, Response


class Replicas:
    """The functions that distributions use.

    Parameters
    ----------
    associated
        The ARNs of their versions.
    deleted
        Is told the name and the version (``None`` for all) of what is gone.
    """

    def __init__(
        self,
        associated: Callable[[], Awaitable[Collection[str]]],
        deleted: Callable[[str, str | None], None],
    ) -> None:
        self._associated = associated
        self._deleted = deleted

    def guarded(self, delete: Operation) -> Operation:
        """``DeleteFunction``, which refuses what a distribution uses."""

        async def guarded(request: Request, caller: Caller) -> Response:
            name, version = request["FunctionName"], request.get("Qualifier")
            associated = await self._associated()
            if associated:
                # Imported late: most engines have no distribution.
                from lambda_nb.engine.edge.triggers.association_checks import refuse_deletion

                refuse_deletion(name, version, associated)
            answer = delete(request, caller)
            response = await answer if inspect.isawaitable(answer) else answer
            self._deleted(*_named(name, version))
            return response

        return guarded


def _named(name_or_arn: str, version: str | None) -> tuple[str, str | None]:
    """The name and the version (``None`` for all) that DeleteFunction's parameters mean."""
    name = name_or_arn.rpartition(":function:")[2]
    name, _, qualifier = name.partition(":")
    return name, version or qualifier or None
