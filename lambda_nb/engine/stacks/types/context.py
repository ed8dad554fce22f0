"""What a resource type may use while it makes, changes or deletes one resource of a stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

_Found = TypeVar("_Found")


class Context(Protocol):
    """One resource of one stack, and the way to AWS's APIs.

    Attributes
    ----------
    account, region, partition
        Where the stack is; ``partition`` is ``aws``.
    stack_name, stack_id, logical_id
        Whose resource it is.
    token
        The same for all attempts of one step, another for each step: an idempotency token.
    tags
        The stack's own tags, with ``aws:cloudformation:stack-name``, ``stack-id`` and
        ``logical-id``. Most types give them to what they make, before the resource's own tags.
    old_tags
        The stack's own tags before the operation: what is not among ``tags`` any more is taken
        from what exists.
    """

    account: str
    region: str
    partition: str
    stack_name: str
    stack_id: str
    logical_id: str
    token: str
    tags: Mapping[str, str]
    old_tags: Mapping[str, str]

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client that calls the engine, in the stack's Region if none is named.

        Its errors (``ClientError``) may pass: the deployment makes AWS's reason of them.
        """

    def name(
        self, most: int = 255, *, lower: bool = False, separator: str = "-", suffix: str = ""
    ) -> str:
        """The physical name that CloudFormation makes up: ``STACK-LOGICALID-RANDOM``.

        Always the same for one step, so that after a kill the resource can be found again. Not to
        be called for a resource that its template names: it is looked for by the name asked here.

        Parameters
        ----------
        most
            The most characters it may have; the stack's name and the logical ID are cut for it.
        lower
            Whether it must be in lower case.
        separator
            Between its parts, and in the place of the hyphens of the stack's name.
        suffix
            What it ends with; part of ``most``.
        """

    def made(self, physical_id: str) -> None:
        """Record, durably, that the resource exists from now on.

        To be called at once after a call that made it, where more calls follow: if one of these
        fails, or the engine is killed, the resource is deleted by the rollback.
        """

    def wait(
        self, look: Callable[[], _Found | None], what: str, timeout_s: float = 300.0
    ) -> _Found:
        """Wait until ``look`` returns something other than ``None``, and return that.

        Raises
        ------
        Cancelled
            The stack's operation was cancelled.
        Refused
            After ``timeout_s`` (seconds), with code ``NotStabilized``; it says ``what`` did not
            come.
        """
