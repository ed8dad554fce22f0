"""Raises the limit of file descriptors, and counts them if the limit is low.

An engine without free descriptors can neither accept a connection nor start a process, and its
callers would see closed connections. So with a low limit it accepts connections only while there is
room (the others wait in the kernel's queue). It starts no environment without room for it: it
throttles the request, as AWS does when it has no capacity.
"""

from __future__ import annotations

import logging
import os
import resource

from lambda_nb.engine.notices import Notice

log = logging.getLogger(__name__)

PLENTY = 16384
"""From this limit on, nothing is counted: a thousand environments and their callers need less."""

OF_ENVIRONMENT = 6
"""Descriptors of an environment: its listener, connections and logs, and a temporary one."""

_KEPT_FREE = 24  # for databases, the neighbours, and short uses
_FOR_CONNECTIONS = 12


class Descriptors:
    """The descriptors of this process.

    A new object raises the soft limit to the hard one.

    Attributes
    ----------
    limit : int
        The maximum number.
    scarce : bool
        Whether the limit is so low that they must be counted.
    """

    def __init__(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.limit = hard
        self.scarce = hard != resource.RLIM_INFINITY and hard < PLENTY
        self._starting = 0
        self._notice = Notice(
            log,
            f"this process may open only {hard} files: callers wait or are throttled (429) when "
            f"they are used up. Raise the limit (ulimit -n) to {PLENTY} to be rid of this",
        )

    def left(self) -> int:
        """How many more can be opened now."""
        try:
            return self.limit - len(os.listdir("/proc/self/fd"))
        except OSError:  # no descriptor is left to list them
            return 0

    def may_accept(self) -> bool:
        """Whether there is room for one more connection."""
        room = not self.scarce or self.left() > _FOR_CONNECTIONS
        if not room:
            self._notice.warn()
        return room

    def start_environment(self) -> bool:
        """Count an environment that is about to start; false if there is no room for it."""
        if not self.scarce:
            return True
        wanted = OF_ENVIRONMENT * (self._starting + 1)
        if self.left() < wanted + _KEPT_FREE:
            self._notice.warn()
            return False
        self._starting += 1
        return True

    def environment_started(self) -> None:
        """Stop counting one that has started, or failed to."""
        if self.scarce:
            self._starting -= 1

    def may_keep_idle(self) -> bool:
        """Whether there is room to keep an idle environment."""
        return not self.scarce or self.left() > 2 * _KEPT_FREE
