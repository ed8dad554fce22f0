"""What goes wrong in an export."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class ExportError(Exception):
    """Something cannot be exported or compared; the text says what, and what to do."""


@contextlib.contextmanager
def aws_errors() -> Iterator[None]:
    """Errors of boto3 as an :class:`ExportError`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ExportError(str(error)) from error
