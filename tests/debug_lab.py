"""An executor's debugged functions, for tests with a client of the Debug Adapter Protocol."""

from __future__ import annotations

import asyncio
from typing import Any

from dap_client import DapClient
from execution_lab import Lab

from lambda_nb.engine.model import FunctionVersion, InvocationResult


def row(lab: Lab, function: FunctionVersion) -> dict[str, Any]:
    """What the engine shows of a function's session."""
    rows = lab.executor.debuggers.status()
    return next(one for one in rows if one["function"] == function.name)


async def session(lab: Lab, function: FunctionVersion) -> dict[str, Any]:
    """The same, once it is open."""
    await lab.executor.debuggers.prepare(function)
    return row(lab, function)


async def attached(
    lab: Lab, function: FunctionVersion, *lines: Any, path: str = "/var/task/app.py", **more: Any
) -> DapClient:
    """A client, with breakpoints in a file."""
    told = await session(lab, function)
    client = await DapClient.connect(told["port"])
    await client.attach(told["token"], {path: list(lines)}, **more)
    return client


def invoking(lab: Lab, function: FunctionVersion, n: int = 1) -> asyncio.Task[InvocationResult]:
    """An invocation under way."""
    return asyncio.ensure_future(lab.invoke(function, {"n": n}))
