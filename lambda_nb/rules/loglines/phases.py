"""Lines of an environment's phases before and between invocations: init and restore."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lambda_nb.rules.loglines.common import SUCCESS, failure, known, severity


@dataclass(frozen=True, slots=True)
class InitStart:
    """The init phase begins. ``initialization_type`` and the fields after it are in JSON only."""

    event: ClassVar[str] = "platform.initStart"
    runtime_version: str
    runtime_version_arn: str
    initialization_type: str = "on-demand"
    phase: str = "init"
    function_name: str = ""
    function_version: str = ""

    @property
    def level(self) -> str:
        """INFO."""
        return "INFO"

    def text(self) -> str:
        """The line, with its line end."""
        return (
            f"INIT_START Runtime Version: {self.runtime_version}"
            f"\tRuntime Version ARN: {self.runtime_version_arn}\n"
        )

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return known(
            {
                "initializationType": self.initialization_type,
                "phase": self.phase,
                "runtimeVersion": self.runtime_version,
                "runtimeVersionArn": self.runtime_version_arn,
                "functionName": self.function_name,
                "functionVersion": self.function_version,
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> InitStart:
        """The line that a JSON record stands for."""
        return cls(
            record.get("runtimeVersion", ""),
            record.get("runtimeVersionArn", ""),
            record.get("initializationType", "on-demand"),
            record.get("phase", "init"),
            record.get("functionName", ""),
            record.get("functionVersion", ""),
        )


@dataclass(frozen=True, slots=True)
class InitReport:
    """How the init phase went. In text: on failure, and always if not on demand."""

    event: ClassVar[str] = "platform.initReport"
    duration_ms: float
    phase: str = "init"
    status: str | None = None
    error_type: str = ""
    initialization_type: str = "on-demand"

    @property
    def level(self) -> str:
        """WARN on failure; DEBUG on demand, else INFO."""
        usual = "DEBUG" if self.initialization_type == "on-demand" else "INFO"
        return severity(self.status, usual)

    def text(self) -> str:
        """The line, with its line end."""
        return (
            f"INIT_REPORT Init Duration: {self.duration_ms:.2f} ms\tPhase: {self.phase}"
            f"{failure(self.status, self.error_type)}\n"
        )

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return known(
            {
                "initializationType": self.initialization_type,
                "phase": self.phase,
                "status": self.status or SUCCESS,
                "errorType": self.error_type,
                "metrics": {"durationMs": round(self.duration_ms, 3)},
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> InitReport:
        """The line that a JSON record stands for."""
        return cls(
            float(record["metrics"]["durationMs"]),
            record.get("phase", "init"),
            record.get("status"),
            record.get("errorType", ""),
            record.get("initializationType", "on-demand"),
        )


@dataclass(frozen=True, slots=True)
class RestoreStart:
    """A SnapStart restore begins."""

    event: ClassVar[str] = "platform.restoreStart"
    runtime_version: str
    runtime_version_arn: str
    function_name: str = ""
    function_version: str = ""

    @property
    def level(self) -> str:
        """INFO."""
        return "INFO"

    def text(self) -> str:
        """The line, with its line end."""
        return (
            f"RESTORE_START Runtime Version: {self.runtime_version}"
            f"\tRuntime Version ARN: {self.runtime_version_arn}\n"
        )

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return known(
            {
                "runtimeVersion": self.runtime_version,
                "runtimeVersionArn": self.runtime_version_arn,
                "functionName": self.function_name,
                "functionVersion": self.function_version,
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> RestoreStart:
        """The line that a JSON record stands for."""
        return cls(
            record.get("runtimeVersion", ""),
            record.get("runtimeVersionArn", ""),
            record.get("functionName", ""),
            record.get("functionVersion", ""),
        )


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """How a SnapStart restore went."""

    event: ClassVar[str] = "platform.restoreReport"
    duration_ms: float
    status: str | None = None
    error_type: str = ""

    @property
    def level(self) -> str:
        """WARN on failure, else INFO."""
        return severity(self.status, "INFO")

    def text(self) -> str:
        """The line, with its line end."""
        words = failure(self.status, self.error_type)
        return f"RESTORE_REPORT Restore Duration: {self.duration_ms:.2f} ms{words}\n"

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return known(
            {
                "status": self.status or SUCCESS,
                "errorType": self.error_type,
                "metrics": {"durationMs": round(self.duration_ms, 3)},
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> RestoreReport:
        """The line that a JSON record stands for."""
        metrics = record["metrics"]
        return cls(float(metrics["durationMs"]), record.get("status"), record.get("errorType", ""))


@dataclass(frozen=True, slots=True)
class InitRuntimeDone:
    """The runtime has finished its init phase. JSON only."""

    event: ClassVar[str] = "platform.initRuntimeDone"
    initialization_type: str = "on-demand"
    phase: str = "init"
    status: str = SUCCESS
    error_type: str = ""

    @property
    def level(self) -> str:
        """WARN on failure, else DEBUG."""
        return severity(self.status, "DEBUG")

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return known(
            {
                "initializationType": self.initialization_type,
                "phase": self.phase,
                "status": self.status,
                "errorType": self.error_type,
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> InitRuntimeDone:
        """The line that a JSON record stands for."""
        return cls(
            record.get("initializationType", "on-demand"),
            record.get("phase", "init"),
            record.get("status", SUCCESS),
            record.get("errorType", ""),
        )
