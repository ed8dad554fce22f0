"""Calls REST and HTTP APIs that rules name as targets, through the engine."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from lambda_nb.engine.neighbours.services.door import Door
from lambda_nb.engine.neighbours.services.eventbridge.targets import http_calls
from lambda_nb.engine.neighbours.services.eventbridge.targets.jobs import Job
from lambda_nb.rules.events.eventbridge.input_transformation import resolved


class Apis:
    """The engine's APIs.

    Parameters
    ----------
    door
        Has the engine's address and keys.
    """

    def __init__(self, door: Door) -> None:
        self._door = door

    def send(self, job: Job) -> None:
        """Call an API: ``arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH``.

        Raises
        ------
        DeliveryError
            It failed.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        _, _, _, region, _, resource = job.arn.split(":", 5)
        api, stage, method, *path = resource.split("/")
        event = json.loads(job.whole_event)
        parameters = job.target.get("HttpParameters") or {}
        joined = "/".join(path)
        for value in parameters.get("PathParameterValues") or ():
            joined = joined.replace("*", quote(resolved(value, event), safe=""), 1)
        headers = {
            k: resolved(v, event) for k, v in (parameters.get("HeaderParameters") or {}).items()
        }
        query = {
            k: resolved(v, event)
            for k, v in (parameters.get("QueryStringParameters") or {}).items()
        }
        prefix = "" if stage == "$default" else f"/{stage}"
        tail = f"?{urlencode(query)}" if query else ""
        url = f"{self._door.endpoint}/execute-api/{api}{prefix}/{joined}{tail}"
        method = "POST" if method == "*" else method
        body = None if method in ("GET", "HEAD", "OPTIONS") else job.told
        asked: Any = AWSRequest(method, url, data=(body or "").encode(), headers=headers)
        SigV4Auth(self._door.credentials(), "execute-api", region).add_auth(asked)
        signed = {name: str(value) for name, value in asked.headers.items()}
        with http_calls.request(method, url, signed, [], body) as response:
            http_calls.check(response)
