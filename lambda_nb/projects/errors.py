"""The error of a project that cannot be built or deployed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class ProjectError(Exception):
    """An error that the user can fix; the message says what is wrong and what to do."""


@contextlib.contextmanager
def aws_errors(kind: type[Exception] = ProjectError) -> Iterator[None]:
    """Turn boto3's errors into errors of one kind with AWS's code and text."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        raise kind(
            f"{told.get('Code', '?')} ({error.operation_name}): {told.get('Message', '')}"
        ) from None
    except BotoCoreError as error:
        raise kind(str(error)) from None
