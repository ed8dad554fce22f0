"""What an environment is made from: a prepared function and the engine's shared services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lambda_nb.engine.execution.debugging.debuggers import Debuggers
from lambda_nb.engine.execution.failures import Failures
from lambda_nb.engine.execution.runtimes.launch import Launch
from lambda_nb.engine.execution.runtimes.zygotes import Zygotes
from lambda_nb.engine.execution.sandbox.isolation import Isolation
from lambda_nb.engine.execution.sandbox.paths import Files
from lambda_nb.engine.model import FunctionVersion, LogSink


@dataclass(frozen=True, slots=True)
class Prepared:
    """A function version made ready to run: how it starts and where its files are.

    If ``launch`` is ``None``, it cannot start, and ``entrypoint_error`` says why.
    """

    function: FunctionVersion
    launch: Launch | None
    files: Files
    entrypoint_error: str = ""

    @property
    def runtime_version(self) -> str:
        """The runtime version that INIT_START shows."""
        return self.function.runtime if self.launch is None else self.launch.runtime_version


@dataclass(frozen=True, slots=True)
class Services:
    """What every environment of an engine shares."""

    work_dir: Path
    zygotes: Zygotes
    isolation: Isolation
    logs: LogSink
    endpoint: Callable[[], str]
    credentials_for: Callable[[FunctionVersion], tuple[str, str, str]]
    debuggers: Debuggers
    variables: Callable[[], Mapping[str, str]] = dict
    """Environment variables that every function has unless it sets them itself."""

    failures: Failures | None = None
    """Keeps the frames of functions that fail, if they are to be kept."""

    told: set[tuple[str, str, str]] = field(default_factory=set)
    """Function, version and text of the notes that were logged; each is logged only once."""
