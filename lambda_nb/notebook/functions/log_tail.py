"""Read the log tail of an invocation: separate Lambda's lines from the function's output."""

from __future__ import annotations

from lambda_nb.rules.loglines import Report, parse


def read(tail: str) -> Report | None:
    """The REPORT line in a log tail, text or JSON; None if there is none."""
    for line in reversed(tail.splitlines()):
        if "REPORT" in line or "platform.report" in line:
            try:
                found = parse(line)
            except ValueError:  # output of the function, or a cut line
                continue
            if isinstance(found, Report):
                return found
    return None


def written(tail: str) -> str:
    """The output of the function itself."""
    return "\n".join(line for line in tail.splitlines() if not _is_platform(line)).strip("\n")


def _is_platform(line: str) -> bool:
    try:
        return parse(line) is not None
    except ValueError:
        return False
