"""A configuration of REST APIs without an engine: called as boto3 would call it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.api.lambda_api.serialising import serialise
from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.gateways.configuration.rest.apis import RestConfiguration
from lambda_nb.engine.model import Caller

ACCOUNT = "000000000000"
REGION = "us-east-1"
CALLER = Caller(ACCOUNT, REGION)


class Lab:
    """A configuration, and calls to it: ``lab("GetRestApi", restApiId="x")``."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path)
        surroundings: Any = SimpleNamespace(
            account=ACCOUNT,
            region=REGION,
            addresses=SimpleNamespace(of=lambda kind, name: f"http://{name}.{kind}.localhost:1"),
        )
        self.configuration = RestConfiguration(self.store, surroundings)
        self._operations = self.configuration.operations()

    def __call__(self, operation: str, **request: Any) -> Any:
        """The response of an operation."""
        response = self._operations[operation](request, CALLER)
        if inspect.iscoroutine(response):
            response = asyncio.run(response)
        # What cannot be sent is no response.
        serialise(service_model.operation(operation, "apigateway"), response, "request")
        return response

    def new_api(self, **members: Any) -> Any:
        """A new API."""
        return self("CreateRestApi", **{"name": "api", **members})

    def add_resource(self, api: Any, *parts: str) -> str:
        """A resource and those above it; the id of the last."""
        parent: str = api["rootResourceId"]
        for part in parts:
            known = self("GetResources", restApiId=api["id"], limit=500)["items"]
            found = [
                r["id"] for r in known if (r.get("parentId"), r.get("pathPart")) == (parent, part)
            ]
            parent = (
                found[0]
                if found
                else self("CreateResource", restApiId=api["id"], parentId=parent, pathPart=part)[
                    "id"
                ]
            )
        return parent

    def add_method(
        self, api: Any, *parts: str, method: str = "GET", **members: Any
    ) -> dict[str, Any]:
        """A method with a mock behind it; the members that name it in calls."""
        at = {
            "restApiId": api["id"],
            "resourceId": self.add_resource(api, *parts),
            "httpMethod": method,
        }
        self("PutMethod", **at, **{"authorizationType": "NONE", **members})
        self("PutIntegration", **at, type="MOCK")
        return at

    def close(self) -> None:
        """Release the database."""
        self.configuration.close()
        self.store.close()


def made(path: Path) -> Iterator[Lab]:
    """A lab for a fixture."""
    lab = Lab(path)
    yield lab
    lab.close()
