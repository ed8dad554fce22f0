"""Starts and stops the neighbours' process, and restarts it when it dies.

The process listens on a Unix socket that only the engine reaches: all other callers go through the
engine. The engine owns the socket and hands it to the child. So the address stays the same, and
calls made while a new child starts wait in the kernel's queue. The services' state is saved each
second and at the end; a new child begins with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any

from lambda_nb.engine.aws_calls.endpoint import Endpoint, NotStartedError
from lambda_nb.engine.databases import no_room
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.engine.machine.private_dir import private_dir
from lambda_nb.engine.neighbours.process.agreed import EMPTY, LOG
from lambda_nb.engine.neighbours.services import door, forwarding
from lambda_nb.engine.neighbours.services.iot.certificates import authority

log = logging.getLogger(__name__)

Pushed = Callable[[str, str, bytes], Awaitable[None]]
"""Takes an event that a service pushed: the service, the function's ARN, the payload."""

News = Callable[[str, str], None]
"""Is called when a stream has new records, with its ARN and the shard."""

_LONGEST_LINE = 16 << 20
_BACKLOG = 4096
"""Calls that may wait while a child starts; the Unix socket refuses any more."""
_LONGEST_PATH = 100
"""Bytes of a socket's path; the kernel takes 107."""
_SAVING_S = 20.0
_ROOM_POLL_S = 1.0
QUICK_DEATH_S = 10.0
MOST_QUICK_DEATHS = 5
"""A child that dies so soon after its start, so many times in a row, is not started again."""


class NeighboursError(RuntimeError):
    """The neighbours did not start, or died; the message says why."""


class StillStartingError(NeighboursError, NotStartedError):
    """The neighbours are still starting: ask again in a moment."""


def iot_authority(state_dir: Path) -> Path:
    """Where the certificate lies that signs those of IoT's devices, beside the services' state.

    There is none before the first device has one. Its key is in the same directory.
    """
    return state_dir.parent / "tls" / "iot-ca.pem"


class Neighbours:
    """The services other than Lambda.

    Parameters
    ----------
    account, region
        Whose resources they hold.
    work_dir
        For the child's log.
    state_dir
        Where the services' state is kept; by default below ``work_dir``.
    address
        The engine's URL. Calls carry it as their address, so that URLs in responses (of a queue)
        lead to the engine.
    external_url
        An endpoint to use instead of a child process.
    pushed
        Takes the events that services push to functions; never from an external endpoint.
    news
        Is called when a stream has new records; never for an external endpoint.
    keys
        Access key and secret for the calls that state machines make to ``address``.
    elsewhere
        Services that answer at other addresses, by their names in signatures.
    emptied
        Is called when a child has started without the services' earlier state.

    Attributes
    ----------
    unkept : list of str
        What cannot be kept on disk, and why: a sentence for each service.
    """

    def __init__(
        self,
        *,
        account: str,
        region: str,
        work_dir: Path,
        address: str = "http://127.0.0.1",
        external_url: str | None = None,
        pushed: Pushed | None = None,
        news: News = lambda stream_arn, shard: None,
        emptied: Callable[[], None] = lambda: None,
        state_dir: Path | None = None,
        keys: tuple[str, str] = ("none", "none"),
        elsewhere: Collection[str] = (),
    ) -> None:
        self._account = account
        self._region = region
        self._work_dir = work_dir
        self._address = address
        self._endpoint = Endpoint(external_url) if external_url else None
        self._cleanup = contextlib.ExitStack()
        self._pushed = pushed
        self._news = news
        self._emptied = emptied
        self._keys = keys
        self._elsewhere = elsewhere
        self._state_dir = state_dir or work_dir / "state"
        self._listener: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._gave_up = ""
        self.unkept: list[str] = []
        self._emptying: asyncio.Future[None] | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where the services answer.

        Raises
        ------
        StillStartingError
            Before :meth:`start` has finished.
        NeighboursError
            When the child died again and again.
        """
        if self._gave_up:
            raise NeighboursError(self._gave_up)
        if self._endpoint is None:
            raise StillStartingError("the neighbours have not started")
        return self._endpoint

    async def start(self) -> None:
        """Start the child and wait until it listens; nothing to do for an external endpoint."""
        if self._endpoint is not None:
            return
        self._work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._listen_privately()
        lines = await self._spawn()
        self._endpoint = Endpoint(self._address, str(path))
        self._watching = asyncio.create_task(self._watch(lines))

    async def empty(self) -> None:
        """Let the services forget everything; events that they sent before are dropped.

        Raises
        ------
        NeighboursError
            If the services are elsewhere, or died meanwhile.
        """
        if self._process is None or self._watching is None:
            raise NeighboursError(f"the services at {self._endpoint} are not this engine's own")
        assert self._process.stdin is not None
        self._emptying = asyncio.get_running_loop().create_future()
        self._process.stdin.write(EMPTY + b"\n")
        try:
            await self._emptying
            self.unkept.clear()
        finally:
            self._emptying = None

    def _listen_privately(self) -> Path:
        """Open the socket in a directory that only its owner can enter; return its path."""
        path = self._work_dir.absolute() / "socket"
        if len(os.fsencode(path)) > _LONGEST_PATH:
            path = self._cleanup.enter_context(private_dir(Path("/tmp"))) / "socket"  # noqa: S108
        os.chmod(path.parent, 0o700)
        path.unlink(missing_ok=True)  # left by an engine that was killed
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._cleanup.callback(self._listener.close)
        self._listener.bind(str(path))
        self._cleanup.callback(path.unlink, missing_ok=True)
        self._listener.listen(_BACKLOG)
        return path

    async def _spawn(self) -> asyncio.StreamReader:
        """Start a child and wait until it serves; return the stream of its messages."""
        assert self._listener is not None
        handed = self._listener.fileno()
        log_file = self._work_dir / LOG
        with log_file.open("ab") as log:
            os.chmod(log_file, 0o600)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "lambda_nb.engine.neighbours.process.server",
                str(handed),
                str(self._state_dir.absolute()),
                str(self._work_dir.absolute()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                pass_fds=(handed,),
                env={
                    **os.environ,
                    "MOTO_ACCOUNT_ID": self._account,
                    "AWS_DEFAULT_REGION": self._region,
                    "MOTO_DISABLE_GLOBAL_CORS": "true",  # only a bucket's rules allow pages
                    door.ENDPOINT: self._address,
                    forwarding.ELSEWHERE: ",".join(self._elsewhere),
                    **dict(zip(door.KEYS, self._keys, strict=True)),
                    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
                    "MOTO_ACM_VALIDATION_WAIT": "-1",  # nobody asks for a domain's owner here
                    authority.PATH: str(iot_authority(self._state_dir.absolute())),
                },
                start_new_session=True,
                limit=_LONGEST_LINE,
            )
        assert self._process.stdout is not None
        told = await self._process.stdout.readline()
        if not told:
            tail = log_file.read_text(errors="replace")[-2000:]
            raise NeighboursError(f"the neighbours ended while starting; their log says:\n{tail}")
        self._tell(json.loads(told))
        return self._process.stdout

    def _tell(self, restored: dict[str, Any]) -> None:
        """Log what the child has restored."""
        things: dict[str, int] = restored["things"]
        unreadable: list[str] = restored["unreadable"]
        for file in unreadable:
            log.warning(
                "what a service held cannot be read by this version; it begins empty, and the file "
                "is kept: %s",
                file,
            )
        if things:
            listed = ", ".join(f"{service} ({number})" for service, number in things.items())
            log.info("the services hold what they held before: %s", listed)
        if unreadable or not things:
            self._emptied()

    async def _watch(self, lines: asyncio.StreamReader) -> None:
        """Handle the child's messages; when it ends, start another."""
        quick_deaths = 0
        while True:
            began = time.monotonic()
            await self._listen(lines)
            assert self._process is not None
            status = await self._process.wait()
            if self._emptying is not None and not self._emptying.done():
                self._emptying.set_exception(NeighboursError("the services died when emptied"))
            quick_deaths = quick_deaths + 1 if time.monotonic() - began < QUICK_DEATH_S else 0
            log.warning(
                "the process of S3, SQS, DynamoDB and the other services ended (status %d) and is "
                "started again with what they held, but for the last second and the log groups",
                status,
            )
            try:
                if quick_deaths >= MOST_QUICK_DEATHS:
                    raise NeighboursError(f"the services died {quick_deaths} times in a row")
                lines = await self._spawn()
            except (NeighboursError, OSError) as error:
                self._gave_up = f"{error}. Restart the engine; {self._work_dir / LOG} says more."
                log.error("%s", self._gave_up)
                assert self._listener is not None
                self._listener.close()
                return

    async def _listen(self, lines: asyncio.StreamReader) -> None:
        """Handle the child's messages until it ends."""
        while line := await lines.readline():
            event = json.loads(line)
            if self._emptying is not None:
                if "emptied" in event:
                    self._emptying.set_result(None)
                continue
            if "stream" in event:
                self._news(event["stream"], event["shard"])
                continue
            if "unkept" in event:
                self._warn_unkept(event["unkept"])
                continue
            if self._pushed is None:
                continue
            await self._push(event)
            if "number" in event:
                self._acknowledge(event["number"])

    def _warn_unkept(self, words: str) -> None:
        if words not in self.unkept:  # a child that was started again says it again
            self.unkept.append(words)
            log.warning("%s", words)

    async def _push(self, event: dict[str, Any]) -> None:
        """Hand over one event; while the disk is full, wait for room."""
        assert self._pushed is not None
        while True:
            try:
                await self._pushed(event["source"], event["function"], event["payload"].encode())
            except Exception as error:  # one failed event must not stop the next
                if no_room(error):
                    await asyncio.sleep(_ROOM_POLL_S)
                    continue
                log.exception("an event of %s for %s is lost", event["source"], event["function"])
            return

    def _acknowledge(self, number: int) -> None:
        """Tell the child that this engine has the events up to a number."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(b"%d\n" % number)

    async def close(self) -> None:
        """Stop the child."""
        if self._watching is not None:
            await cancelled([self._watching])
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()  # the child saves, and ends
            try:
                await asyncio.wait_for(self._process.wait(), _SAVING_S)
            except asyncio.TimeoutError:
                log.warning("the services could not save what they hold within %d s", _SAVING_S)
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()
            self._process = None
        self._cleanup.close()
