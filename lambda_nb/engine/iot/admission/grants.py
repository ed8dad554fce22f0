"""What one connection may do, kept up to date while it lasts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.admission.changes import Revision
from lambda_nb.engine.iot.admission.policies import Policies
from lambda_nb.engine.iot.mqtt.admission import Action

log = logging.getLogger(__name__)

_SHARED = "$share/"
_OPERATIONS = {
    "publish": ("iot:Publish", "topic/"),
    "receive": ("iot:Receive", "topic/"),
    "retain": ("iot:RetainPublish", "topic/"),
    "subscribe": ("iot:Subscribe", "topicfilter/"),
}


def everything(action: Action, topic: str) -> bool:
    """What the engine's own user may do: all of it."""
    return True


def allowed(policies: Policies, prefix: str, action: Action, topic: str) -> bool:
    """Whether policies let a connection do something with a topic or a topic filter.

    Parameters
    ----------
    policies
        The connection's.
    prefix
        The beginning of ARNs: ``arn:aws:iot:REGION:ACCOUNT:``.
    action, topic
        As :data:`~lambda_nb.engine.iot.mqtt.admission.May` has them. A shared subscription may be
        allowed by its whole filter or by the part after its group; each may deny it.
    """
    operation, kind = _OPERATIONS[action]
    if action != "subscribe" or not topic.startswith(_SHARED):
        return policies.allows(operation, f"{prefix}{kind}{topic}")
    forms = (topic, topic.removeprefix(_SHARED).partition("/")[2])
    verdicts = [policies.verdict(operation, f"{prefix}{kind}{form}") for form in forms]
    return any(v.allowed for v in verdicts) and not any(v.denying for v in verdicts)


class Grant:
    """Answers for one connection what it may do.

    Parameters
    ----------
    concerned
        The ARNs of its certificate and its thing, where it has them.
    policies
        Its policies.
    prefix
        The beginning of ARNs.
    revision
        Differs from what it was if the policies may have changed.
    seen
        What it was before the policies were read.
    renew
        Reads the policies again; ``None`` if the client may not be connected any more.
    ended
        Is called once when that is so.
    """

    __slots__ = (
        "__weakref__",
        "_ended",
        "_policies",
        "_prefix",
        "_renew",
        "_renewing",
        "_revision",
        "_seen",
        "concerned",
    )

    def __init__(
        self,
        concerned: tuple[str, ...],
        policies: Policies,
        prefix: str,
        revision: Callable[[], Revision],
        seen: Revision,
        renew: Callable[[], Awaitable[Policies | None]],
        ended: Callable[[], None],
    ) -> None:
        self.concerned = concerned
        self._policies: Policies | None = policies
        self._prefix = prefix
        self._revision = revision
        self._seen = seen
        self._renew = renew
        self._ended = ended
        self._renewing: asyncio.Task[None] | None = None

    def __call__(self, action: Action, topic: str) -> bool:
        """Whether the client may do something with a topic; answers at once."""
        if self._revision() != self._seen:
            self.renew_soon()
        return self._policies is not None and allowed(self._policies, self._prefix, action, topic)

    def renew_soon(self) -> None:
        """Read the policies again, in the background."""
        if self._policies is not None and (self._renewing is None or self._renewing.done()):
            self._renewing = asyncio.get_running_loop().create_task(self._read_again())

    async def _read_again(self) -> None:
        while (revision := self._revision()) != self._seen:
            try:
                policies = await self._renew()
            except AWSError as error:  # what was known stays in force
                log.warning("policies of a connected device cannot be read: %s", error)
                return
            self._seen = revision
            self._policies = policies
            if policies is None:
                self._ended()
                return
