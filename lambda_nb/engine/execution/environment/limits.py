"""The limits of one environment: memory, ``/tmp`` and CPU time, watched while it works."""

from __future__ import annotations

from functools import partial

from lambda_nb.engine.execution.environment.processes import Processes
from lambda_nb.engine.execution.logs.log_stream import FunctionLog
from lambda_nb.engine.execution.runtimes.zygotes import Process
from lambda_nb.engine.execution.sandbox.cpu_share import Governor
from lambda_nb.engine.execution.sandbox.isolation import Sandbox
from lambda_nb.engine.execution.sandbox.memory import Watchdog
from lambda_nb.engine.execution.sandbox.tmp_size import StorageWatchdog
from lambda_nb.engine.model import FunctionVersion


class Limits:
    """Watches the processes of an environment, and remembers their peak memory.

    Parameters
    ----------
    function
        Its memory and ephemeral storage are the limits.
    log
        Where a full ``/tmp`` is reported.
    share_cpu
        Whether this class shares out CPU time, because no control group does it.
    """

    def __init__(self, function: FunctionVersion, log: FunctionLog, *, share_cpu: bool) -> None:
        self.out_of_memory = False
        self._function = function
        self._log = log
        self._share_cpu = share_cpu
        self._kernel_watches = False
        self._runtime: Process | None = None
        self._memory: Watchdog | None = None
        self._storage: StorageWatchdog | None = None
        self._governor: Governor | None = None
        self._peak_mb = 0

    def watch(self, runtime: Process, processes: Processes, sandbox: Sandbox) -> None:
        """Get ready to watch a new runtime, and the files of all processes."""
        function = self._function
        self._runtime = runtime
        self._kernel_watches = sandbox.watches_memory
        self._memory = Watchdog(runtime, function.memory_limit_mb, self._exceeded)
        warn = partial(self._log.function, timestamp_ms=None, level="WARN")
        self._storage = StorageWatchdog(
            sandbox.tmp, function.ephemeral_storage_mb, processes.ids, warn
        )
        if self._share_cpu:
            self._governor = Governor(processes, function.memory_mb)

    def start(self) -> None:
        """Watch until :meth:`stop`."""
        if self._memory is not None and not self._kernel_watches:
            self._memory.start()
        if self._storage is not None:
            self._storage.start()
        if self._governor is not None:
            self._governor.start()

    def stop(self) -> None:
        """Stop watching: the processes are, or will be, stopped."""
        if self._memory is not None:
            self._memory.stop()
        if self._storage is not None:
            self._storage.stop()
        if self._governor is not None:
            self._governor.stop()

    def close(self) -> None:
        """Forget the processes: they are gone."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        if self._storage is not None:
            self._storage.close()
            self._storage = None
        if self._governor is not None:
            self._governor.stop()
            self._governor = None

    def peak_mb(self, told_kb: int) -> int:
        """The environment's peak memory (MB).

        ``told_kb`` is what the runtime itself reports, 0 if it reports nothing. Asking the kernel
        takes longer.
        """
        if told_kb:
            self._peak_mb = max(self._peak_mb, min(-(-told_kb // 1024), self._function.memory_mb))
        elif self._memory is not None:
            self._peak_mb = max(self._peak_mb, self._memory.peak_mb())
        return self._peak_mb

    def _exceeded(self) -> None:
        self.out_of_memory = True
        if self._runtime is not None:
            self._runtime.kill()
