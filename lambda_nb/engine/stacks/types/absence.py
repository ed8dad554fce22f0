"""What services answer about things that are not there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

_ABSENT = (
    "ResourceNotFoundException",
    "NotFoundException",
    "NotFound",
    "ResourceNotFound",
    "NoSuchEntity",
)


@contextlib.contextmanager
def absence_is_fine(*codes: str) -> Iterator[None]:
    """Ignore a call's error that says the thing is not there; ``codes`` are further such errors."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in (*_ABSENT, *codes):
            raise


def is_absent(look: Callable[[], object], *codes: str) -> bool:
    """Whether a call says that the thing is not there; ``codes`` as :func:`absence_is_fine`."""
    found = False
    with absence_is_fine(*codes):
        look()
        found = True
    return not found
