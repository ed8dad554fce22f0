"""CloudFront Functions: save, test and publish one."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.notebook.errors import AWSError, NotebookError, UsageError
from lambda_nb.rules import quotas

MADE_HERE = "made by lambda_nb"
_published: dict[str, str] = {}
"""What cells of this kernel published: the function's name, and its distribution's or nothing."""
RUNTIMES = ("cloudfront-js-2.0", "cloudfront-js-1.0")


@dataclass(frozen=True)
class Tested:
    """What a function made of a test event.

    Attributes
    ----------
    event
        The event.
    output
        The request or the response that it returned, as TestFunction tells it.
    utilisation
        Of the time that it may take, in per cent.
    logs
        What it wrote with ``console.log``.
    error
        Why it failed; empty if it did not.
    """

    event: Mapping[str, Any]
    output: Mapping[str, Any]
    utilisation: str
    logs: list[str] = field(default_factory=list)
    error: str = ""

    def __str__(self) -> str:
        """What came of it, on one line: ``GET /old → 301, location: /new``."""
        asked = self.event.get("request", {})
        line = f"{asked.get('method', 'GET')} {asked.get('uri', '/')} → "
        if "response" in self.output:
            answer = self.output["response"]
            headers = [
                f"{name}: {told.get('value', '')}"
                for name, told in answer.get("headers", {}).items()
            ]
            return line + ", ".join([str(answer.get("statusCode", "")), *headers])
        request = self.output.get("request", {})
        added = [
            f"{name}: {told.get('value', '')}"
            for name, told in request.get("headers", {}).items()
            if name not in asked.get("headers", {})
        ]
        return line + ", ".join([f"{request.get('method', '')} {request.get('uri', '')}", *added])


def save(
    cloudfront: Any, name: str, code: bytes, runtime: str, store: str | None
) -> tuple[str, str]:
    """Create or update a function's DEVELOPMENT stage; ``created``... and its ETag.

    Raises
    ------
    UsageError
        It is too large, or there is no such key value store.
    """
    most = int(quotas.CF_FUNCTION_BYTES.value)
    if len(code) > most:
        raise UsageError(
            f"{name}: a CloudFront Function has at most {most:,} bytes of code; this cell has "
            f"{len(code):,}"
        )
    config: dict[str, Any] = {"Comment": MADE_HERE, "Runtime": runtime}
    if store is not None:
        item = {"KeyValueStoreARN": _store(cloudfront, store)}
        config["KeyValueStoreAssociations"] = {"Quantity": 1, "Items": [item]}
    try:
        found = cloudfront.get_function(Name=name, Stage="DEVELOPMENT")
    except cloudfront.exceptions.NoSuchFunctionExists:
        made = cloudfront.create_function(Name=name, FunctionConfig=config, FunctionCode=code)
        return "created", str(made["ETag"])
    about = cloudfront.describe_function(Name=name, Stage="DEVELOPMENT")
    present = about["FunctionSummary"]["FunctionConfig"]
    if found["FunctionCode"].read() == code and _same(present, config):
        return "unchanged", str(found["ETag"])
    changed = cloudfront.update_function(
        Name=name, IfMatch=found["ETag"], FunctionConfig=config, FunctionCode=code
    )
    return "updated", str(changed["ETag"])


def _same(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    def stores(config: Mapping[str, Any]) -> list[str]:
        items = config.get("KeyValueStoreAssociations", {}).get("Items", [])
        return [one["KeyValueStoreARN"] for one in items]

    return present["Runtime"] == wanted["Runtime"] and stores(present) == stores(wanted)


def _store(cloudfront: Any, name: str) -> str:
    try:
        told = cloudfront.describe_key_value_store(Name=name)
    except cloudfront.exceptions.EntityNotFound:
        raise UsageError(
            f"there is no key value store {name!r}; "
            f"lambda_nb.client('cloudfront').create_key_value_store(Name={name!r}) makes it"
        ) from None
    return str(told["KeyValueStore"]["ARN"])


def try_it(cloudfront: Any, name: str, etag: str, event: Mapping[str, Any]) -> Tested:
    """Run the DEVELOPMENT stage with an event."""
    told = cloudfront.test_function(
        Name=name, IfMatch=etag, Stage="DEVELOPMENT", EventObject=json.dumps(event).encode()
    )["TestResult"]
    output = told.get("FunctionOutput") or "{}"
    return Tested(
        event,
        json.loads(output),
        str(told.get("ComputeUtilization", "")),
        list(told.get("FunctionExecutionLogs", [])),
        str(told.get("FunctionErrorMessage", "")),
    )


def publish(cloudfront: Any, name: str, etag: str) -> str:
    """Make the DEVELOPMENT stage LIVE; returns the function's ARN."""
    told = cloudfront.publish_function(Name=name, IfMatch=etag)
    return str(told["FunctionSummary"]["FunctionMetadata"]["FunctionARN"])


def default_event(event: str, path: str, domain: str) -> dict[str, Any]:
    """A small test event for a behaviour: a GET request, and its response for viewer-response."""
    uri = "/" + path.replace("*", "index.html").replace("?", "a").lstrip("/")
    made: dict[str, Any] = {
        "version": "1.0",
        "context": {"eventType": event},
        "viewer": {"ip": "198.51.100.7"},
        "request": {
            "method": "GET",
            "uri": uri,
            "querystring": {},
            "headers": {"host": {"value": domain}},
            "cookies": {},
        },
    }
    if event == "viewer-response":
        headers = {"content-type": {"value": "text/html"}}
        made["response"] = {"statusCode": 200, "headers": headers, "cookies": {}}
    return made


def read_event(text: str, event: str) -> dict[str, Any]:
    """A test event from a file, or as JSON.

    Raises
    ------
    NotebookError
        There is no such file, or it has no JSON object.
    """
    content = text
    if not text.lstrip().startswith("{"):
        try:
            with open(text, encoding="utf-8") as file:
                content = file.read()
        except OSError as error:
            raise NotebookError(f"--test {text}: {error.strerror}") from None
    try:
        read = json.loads(content)
    except ValueError as error:
        raise UsageError(f"--test {_short(text)}: it is no JSON: {error}") from None
    if not isinstance(read, dict) or "request" not in read:
        raise UsageError(f"--test {_short(text)}: an event is an object with a 'request'")
    read.setdefault("version", "1.0")
    read.setdefault("context", {"eventType": event})
    return read


def remember(name: str, distribution: str) -> None:
    """Keep in mind that a name is that of a CloudFront Function."""
    _published[name] = distribution


@contextlib.contextmanager
def no_lambda(name: str) -> Iterator[None]:
    """Say so if a command for functions of Lambda gets the name of a CloudFront Function.

    Raises
    ------
    UsageError
        Lambda does not know the name, and a cell published such a function.
    """
    try:
        yield
    except AWSError as error:
        if error.code != "ResourceNotFoundException" or name not in _published:
            raise
        site = _published[name]
        more = (
            f"it goes with its distribution, lambda_nb.distribution({site!r}).delete(); "
            f"%lambda logs {name} --edge {site} is its log"
            if site
            else f"lambda_nb.client('cloudfront').delete_function(Name={name!r}, ...) deletes it"
        )
        raise UsageError(
            f"{name!r} is a CloudFront Function, no function of Lambda: {more}"
        ) from None


def _short(text: str) -> str:
    return re.sub(r"\s+", " ", text)[:40]


def delete_ours(cloudfront: Any, names: list[str]) -> None:
    """Delete those functions that cells of a notebook made and no distribution uses any more."""
    for name in names:
        try:
            about = cloudfront.describe_function(Name=name, Stage="LIVE")
        except cloudfront.exceptions.NoSuchFunctionExists:
            continue
        summary = about["FunctionSummary"]
        if summary["FunctionConfig"].get("Comment") != MADE_HERE:
            continue
        etag = cloudfront.describe_function(Name=name, Stage="DEVELOPMENT")["ETag"]
        try:
            cloudfront.delete_function(Name=name, IfMatch=etag)
        except cloudfront.exceptions.FunctionInUse:
            continue
