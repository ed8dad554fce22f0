"""A notebook connected to the tests' engine, whose cells make routes."""

from __future__ import annotations

import atexit
import contextlib
import json
from collections.abc import Iterator
from typing import Any

from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell

from lambda_nb.notebook.magics import extension

ECHO = """
import json

def handler(event, context):
    print("asked", event["rawPath"])
    http = event["requestContext"]["http"]
    return {
        "route": event["routeKey"],
        "method": http["method"],
        "path": event["rawPath"],
        "variables": event.get("pathParameters"),
        "query": event.get("rawQueryString"),
        "headers": event["headers"],
        "body": event.get("body"),
        "agent": http["userAgent"],
    }
"""


class WebNotebook:
    """Runs cells; knows the routes and permissions that they made.

    Each test has an API of its own, named ``api``.
    """

    def __init__(self, shell: InteractiveShell, engine: Engine) -> None:
        self.shell = shell
        self.engine = engine
        self.api = engine.name("web")
        self.gateway = engine.client("apigatewayv2")

    def value(self, cell: str) -> Any:
        """Run a cell; its value."""
        result = self.shell.run_cell(cell)
        result.raise_error()
        return result.result

    def deploy(self, options: str, name: str = "", source: str = ECHO) -> Any:
        """Make or change a function with an echo; its handle. ``display`` has what was shown."""
        name = name or self.engine.name("web")
        self.display = self.value(f"%%lambda {name} --api {self.api} {options}\n{source}")
        return self.shell.user_ns[name.replace("-", "_")]

    def apis(self) -> list[dict[str, Any]]:
        """The APIs of this test's name."""
        return [api for api in self.gateway.get_apis()["Items"] if api["Name"] == self.api]

    def routes(self) -> dict[str, str]:
        """Each route of this test's API, and the function that it leads to."""
        (api,) = self.apis()
        integrations = {
            f"integrations/{one['IntegrationId']}": one["IntegrationUri"].split(":function:")[1]
            for one in self.gateway.get_integrations(ApiId=api["ApiId"])["Items"]
        }
        routes = self.gateway.get_routes(ApiId=api["ApiId"])["Items"]
        return {route["RouteKey"]: integrations[route["Target"]] for route in routes}

    def sources(self, function: str) -> list[str]:
        """The SourceArns that the function's policy lets in, without the API before them."""
        client = self.engine.client()
        try:
            policy = json.loads(client.get_policy(FunctionName=function)["Policy"])
        except client.exceptions.ResourceNotFoundException:
            return []
        arns = [one["Condition"]["ArnLike"]["AWS:SourceArn"] for one in policy["Statement"]]
        return sorted(arn.split("/", 1)[1] for arn in arns)


@contextlib.contextmanager
def connected_shell(engine: Engine) -> Iterator[InteractiveShell]:
    """An IPython shell with the extension, connected to the engine."""
    made = InteractiveShell()
    made.history_manager.enabled = False
    extension.load_ipython_extension(made)
    made.run_line_magic("lambda", f"connect {engine.url} --credentials {engine.credentials_file}")
    try:
        yield made
    finally:
        extension.unload_ipython_extension(made)
        atexit.unregister(made.atexit_operations)
        made.atexit_operations()
