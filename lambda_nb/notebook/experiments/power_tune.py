"""``power_tune``: measure a real function at several memory sizes.

It works like AWS Lambda Power Tuning: it publishes a temporary version for each memory, invokes it
several times, and computes the price from the REPORT lines. It changes the function's configuration
only while it publishes and restores it at once. It always deletes the versions at the end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lambda_nb.notebook.connection.clients import engine_status
from lambda_nb.notebook.connection.reach import reach
from lambda_nb.notebook.errors import UsageError, aws_errors
from lambda_nb.notebook.experiments.power_tune_result import STRATEGIES, PowerTuning, Strategy
from lambda_nb.notebook.functions.deploy import settle
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.functions.many_invocations import persist, progress_bar
from lambda_nb.notebook.functions.result import Result
from lambda_nb.rules import quotas

MEMORIES = (128, 256, 512, 1024, 1769, 3008)
"""MB; every AWS account may use 3008, and 1769 MB is one vCPU."""

_THROTTLED_AGAIN = 12
_FLAT = (
    "every environment has whole CPUs here, whatever its memory: durations say nothing of AWS. "
    "%lambda start --cpu-share proportional starts an engine that shares them as AWS does"
)


def power_tune(
    function: Function | str,
    memories: Sequence[int] = MEMORIES,
    *,
    payload: Any = None,
    invocations: int = 20,
    strategy: Strategy = "balanced",
    parallel: bool = False,
    client: Any = None,
    progress: bool = True,
    each: Callable[[PowerTuning], None] | None = None,
) -> PowerTuning:
    """Measure a function at several memory sizes and choose the best.

    Parameters
    ----------
    function
        A handle, a name or an ARN. It measures ``$LATEST``.
    memories
        MB, 128 to 10240.
    payload
        The event of every invocation; default ``{}``.
    invocations
        Number of invocations per memory, one after another, at least 2. Cold starts (the first)
        count, but the durations leave them out.
    strategy
        What is best: least ``cost``, most ``speed``, or both with equal weight (``balanced``).
    parallel
        Measure the memories at the same time. On one machine they share its CPUs; on AWS they do
        not.
    client
        A boto3 Lambda client, to tune without a handle and outside a notebook.
    progress
        Whether to show a bar.
    each
        Called after each memory with what is measured so far; an error that it raises ends the
        measurement.

    Raises
    ------
    UsageError
        An argument is not valid.
    AWSError
        Lambda refuses: the function does not exist, or a memory is not allowed.

    Notes
    -----
    If an invocation fails (for example, out of memory), that memory is not invoked again and has
    no figures; ``frame["error"]`` says why. Prices are for us-east-1, without the free tier.
    """
    if strategy not in STRATEGIES:
        raise UsageError(f"strategy is {strategy!r}; give one of {', '.join(STRATEGIES)}")
    if invocations < 2:
        raise UsageError(f"invocations is {invocations}; the first is cold, so give 2 or more")
    sizes = sorted(set(memories))
    low, high = int(quotas.MEMORY_MIN_MB.value), int(quotas.MEMORY_MAX_MB.value)
    wrong = [size for size in sizes if not low <= size <= high]
    if wrong or not sizes:
        raise UsageError(f"memories is {list(memories)}; give sizes from {low} to {high} MB")
    name, qualifier, clients = reach(function, client)
    if qualifier not in (None, "$LATEST"):
        raise UsageError(f"{name}:{qualifier} cannot be changed; power_tune measures $LATEST")
    lambda_ = clients.client()
    status = engine_status(lambda_)
    notes = [_FLAT] if status is not None and status.get("cpu_share") != "proportional" else []
    event = {} if payload is None else payload
    cell = function.cell if isinstance(function, Function) else None

    def measure(version: Function) -> list[Result]:
        results: list[Result] = []
        for _ in range(invocations):
            results.append(persist(version.invoke, event, _THROTTLED_AGAIN))
            bar.update()
            if not results[-1].ok:
                break
        return results

    with (
        aws_errors(),
        contextlib.closing(progress_bar(name, len(sizes) * invocations, progress)) as bar,
        _versions(lambda_, name, sizes) as versions,
        ThreadPoolExecutor(len(sizes) if parallel else 1) as pool,
    ):
        architecture = lambda_.get_function_configuration(FunctionName=name)
        handles = [Function(name, clients, cell, version) for version in versions]
        for handle in handles:
            handle.remember(architecture)
        futures = [pool.submit(measure, handle) for handle in handles]
        measured: dict[int, list[Result]] = {}
        try:
            for size, future in zip(sizes, futures, strict=True):
                measured[size] = future.result()
                if each is not None:
                    each(PowerTuning(name, measured, strategy, notes))
        finally:
            for future in futures:
                future.cancel()
    return PowerTuning(name, measured, strategy, notes)


@contextlib.contextmanager
def _versions(client: Any, name: str, sizes: Sequence[int]) -> Iterator[list[str]]:
    """Publish a version for each memory, and delete the new versions at the end."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    before = {version["Version"] for page in pages for version in page["Versions"]}
    original = client.get_function_configuration(FunctionName=name)["MemorySize"]
    made: list[str] = []
    try:
        try:
            for size in sizes:
                _set_memory(client, name, size)
                told = client.publish_version(
                    FunctionName=name, Description=f"lambda_nb power_tune, {size} MB"
                )
                made.append(str(told["Version"]))
        finally:
            _set_memory(client, name, original)
        for version in made:
            settle(client, name, "published_version_active", Qualifier=version)
        yield made
    finally:
        # If nothing changed since the last publish, Lambda returns the old version. Keep that one.
        for version in set(made) - before:
            client.delete_function(FunctionName=name, Qualifier=version)


def _set_memory(client: Any, name: str, size: int) -> None:
    settle(client, name)
    if client.get_function_configuration(FunctionName=name)["MemorySize"] != size:
        client.update_function_configuration(FunctionName=name, MemorySize=size)
        settle(client, name)
