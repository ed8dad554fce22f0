"""Stops functions that invoke themselves, or each other, in an endless loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Invocation, InvocationResult, Resolved
from lambda_nb.rules.events import lineage

Execute = Callable[[Resolved, Invocation], Awaitable[InvocationResult]]


class LoopGuard:
    """Runs invocations, and refuses those that are part of a loop.

    Parameters
    ----------
    execute
        Runs one invocation.
    allowed
        Whether a function, by name, may take part in loops (PutFunctionRecursionConfig).
    """

    def __init__(self, execute: Execute, allowed: Callable[[str], bool]) -> None:
        self._execute = execute
        self._allowed = allowed

    async def __call__(self, resolved: Resolved, invocation: Invocation) -> InvocationResult:
        """Run one invocation.

        Raises
        ------
        AWSError
            ``RecursiveInvocationException`` (400).
        """
        function = resolved.function
        if invocation.trace_header is not None:
            header, before = lineage.extended(invocation.trace_header, function.arn)
            if before >= lineage.MOST_RUNS and not self._allowed(function.name):
                raise AWSError(
                    "RecursiveInvocationException",
                    "Lambda has detected your function being invoked in a recursive loop with "
                    "other Amazon Web Services resources and stopped your function's invocation.",
                )
            invocation.trace_header = header
        return await self._execute(resolved, invocation)
