"""Functions as a gateway reaches them: by ARN, and only if their resource policy lets it."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import (
    Invocation,
    InvocationResult,
    Resolved,
    ResponseChunk,
    ResponseStart,
)
from lambda_nb.engine.permissions.policy_conditions import condition

API_GATEWAY = "apigateway.amazonaws.com"
LOAD_BALANCING = "elasticloadbalancing.amazonaws.com"

Resolve = Callable[[str, "str | None"], Resolved]
Execute = Callable[[Resolved, Invocation], Awaitable[InvocationResult]]
Submit = Callable[[str, "str | None", Invocation], Awaitable[None]]
Policy = Callable[[str, "str | None"], "str | None"]

_INTEGRATION = re.compile(
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/\d{4}-\d\d-\d\d/functions/(.+)/"
    r"(?:invocations|response-streaming-invocations)/?"
)


class NotPermitted(Exception):  # noqa: N818
    """A function's resource policy does not let a gateway invoke it; says what is missing."""


@dataclass(slots=True)
class Call:
    """One request of a gateway for a function.

    ``function`` is an ARN, qualified or not. ``principal`` and ``source_arn`` are what the
    function's resource policy is asked about; ``trusted`` calls (a gateway with a role of its own)
    are not asked. With ``on_chunk`` the response is streamed, as in
    :class:`~lambda_nb.engine.model.Invocation`.
    """

    function: str
    payload: bytes
    principal: str
    source_arn: str
    request_id: str
    trace_header: str | None = None
    trusted: bool = False
    source: str = "http"
    on_start: ResponseStart | None = None
    on_chunk: ResponseChunk | None = None


class Functions:
    """The functions of one Region, as gateways reach them.

    Parameters
    ----------
    resolve, execute, submit
        As for :class:`~lambda_nb.engine.api.lambda_api.invoke.Invoker`.
    policy
        The resource policy (JSON text) of a function name and qualifier, if there is one.
    """

    def __init__(self, resolve: Resolve, execute: Execute, submit: Submit, policy: Policy) -> None:
        self._resolve = resolve
        self._execute = execute
        self._submit = submit
        self._policy = policy
        self._policies: dict[tuple[str, str | None], str | None] = {}

    def forget(self) -> None:
        """Something of a function has changed: read policies again."""
        self._policies.clear()

    async def invoke(self, call: Call) -> InvocationResult:
        """Run the function and wait for its response.

        Raises
        ------
        NotPermitted
            Its resource policy does not let the caller in.
        AWSError
            It does not exist (404), or cannot be invoked.
        Throttled
            Its concurrency is used up.
        """
        resolved = self._admitted(call)
        return await self._execute(resolved, _invocation(call, resolved))

    async def submit(self, call: Call) -> None:
        """Queue an asynchronous invocation; raises as :meth:`invoke` does."""
        resolved = self._admitted(call)
        name, qualifier = _name(call.function)
        await self._submit(name, qualifier, _invocation(call, resolved))

    def check(self, call: Call) -> None:
        """Raise what :meth:`invoke` would if the function could not be invoked now."""
        self._admitted(call)

    def _admitted(self, call: Call) -> Resolved:
        name, qualifier = _name(call.function)
        resolved = self._resolve(name, qualifier)
        if not call.trusted:
            key = (name, qualifier)
            if key not in self._policies:
                self._policies[key] = self._policy(name, qualifier)
            account = resolved.function.account
            if not permits(self._policies[key], call.principal, call.source_arn, account):
                raise NotPermitted(missing_permission(call))
        return resolved


def _invocation(call: Call, resolved: Resolved) -> Invocation:
    return Invocation(
        request_id=call.request_id,
        payload=call.payload,
        invoked_arn=resolved.invoked_arn,
        trace_header=call.trace_header,
        source=call.source,
        on_start=call.on_start,
        on_chunk=call.on_chunk,
    )


def function_of(uri: str) -> str | None:
    """The function's ARN in an integration's URI; a bare ARN of a function is one already.

    Examples
    --------
    >>> function_of("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    ...             "arn:aws:lambda:us-east-1:000000000000:function:f:live/invocations")
    'arn:aws:lambda:us-east-1:000000000000:function:f:live'
    >>> function_of("https://example.com/") is None
    True
    """
    found = _INTEGRATION.fullmatch(uri)
    if found:
        return found[1]
    return uri if re.match(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:", uri) else None


def region_of(arn: str) -> str:
    """The Region in an ARN."""
    parts = arn.split(":", 4)
    return parts[3] if len(parts) > 4 else ""


def _name(arn: str) -> tuple[str, str | None]:
    parts = arn.split(":")
    if len(parts) not in (7, 8) or parts[2] != "lambda" or parts[5] != "function":
        raise AWSError("ResourceNotFoundException", f"{arn!r} is no function's ARN", 404)
    return parts[6], parts[7] if len(parts) == 8 else None


@lru_cache(4096)
def permits(policy: str | None, principal: str, source_arn: str, account: str) -> bool:
    """Whether a resource policy lets a service invoke the function.

    Parameters
    ----------
    policy
        JSON text, or ``None`` for none.
    principal
        The service, such as ``apigateway.amazonaws.com``.
    source_arn
        What calls: the method of an API, a target group.
    account
        The account of the source.
    """
    statements = json.loads(policy)["Statement"] if policy else []
    if isinstance(statements, dict):
        statements = [statements]
    told = {"aws:sourcearn": source_arn, "aws:sourceaccount": account}
    applying = [
        statement
        for statement in statements
        if _is_principal(statement.get("Principal"), principal)
        and any(
            fnmatch.fnmatchcase("lambda:invokefunction", action.lower())
            for action in _several(statement.get("Action", []))
        )
        and _holds(statement, told)
    ]
    effects = {statement.get("Effect") for statement in applying}
    return "Allow" in effects and "Deny" not in effects


def _is_principal(given: Any, principal: str) -> bool:
    if isinstance(given, dict):
        return any(name in (principal, "*") for name in _several(given.get("Service", [])))
    return bool(given == "*")


def _holds(statement: dict[str, Any], told: dict[str, str]) -> bool:
    """Whether the conditions of a statement hold; if one is none, nobody gets in by it."""
    conditions = statement.get("Condition", {})
    try:
        return all(condition(name, wanted)(told) for name, wanted in conditions.items())
    except (ValueError, AttributeError):
        return statement.get("Effect") == "Deny"


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def missing_permission(call: Call) -> str:
    """What to do when a function's policy does not let a gateway in: for logs."""
    name, qualifier = _name(call.function)
    option = f" --qualifier {qualifier}" if qualifier else ""
    return (
        f"The resource policy of {call.function} does not let {call.principal} invoke it for "
        f"{call.source_arn}. Allow it: aws lambda add-permission --function-name {name}{option} "
        f"--statement-id gateway --action lambda:InvokeFunction --principal {call.principal} "
        f"--source-arn '{call.source_arn}'"
    )
