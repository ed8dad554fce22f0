"""A stack of a real engine, and what tests of stacks look at; custom resources for it."""

from __future__ import annotations

import json
import time
from typing import Any

from engine_fixtures import ROLE, Engine

DONE = (
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "DELETE_COMPLETE",
    "DELETE_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
)


class Stack:
    """One stack of an engine, and what happened to it.

    Parameters
    ----------
    engine
        Where it is.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.name = engine.name("stack")
        self.api = engine.client("cloudformation")

    def create(self, resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> str:
        """Create it; the status at the end."""
        self.api.create_stack(StackName=self.name, TemplateBody=_template(resources, outputs))
        return self.wait()

    def update(self, resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> str:
        """Update it; the status at the end."""
        self.api.update_stack(StackName=self.name, TemplateBody=_template(resources, outputs))
        return self.wait()

    def delete(self) -> str:
        """Delete it; the status at the end."""
        self.name = self.told()["StackId"]
        self.api.delete_stack(StackName=self.name)
        return self.wait()

    def told(self) -> dict[str, Any]:
        """What DescribeStacks says."""
        (found,) = self.api.describe_stacks(StackName=self.name)["Stacks"]
        told: dict[str, Any] = found
        return told

    def outputs(self) -> dict[str, str]:
        """Its outputs."""
        return {one["OutputKey"]: one["OutputValue"] for one in self.told()["Outputs"]}

    def wait(self) -> str:
        """Wait until nothing goes on; the status then."""
        deadline = time.monotonic() + 60
        while (status := str(self.told()["StackStatus"])) not in DONE:
            assert time.monotonic() < deadline, f"{status}\n{self.history()}"
            time.sleep(0.05)
        return status

    def history(self) -> list[tuple[str, str, str]]:
        """Its events, the oldest first: logical ID, status, reason."""
        events = self.api.describe_stack_events(StackName=self.name)["StackEvents"]
        return [
            (
                one["LogicalResourceId"],
                one["ResourceStatus"],
                one.get("ResourceStatusReason", ""),
            )
            for one in reversed(events)
        ]


def _template(resources: dict[str, Any], outputs: dict[str, Any] | None) -> str:
    shown = {key: {"Value": value} for key, value in (outputs or {}).items()}
    return json.dumps({"Resources": resources, **({"Outputs": shown} if shown else {})})


def inline(runtime: str, code: str, **properties: Any) -> dict[str, Any]:
    """A function with inline code, as a resource."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": runtime,
            "Handler": "index.handler",
            "Role": ROLE,
            "Code": {"ZipFile": code},
            **properties,
        },
    }


def custom(kind: str = "Custom::Thing", token: Any = None, **properties: Any) -> dict[str, Any]:
    """A custom resource of the function ``Maker``."""
    token = token or {"Fn::GetAtt": ["Maker", "Arn"]}
    return {"Type": kind, "Properties": {"ServiceToken": token, **properties}}
