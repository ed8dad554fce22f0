"""Keeps what an environment's runtime and extensions report in the present phase."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

from lambda_nb.engine.execution.environment import outcome as outcomes
from lambda_nb.engine.execution.environment import report
from lambda_nb.engine.execution.environment.outcome import Outcome
from lambda_nb.engine.execution.environment.phases import Phases
from lambda_nb.engine.execution.environment.streaming import ResponseStream
from lambda_nb.engine.execution.logs.log_stream import FunctionLog
from lambda_nb.engine.model import Invocation
from lambda_nb.rules import loglines


class Conversation:
    """Keeps what they report, and ends the phase when all are done.

    Implements ``RuntimeEvents`` and ``ExtensionEvents``, which the listener calls.

    Parameters
    ----------
    log
        Gets the line ``RUNTIME_DONE``.
    phases
        Checked whenever somebody asks for the next event.
    flush
        Reads what the processes have written to their log pipe so far.
    init_failed
        Called before a runtime exits because its init phase failed.
    takes_snapshot
        Whether the runtime may ask to be restored (SnapStart).
    """

    def __init__(
        self,
        log: FunctionLog,
        phases: Phases,
        *,
        flush: Callable[[], None],
        init_failed: Callable[[], object],
        takes_snapshot: bool,
    ) -> None:
        self._log = log
        self._phases = phases
        self._flush = flush
        self._before_exit = init_failed
        self._takes_snapshot = takes_snapshot
        self._invocation: Invocation | None = None
        self._stream: ResponseStream | None = None
        self._began = 0.0
        self._runtime_is_done = False
        self.outcome: Outcome | None = None
        """The runtime's answer to the invocation."""
        self.init_error: tuple[bytes, str] | None = None
        """Error object and type of a failed init phase."""
        self.extension_error: tuple[str, str] | None = None
        """Error type and message of an extension that failed."""

    # -- the environment begins and ends

    def begin_init(self) -> None:
        """An init phase or a restore begins."""
        self.init_error = self.extension_error = None
        self.outcome = None

    def begin_invoke(self, began: float) -> None:
        """An invocation came at this reading of ``perf_counter``; an init phase may run first."""
        self._began = began
        self._runtime_is_done = False

    def expect(self, invocation: Invocation) -> None:
        """The runtime is about to get this event."""
        self._invocation = invocation
        self.outcome = None
        self._stream = None

    async def end(self, invocation: Invocation, outcome: Outcome) -> None:
        """Pass on the rest of a streamed response, or a buffered one as a single chunk."""
        if self._stream is None and invocation.on_chunk is not None and not outcome.failed:
            self._stream = ResponseStream(invocation, outcome.content_type)
            self._stream.put(outcome.payload)
        if self._stream is not None:
            await self._stream.close()
        self._invocation = None

    def log_runtime_done(self, invocation: Invocation, outcome: Outcome) -> None:
        """Log once that the runtime is done with an invocation; extensions may still work."""
        if self._runtime_is_done or not self._log.wants_details:
            return
        self._runtime_is_done = True
        self._flush()
        self._log.platform(
            loglines.RuntimeDone(
                invocation.request_id,
                (time.perf_counter() - self._began) * 1000,
                outcome.status,
                report.error_type(outcome),
                len(outcome.payload),
                invocation.trace_header or "",
            )
        )

    # -- RuntimeEvents

    def asked_next(self) -> None:
        """The runtime is done with the init phase or an invocation."""
        if self._invocation is not None and self.outcome is not None:
            self.log_runtime_done(self._invocation, self.outcome)
        self._phases.check()

    def responded(self, body: bytes, content_type: str) -> None:
        """The handler returned."""
        self.outcome = Outcome(body, content_type)

    def failed(self, body: bytes, error_type: str) -> None:
        """The handler raised."""
        self.outcome = outcomes.function_error(body, error_type)

    def too_large(self) -> None:
        """The handler returned a response that is too large."""
        self.outcome = outcomes.too_large()

    def stream_started(self, content_type: str) -> None:
        """The handler begins to stream its response."""
        assert self._invocation is not None
        self._stream = ResponseStream(self._invocation, content_type)

    def stream_chunk(self, chunk: bytes) -> None:
        """A part of the streamed response."""
        if self._stream is not None:
            self._stream.put(chunk)

    def stream_ended(self, error_type: str, error_body: str) -> None:
        """The streamed response is complete, or the handler failed half-way."""
        if self._stream is None:
            return
        if error_type:
            body = base64.b64decode(error_body)
            self.outcome = Outcome(body, failed=True, error_type=error_type)
        else:
            self.outcome = Outcome(self._stream.collected(), self._stream.content_type)

    def init_failed(self, body: bytes, error_type: str) -> None:
        """The init phase failed; the process exits next."""
        self._before_exit()
        self.init_error = (body, error_type)

    def asked_restore(self) -> bool:
        """SnapStart: the runtime is ready for its snapshot."""
        if not self._takes_snapshot:
            return False
        self._phases.check()
        return True

    def restore_failed(self, body: bytes, error_type: str) -> None:
        """SnapStart: an after-restore hook failed."""
        self.init_error = (body, error_type)

    # -- ExtensionEvents

    def extension_asked(self) -> None:
        """An extension has registered, or is done with its event."""
        self._phases.check()

    def extension_failed(self, error_type: str, message: str) -> None:
        """An extension reported an error, or its process ended."""
        if self.extension_error is None:
            self.extension_error = (error_type, message)
        self._phases.end("extension")
