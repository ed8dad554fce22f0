"""Empties the services of this process: they hold nothing any more, in memory and on disk.

What is loaded and patched stays, so the next call is as fast as the last one was.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from lambda_nb.engine.neighbours.services.late_patches import when_loaded
from lambda_nb.engine.neighbours.services.step_functions.executions import ending
from lambda_nb.engine.neighbours.storage.service_state import Keeper
from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet


class Emptied(Protocol):
    """Holds something beside moto's own state."""

    def empty(self) -> None:
        """Forget all of it."""


class Emptying:
    """Empties everything when the engine asks for it.

    Parameters
    ----------
    keeper
        Has the services' state on disk.
    outlet
        Has events that are on their way to the engine.
    others
        Hold something of their own.
    """

    def __init__(self, keeper: Keeper, outlet: Outlet, others: Sequence[Emptied]) -> None:
        self._keeper = keeper
        self._outlet = outlet
        self._others = others
        when_loaded("moto.iam.models", _read_managed_policies_once)

    def run(self) -> None:
        """Empty everything, then tell the engine, after all that was sent before."""
        ending.abandon()  # else their threads call functions that have the same names later
        self._keeper.empty(_forget_backends)
        for other in self._others:
            other.empty()
        self._outlet.empty()


def _forget_backends() -> None:
    """Drop the backends of moto's services; the next call to each makes a new one."""
    from moto.core.base_backend import BackendDict, BaseBackend, backend_lock

    services: Any = BackendDict
    with backend_lock:
        for service in list(services._instances):
            for _, _, backend in list(service.iter_backends()):
                if type(backend).reset is not BaseBackend.reset:  # it holds files or threads
                    backend.reset()
            service.clear()
            if hasattr(service, "bucket_accounts"):
                service.bucket_accounts.clear()
        services._instances.clear()


def _read_managed_policies_once() -> None:
    """A new IAM would parse the texts of all managed policies again, which takes a second."""
    from moto.iam.models import IAMBackend

    original: Callable[[Any], list[Any]] = IAMBackend._init_aws_policies
    known: dict[tuple[str, str], list[Any]] = {}

    def init_aws_policies(self: Any) -> list[Any]:
        of = (self.account_id, self.region_name)
        if of not in known:
            known[of] = original(self)
        return [copy.copy(policy) for policy in known[of]]  # they count what they are attached to

    backend_class: Any = IAMBackend
    backend_class._init_aws_policies = init_aws_policies
