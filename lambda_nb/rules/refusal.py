"""The exception for a refused request: AWS's error code, message and HTTP status."""

from __future__ import annotations


class Refused(ValueError):  # noqa: N818
    """A request breaks one of Lambda's rules.

    Parameters
    ----------
    code
        AWS's error code, e.g. ``InvalidParameterValueException``.
    message
        AWS's wording, with the offending value.
    status
        The HTTP status AWS answers with.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> Refused:
    """``InvalidParameterValueException`` (400)."""
    return Refused("InvalidParameterValueException", message)


def validation(problems: list[str]) -> Refused:
    """``ValidationException`` (400) that lists all problems found, as AWS words it."""
    return Refused("ValidationException", validation_text(problems))


def validation_text(problems: list[str]) -> str:
    """``n validation errors detected: ...; ...`` (facts/api.md section 4)."""
    errors = "error" if len(problems) == 1 else "errors"
    return f"{len(problems)} validation {errors} detected: {'; '.join(problems)}"


def problem(value: object, member: str, rule: str) -> str:
    """One problem of a ``ValidationException``; the value as AWS prints it (null unquoted)."""
    shown = "null" if value is None else f"'{printed(value)}'"
    return f"Value {shown} at '{member}' failed to satisfy constraint: {rule}"


def printed(value: object) -> str:
    """A value as Java's ``toString`` shows it: ``[a, b]``, ``{k=v}``, ``true``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={printed(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(printed(v) for v in value) + "]"
    return str(value)
