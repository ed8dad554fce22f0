"""The enrichment stage of a pipe: something is asked what the target should get."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lambda_nb.engine.events.pipes import callees
from lambda_nb.engine.events.pipes.http_calls import HttpCaller
from lambda_nb.engine.events.pipes.pipe import Pipe
from lambda_nb.engine.events.pipes.surroundings import StageError, Surroundings
from lambda_nb.rules.events.pipes import connections


class Enrichment:
    """Asks a pipe's enrichment.

    Parameters
    ----------
    pipe
        A pipe with an enrichment.
    around
        What pipes need.
    """

    def __init__(self, pipe: Pipe, around: Surroundings) -> None:
        self._pipe = pipe
        self._around = around
        self._http = HttpCaller(around)

    async def ask(
        self, inputs: Sequence[Any], events: Sequence[Any], request_id: str, trace: str | None
    ) -> list[Any]:
        """The events that the enrichment makes of a batch; none end the execution.

        Parameters
        ----------
        inputs, events
            What is sent, after the template, and the events themselves.
        request_id
            Of the execution.

        Raises
        ------
        StageError
            It failed.
        """
        pipe, arn = self._pipe, self._pipe.enrichment
        kind = connections.kind_of(arn)
        batch = json.dumps(list(inputs))
        if kind == "lambda":
            call = callees.function_call(pipe, arn, batch.encode(), request_id, trace)
            content = await callees.run_function(self._around, call)
        elif kind == "states":
            content = (await callees.run_execution(self._around, arn, batch)).encode()
        else:
            parameters = pipe.enrichment_parameters.get("HttpParameters") or {}
            ask = self._http.destination if kind == "api-destination" else self._http.api
            content = await ask(arn, parameters, events[0], json.dumps(inputs[0]).encode())
        return _events_in(content)


def _events_in(content: bytes) -> list[Any]:
    """The events in an answer: "", {} and [] hold none."""
    try:
        answer = json.loads(content or b"null")
    except ValueError as error:
        raise StageError(f"the enrichment's answer is no JSON: {content[:200]!r}") from error
    if answer in (None, "", {}, []):
        return []
    return answer if isinstance(answer, list) else [answer]
