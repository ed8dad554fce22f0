"""Starts and ends the neighbours' process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

log = logging.getLogger(__name__)

Pushed = Callable[[str, str, bytes], Awaitable[None]]
"""Takes an event that a service pushed: the service, the function's ARN, the payload."""

_LONGEST_LINE = 16 << 20


class NeighboursError(RuntimeError):
    """The neighbours did not come up; the message says what they said."""


class NotStartedError(NeighboursError):
    """The neighbours are still starting: ask again in a moment."""


class Neighbours:
    """The services beside Lambda.

    Parameters
    ----------
    account, region
        Whose resources they hold.
    work_dir
        For the child's log.
    external_url
        An endpoint to use instead of a child process.
    pushed
        Takes the events that services push to functions; never from an external endpoint.
    """

    def __init__(
        self,
        *,
        account: str,
        region: str,
        work_dir: Path,
        external_url: str | None = None,
        pushed: Pushed | None = None,
    ) -> None:
        self._account = account
        self._region = region
        self._work_dir = work_dir
        self._url = external_url
        self._pushed = pushed
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where they answer.

        Raises
        ------
        NotStartedError
            Before :meth:`start` is through.
        """
        if self._url is None:
            raise NotStartedError("the neighbours have not started")
        return self._url

    async def start(self) -> None:
        """Start the child and wait until it listens; nothing to do for an external endpoint."""
        if self._url is not None:
            return
        self._work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        log_file = self._work_dir / "moto.log"
        with log_file.open("ab") as log:
            os.chmod(log_file, 0o600)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "lambda_nb.engine.neighbours.server",
                str(self._work_dir.absolute()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={
                    **os.environ,
                    "MOTO_ACCOUNT_ID": self._account,
                    "AWS_DEFAULT_REGION": self._region,
                },
                start_new_session=True,
                limit=_LONGEST_LINE,
            )
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            tail = log_file.read_text(errors="replace")[-2000:]
            raise NeighboursError(f"the neighbours ended while starting; their log says:\n{tail}")
        self._url = f"http://127.0.0.1:{json.loads(line)['port']}"
        self._listening = asyncio.create_task(self._listen(self._process.stdout))

    async def _listen(self, lines: asyncio.StreamReader) -> None:
        """Take on what the child pushes, until it ends."""
        while line := await lines.readline():
            event = json.loads(line)
            if self._pushed is None:
                continue
            try:
                await self._pushed(event["source"], event["function"], event["payload"].encode())
            except Exception:  # one event that nobody can take must not stop the next
                log.exception("an event of %s for %s is lost", event["source"], event["function"])

    async def close(self) -> None:
        """End the child."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._process = None
        if self._listening is not None:
            await self._listening
