"""Functions as embedded services reach them: by the engine's port, as any other client would.

Services that wait for a function's reply (Cognito's triggers, mail rules) invoke it here. Services
that do not wait hand their events to the outlet.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from lambda_nb.engine.neighbours.services.door import Door
from lambda_nb.engine.permissions.functions import permits

_BELIEVED_S = 1.0
"""Seconds for which a resource policy that let a service in is not read again."""
_CONNECTIONS = 100


class InvocationError(Exception):
    """Lambda did not run the function.

    ``code`` is Lambda's error code, such as ``TooManyRequestsException``; ``status`` the HTTP
    status, 0 if there was no answer in time.
    """

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    @property
    def timed_out(self) -> bool:
        """Whether there was no answer in time."""
        return self.status == 0


class FunctionError(Exception):
    """The function ran and failed; the text is its ``errorMessage``."""


class EngineGoneError(Exception):
    """The engine does not answer: it is ending, and this process with it."""


class Functions:
    """All functions of the engine.

    Parameters
    ----------
    door
        Makes clients that call the engine.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._clients: dict[tuple[str, float], Any] = {}
        self._making = threading.Lock()
        self._let_in: dict[tuple[str, str, str], float] = {}

    def permit(self, function_arn: str, principal: str, source_arn: str, account: str) -> bool:
        """Whether the function exists and its resource policy lets a service invoke it.

        Parameters
        ----------
        principal, source_arn, account
            The service, such as ``s3.amazonaws.com``, what it calls for, and whose that is.

        Raises
        ------
        EngineGoneError
            The engine is ending.
        """
        from botocore.exceptions import ClientError

        key = (function_arn, principal, source_arn)
        if self._let_in.get(key, 0.0) > time.monotonic():
            return True
        name, qualifier = _name(function_arn)
        if not name:
            return False
        asked = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
        try:
            policy = self._client(function_arn, 60.0).get_policy(**asked)["Policy"]
        except ClientError:  # no function, or no policy
            return False
        except _no_answer() as error:
            raise EngineGoneError(str(error)) from error
        if not permits(policy, principal, source_arn, account):
            return False
        if len(self._let_in) > 10_000:
            self._let_in.clear()
        self._let_in[key] = time.monotonic() + _BELIEVED_S
        return True

    def empty(self) -> None:
        """Believe of no policy any more that it lets somebody in."""
        self._let_in.clear()

    def invoke(self, function_arn: str, event: Any, timeout_s: float) -> bytes:
        """Run a function and return its reply, JSON text.

        Raises
        ------
        InvocationError
            Lambda refused, or did not answer within ``timeout_s``.
        EngineGoneError
            The engine is ending.
        FunctionError
            The function failed.
        """
        from botocore.exceptions import ClientError, ReadTimeoutError

        try:
            answer = self._client(function_arn, timeout_s).invoke(
                FunctionName=function_arn, Payload=json.dumps(event).encode()
            )
            payload: bytes = answer["Payload"].read()
        except ReadTimeoutError as error:
            raise InvocationError("Timeout", str(error), 0) from error
        except ClientError as error:
            told = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise InvocationError(told["Code"], told.get("Message", ""), status) from error
        except _no_answer() as error:
            raise EngineGoneError(str(error)) from error
        if "FunctionError" in answer:
            raise FunctionError(_error_text(payload))
        return payload

    def _client(self, function_arn: str, timeout_s: float) -> Any:
        from botocore.config import Config

        parts = function_arn.split(":")
        key = (parts[3] if len(parts) > 3 else "", timeout_s)
        with self._making:
            if key not in self._clients:
                config = Config(
                    read_timeout=timeout_s,
                    connect_timeout=5,
                    retries={"total_max_attempts": 1},
                    max_pool_connections=_CONNECTIONS,
                )
                self._clients[key] = self._door.client(
                    service_name="lambda", region_name=key[0], config=config
                )
            return self._clients[key]


def _no_answer() -> tuple[type[Exception], ...]:
    """What botocore raises when nobody answers, or the answer breaks off."""
    from botocore import exceptions

    return exceptions.HTTPClientError, exceptions.ConnectionError


def _name(arn: str) -> tuple[str, str | None]:
    parts = arn.split(":")
    if len(parts) not in (7, 8) or parts[2] != "lambda" or parts[5] != "function":
        return "", None
    return parts[6], parts[7] if len(parts) == 8 else None


def _error_text(payload: bytes) -> str:
    try:
        told = json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
    if isinstance(told, dict):
        return str(told.get("errorMessage"))
    return str(told)
