"""Lines about extensions: each has a name, a state and a list of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class _Joined:
    """What extension lines have in common: a name, a state, a list of words."""

    head: ClassVar[str]
    words_name: ClassVar[str]
    words_key: ClassVar[str]
    name: str
    state: str
    words: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """INFO."""
        return "INFO"

    def text(self) -> str:
        """The line, with its line end."""
        words = ", ".join(self.words)
        return (
            f"{self.head}\tName: {self.name}\tState: {self.state}\t{self.words_name}: [{words}]\n"
        )

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return {"name": self.name, "state": self.state, self.words_key: list(self.words)}

    @classmethod
    def read(cls, record: dict[str, Any]) -> Any:
        """The line that a JSON record stands for."""
        return cls(record["name"], record["state"], tuple(record.get(cls.words_key, ())))


@dataclass(frozen=True, slots=True)
class Extension(_Joined):
    """An extension is ready; ``words`` are the events it asked for."""

    event: ClassVar[str] = "platform.extension"
    head: ClassVar[str] = "EXTENSION"
    words_name: ClassVar[str] = "Events"
    words_key: ClassVar[str] = "events"


@dataclass(frozen=True, slots=True)
class TelemetrySubscription(_Joined):
    """An extension subscribed to the Telemetry API; ``words`` are the types of events."""

    event: ClassVar[str] = "platform.telemetrySubscription"
    head: ClassVar[str] = "TELEMETRY"
    words_name: ClassVar[str] = "Types"
    words_key: ClassVar[str] = "types"


@dataclass(frozen=True, slots=True)
class LogsSubscription(_Joined):
    """An extension subscribed to the Logs API; ``words`` are the types of events."""

    event: ClassVar[str] = "platform.logsSubscription"
    head: ClassVar[str] = "LOGS"
    words_name: ClassVar[str] = "Types"
    words_key: ClassVar[str] = "types"
