"""What the log tail of an invocation says: Lambda's own lines told from the function's."""

from __future__ import annotations

from lambda_nb.rules.loglines import Report, parse


def read(tail: str) -> Report | None:
    """The REPORT line in the tail of a log, text or JSON; None if there is none."""
    for line in reversed(tail.splitlines()):
        if "REPORT" in line or "platform.report" in line:
            try:
                found = parse(line)
            except ValueError:  # the function's own words, or cut off
                continue
            if isinstance(found, Report):
                return found
    return None


def written(tail: str) -> str:
    """What the function itself wrote."""
    return "\n".join(line for line in tail.splitlines() if not _is_platform(line)).strip("\n")


def _is_platform(line: str) -> bool:
    try:
        return parse(line) is not None
    except ValueError:
        return False
