"""A minimal client of the Debug Adapter Protocol, as an editor is one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any


class RefusedError(Exception):
    """A response without success."""


class DapClient:
    """Sends requests, keeps events; every wait has a limit."""

    LIMIT_S = 20.0

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._last = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._came = asyncio.Event()
        self.events: list[dict[str, Any]] = []
        self.ended = asyncio.Event()
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def connect(cls, port: int) -> DapClient:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def attach(
        self,
        token: str,
        breakpoints: dict[str, list[int | dict[str, Any]]] | None = None,
        filters: list[str] | None = None,
        **arguments: Any,
    ) -> list[dict[str, Any]]:
        """Attach as editors do; return the breakpoints."""
        await self.ask("initialize", adapterID="test", pathFormat="path", linesStartAt1=True)
        await self.ask("attach", token=token, **arguments)
        await self.event("initialized")
        told = []
        for path, lines in (breakpoints or {}).items():
            told += await self.break_at(path, *lines)
        await self.ask("setExceptionBreakpoints", filters=filters or [])
        await self.ask("configurationDone")
        return told

    async def break_at(self, path: str, *lines: int | dict[str, Any]) -> list[dict[str, Any]]:
        wanted = [line if isinstance(line, dict) else {"line": line} for line in lines]
        body = await self.ask("setBreakpoints", source={"path": path}, breakpoints=wanted)
        return list(body["breakpoints"])

    async def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        self._last += 1
        request = {"seq": self._last, "type": "request", "command": command, "arguments": arguments}
        answer = self._answers[self._last] = asyncio.get_running_loop().create_future()
        body = json.dumps(request).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        response = await asyncio.wait_for(answer, self.LIMIT_S)
        if not response["success"]:
            raise RefusedError(response["message"])
        return dict(response.get("body") or {})

    async def event(
        self, name: str, matches: Callable[[dict[str, Any]], bool] = lambda body: True
    ) -> dict[str, Any]:
        """The next event of this name; those before it are dropped."""

        async def find() -> dict[str, Any]:
            while True:
                while self.events:
                    one = self.events.pop(0)
                    if one["event"] == name and matches(one.get("body") or {}):
                        return dict(one.get("body") or {})
                self._came.clear()
                await self._came.wait()

        return await asyncio.wait_for(find(), self.LIMIT_S)

    async def stop(self) -> dict[str, Any]:
        """Wait until the function stops; return the innermost frame, with ``threadId``."""
        body = await self.event("stopped")
        thread = body["threadId"]
        frames = (await self.ask("stackTrace", threadId=thread))["stackFrames"]
        return {**frames[0], "threadId": thread, "frames": frames, "reason": body["reason"]}

    async def variables(self, frame: dict[str, Any]) -> dict[str, str]:
        """The local variables of a frame as text."""
        scopes = (await self.ask("scopes", frameId=frame["id"]))["scopes"]
        reference = scopes[0]["variablesReference"]
        told = await self.ask("variables", variablesReference=reference)
        return {one["name"]: one["value"] for one in told["variables"]}

    async def close(self) -> None:
        """Hang up without a word."""
        self._writer.close()
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        try:
            while header := await self._reader.readline():
                length = int(header.split(b":")[1])
                assert await self._reader.readline() == b"\r\n"
                message = json.loads(await self._reader.readexactly(length))
                if message["type"] == "event":
                    self.events.append(message)
                    self._came.set()
                elif (answer := self._answers.pop(message["request_seq"])) and not answer.done():
                    answer.set_result(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.ended.set()
