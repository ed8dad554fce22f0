"""Loads the handler, then runs it for one event after another."""

from __future__ import annotations

import importlib
import json
import logging
import os
import socket
import sys
import urllib.parse  # noqa: F401  (AWS's examples use it with "import urllib" alone)
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from lambda_runtime import errors, failures, old_sdk, prestart, snapshot
from lambda_runtime.client import RuntimeClient
from lambda_runtime.context import LambdaContext
from lambda_runtime.errors import Fault
from lambda_runtime.logs import FunctionLog
from lambda_runtime.marshal import Encoder

if TYPE_CHECKING:  # Python 3.8 cannot subscript these
    Handler = Callable[[Any, LambdaContext], Any]

UNHANDLED = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. "
    "However, in rare cases, a Lambda runtime update can cause unexpected function behavior. "
    "For functions using managed runtimes, runtime updates can be triggered by a function change, "
    "or can be applied automatically. To determine if the runtime has been updated, check the "
    "runtime version in the INIT_START log entry. If this error correlates with a change in the "
    "runtime version, you may be able to mitigate this error by temporarily rolling back to the "
    "previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)

_STACK_ANSWERS = b"/cloudformation-custom-resource-response/"
"""In the event of a custom resource of a stack: its answer goes to an address of the engine."""


def load_handler(written: str) -> Handler:
    """The function that ``module.function`` names. Raises :class:`Fault`."""
    try:
        module_name, function = written.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{written}': {error}") from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict",
            f"Cannot use built-in module {module_name} as a handler module",
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        place = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault(
            "Runtime.UserCodeSyntaxError",
            f"Syntax error in module '{module_name}': {error}",
            place,
        ) from error
    try:
        handler: Handler = getattr(module, function)
    except AttributeError:
        raise Fault(
            "Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'"
        ) from None
    return handler


def main(snapshots: socket.socket | None = None, held: socket.socket | None = None) -> NoReturn:
    """Run the runtime in this process; with ``snapshots``, be a snapshot that is copied on request.

    With ``held``, it waits for a message there before it loads the function.
    """
    log = FunctionLog()
    client = RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"])
    failures.begin()
    log.set_up()
    if held is not None:
        prestart.wait(held)
    if "_LAMBDA_NB_DEBUGGER" in os.environ:
        from lambda_runtime import debugger

        debugger.connect()
    try:
        old_sdk.tell()
        handler = load_handler(os.environ["_HANDLER"])
    except Fault as fault:
        failures.send(client, fault)
        _give_up_init(client, log, errors.from_fault(fault))
    except Exception as error:
        failures.send(client, error)
        _give_up_init(client, log, errors.from_exception(error))
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        client = _snapshot_and_restore(client, log, snapshots)
    encoder = Encoder()
    while True:
        headers, body = client.next()
        serve(client, log, encoder, handler, headers, body)


def serve(
    client: RuntimeClient,
    log: FunctionLog,
    encoder: Encoder,
    handler: Handler,
    headers: dict[str, str],
    body: bytes,
) -> None:
    """Run the handler for one event and post the result."""
    request_id = headers["lambda-runtime-aws-request-id"]
    invocation_id = headers.get("lambda-runtime-invocation-id", "")
    log.filter.request_id = request_id
    log.filter.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
    traced = headers.get("lambda-runtime-trace-id")
    if traced is None:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    else:
        os.environ["_X_AMZN_TRACE_ID"] = traced
    if _STACK_ANSWERS in body and "AWS_CA_BUNDLE" in os.environ:
        # Helpers of custom resources insist on TLS for the answer, whatever the address says.
        os.environ.setdefault("SSL_CERT_FILE", os.environ["AWS_CA_BUNDLE"])
    try:
        context = LambdaContext(
            request_id,
            _parsed(headers, "lambda-runtime-client-context", "Client Context"),
            _parsed(headers, "lambda-runtime-cognito-identity", "Cognito Identity"),
            int(headers["lambda-runtime-deadline-ms"]),
            headers.get("lambda-runtime-invoked-function-arn"),
            log.filter.tenant_id,
        )
        result = handler(_event(body), context)
        if isinstance(result, bytes):
            answer, content_type = result, "application/unknown"
        else:
            answer, content_type = _marshalled(encoder, result), "application/json"
    except Fault as fault:
        failure = errors.from_fault(fault, request_id)
    except Exception as error:
        failure = errors.from_exception(error, request_id)
        failures.send(client, error, int(headers["lambda-runtime-deadline-ms"]))
    else:
        client.respond(request_id, invocation_id, answer, content_type)
        return
    log.error(failure)
    client.fail(request_id, invocation_id, _encoded(failure), failure["errorType"])


def _event(body: bytes) -> Any:
    try:
        return json.loads(body)
    except Exception as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def _marshalled(encoder: Encoder, result: Any) -> bytes:
    try:
        text: str = encoder.encode(result)
        return text.encode("utf-8")
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def _parsed(headers: dict[str, str], header: str, name: str) -> Any:
    text = headers.get(header)
    if not text:
        return None
    try:
        return json.loads(text)
    except Exception as error:
        message = f"Unable to parse {name} JSON: {error}"
        raise Fault("Runtime.LambdaContextUnmarshalError", message) from None


def _encoded(error: dict[str, Any]) -> bytes:
    return json.dumps(error, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _give_up_init(client: RuntimeClient, log: FunctionLog, error: dict[str, Any]) -> NoReturn:
    logging.getLogger().warning(UNHANDLED)
    log.error(error)
    client.post("/init/error", _encoded(error), error["errorType"])
    sys.exit(1)


def _snapshot_and_restore(
    client: RuntimeClient, log: FunctionLog, snapshots: socket.socket | None
) -> RuntimeClient:
    """Run the hooks around a snapshot; between them this process is copied, if ``snapshots``."""
    import snapshot_restore_py

    try:
        while snapshot_restore_py.get_before_snapshot():
            function, arguments, keywords = snapshot_restore_py.get_before_snapshot().pop()
            function(*arguments, **keywords)
    except BaseException as error:
        failure = errors.from_exception(error)
        log.error(failure)
        client.post("/init/error", _encoded(failure), "Runtime.BeforeSnapshotError")
        sys.exit(64)
    if snapshots is None:
        client.get("/restore/next")
    else:
        client.send("/restore/next")
        snapshot.take(snapshots)
        client.socket.close()
        client = RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        for function, arguments, keywords in snapshot_restore_py.get_after_restore():
            function(*arguments, **keywords)
    except BaseException as error:
        failure = errors.from_exception(error)
        log.error(failure)
        client.post("/restore/error", _encoded(failure), "Runtime.AfterRestoreError")
        sys.exit(65)
    return client
