"""Services that run containers and clusters: a task would wait for them for ever."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.step_functions.tasks.failures import failure


def install() -> None:
    """Let tasks of these services fail with a sentence."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service_batch,
        state_task_service_ecs,
        state_task_service_glue,
        state_task_service_unsupported,
    )

    def evaluate(self: Any, env: Any, *_: Any, **__: Any) -> None:
        service, action = self._get_sfn_resource_type(), self._get_sfn_resource()
        details = {
            "error": "States.Runtime",
            "cause": (
                f"lambda_nb runs functions, but no jobs of {service}: the task {service}:{action} "
                "would wait for ever. Put a function in its place."
            ),
            "resource": action,
            "resourceType": service,
        }
        raise failure(env, "TaskFailed", "taskFailedEventDetails", details)

    kinds: tuple[Any, ...] = (
        state_task_service_batch.StateTaskServiceBatch,
        state_task_service_ecs.StateTaskServiceEcs,
        state_task_service_glue.StateTaskServiceGlue,
        state_task_service_unsupported.StateTaskServiceUnsupported,
    )
    for kind in kinds:
        kind._assert_integration_pattern_is_supported = lambda self: None
        kind._eval_service_task = evaluate
