"""Delete a function or a version, and bring a function back."""

from __future__ import annotations

import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lambda_nb.notebook.functions.deploy import settle
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.web import http_api, permissions
from lambda_nb.notebook.workbench.actions import describing
from lambda_nb.notebook.workbench.actions.recipes import create_parameters
from lambda_nb.notebook.workbench.actions.tools import Tools
from lambda_nb.notebook.workbench.faults import Refusal, fault

MOST_KEPT = 20
MOST_BYTES = 250_000_000
"""Of code that is kept for an undo, in all."""
_CODE_WITHIN_S = 60
_lock = threading.Lock()


@dataclass(frozen=True)
class Deleted:
    """What brings a function back: parameters of Lambda's operations, and its archive."""

    name: str
    parameters: dict[str, Any]
    code: dict[str, Any]
    reserved: int | None = None
    retries: dict[str, Any] | None = None
    statements: list[dict[str, Any]] = field(default_factory=list)
    url: dict[str, Any] | None = None
    routes: list[http_api.Wanted] = field(default_factory=list)
    place: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of its archive."""
        return len(self.code.get("ZipFile", b""))


def delete(tools: Tools, args: Mapping[str, Any]) -> dict[str, str]:
    """``delete``: a function, or one version of it.

    Returns
    -------
    dict
        ``undo``: a token for :func:`undo`, empty if there is no undo; ``lost``: in words, what an
        undo would not bring back.
    """
    name, qualifier = str(args["name"]), args.get("qualifier") or ""
    client = tools.clients.client()
    if qualifier:
        client.get_function_configuration(FunctionName=name, Qualifier=qualifier)
        client.delete_function(FunctionName=name, Qualifier=qualifier)
        return {"undo": "", "lost": f"version {qualifier} (Lambda never gives its number again)"}
    kept, lost = _keep(tools, name)
    Function(name, tools.clients).delete()
    if kept is None:
        return {"undo": "", "lost": ", ".join(lost)}
    token = uuid.uuid4().hex
    with _lock:
        tools.deleted[token] = kept
        while len(tools.deleted) > MOST_KEPT or (
            len(tools.deleted) > 1 and sum(one.size for one in tools.deleted.values()) > MOST_BYTES
        ):
            del tools.deleted[next(iter(tools.deleted))]
    return {"undo": token, "lost": ", ".join(lost)}


def _keep(tools: Tools, name: str) -> tuple[Deleted | None, list[str]]:
    """What brings the function back, and what is lost all the same."""
    client = tools.clients.client()
    told = client.get_function(FunctionName=name)
    config = told["Configuration"]
    versions = describing.versions(client, name)
    aliases = describing.aliases(client, name)
    lost = []
    if versions:
        numbers = [one["version"] for one in reversed(versions)]
        lost.append(f"version{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}")
    if aliases:
        names = [one["name"] for one in aliases]
        lost.append(f"alias{'es' if len(names) > 1 else ''} {', '.join(names)}")
    url = _url(client, name)
    if url is not None:
        lost.append("the address of its URL (an undo makes a new one)")
    if config.get("Environment", {}).get("Error"):
        lost.append("its environment variables, which you may not read")
    led = _routes(tools, name)
    if led:
        lost.append("CORS of its routes")
    code = told.get("Code", {})
    if config.get("PackageType") == "Image":
        kept_code = {"ImageUri": code["ImageUri"]}
    else:
        try:
            kept_code = {"ZipFile": _download(code["Location"])}
        except (OSError, ValueError, KeyError) as error:
            return None, [*lost, f"its code, which could not be read ({error})"]
    return Deleted(
        name,
        create_parameters(told),
        kept_code,
        reserved=describing.reserved(client, name),
        retries=_retries(client, name),
        statements=_statements(client, name),
        url=url,
        routes=led,
        place=_place(tools),
    ), lost


def _download(location: str) -> bytes:
    if not location.startswith(("http://", "https://")):
        raise ValueError(f"its location is {location}")
    with urllib.request.urlopen(location, timeout=_CODE_WITHIN_S) as response:  # noqa: S310
        content: bytes = response.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES // 1_000_000} MB")
    return content


def _url(client: Any, name: str) -> dict[str, Any] | None:
    try:
        told = client.get_function_url_config(FunctionName=name)
    except client.exceptions.ResourceNotFoundException:
        return None
    return {key: told[key] for key in ("AuthType", "Cors", "InvokeMode") if told.get(key)}


def _retries(client: Any, name: str) -> dict[str, Any] | None:
    """The settings of asynchronous invocation, if there are any."""
    try:
        told = client.get_function_event_invoke_config(FunctionName=name)
    except client.exceptions.ResourceNotFoundException:
        return None
    keys = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    return {key: told[key] for key in keys if told.get(key) not in (None, {})}


def _statements(client: Any, name: str) -> list[dict[str, Any]]:
    """The statements of the policy as parameters of ``AddPermission``."""
    return [permission(one) for one in permissions.policy(client, name)]


def permission(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A statement of a function's policy as the parameters that add it."""
    principal = statement["Principal"]
    if isinstance(principal, dict):
        principal = principal.get("Service") or principal.get("AWS") or "*"
    told = {
        "StatementId": statement["Sid"],
        "Action": statement["Action"],
        "Principal": principal,
    }
    conditions = {
        "aws:sourcearn": "SourceArn",
        "aws:sourceaccount": "SourceAccount",
        "aws:principalorgid": "PrincipalOrgID",
        "lambda:functionurlauthtype": "FunctionUrlAuthType",
        "lambda:eventsourcetoken": "EventSourceToken",
        "lambda:invokedviafunctionurl": "InvokedViaFunctionUrl",
    }
    for tests in statement.get("Condition", {}).values():
        for key, value in tests.items():
            known = conditions.get(key.lower())
            if known == "InvokedViaFunctionUrl":
                told[known] = str(value).lower() == "true"
            elif known is not None:
                told[known] = value
    return told


def _routes(tools: Tools, name: str) -> list[http_api.Wanted]:
    """The routes that a cell led to the function, by API."""
    ids = permissions.apis(permissions.statements(tools.clients.client(), name), ours=True)
    if not ids:
        return []
    gateway = tools.clients.client("apigatewayv2")
    found = [http_api.Wanted(one, http_api.routes_of(gateway, one, name)) for one in ids]
    return [wanted for wanted in found if wanted.keys]


def undo(tools: Tools, args: Mapping[str, Any]) -> None:
    """``undo``: bring a deleted function back.

    Raises
    ------
    Refusal
        The token is unknown: only the latest deletions of this kernel can be undone. Or the
        notebook is connected elsewhere now. Or not all came back; the message says what did not.
    ClientError
        There is a function of this name again, or Lambda refuses.
    """
    token = str(args["undo"])
    kept = tools.deleted.get(token)
    if kept is None:
        raise Refusal(
            "NoUndo",
            "this deletion cannot be undone any more: the kernel keeps the latest "
            f"{MOST_KEPT}, as long as it runs. Run the function's cell again",
        )
    if kept.place != _place(tools):
        raise Refusal(
            "OtherPlace",
            f"{kept.name} was deleted at another endpoint than the notebook is connected to now; "
            "connect to that one, then undo",
        )
    client = tools.clients.client()
    client.create_function(Code=kept.code, **kept.parameters)
    with _lock:
        tools.deleted.pop(token, None)
    missing = []
    for what, bring_back in _further(tools, kept):
        try:
            bring_back()
        except Exception as error:  # the others are to come back all the same
            missing.append(f"{what} ({fault(error)['message']})")
    if missing:
        raise Refusal("PartlyUndone", f"{kept.name} is back, but without {', '.join(missing)}")


def _further(tools: Tools, kept: Deleted) -> Iterator[tuple[str, Callable[[], object]]]:
    """What a function has besides its code and configuration: in words, and what sets it."""
    client = tools.clients.client()
    named = {"FunctionName": kept.name}
    yield "being ready", partial(settle, client, kept.name, "function_active_v2")
    if kept.reserved is not None:
        reserve = client.put_function_concurrency
        yield (
            "its reserved concurrency",
            partial(reserve, **named, ReservedConcurrentExecutions=kept.reserved),
        )
    if kept.retries:
        set_retries = client.put_function_event_invoke_config
        yield "its settings of retries", partial(set_retries, **named, **kept.retries)
    if kept.url is not None:
        yield "its URL", partial(client.create_function_url_config, **named, **kept.url)
    for one in kept.statements:
        yield f"its permission {one['StatementId']}", partial(client.add_permission, **named, **one)
    for wanted in kept.routes:
        yield "its routes", partial(_serve, tools, kept.name, wanted)


def _serve(tools: Tools, name: str, wanted: http_api.Wanted) -> None:
    arn = tools.clients.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    http_api.serve(tools.clients, name, arn, wanted)


def _place(tools: Tools) -> tuple[str, ...]:
    """The account and Region: the port of an engine changes when it starts again."""
    at = tools.clients.connection
    kind = "aws" if at.is_aws else "engine"
    return kind, at.account, at.profile or "", tools.clients.client().meta.region_name
