"""An executor's debugged functions, for tests with a client of the Debug Adapter Protocol."""

from __future__ import annotations

import asyncio
from typing import Any

from dap_client import DapClient
from execution_lab import Lab

from lambda_nb.engine.model import FunctionVersion, InvocationResult


def debugged(lab: Lab, files: dict[str, str], **settings: Any) -> FunctionVersion:
    """A function that asks for a debugger."""
    wanted = {"LAMBDA_NB_DEBUG": "1", **settings.pop("environment", {})}
    return lab.function(files=files, environment=wanted, **settings)


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


async def lasts(task: asyncio.Task[Any], seconds: float) -> bool:
    """Whether it has not ended after this time, longer than a limit that is tested."""
    done, _ = await asyncio.wait([task], timeout=seconds)
    return not done
