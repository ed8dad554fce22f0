"""Errors as a notebook shows them: a few lines, never a page of our own frames."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

# Bold, not coloured: front ends put errors on a red ground, dark or light, where colours drown.
BOLD, OFF = "\x1b[1m", "\x1b[0m"


class NotebookError(Exception):
    """Something the user can put right; the message says what was wrong and what to do."""

    def _render_traceback_(self) -> list[str]:
        """IPython asks for this instead of printing a traceback."""
        return [f"{BOLD}{type(self).__name__}{OFF}: {self}"]


class UsageError(NotebookError):
    """A magic was given something it does not understand."""


class AWSError(NotebookError):
    """Lambda, or a neighbour of it, refused a request.

    Attributes
    ----------
    code, operation
        AWS's error code and the operation, e.g. ``ResourceNotFoundException``, ``GetFunction``.
    """

    def __init__(self, code: str, message: str, operation: str) -> None:
        super().__init__(f"{code} ({operation}): {message}")
        self.code = code
        self.operation = operation


class Throttled(AWSError):  # noqa: N818  # AWS's word for it
    """Lambda refused to run a function now (429). ``reason`` is AWS's word for why."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__("TooManyRequestsException", f"{message} {reason}".strip(), "Invoke")
        self.reason = reason


class FunctionError(NotebookError):
    """The function failed.

    Attributes
    ----------
    function, error_type, error_message, request_id
        Which function, and what it raised, or Lambda's name for what happened to it.
    frames
        Lines that say where in the user's code; the innermost last.
    log
        The tail of the invocation's log.
    """

    def __init__(
        self,
        function: str,
        error_type: str,
        error_message: str,
        frames: Sequence[str] = (),
        log: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(f"{error_type}: {error_message}")
        self.function = function
        self.error_type = error_type
        self.error_message = error_message
        self.frames = list(frames)
        self.log = log
        self.request_id = request_id

    def _render_traceback_(self) -> list[str]:
        title = f"{BOLD}FunctionError{OFF} in {BOLD}{self.function}{OFF}"
        return [title, *self.frames, f"{BOLD}{self.error_type}{OFF}: {self.error_message}"]


@contextlib.contextmanager
def aws_errors() -> Iterator[None]:
    """Turn what boto3 raises into errors of a line or two.

    Raises
    ------
    Throttled
        Lambda answered 429 to an invocation.
    AWSError
        Any other refusal.
    UsageError
        A parameter is of a wrong kind, or too large or small.
    NotebookError
        The endpoint does not answer, or there are no credentials.
    """
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        code, message = str(told.get("Code", "?")), str(told.get("Message", ""))
        if code == "TooManyRequestsException" and error.operation_name.startswith("Invoke"):
            raise Throttled(message, str(error.response.get("Reason", ""))) from None
        raise AWSError(code, message, error.operation_name) from None
    except ParamValidationError as error:
        raise UsageError(str(error.kwargs["report"])) from None
    except BotoCoreError as error:
        raise NotebookError(f"{error} (%lambda status shows where requests go)") from None
