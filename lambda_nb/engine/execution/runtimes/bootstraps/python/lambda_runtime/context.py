"""The context object that a handler gets."""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import Any

_W3C_FIELDS = ("traceparent", "tracestate", "baggage")


class _Members:
    """An object with a fixed set of members, ``None`` where the caller sent nothing."""

    __slots__: Any = ()

    def __init__(self, values: dict[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self) -> str:
        members = ",".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
        return f"{type(self).__name__}([{members}])"


class CognitoIdentity(_Members):
    """The caller, if it is a mobile application that called through Amazon Cognito."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Members):
    """The mobile application that called."""

    __slots__ = (
        "app_package_name",
        "app_title",
        "app_version_code",
        "app_version_name",
        "installation_id",
    )


class ClientContext(_Members):
    """What the caller sent as ``ClientContext``."""

    __slots__ = ("client", "custom", "env")


class LambdaContext:
    """What a handler can know of its invocation and its function."""

    def __init__(
        self,
        invoke_id: str,
        client_context: Any,
        cognito_identity: Any,
        epoch_deadline_time_in_ms: int,
        invoked_function_arn: str | None = None,
        tenant_id: str | None = None,
    ) -> None:
        environ = os.environ
        self.aws_request_id = invoke_id
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = invoked_function_arn
        self.tenant_id = tenant_id
        self._w3c_fields = _take_w3c(client_context)
        self.client_context = None
        if client_context is not None:
            client = client_context.get("client")
            sent = {**client_context, "client": None if client is None else Client(client)}
            self.client_context = ClientContext(sent)
        identity = cognito_identity or {}
        self.identity = CognitoIdentity(
            {
                "cognito_identity_id": identity.get("cognitoIdentityId"),
                "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId"),
            }
        )
        self._epoch_deadline_time_in_ms = epoch_deadline_time_in_ms

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation times out, never below 0."""
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def w3c(self) -> dict[str, str]:
        """The W3C trace context of the caller."""
        return dict(self._w3c_fields)

    def log(self, msg: object) -> None:
        """Write to the function's log."""
        for handler in logging.getLogger().handlers:
            sink = getattr(handler, "log_sink", None)
            if sink is not None:
                sink.log(str(msg))
                return
        sys.stdout.write(str(msg))

    def __repr__(self) -> str:
        names = (
            "aws_request_id",
            "log_group_name",
            "log_stream_name",
            "function_name",
            "memory_limit_in_mb",
            "function_version",
            "invoked_function_arn",
            "client_context",
            "identity",
            "tenant_id",
        )
        members = ",".join(f"{name}={getattr(self, name)}" for name in names)
        return f"LambdaContext([{members}])"


def _take_w3c(client_context: Any) -> dict[str, str]:
    """Move the trace context out of the client context, where callers put it."""
    if not isinstance(client_context, dict):
        return {}
    sent = client_context.pop("w3c", None)
    if not isinstance(sent, dict):
        return {}
    return {name: sent[name] for name in _W3C_FIELDS if isinstance(sent.get(name), str)}
