"""Custom authorizers: what a client says to them, what they are asked, what their answers mean.

Source: IoT developer guide, "Custom authentication and authorization", its pages "Defining your
Lambda function" and "Connecting to AWS IoT Core by using custom authentication".
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.admission.policies import MalformedPolicy, statements_of
from lambda_nb.engine.iot.admission.registry import Authorizer
from lambda_nb.engine.iot.mqtt.admission import Attempt
from lambda_nb.engine.model import Throttled
from lambda_nb.engine.permissions.functions import Call, Functions, NotPermitted

NAME = "x-amz-customauthorizer-name"
SIGNATURE = "x-amz-customauthorizer-signature"
PRINCIPAL = "iot.amazonaws.com"
TIMEOUT_S = 5.0
"""For which an authorizer's function may run ("Creating and managing custom authorizers")."""
_PRINCIPAL_ID = re.compile(r"[a-zA-Z0-9]{1,128}")
_MOST_DOCUMENTS = 10
_LONGEST_DOCUMENT = 2048
_LEAST_S, _MOST_S = 300, 86_400
"""Of ``refreshAfterInSeconds`` and ``disconnectAfterInSeconds``."""


class AuthorizerError(Exception):
    """A client is not let in by an authorizer; says why, for the log and tests of authorizers."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a client shows to an authorizer.

    ``values`` are the fields of its headers, its query and its user name, by names in lower case.
    """

    values: Mapping[str, str]

    @classmethod
    def by(cls, attempt: Attempt) -> Shown:
        """What a client that wants to connect shows."""
        values = dict(attempt.headers)
        _, _, of_user = (attempt.username or "").partition("?")
        for query in (attempt.query, of_user):
            for name, value in parse_qsl(query, keep_blank_values=True):
                values[name.lower()] = value
        return cls(values)

    @property
    def authorizer(self) -> str:
        """The authorizer that it names; empty for none."""
        return self.values.get(NAME, "")


@dataclass(frozen=True, slots=True)
class Decision:
    """What an authorizer's function has answered."""

    authenticated: bool
    principal: str
    documents: tuple[Any, ...]
    refresh_s: int | None
    disconnect_s: int | None


def verified(authorizer: Authorizer, token: str, signature: str) -> bool:
    """Whether a token was signed by one of an authorizer's keys (RSA, SHA-256)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    try:
        # A '+' that was not percent-encoded in a query has become a space.
        signed = base64.b64decode(signature.replace(" ", "+"), validate=True)
    except binascii.Error:
        return False
    for pem in authorizer.keys.values():
        key: Any = serialization.load_pem_public_key(pem.encode())
        try:
            key.verify(signed, token.encode(), PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            continue
        return True
    return False


def event_of(
    attempt: Attempt, token: str | None, signature_verified: bool, connection_id: str
) -> dict[str, Any]:
    """The event of an authorizer's function for a client that wants to connect."""
    protocols = [
        *(("tls",) if attempt.tls else ()),
        *(("http",) if attempt.protocol == "http" else ()),
        "mqtt",
    ]
    data: dict[str, Any] = {}
    if attempt.tls and attempt.server_name:
        data["tls"] = {"serverName": attempt.server_name}
    if attempt.protocol == "http":
        data["http"] = {
            "headers": dict(attempt.headers),
            "queryString": f"?{attempt.query}" if attempt.query else "",
        }
    mqtt: dict[str, str] = {}
    if attempt.username is not None:
        mqtt["username"] = attempt.username
    if attempt.password is not None:
        mqtt["password"] = base64.b64encode(attempt.password).decode()
    if attempt.client_id:
        mqtt["clientId"] = attempt.client_id
    data["mqtt"] = mqtt
    return made_event(token, signature_verified, protocols, data, connection_id)


def made_event(
    token: str | None,
    signature_verified: bool,
    protocols: list[str],
    data: Mapping[str, Any],
    connection_id: str,
) -> dict[str, Any]:
    """The event of an authorizer's function; fields without a value are left out."""
    return {
        **({"token": token} if token is not None else {}),
        "signatureVerified": signature_verified,
        "protocols": protocols,
        "protocolData": dict(data),
        "connectionMetadata": {"id": connection_id},
    }


def read_answer(payload: bytes) -> Decision:
    """What a function's answer says.

    Raises
    ------
    AuthorizerError
        It is none of an authorizer.
    """
    try:
        answer = json.loads(payload)
    except ValueError as error:
        raise AuthorizerError(f"the function's answer is not JSON: {error}") from error
    if not isinstance(answer, dict):
        raise AuthorizerError("the function's answer is not an object")
    authenticated = answer.get("isAuthenticated")
    if not isinstance(authenticated, bool):
        raise AuthorizerError(f"isAuthenticated is true or false, not {authenticated!r}")
    if not authenticated:
        return Decision(False, "", (), None, None)
    principal = answer.get("principalId")
    if not isinstance(principal, str) or not _PRINCIPAL_ID.fullmatch(principal):
        raise AuthorizerError(f"principalId has 1 to 128 letters and digits, not {principal!r}")
    documents = answer.get("policyDocuments")
    if not isinstance(documents, list) or len(documents) > _MOST_DOCUMENTS:
        raise AuthorizerError(f"policyDocuments is a list of at most {_MOST_DOCUMENTS} policies")
    for document in documents:
        text = document if isinstance(document, str) else json.dumps(document)
        if len(text) > _LONGEST_DOCUMENT:
            raise AuthorizerError(f"a policy has at most {_LONGEST_DOCUMENT} characters")
        try:
            statements_of(document)
        except MalformedPolicy as error:
            raise AuthorizerError(str(error)) from error
    return Decision(
        True,
        principal,
        tuple(documents),
        _seconds(answer, "refreshAfterInSeconds"),
        _seconds(answer, "disconnectAfterInSeconds"),
    )


def _seconds(answer: Mapping[str, Any], name: str) -> int | None:
    value = answer.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not _LEAST_S <= value <= _MOST_S:
        raise AuthorizerError(f"{name} is {_LEAST_S} to {_MOST_S} seconds, not {value!r}")
    return value


class Authorizers:
    """Asks the functions of authorizers.

    Parameters
    ----------
    functions
        The functions of the Region that an ARN names.
    """

    def __init__(self, functions: Callable[[str], Functions]) -> None:
        self._functions = functions

    async def ask(self, authorizer: Authorizer, attempt: Attempt) -> Decision:
        """Ask an authorizer whether a client may connect.

        Raises
        ------
        AuthorizerError
            The token's signature is wrong, or the function fails or answers wrongly.
        """
        if not authorizer.active:
            raise AuthorizerError(f"the authorizer {authorizer.name} is not ACTIVE")
        shown = Shown.by(attempt)
        token = shown.values.get(authorizer.token_key.lower()) if authorizer.token_key else None
        if not authorizer.signing_disabled:
            signature = shown.values.get(SIGNATURE, "")
            if token is None or not verified(authorizer, token, signature):
                raise AuthorizerError("the token's signature is missing or wrong")
        event = event_of(attempt, token, not authorizer.signing_disabled, str(uuid.uuid4()))
        return read_answer(await self.invoke(authorizer, event))

    async def invoke(self, authorizer: Authorizer, event: Mapping[str, Any]) -> bytes:
        """What an authorizer's function answers to an event.

        Raises
        ------
        AuthorizerError
            It may not be invoked, fails, or takes too long.
        """
        call = Call(
            function=authorizer.function,
            payload=json.dumps(event).encode(),
            principal=PRINCIPAL,
            source_arn=authorizer.arn,
            request_id=str(uuid.uuid4()),
            source="iot",
        )
        try:
            result = await asyncio.wait_for(
                self._functions(authorizer.function).invoke(call), TIMEOUT_S
            )
        except asyncio.TimeoutError:
            raise AuthorizerError(f"the function took longer than {TIMEOUT_S:g} s") from None
        except (AWSError, NotPermitted, Throttled) as error:
            raise AuthorizerError(str(error)) from error
        if result.function_error is not None:
            raise AuthorizerError(f"the function failed: {result.payload.decode(errors='replace')}")
        return result.payload
