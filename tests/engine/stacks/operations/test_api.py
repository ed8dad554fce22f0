"""How requests are passed to the operations."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from lambda_nb.engine.stacks.operations import api
from lambda_nb.engine.stacks.records.store import Store


async def test_requests_need_none_of_the_threads_that_functions_start_in(tmp_path: Path) -> None:
    """A macro's request waits for its function: with these threads, it would for ever."""
    nothing = cast(Any, None)
    store = Store(tmp_path / "stacks.sqlite", time.time())
    threads = ThreadPoolExecutor(1)
    operations = api.operations(store, nothing, nothing, "us-east-1", threads)
    free = threading.Event()
    loop = asyncio.get_running_loop()
    others = [loop.run_in_executor(None, free.wait, 100) for _ in range(64)]
    try:
        answer = operations["DescribeAccountLimits"]({}, nothing)
        told = await asyncio.wait_for(cast(Any, answer), 60)
    finally:
        free.set()
        await asyncio.gather(*others)
        threads.shutdown()
        store.close()
    assert {one["Name"] for one in told["AccountLimits"]} >= {"StackLimit"}
