"""Errors as a function's caller sees them."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Fault(Exception):  # noqa: N818
    """A failure of the runtime itself, with AWS's name for it."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace or []


def from_fault(fault: Fault, request_id: str = "") -> dict[str, Any]:
    """The error object of a fault."""
    return make(fault.message, fault.kind, fault.trace, request_id)


def from_exception(error: BaseException, request_id: str = "") -> dict[str, Any]:
    """The error object of an exception; the runtime's own frames at its top are left out."""
    frames = traceback.extract_tb(error.__traceback__)
    first = 0
    while first < len(frames) and frames[first].filename.startswith(_OURS):
        first += 1
    shown = frames[first:] if first < len(frames) else frames
    trace = traceback.format_list([(f.filename, f.lineno or 0, f.name, f.line) for f in shown])
    return make(str(error), type(error).__name__, trace, request_id)


def make(message: str, kind: str, trace: list[str], request_id: str = "") -> dict[str, Any]:
    """The error object; its keys are in AWS's order. In Python 3.8 it has no ``requestId``."""
    told: dict[str, Any] = {"errorMessage": message, "errorType": kind}
    if sys.version_info >= (3, 9):  # noqa: UP036  (functions may run on 3.8)
        told["requestId"] = request_id
    told["stackTrace"] = trace
    return told
