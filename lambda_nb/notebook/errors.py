"""Errors that a notebook shows in a few lines, without our own stack frames."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

# Bold, not coloured: front ends show errors on red, dark or light, where colours are hard to see.
BOLD, OFF = "\x1b[1m", "\x1b[0m"


class NotebookError(Exception):
    """An error that the user can fix; the message says what is wrong and what to do."""

    def _render_traceback_(self) -> list[str]:
        """IPython prints these lines instead of a traceback."""
        return [f"{BOLD}{type(self).__name__}{OFF}: {self}"]


class UsageError(NotebookError):
    """A magic or function got an argument that is not valid."""


class NoJSONError(UsageError, ValueError):
    """A body that should be JSON is not."""


class AWSError(NotebookError):
    """Lambda or another AWS service refused a request.

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
    """Lambda throttled an invocation (429). ``reason`` is AWS's reason code."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__("TooManyRequestsException", f"{message} {reason}".strip(), "Invoke")
        self.reason = reason


class FunctionError(NotebookError):
    """The function failed.

    Attributes
    ----------
    function, error_type, error_message, request_id
        The function, the error it raised (or Lambda's name for the failure), and the request.
    frames
        Lines that show where in the user's code it failed; the innermost last.
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
        self._open: Callable[[FunctionError], str] | None = None
        self._hint = ""

    def opens_with(self, open_frames: Callable[[FunctionError], str]) -> None:
        """Have ``open_frames`` make the function's frames the traceback, once the error is shown.

        It returns what to tell beside the error.
        """
        self._open = open_frames

    def _render_traceback_(self) -> list[str]:
        if self._open is not None:
            open_frames, self._open = self._open, None
            self._hint = open_frames(self)
        title = f"{BOLD}FunctionError{OFF} in {BOLD}{self.function}{OFF}"
        shown = [title, *self.frames, f"{BOLD}{self.error_type}{OFF}: {self.error_message}"]
        return [*shown, self._hint] if self._hint else shown


@contextlib.contextmanager
def aws_errors() -> Iterator[None]:
    """Turn boto3 errors into short notebook errors.

    Raises
    ------
    Throttled
        Lambda answered 429 to an invocation.
    AWSError
        Any other refusal.
    UsageError
        A parameter has the wrong type, or is too large or too small.
    NotebookError
        The endpoint does not respond, or there are no credentials.
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
