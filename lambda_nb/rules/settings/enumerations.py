"""The order in which AWS names the values of an enumeration in its messages.

AWS does not use the service model's order, so each order must be recorded from an error message.
Enumerations that are not here keep the model's order.
"""

from __future__ import annotations

from collections.abc import Sequence

RECORDED = {
    "RecursiveLoop": ("Terminate", "Allow"),
    "EventSourcePosition": ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"),
    "InvokeMode": ("RESPONSE_STREAM", "BUFFERED"),
}
"""By name of the model's shape; recorded on AWS from November 2025 to January 2026."""

RUNTIMES = (
    "nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x",
    "nodejs22.x", "java25", "python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2",
    "python3.8", "python3.9", "java17", "nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6",
    "nodejs18.x", "provided.al2", "java8.al2",
)  # fmt: skip
"""What errors of CreateFunction and UpdateFunctionConfiguration list for an unknown ``Runtime``
(recorded on AWS from November 2025 to January 2026)."""


def in_order(shape: str, values: Sequence[str]) -> Sequence[str]:
    """The values of an enumeration as AWS lists them; ``values`` is the model's order."""
    recorded = RECORDED.get(shape, ())
    return [*(value for value in recorded if value in values), *_rest(values, recorded)]


def _rest(values: Sequence[str], named: Sequence[str]) -> list[str]:
    return [value for value in values if value not in named]
