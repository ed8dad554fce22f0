"""Durable executions: functions that outlive one invocation through checkpoints and replay."""

from __future__ import annotations

from lambda_nb.engine.control import Control
from lambda_nb.engine.durable.executions import Executions
from lambda_nb.engine.durable.operations import DurableOperations
from lambda_nb.engine.durable.runner import Execute, Runner
from lambda_nb.engine.model import Operation

__all__ = ["Durable"]


class Durable:
    """The durable executions of all functions.

    Parameters
    ----------
    control
        Finds functions; its store also keeps the executions.
    execute
        Runs one invocation.

    Notes
    -----
    Send every invocation through :meth:`invoke`: it also runs functions that are not durable.
    """

    def __init__(self, control: Control, execute: Execute) -> None:
        executions = Executions(control.store)
        self._runner = Runner(
            executions,
            resolve=control.resolve,
            execute=execute,
            configuration=control.configuration,
        )
        self._operations = DurableOperations(executions, self._runner, control.resolve)
        self.start = self._runner.start
        self.close = self._runner.close
        self.invoke = self._runner.invoke
        self.begin = self._runner.begin

    def operations(self) -> dict[str, Operation]:
        """Handlers of the operations on durable executions, by AWS's names."""
        return self._operations.operations()
