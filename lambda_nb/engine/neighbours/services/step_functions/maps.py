"""Map states, where moto's interpreter differs from AWS or breaks with many items."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.engine.neighbours.services.step_functions.tasks.failures import failure

MOST_WORKERS = 40
"""Iterations of a map at one time: AWS's limit of an inline map (Developer Guide, quotas), and as
many child executions as one machine carries."""
EXCEEDED = "States.ExceedToleratedFailureThreshold"


def install() -> None:
    """Change moto's map states."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
        distributed_iteration_component as distributed,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
        inline_iteration_component as inline,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
        iteration_worker,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (  # noqa: E501
        distributed_item_processor_worker as distributed_worker,
    )
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    component: Any = inline.InlineIterationComponent
    component._launch_worker = _limited(component._launch_worker)
    plain: Any = iteration_worker.IterationWorker
    plain.eval = _eval_inline
    spread: Any = distributed_worker.DistributedItemProcessorWorker
    spread.eval = _eval_distributed
    many: Any = distributed.DistributedIterationComponent
    many._map_run = _judged(many._map_run)
    parser: Any = AmazonStateLanguageParser
    parse = parser.parse
    parser.parse = staticmethod(lambda definition: parse(for_parser(definition)))


def for_parser(definition: str) -> str:
    """A definition in words that moto's grammar knows, with the same meaning.

    The grammar has no Express children of a map, which run as Standard ones, and no percentage
    without a decimal point. What is no JSON stays as it is.
    """
    if "ToleratedFailurePercentage" not in definition and "ExecutionType" not in definition:
        return definition
    try:
        program = json.loads(definition)
    except ValueError:
        return definition
    return json.dumps(_reworded(program))


def _reworded(part: Any) -> Any:
    if isinstance(part, list):
        return [_reworded(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {name: _reworded(one) for name, one in part.items()}
    if part.get("Type") == "Map":
        share = made.get("ToleratedFailurePercentage")
        if type(share) is int:
            made["ToleratedFailurePercentage"] = float(share)
        processor = made.get("ItemProcessor")
        config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
        if isinstance(config, dict) and config.get("ExecutionType") == "EXPRESS":
            config["ExecutionType"] = "STANDARD"
    return made


def _limited(launch: Any) -> Any:
    """moto starts a thread for each item of a map without MaxConcurrency."""

    def launch_worker(self: Any, env: Any, eval_input: Any, job_pool: Any) -> Any:
        job_pool.workers = getattr(job_pool, "workers", 0) + 1
        if job_pool.workers > MOST_WORKERS:
            return None
        return launch(self, env, eval_input, job_pool)

    return launch_worker


def _eval_inline(self: Any) -> None:
    """Work items off one by one; moto calls itself for each and ends at a thousand."""
    frame = self._env.open_frame()
    job = self._job_pool.next_job()
    while job is not None:
        inner = frame.open_inner_frame()
        self._eval_job(env=inner, job=job)
        frame.close_frame(inner)
        following = None
        if not isinstance(job.job_output, Exception) and not self.stopped():
            following = self._job_pool.next_job()
        if following is None:  # the map goes on when the last job is closed: the frame comes first
            frame.event_history_context.source_event_id = (
                inner.event_history_context.last_published_event_id
            )
            self._env.close_frame(frame)
        self._job_pool.close_job(job)
        job = following


def _eval_distributed(self: Any) -> None:
    """As :func:`_eval_inline`, for the children of a distributed map."""
    job = self._job_pool.next_job()
    while job is not None:
        inner = self._env.open_inner_frame()
        self._eval_job(env=inner, job=job)
        self._env.delete_frame(inner)
        failed = isinstance(job.job_output, Exception) or self.stopped()
        following = None if failed else self._job_pool.next_job()
        self._job_pool.close_job(job)
        job = following


def _judged(run: Any) -> Any:
    """moto tolerates any number of failed children."""

    def map_run(self: Any, env: Any, eval_input: Any) -> None:
        run(self, env, eval_input)
        counter = eval_input.map_run_record.item_counter
        failed, total = counter.failed.get() + counter.timed_out.get(), counter.total.get()
        count, share = eval_input.tolerated_failure_count, eval_input.tolerated_failure_percentage
        if failed and failed > (count or 0) and 100 * failed > (share or 0) * total:
            raise _exceeded(env, failed, total)

    return map_run


def _exceeded(env: Any, failed: int, total: int) -> Exception:
    cause = f"The tolerated failure threshold was exceeded: {failed} of {total} items failed"
    told = {"error": EXCEEDED, "cause": cause}
    return failure(env, "MapRunFailed", "mapRunFailedEventDetails", told)
