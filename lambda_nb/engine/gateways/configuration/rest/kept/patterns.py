"""Regular expressions that callers give."""

from __future__ import annotations

import re
import warnings


def is_pattern(text: str) -> bool:
    """Whether a text is a regular expression.

    Examples
    --------
    >>> is_pattern("5[0-9]{2}"), is_pattern("5[")
    (True, False)
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what other versions of Python would read otherwise
            re.compile(text)
    except (re.error, RecursionError, OverflowError):
        return False
    return True
