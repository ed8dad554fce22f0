"""Patterns in which ``*`` stands for anything and ``?`` for one character."""

from __future__ import annotations


def matches(pattern: str, text: str, *, one: str = "?") -> bool:
    """Whether a pattern fits a whole text.

    It takes time in proportion to both lengths multiplied, whatever the pattern.

    Parameters
    ----------
    one
        What stands for one character; empty if nothing does.

    Examples
    --------
    >>> matches("x-*-amz", "x--amz"), matches("x-amz-*", "x-amz"), matches("a?c", "abc")
    (True, False, True)
    """
    at = given = 0
    star, resume = -1, 0
    while given < len(text):
        letter = pattern[at] if at < len(pattern) else ""
        if letter == "*":
            star, resume = at, given
            at += 1
        elif letter and (letter == text[given] or letter == one):
            at += 1
            given += 1
        elif star >= 0:
            # The last star takes one character more.
            resume += 1
            at, given = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")
