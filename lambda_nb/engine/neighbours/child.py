"""Starts and ends the neighbours' process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path


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
    """

    def __init__(
        self, *, account: str, region: str, work_dir: Path, external_url: str | None = None
    ) -> None:
        self._account = account
        self._region = region
        self._work_dir = work_dir
        self._url = external_url
        self._process: asyncio.subprocess.Process | None = None

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
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={
                    **os.environ,
                    "MOTO_ACCOUNT_ID": self._account,
                    "AWS_DEFAULT_REGION": self._region,
                },
                start_new_session=True,
            )
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            tail = log_file.read_text(errors="replace")[-2000:]
            raise NeighboursError(f"the neighbours ended while starting; their log says:\n{tail}")
        self._url = f"http://127.0.0.1:{json.loads(line)['port']}"

    async def close(self) -> None:
        """End the child."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._process = None
