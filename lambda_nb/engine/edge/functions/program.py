"""A function's code in a JavaScript engine: QuickJS, by the package quickjs-ng.

Theory of operation
-------------------
The world that the guide describes is made once a function (``javascript/host.js``), and its
built-in objects are frozen. The code is compiled once, as the body of a function; each call runs
that body anew, so what it declares is new too, and nothing is left behind for the next call.
Code that changes built-in objects (``String.prototype.x = ...``) cannot run in a frozen world: each
of its calls gets a world of its own, which takes half a millisecond longer.

QuickJS cannot call Python while it watches the time. So a read of the key value store is a promise
that waits; when nothing else is left to do, all reads that wait are answered together.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lambda_nb.engine.edge.functions.code import Code
from lambda_nb.rules.edge.functions.syntax import Unsupported, check
from lambda_nb.rules.quotas import CF_FUNCTION_BYTES, CF_FUNCTION_MEMORY_BYTES, CF_FUNCTION_US

Lookup = Callable[[Sequence[tuple[str, str]]], Sequence[object]]
"""Answers reads of the key value store: (``get``, key), (``exists``, key) or (``meta``, '')."""

MOST_S = 20 * CF_FUNCTION_US.value / 1e6
"""Seconds of CPU after which a call is broken off: 20 times what a function may take."""

_HOST_LINES = 20_000
"""The engine's own JavaScript has line numbers from here on, so that errors name the user's."""

_IMPORT = re.compile(r"^([ \t]*)import\s+(\w+)\s+from\s+(['\"])(\w+)\3", re.MULTILINE)
_CHANGES_BUILT_INS = re.compile(
    r"\.prototype\b|\bglobalThis\b|__proto__|definePropert|setPrototypeOf|Object\s*\.\s*assign\s*\(\s*[A-Z]"
    r"|\b(?:Object|Array|String|Number|Boolean|Math|JSON|Date|RegExp|Promise|Symbol|console|Buffer"
    r"|[A-Z]\w*Error)(?:\.\w+)+\s*=(?!=)"
)
_MODULES = (
    # name, when it is loaded (None: always in that version), the version that has it
    ("byte_strings", None, "1.0"),
    ("text", re.compile(r"\bText(?:En|De)coder\b"), "2.0"),
    ("buffer", re.compile(r"\bBuffer\b|\bbuffer\b|\bbytes\b|\bdigest\s*\(\s*\)"), "2.0"),
    ("crypto", re.compile(r"\bcrypto\b"), ""),
    ("querystring", re.compile(r"\bquerystring\b"), ""),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one call.

    ``result`` is what the function returned, ``None`` also for nothing; ``error`` says why it
    failed; ``origin`` what it told CloudFront about the origin; ``seconds`` is CPU time.
    """

    seconds: float
    result: Any = None
    error: str = ""
    lines: tuple[str, ...] = ()
    origin: dict[str, Any] | None = None


@dataclass(slots=True)
class _World:
    """A JavaScript context with one function's code in it."""

    context: Any
    make: Any
    begin: Any
    end: Any
    asked: Any
    settle: Any
    said: Any


@dataclass(slots=True)
class Program:
    """Runs one function's code. Use it from one thread.

    Parameters
    ----------
    code
        It is checked and compiled at the first call.
    """

    code: Code
    _own_worlds: bool = field(init=False)
    _world: _World | None = field(default=None, init=False)
    _problem: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """See whether calls can share a world, and whether the code can run at all."""
        self._own_worlds = _CHANGES_BUILT_INS.search(self.code.text) is not None
        size = len(self.code.text.encode())
        if size > CF_FUNCTION_BYTES.value:
            self._problem = (
                f"the code has {size} bytes; at most {CF_FUNCTION_BYTES.value} are allowed: keep "
                "data in a key value store"
            )
            return
        try:
            check(self.code.text, self.code.version)
        except Unsupported as error:
            self._problem = str(error)

    def run(self, event: str, kind: str, now_s: float, lookup: Lookup) -> Run:
        """Call the function.

        Parameters
        ----------
        event
            In JSON.
        kind
            The event's type.
        now_s
            What the function's ``Date`` says, in seconds of the epoch.
        lookup
            Reads the key value store.
        """
        import quickjs  # late: not every engine has a function at the edge

        if self._problem:
            return Run(0.0, error=self._problem)
        began = time.thread_time()
        try:
            world = self._world or self._made()
        except quickjs.JSException as error:
            return Run(0.0, error=_first_line(error))
        if not self._own_worlds:
            self._world = world
        began = time.thread_time()
        try:
            answer = world.begin(world.make, event, kind, float(int(now_s * 1000)))
            if answer is None:
                answer = _awaited(world, began, lookup)
        except (quickjs.JSException, TimeoutError) as error:
            self._world = None  # what it was doing must not go on in the next call
            return Run(time.thread_time() - began, error=_broken(error), lines=_said(world))
        taken = time.thread_time() - began
        if answer is None:
            self._world = None
            return Run(taken, error=_NEVER, lines=_said(world))
        try:
            run = _run(json.loads(answer), taken)
        except RecursionError:
            return Run(taken, error=_TOO_DEEP)
        if run.error.startswith(("InternalError", _NULL)):
            self._world = None  # it may have no memory left
        return run

    def _made(self) -> _World:
        import quickjs

        context = quickjs.Context()
        part = context.eval(_host(self.code, not self._own_worlds))
        parts = {name: part(name) for name in _WORLD_PARTS}
        room = CF_FUNCTION_MEMORY_BYTES.value
        context.set_memory_limit(context.memory()["malloc_size"] + room)
        context.set_time_limit(MOST_S)
        return _World(context, context.eval(_body(self.code)), **parts)


_WORLD_PARTS = ("begin", "end", "asked", "settle", "said")
_NULL = "null"
_TOO_DEEP = "what handler returned is nested too deeply: return a request or a response"
_NEVER = "the promise that handler returned was never settled: await what it waits for"


def _host(code: Code, frozen: bool) -> str:
    """JavaScript that makes the world; it gives a function that gives the world's parts by name."""
    modules = ",".join(
        f'["{name}",{_script(name)}]'
        for name, mentioned, version in _MODULES
        if version in ("", code.version) and (mentioned is None or mentioned.search(code.text))
    )
    store = json.dumps(code.store.rpartition("/")[2] or None)
    told = (
        f'version:"{code.version}",frozen:{json.dumps(frozen)},store:{store},'
        f"codecs:{_script('codecs')},modules:[{modules}]"
    )
    return "\n" * _HOST_LINES + f"({_script('host')})({{{told}}})"


@cache
def _script(name: str) -> str:
    text = (Path(__file__).parent / "javascript" / f"{name}.js").read_text(encoding="utf-8")
    return text.rstrip()


def _body(code: Code) -> str:
    """The user's code in a function that returns its handler; lines keep their numbers."""
    text = code.text
    if code.version != "1.0":
        text = _IMPORT.sub(r"\1const \2 = require(\3\4\3)", text)
    return (
        f'(function () {{ "use strict"; {text}\n'
        ';return typeof handler === "function" ? handler : undefined; })'
    )


def _awaited(world: _World, began: float, lookup: Lookup) -> str | None:
    """Work off jobs until the handler's promise is settled and nothing is left to do."""
    while True:
        while world.context.execute_pending_job():
            if time.thread_time() - began > MOST_S:
                raise TimeoutError
        asked = world.asked()
        if asked is None or world.end() is not None:
            answer: str | None = world.end()
            return answer
        reads = [(operation, key) for operation, key in json.loads(asked)]
        world.settle(json.dumps(lookup(reads)))


def _run(answer: dict[str, Any], taken: float) -> Run:
    lines = tuple(answer.get("lines", ()))
    if "error" in answer:
        error, line = answer["error"], answer.get("line")
        if error == _NULL:  # what QuickJS throws when it has no memory for an error either
            error += f": or it needed more than {CF_FUNCTION_MEMORY_BYTES.value >> 20} MB of memory"
        return Run(taken, error=error + (f" in {line}" if line else ""), lines=lines)
    return Run(taken, answer.get("result"), "", lines, answer.get("origin"))


def _said(world: _World) -> tuple[str, ...]:
    """What a call that was broken off had logged."""
    import quickjs

    try:
        return tuple(json.loads(world.said()))
    except (quickjs.JSException, TypeError):
        return ()


def _broken(error: Exception) -> str:
    text = _first_line(error)
    if isinstance(error, TimeoutError) or "interrupted" in text:
        return (
            f"the function ran for more than {MOST_S * 1000:g} ms of CPU and was stopped: it may "
            f"take {CF_FUNCTION_US.value / 1000:g} ms"
        )
    return text


def _first_line(error: Exception) -> str:
    """QuickJS's message, with the line of the user's code."""
    text = str(error)
    message = text.partition("\n")[0]
    lines = [int(found) for found in re.findall(r"<input>:(\d+)", text)]
    line = next((line for line in lines if line < _HOST_LINES), None)
    return f"{message} in {line}" if line else message
