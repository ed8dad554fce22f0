"""What all parts of the control plane share: records, code, identity, time, hooks."""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timezone

from lambda_nb.engine.control.code.code_store import CodeStore
from lambda_nb.engine.control.code.mounted import Mounts
from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.model import ControlHooks, FetchObject, Probe
from lambda_nb.rules.settings import names


@dataclass(frozen=True, slots=True)
class Context:
    """One account in one Region, and the objects that all parts share.

    ``settled`` waits until the poller of an event source mapping has followed a state change.
    ``mounts`` has the directories that functions may have as their code.
    """

    store: Store
    code: CodeStore
    account: str
    region: str
    endpoint: Callable[[], str]
    fetch: FetchObject
    hooks: ControlHooks
    probe: Probe | None
    settled: Callable[[str], Awaitable[None]] | None = None
    mounts: Mounts = field(default_factory=Mounts)

    def function_arn(self, name: str, qualifier: str | None = None) -> str:
        """The ARN of a function of this account, qualified if a qualifier is given."""
        return names.function_arn(self.region, self.account, name, qualifier)

    def arn(self, resource: str) -> str:
        """The ARN of another Lambda resource of this account (``event-source-mapping:...``)."""
        partition = names.partition(self.region)
        return f"arn:{partition}:lambda:{self.region}:{self.account}:{resource}"


def revision() -> str:
    """A new revision identifier."""
    return str(uuid.uuid4())


def today() -> date:
    """Today (UTC): decides which runtimes are in support."""
    return datetime.now(timezone.utc).date()


def epoch() -> float:
    """Now in epoch seconds, rounded to milliseconds like AWS's timestamps."""
    return round(time.time(), 3)


def moment(seconds: float) -> datetime:
    """An epoch time as a value of the API's timestamp members."""
    return datetime.fromtimestamp(seconds, timezone.utc)


def timestamp() -> str:
    """Now, in the format of ``LastModified`` of functions and layers."""
    now = datetime.now(timezone.utc)
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}+0000"
