"""Warnings about a lasting state: logged when it begins, and repeated only after a while."""

from __future__ import annotations

import logging
import time

_AGAIN_AFTER_S = 60.0


class Notice:
    """One warning that many requests can cause.

    Parameters
    ----------
    log
        Where it is logged.
    text
        Its message.
    """

    def __init__(self, log: logging.Logger, text: str) -> None:
        self._log = log
        self._text = text
        self._quiet_until = 0.0

    def warn(self) -> None:
        """Log it, unless it was logged within the last minute."""
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _AGAIN_AFTER_S
            self._log.warning("%s", self._text)
