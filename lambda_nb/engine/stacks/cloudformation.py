"""CloudFormation and Cloud Control in one Region. Their parts are loaded at the first call."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from lambda_nb.engine.api.faults import json_fault, query_fault
from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.surroundings import Surroundings

if TYPE_CHECKING:
    from lambda_nb.engine.stacks.parts import Parts


class CloudFormation:
    """CloudFormation in one Region.

    Parameters
    ----------
    around
        The engine around it.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._parts: Parts | None = None
        self._opening = threading.Lock()
        self._closed = False
        if around.path.exists():
            around.changed()

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer a request to CloudFormation's API.

        Raises
        ------
        AWSError
            The error for the caller.
        """
        await (await self.opened(request)).api.answer(request, request_id, send)

    def fault(self, error: AWSError, request_id: str) -> Reply:
        """An error of this API."""
        return query_fault(error, request_id)

    async def opened(self, request: HttpRequest) -> Parts:
        """The parts, loaded if the request is let in.

        Raises
        ------
        AWSError
            It is not, or the engine ends.
        """
        self._around.gate.glance(request)  # a stranger loads nothing
        return self._parts if self._parts is not None else await asyncio.to_thread(self._open)

    def resume(self) -> None:
        """Take up, in threads, what a sudden end of the engine interrupted."""
        if self._around.path.exists():
            threading.Thread(target=self._resume, name="stacks", daemon=True).start()

    async def close(self) -> None:
        """End all operations and release the records; they are taken up at the next start."""
        await asyncio.to_thread(self._close)

    def _open(self) -> Parts:
        with self._opening:
            if self._closed:
                raise AWSError("ServiceUnavailable", "The engine is shutting down.", 503)
            if self._parts is None:
                # Imported late: what reads templates and deploys them takes a moment to load.
                from lambda_nb.engine.stacks.parts import Parts

                self._parts = Parts(self._around)
                threading.Thread(target=_load_sam, name="stacks load SAM", daemon=True).start()
            return self._parts

    def _resume(self) -> None:
        try:
            self._open().stacks.resume()
        except AWSError:  # it ends already
            return

    def _close(self) -> None:
        with self._opening:
            self._closed = True
            if self._parts is not None:
                self._parts.close()


class CloudControl:
    """Cloud Control in one Region: it reads the resources of the Region's stacks.

    Parameters
    ----------
    stacks
        CloudFormation in the Region.
    """

    def __init__(self, stacks: CloudFormation) -> None:
        self._stacks = stacks

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer a request to Cloud Control's API.

        Raises
        ------
        AWSError
            The error for the caller.
        """
        parts = await self._stacks.opened(request)
        await parts.cloud_control.answer(request, request_id, send)

    def fault(self, error: AWSError, request_id: str) -> Reply:
        """An error of this API."""
        return json_fault(error, "application/x-amz-json-1.0", request_id)


def _load_sam() -> None:
    """Load what SAM's templates need while the client still reads and uploads its own."""
    from lambda_nb.engine.stacks.templates.transforms import sam

    sam.load()
