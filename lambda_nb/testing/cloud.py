"""What the fixture ``local_aws`` gives a test: AWS in the engine, and what happened there."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lambda_nb.testing import arrivals, functions, invocations, stacks
from lambda_nb.testing.engine import Engine, EngineError
from lambda_nb.testing.functions import Function
from lambda_nb.testing.invocations import Invocation
from lambda_nb.testing.logs import Logs
from lambda_nb.testing.waiting import NotHappened, until

_ROLE = "arn:aws:iam::{}:role/lambda-nb-tests"
_PATIENCE_S = 5.0
"""How long the report of a failed test waits for the end of a function's log, s."""
_OFTEN = {"Delay": 0.02, "MaxAttempts": 15_000}
"""Look for what takes milliseconds here, for five minutes at most, as the waiter itself does."""


class Cloud:
    """AWS, as one test sees it.

    Parameters
    ----------
    engine
        Runs it.
    region
        The Region of this test.
    base
        Where relative paths begin: the directory of the test's module.

    Attributes
    ----------
    url, account, region : str
        Where it answers, and whose it is.
    session : boto3.Session
        Makes clients; those that the code under test makes by itself reach the same engine.
    """

    def __init__(self, engine: Engine, region: str, base: Path) -> None:
        import boto3  # late: the plugin is loaded where nobody uses it

        self._engine = engine
        self._base = base
        self._began = time.time()
        self._clients: dict[str, Any] = {}
        self._names = itertools.count(1)
        self.url, self.account, self.region = engine.url, engine.account, region
        self.session = boto3.Session(engine.access_key, engine.secret_key, region_name=region)

    def client(self, service: str = "lambda") -> Any:
        """A boto3 client of a service, the same one each time."""
        if service not in self._clients:
            self._clients[service] = self.session.client(service, endpoint_url=self.url)
        return self._clients[service]

    def reset(self) -> None:
        """Empty the engine in the middle of a test.

        Raises
        ------
        EngineError
            It does not run any more.
        """
        self._engine.reset()

    def function(
        self, source: str | Path, handler: str = "", *, name: str = "", **settings: Any
    ) -> Function:
        """Make a function and wait until it is active.

        Parameters
        ----------
        source
            The path of a file or a directory, from the test's directory, or Python source of more
            than one line.
        handler
            Its handler; by default ``handler`` or ``lambda_handler`` of a file's own module.
        name
            Its name; by default a new one.
        settings
            Further parameters of CreateFunction, such as ``MemorySize`` or ``Environment``.

        Raises
        ------
        FileNotFoundError
            There is nothing at the path.
        ValueError
            The handler is not given and cannot be told from the code.
        """
        code, guessed = functions.packaged(source, self._base)
        if not (handler or guessed):
            raise ValueError(
                f"which handler has {source!s}? Give it: function({str(source)!r}, 'app.handler')"
            )
        client = self.client("lambda")
        made = client.create_function(
            FunctionName=name or f"function-{next(self._names)}",
            Handler=handler or guessed,
            Code={"ZipFile": code},
            **{"Runtime": functions.runtime(), "Role": _ROLE.format(self.account), **settings},
        )
        waiter = client.get_waiter("function_active_v2")
        waiter.wait(FunctionName=made["FunctionName"], WaiterConfig=_OFTEN)
        return Function(
            made["FunctionName"], made["FunctionArn"], client, self.invocations, self._told_of
        )

    def deploy(
        self,
        template: str | Path,
        name: str = "",
        *,
        parameters: Mapping[str, str] | None = None,
        timeout: float = 120.0,
    ) -> dict[str, str]:
        """Deploy a template, or the template of a directory; returns the stack's outputs.

        The code that it names is built first, as ``lambda-nb deploy`` does.

        Parameters
        ----------
        template
            Path from the test's directory.
        name
            Of the stack; by default a new one.
        parameters
            Of the template.
        timeout
            How long to wait, s.

        Raises
        ------
        FileNotFoundError
            There is no template.
        DeploymentFailed
            Code cannot be built, or the stack failed; the message has the reasons.
        """
        stack = name or f"stack-{next(self._names)}"
        return stacks.deploy(self, self._base / template, stack, parameters or {}, timeout)

    def invocations(self, function: str, count: int = 1, timeout: float = 10.0) -> list[Invocation]:
        """Wait until a function has been invoked so often; returns what is known of each.

        Parameters
        ----------
        function
            Its name.
        count
            How many invocations have to have ended.
        timeout
            How long to wait, s.

        Raises
        ------
        NotHappened
            There were fewer; the message tells what the function did.
        """

        def missing(found: int) -> str:
            what = self._told_of(function) or "  it was not invoked"
            text = f"{function} ran {found} times within {timeout:g} s, not {count} times:"
            return f"{text}\n{what}\n{self._if_missing(function)}".rstrip()

        return until(partial(self._ended, function), count, timeout, missing)

    def log(self, of: Invocation | str, timeout: float = 10.0) -> list[str]:
        """The log lines of an invocation, or of all invocations with a request id.

        Parameters
        ----------
        of
            An invocation, or the id of a request.
        timeout
            How long to wait for its last line, s.

        Raises
        ------
        NotHappened
            The log has no last line (REPORT) of it.
        """
        request_id = of if isinstance(of, str) else of.request_id
        names = [of.function] if isinstance(of, Invocation) else self._functions()
        return self._logs().whole(names, request_id, timeout)

    def messages(self, queue: str, count: int = 1, timeout: float = 10.0) -> list[str]:
        """Take messages from a queue; returns their bodies.

        Parameters
        ----------
        queue
            Its name or URL.
        count
            How many to wait for; others that are there are taken as well.
        timeout
            How long to wait, s.

        Raises
        ------
        NotHappened
            There were fewer.
        """
        return arrivals.messages(self.client("sqs"), queue, count, timeout, self.told)

    def objects(self, bucket: str, count: int = 1, timeout: float = 10.0) -> dict[str, bytes]:
        """Wait until a bucket has so many objects; returns their contents by key.

        Raises
        ------
        NotHappened
            There were fewer within ``timeout`` seconds.
        """
        return arrivals.objects(self.client("s3"), bucket, count, timeout, self.told)

    def items(self, table: str, count: int = 1, timeout: float = 10.0) -> list[dict[str, Any]]:
        """Wait until a table of DynamoDB has so many items; returns them as Python values.

        Raises
        ------
        NotHappened
            There were fewer within ``timeout`` seconds.
        """
        return arrivals.items(self.client("dynamodb"), table, count, timeout, self.told)

    def told(self) -> str:
        """What every function did in this test, for a person; empty if none ran."""
        try:
            of_all = ((name, self._told_of(name)) for name in self._functions())
            return "\n".join(f"{name}:\n{text}" for name, text in of_all if text)
        except Exception as error:  # a report must not fail in the place of its test
            return f"the engine cannot tell: {error}"

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            client.close()

    def _logs(self) -> Logs:
        return Logs(self.client("logs"), self._began)

    def _functions(self) -> list[str]:
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        return [one["FunctionName"] for page in pages for one in page["Functions"]]

    def _ended(self, function: str) -> list[Invocation]:
        query: dict[str, str | float] = {"function": function, "since": self._began}
        shown = self._engine.shown("events", self.region, **query)
        return invocations.finished(function, shown, self.log)

    def _told_of(self, function: str) -> str:
        try:
            ended = self._ended(function)
        except EngineError as error:
            return f"  {error}"
        if not ended:
            return ""
        with contextlib.suppress(NotHappened):  # then what is there is shown
            self.log(ended[-1], _PATIENCE_S)
        return invocations.told(ended, self._logs().lines(function))

    def _if_missing(self, function: str) -> str:
        there = self._functions()
        return "" if function in there else f"There is no {function}; there are: {there or 'none'}"
