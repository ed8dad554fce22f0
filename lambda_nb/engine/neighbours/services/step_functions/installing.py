"""Puts Step Functions together.

moto's interpreter has a thread for each execution and calls over HTTP what a task names. Here it
uses the engine's address and keys, as any other client would. It is patched when it is first
needed, or when what was kept on disk has a state machine: loading it takes a quarter of a second.
"""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.door import Door
from lambda_nb.engine.neighbours.services.late_patches import when_loaded
from lambda_nb.engine.neighbours.services.step_functions import (
    definitions,
    maps,
    operations,
    query_language,
    versions,
)
from lambda_nb.engine.neighbours.services.step_functions.executions import kept, starting
from lambda_nb.engine.neighbours.services.step_functions.tasks import (
    activities,
    clients,
    http_tasks,
    jobs,
    lambda_errors,
    service_calls,
)


def install(door: Door) -> None:
    """Let state machines run.

    Parameters
    ----------
    door
        Makes the clients that tasks call services with.
    """
    from moto.core.config import default_user_config

    config: Any = default_user_config
    config["stepfunctions"]["execute_state_machine"] = True
    when_loaded("moto.stepfunctions.responses", operations.install)
    query_language.install()
    versions.install()

    def prepare() -> None:
        clients.install(door)
        service_calls.install()
        lambda_errors.install()
        jobs.install()
        http_tasks.install(door)
        maps.install()
        definitions.install()
        kept.install()
        starting.install()
        activities.install()

    when_loaded("moto.stepfunctions.parser.models", prepare)
