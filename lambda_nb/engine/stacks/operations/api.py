"""All operations of CloudFormation that the engine answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from lambda_nb.engine.model import Caller, Operation
from lambda_nb.engine.stacks.deploying.stacks import Stacks
from lambda_nb.engine.stacks.operations.asked_templates import Read
from lambda_nb.engine.stacks.operations.change_sets.operations import ChangeSets
from lambda_nb.engine.stacks.operations.descriptions import Descriptions
from lambda_nb.engine.stacks.operations.drift import Drift
from lambda_nb.engine.stacks.operations.resource_types import ResourceTypes
from lambda_nb.engine.stacks.operations.stack_operations import StackOperations
from lambda_nb.engine.stacks.operations.template_questions import TemplateQuestions
from lambda_nb.engine.stacks.records.store import Store


def operations(
    store: Store, stacks: Stacks, read: Read, region: str, threads: Executor
) -> dict[str, Operation]:
    """The handlers by AWS's names of the operations.

    Parameters
    ----------
    store
        The records of a Region.
    stacks
        Its stacks.
    read
        Reads templates in S3.
    region
        Its name.
    threads
        In which they are answered. Not the loop's own: what a request waits for, such as the
        function of a macro, needs one of those to start.
    """
    groups = (
        StackOperations(store, stacks, read),
        ChangeSets(store, stacks, read),
        Descriptions(store),
        TemplateQuestions(store, read),
        Drift(store, stacks),
        ResourceTypes(region),
    )
    return {
        name: _in_thread(handler, threads)
        for group in groups
        for name, handler in group.operations().items()
    }


def _in_thread(
    handler: Callable[[Mapping[str, Any]], dict[str, Any]], threads: Executor
) -> Operation:
    """An operation that reads a template or a file does not hold up the engine's loop."""

    async def answer(parameters: dict[str, Any], caller: Caller) -> dict[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(threads, handler, parameters)

    return answer
