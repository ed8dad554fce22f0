"""What went wrong with an action, as a page shows it."""

from __future__ import annotations

import logging

from lambda_nb.notebook.errors import AWSError, NotebookError

log = logging.getLogger(__name__)


class Refusal(NotebookError):  # noqa: N818  # it is what an action answers with
    """An action cannot be carried out.

    Attributes
    ----------
    type
        A name for the reason, AWS's own code where there is one.
    message
        What is wrong, and what to do.
    """

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_
        self.message = message


def fault(error: BaseException) -> dict[str, str]:
    """An error as ``IFault`` of the protocol: AWS's code, or the name of the error."""
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    if isinstance(error, Refusal):
        return {"type": error.type, "message": error.message}
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        code = str(told.get("Code") or "Unknown")
        return {"type": code, "message": str(told.get("Message") or f"{code} without a message")}
    if isinstance(error, AWSError):
        message = str(error).removeprefix(f"{error.code} ({error.operation}): ")
        return {"type": error.code, "message": message}
    if isinstance(error, ParamValidationError):
        return {"type": "ParamValidationError", "message": str(error.kwargs["report"])}
    if isinstance(error, BotoCoreError):
        return {
            "type": type(error).__name__,
            "message": f"{error}. %lambda status shows where requests go.",
        }
    if not isinstance(error, NotebookError):
        log.debug("an action of the workbench failed", exc_info=error)
    return {"type": type(error).__name__, "message": str(error) or type(error).__name__}
