"""Takes the requests of pages and carries them out in threads.

A page sends its requests on ``lambda_nb.panel``. The kernel never sends on that comm: ipykernel
answers a comm in the shell that last sent on it, and that must not be the shell of a busy cell. So
replies go over the channel, which reaches every page.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lambda_nb.notebook.threads import thread
from lambda_nb.notebook.workbench.channel import Channel
from lambda_nb.notebook.workbench.faults import Refusal, fault

PANEL = "lambda_nb.panel"
MOST_AT_ONCE = 64
"""Requests in progress, watches among them."""
MOST_WATCHES = 24
"""Watches of all pages; one more ends the oldest, which may be of a page that is gone."""
SILENCE_S = 180.0
"""A page that sends ``alive`` and then falls silent this long has gone, and its watches end."""

Push = Callable[[Any], None]


class Stopped(Protocol):
    """Whether the page wants no more; also of a page that is gone, and when the kernel unloads."""

    def is_set(self) -> bool:
        """Whether to stop."""

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep at most ``timeout`` seconds; whether to stop."""


Action = Callable[[Mapping[str, Any], Push, Stopped], Any]
"""``function(args, push, stopped) -> value``; may take its time, and push news meanwhile."""


@dataclass
class _Running:
    """A request in progress; ``id`` counts up in its page."""

    page: str
    id: int
    action: str
    stopped: threading.Event = field(default_factory=threading.Event)
    why: Refusal | None = None

    def stop(self, why: Refusal | None = None) -> None:
        """Let it end; ``why`` is what its page gets to read."""
        self.why = why
        self.stopped.set()


class Hub:
    """The requests of all pages of a kernel.

    Parameters
    ----------
    woken
        Called when a page opens, and after each action: there may be something to see.
    more
        Called once, with the first request: registers actions whose modules load late.
    """

    def __init__(self, woken: Callable[[], None], more: Callable[[Hub], None]) -> None:
        self.channel = Channel(uuid.uuid4().hex)
        self._woken = woken
        self._more: Callable[[Hub], None] | None = more
        self._actions: dict[str, Action] = {}
        self._watching: set[str] = set()
        self._lock = threading.Lock()
        self._running: dict[tuple[str, int], _Running] = {}
        self._threads: set[threading.Thread] = set()
        self._pages: dict[str, str] = {}
        self._heard: dict[str, float] = {}
        self._closed = False
        self._comms: Any = None
        self._events: Any = None

    def register(self, action: str, function: Action, *, watch: bool = False) -> None:
        """Add what pages may ask for.

        Parameters
        ----------
        action
            Its name in the protocol.
        function
            ``function(args, push, stopped) -> value``. It runs in a thread of its own, also while a
            cell runs: it must neither print nor touch variables of the notebook. What it raises
            reaches the page as words.
        watch
            Whether it goes on until it is stopped.
        """
        self._actions[action] = function
        if watch:
            self._watching.add(action)

    @property
    def has_pages(self) -> bool:
        """Whether a page has opened its comm."""
        return bool(self._pages)

    def attach(self, kernel: Any, shell_events: Any) -> None:
        """Take pages that open the panel's comm, and tell open pages that the kernel is here."""
        self._comms = comm_manager = kernel.comm_manager
        self._events = shell_events
        self.channel.subshells = bool(getattr(kernel, "_supports_kernel_subshells", False))
        comm_manager.register_target(PANEL, self._page_opens)
        shell_events.register("pre_run_cell", self.channel.cell_begins)
        shell_events.register("post_run_cell", self.channel.cell_ended)
        self.channel.open()

    def close(self) -> None:
        """End all watches and take no more requests."""
        with self._lock:
            self._closed = True
        if self._comms is not None:
            self._comms.unregister_target(PANEL, self._page_opens)
            self._events.unregister("pre_run_cell", self.channel.cell_begins)
            self._events.unregister("post_run_cell", self.channel.cell_ended)
            self.channel.close()
        self._end(lambda one: True)

    def join(self, within_s: float = 5.0) -> None:
        """Wait for the threads of actions; one that waits for AWS may take longer."""
        deadline = time.monotonic() + within_s
        for carrier in list(self._threads):
            carrier.join(max(0.0, deadline - time.monotonic()))

    # -- what pages send; ipykernel chooses the thread, so begin and return

    def _page_opens(self, comm: Any, message: Mapping[str, Any]) -> None:
        self._pages[comm.comm_id] = str(message["content"]["data"].get("page", ""))
        comm.on_msg(lambda message: self._receive(message["content"]["data"]))
        comm.on_close(lambda _: self._page_closes(comm.comm_id))
        self.channel.announce(to_new_page=True)
        self._woken()

    def _page_closes(self, comm_id: str) -> None:
        page = self._pages.pop(comm_id, "")
        if page not in self._pages.values():
            self._end(lambda one: one.page == page and one.action in self._watching)

    def _receive(self, data: Mapping[str, Any]) -> None:
        request = _Running(str(data["page"]), int(data["id"]), str(data["action"]))
        args = data.get("args") or {}
        self._end_of_the_silent()
        if request.action == "stop":
            self._end(lambda one: (one.page, one.id) == (request.page, args.get("id")))
            self._reply(request, value=None)
        elif request.action == "alive":
            self._heard[request.page] = time.monotonic()
            self._reply(request, value=None)
        else:
            try:
                refusal = self._begin(request, args)
            except Exception as error:  # a page that hears nothing would wait for ever
                self._reply(request, error=fault(error))
                return
            if refusal is not None:
                self._reply(request, error=fault(refusal))

    def _begin(self, request: _Running, args: Mapping[str, Any]) -> Refusal | None:
        with self._lock:
            if self._closed:  # its page has heard the good-bye
                return None
            if self._more is not None:
                self._more(self)
                self._more = None
            if request.action not in self._actions:
                return Refusal(
                    "UnknownAction",
                    f"the kernel's lambda_nb does not know {request.action!r}; page and kernel may "
                    "have different versions of it",
                )
            if len(self._running) >= MOST_AT_ONCE:
                return Refusal(
                    "TooManyRequests",
                    f"{MOST_AT_ONCE} actions are in progress; wait until one has ended",
                )
            if request.action in self._watching:
                self._make_room()
            self._running[request.page, request.id] = request
            carrier = thread(request.action, self._carry_out, request, args)
            self._threads.add(carrier)
            carrier.start()
        return None

    def _carry_out(self, request: _Running, args: Mapping[str, Any]) -> None:
        try:
            value = self._actions[request.action](
                args, lambda news: self._push(request, news), request.stopped
            )
            if request.why is not None:
                raise request.why
            self._reply(request, value=value)  # fails if the value is no JSON
        except BaseException as error:
            self._reply(request, error=fault(error))
        finally:
            with self._lock:
                self._running.pop((request.page, request.id), None)
                self._threads.discard(threading.current_thread())
            self._woken()

    # -- the end of watches

    def _make_room(self) -> None:
        watches = [one for one in self._running.values() if one.action in self._watching]
        for one in watches[: max(0, len(watches) + 1 - MOST_WATCHES)]:
            one.stop(
                Refusal(
                    "TooManyWatches",
                    f"a kernel follows {MOST_WATCHES} things at most; open "
                    "this again when you need it",
                )
            )

    def _end_of_the_silent(self) -> None:
        now = time.monotonic()
        silent = {page for page, heard in self._heard.items() if now - heard > SILENCE_S}
        for page in silent:
            del self._heard[page]
        if silent:
            self._end(lambda one: one.page in silent and one.action in self._watching)

    def _end(self, which: Callable[[_Running], bool]) -> None:
        with self._lock:
            for one in filter(which, self._running.values()):
                one.stop()

    # -- what pages get

    def _push(self, request: _Running, news: Any) -> None:
        if not request.stopped.is_set():
            self._send(request, "push", value=news)

    def _reply(self, request: _Running, **told: Any) -> None:
        self._send(request, "reply", **told)

    def _send(self, request: _Running, kind: str, **told: Any) -> None:
        if not self._closed:
            self.channel.send({"kind": kind, "page": request.page, "id": request.id, **told})
